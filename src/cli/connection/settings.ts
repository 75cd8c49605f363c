/**
 * Where a cluster is and who asks, out of all that may say so. The surprise: a profile or a
 * properties file is whole. What it leaves out is not filled from the environment, so that a token
 * for one cluster is never shown to another.
 */
import { parseListener } from '../../runtime/config.ts';
import type { Output } from '../output.ts';
import { readSecret } from '../secrets.ts';
import { UsageError } from '../usage.ts';
import { connectionOptions } from './options.ts';

/** What any of the sources may say; the texts of the options of the same names. */
export interface Spoken {
  readonly bootstrap?: string | undefined;
  readonly url?: string | undefined;
  readonly token?: string | undefined;
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  readonly 'sasl-mechanism'?: string | undefined;
  readonly tls?: boolean | undefined;
  /** Files, or the PEM itself. */
  readonly ca?: string | undefined;
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
  readonly keyPassword?: string | undefined;
  /** Whether a certificate's name is compared with that of the host; default true. */
  readonly checkHost?: boolean | undefined;
}

export interface Settings {
  readonly url: URL | undefined;
  /** `host:port` of each. */
  readonly bootstrap: readonly string[];
  /** Whether nobody said where: it is the Kedge on this machine. */
  readonly isLocal: boolean;
  readonly credentials: Credentials;
  readonly mechanism: Mechanism | undefined;
  readonly tls: TlsSettings | undefined;
  readonly requestTimeoutMs: number;
}

export interface Credentials {
  readonly token?: string | undefined;
  readonly username?: string | undefined;
  readonly password?: string | undefined;
}

export type Mechanism = 'PLAIN' | 'SCRAM-SHA-256' | 'SCRAM-SHA-512' | 'OAUTHBEARER';

/** Files, or the PEM itself. */
export interface TlsSettings {
  readonly ca?: string | undefined;
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
  readonly keyPassword?: string | undefined;
  readonly checkHost: boolean;
}

export interface Asked {
  /** By the names of the options, with what the environment says of them. */
  readonly options: Readonly<Record<string, unknown>>;
  /** Which of them stand on the command line. */
  readonly said: ReadonlySet<string>;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly input: NodeJS.ReadStream;
  readonly output: Output;
}

/** Kedge on this machine. */
const localBootstrap = '127.0.0.1:9092';
export const localUrl = 'http://127.0.0.1:8787';

export async function settingsFrom(asked: Asked): Promise<Settings> {
  const spoken = spokenBy(asked, (name) => asked.said.has(name));
  if (spoken.url !== undefined && spoken.bootstrap !== undefined) {
    throw new UsageError('--url and --bootstrap are two ways: choose one.');
  }
  const whole = merged(await beneath(asked, spoken), spoken);
  return settingsOf(await withSecrets(whole, asked), Number(asked.options.timeout));
}

/** What is the case where the command line does not say otherwise. */
async function beneath(asked: Asked, spoken: Spoken): Promise<Spoken> {
  const { options, said, environment } = asked;
  const saysWhere = spoken.url !== undefined || spoken.bootstrap !== undefined;
  const file = options['command-config'] as string | undefined;
  if (file !== undefined && said.has('profile')) {
    throw new UsageError('--profile and --command-config are two sources: choose one.');
  }
  if (file !== undefined) {
    const { readProperties } = await import('./properties.ts');
    return readProperties(file);
  }
  const { profileNamed, currentProfile } = await import('../profile/profiles.ts');
  const profile = options.profile as string | undefined;
  if (profile !== undefined && (said.has('profile') || !saysWhere)) {
    return profileNamed(profile, environment);
  }
  const around = spokenBy(asked, (name) => !said.has(name));
  if (saysWhere || around.url !== undefined || around.bootstrap !== undefined) {
    return around;
  }
  return (await currentProfile(environment)) ?? around;
}

function spokenBy({ options }: Asked, by: (name: string) => boolean): Spoken {
  const names = Object.keys(connectionOptions).filter(by);
  return Object.fromEntries(
    names
      .map((name) => [name, options[name]] as const)
      .filter(([, value]) => value !== undefined && value !== false),
  );
}

/** The one way and the one who asks are each said as a whole. */
export function merged(beneath: Spoken, above: Spoken): Spoken {
  const saysWhere = above.url !== undefined || above.bootstrap !== undefined;
  const saysWho = above.token !== undefined || above.username !== undefined;
  return {
    ...beneath,
    ...(saysWhere && { url: undefined, bootstrap: undefined }),
    ...(saysWho && { token: undefined, username: undefined, password: undefined }),
    ...above,
  };
}

async function withSecrets(spoken: Spoken, asked: Asked): Promise<Spoken> {
  const { environment, input, output } = asked;
  if (spoken.token === '-') {
    return { ...spoken, token: await readSecret('Token', input, output) };
  }
  if (spoken.username === undefined || spoken.token !== undefined) return spoken;
  if (asked.options['password-stdin'] || spoken.password === undefined) {
    const fromOutside = asked.options['password-stdin'] ? undefined : environment.KEDGE_PASSWORD;
    const password =
      fromOutside || (await readSecret(`Password of ${spoken.username}`, input, output));
    return { ...spoken, password };
  }
  return spoken;
}

function settingsOf(spoken: Spoken, requestTimeoutMs: number): Settings {
  const { token, username, password, ca, cert, key, keyPassword, checkHost = true } = spoken;
  const url = spoken.url === undefined ? undefined : urlOf(spoken.url);
  const usesTls = spoken.tls || ca !== undefined || cert !== undefined;
  if (url !== undefined && usesTls) {
    throw new UsageError("--tls, --ca and --cert are for Kafka's port: --bootstrap.");
  }
  if ((cert === undefined) !== (key === undefined)) {
    throw new UsageError('--cert and --key belong together.');
  }
  const listed = (spoken.bootstrap ?? localBootstrap).split(',').map((one) => one.trim());
  const addresses = listed.filter((one) => one !== '');
  if (addresses.length === 0) throw new UsageError('--bootstrap names no host.');
  return {
    url,
    isLocal: url === undefined && spoken.bootstrap === undefined,
    bootstrap: addresses.map(addressOf),
    credentials: token === undefined ? { username, password } : { token },
    mechanism: spoken['sasl-mechanism'] as Mechanism | undefined,
    tls: usesTls ? { ca, cert, key, keyPassword, checkHost } : undefined,
    requestTimeoutMs,
  };
}

/** A bare host name will do: a deployed Kedge is at https. */
function urlOf(text: string): URL {
  const url = URL.parse(/^[a-z]+:\/\//i.test(text) ? text : `https://${text}`);
  if (url && /^(https?|wss?):$/.test(url.protocol)) return url;
  throw new UsageError(`--url must be a URL such as https://kedge.example.com, not '${text}'.`);
}

function addressOf(text: string): string {
  const full = /:\d+$/.test(text) ? text : `${text}:9092`;
  try {
    parseListener('--bootstrap', full);
    return full.replace(/^[A-Z_]+:\/\//, '');
  } catch (error) {
    throw new UsageError(`${(error as Error).message}.`);
  }
}
