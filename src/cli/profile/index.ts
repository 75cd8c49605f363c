/** `kedge profile`: connections kept under names. */
import { resolve } from 'node:path';
import { command as action, group } from '../command.ts';
import { connectionOptions } from '../connection/options.ts';
import { readProperties } from '../connection/properties.ts';
import { merged, type Spoken } from '../connection/settings.ts';
import type { Output } from '../output.ts';
import { readSecret } from '../secrets.ts';
import { Refused, UsageError } from '../usage.ts';
import { profileNamed, profilesFile, readProfiles, writeProfiles } from './profiles.ts';

const nameArgument = {
  name: 'name',
  summary: 'the name of a profile',
  complete: 'profile',
} as const;

interface Shown {
  readonly name: string;
  readonly isCurrent: boolean;
  readonly bootstrap: string | null;
  readonly url: string | null;
  /** Who asks: a user's name or `a token`. */
  readonly as: string | null;
  readonly tls: boolean;
}

const list = action({
  name: 'list',
  summary: 'list profiles',
  examples: [{ command: 'kedge profile list' }],
  async run({ output, environment }) {
    const { current, profiles } = await readProfiles(environment);
    const shown = Object.entries(profiles).map(([name, one]) => shownOf(name, one, current));
    output.table(shown, [
      { title: '', of: ({ isCurrent }) => (isCurrent ? '*' : '') },
      { title: 'PROFILE', of: ({ name }) => name },
      { title: 'CLUSTER', of: ({ url, bootstrap }) => url ?? bootstrap ?? 'on this machine' },
      { title: 'AS', of: (one) => one.as },
    ]);
  },
});

/** What may be kept: those of every command, and no variables. */
const { profile: _, timeout: __, ...kept } = connectionOptions;
const keptOptions = Object.fromEntries(
  Object.entries(kept).map(([name, option]) => [name, { ...option, env: [] }]),
) as unknown as typeof kept;

const add = action({
  name: 'add',
  summary: 'keep a connection under a name',
  description:
    'A password is asked for, or read from standard input; so is a token, with --token -. Both are ' +
    'kept as they are, in a file that only you may read. The first profile is used from then on.',
  arguments: [nameArgument],
  options: { ...keptOptions, use: { summary: 'use it from now on' } },
  examples: [
    { command: 'kedge profile add prod --url https://kedge.example.com --token -' },
    { command: 'kedge profile add legacy --command-config client.properties' },
  ],
  async run({ args: [name], options, output, input, environment }) {
    const { use, 'command-config': file, 'password-stdin': hasPassword, ...said } = options;
    const own = Object.fromEntries(
      Object.entries(said).filter(([, value]) => value !== undefined && value !== false),
    ) as Spoken;
    const beneath = file === undefined ? {} : await readProperties(file);
    const whole = await withSecrets(merged(beneath, absolute(own)), hasPassword, input, output);
    if (whole.url !== undefined && whole.bootstrap !== undefined) {
      throw new UsageError('--url and --bootstrap are two ways: choose one.');
    }
    const { current, profiles } = await readProfiles(environment);
    const isFirst = Object.keys(profiles).length === 0;
    await writeProfiles(environment, {
      current: use || isFirst ? name : current,
      profiles: { ...profiles, [name]: whole },
    });
    output.result(shownOf(name, whole, use || isFirst ? name : current), () =>
      output.line(`Profile ${name} is kept in ${profilesFile(environment)}.`),
    );
  },
});

async function withSecrets(
  spoken: Spoken,
  hasPassword: boolean,
  input: NodeJS.ReadStream,
  output: Output,
): Promise<Spoken> {
  if (spoken.token === '-') return { ...spoken, token: await readSecret('Token', input, output) };
  const isKnown = spoken.password !== undefined && !hasPassword;
  if (spoken.username === undefined || spoken.token !== undefined || isKnown) return spoken;
  const password = await readSecret(`Password of ${spoken.username}`, input, output);
  return { ...spoken, password };
}

/** Whoever uses it may be in another directory. */
function absolute(spoken: Spoken): Spoken {
  const { ca, cert, key } = spoken;
  return {
    ...spoken,
    ...(ca && { ca: resolve(ca) }),
    ...(cert && { cert: resolve(cert) }),
    ...(key && { key: resolve(key) }),
  };
}

const use = action({
  name: 'use',
  summary: 'use a profile wherever nothing else is said',
  description: 'Without a name: use none.',
  arguments: [{ ...nameArgument, optional: true }],
  examples: [{ command: 'kedge profile use prod' }],
  async run({ args: [name], output, environment }) {
    if (name !== undefined) await profileNamed(name, environment);
    const { profiles } = await readProfiles(environment);
    await writeProfiles(environment, { current: name ?? null, profiles });
    output.result({ current: name ?? null }, () =>
      output.line(name === undefined ? 'No profile is used.' : `${name} is used from now on.`),
    );
  },
});

const show = action({
  name: 'show',
  summary: 'show a profile, without its secrets',
  description: 'The one in use where none is named.',
  arguments: [{ ...nameArgument, optional: true }],
  examples: [{ command: 'kedge profile show prod' }],
  async run({ args: [named], output, environment }) {
    const { current } = await readProfiles(environment);
    const name = named ?? current;
    if (name === null) throw new Refused('no profile is in use: kedge profile use says which.');
    const shown = shownOf(name, await profileNamed(name, environment), current);
    output.result(shown, () =>
      output.facts([
        ['Profile', name],
        ['In use', shown.isCurrent ? 'yes' : 'no'],
        ['Cluster', shown.url ?? shown.bootstrap ?? 'on this machine'],
        ['As', shown.as],
        ['TLS', shown.tls ? 'yes' : 'no'],
      ]),
    );
  },
});

const remove = action({
  name: 'remove',
  summary: 'forget a profile',
  arguments: [nameArgument],
  examples: [{ command: 'kedge profile remove prod' }],
  async run({ args: [name], output, environment }) {
    await profileNamed(name, environment);
    const { current, profiles } = await readProfiles(environment);
    const { [name]: _, ...others } = profiles;
    const left = current === name ? null : current;
    await writeProfiles(environment, { current: left, profiles: others });
    output.result({ removed: name }, () => output.line(`Profile ${name} is forgotten.`));
  },
});

function shownOf(name: string, profile: Spoken, current: string | null): Shown {
  const { bootstrap = null, url = null, token, username, tls, ca, cert } = profile;
  const as = token === undefined ? (username ?? null) : 'a token';
  const usesTls = url?.startsWith('https') || tls || ca !== undefined || cert !== undefined;
  return { name, isCurrent: name === current, bootstrap, url, as, tls: Boolean(usesTls) };
}

export const command = group({
  name: 'profile',
  summary: 'keep connections to clusters under names',
  commands: [list, add, use, show, remove],
});
