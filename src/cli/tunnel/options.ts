/**
 * What may be said to `kedge tunnel`. The surprise: a bare host name will do, since the way to the
 * stream is always the same.
 */
import { parseListener } from '../../runtime/config.ts';
import type { Options, Values } from '../command.ts';
import { UsageError } from '../usage.ts';
import { nonEmpty } from '../values.ts';

export interface TunnelOptions {
  /** `wss://host/kafka`, with what is to be advertised. */
  readonly url: URL;
  readonly listen: Address;
  /** The address that Kafka clients are told; undefined: where the tunnel listens. */
  readonly advertise: Address | undefined;
  /** What is sent with every stream that is opened. */
  readonly headers: Readonly<Record<string, string>>;
}

export interface Address {
  readonly host: string;
  readonly port: number;
}

export const tunnelOptions = {
  listen: {
    value: 'host:port',
    summary: 'where Kafka clients connect; port 0: any free port',
    default: '127.0.0.1:9092',
    parse: (text) => parseAddress(text, true),
  },
  advertise: {
    value: 'host:port',
    summary: 'the address they are told to connect to, when it is not the one above',
    parse: (text) => parseAddress(text, false),
  },
  token: {
    value: 'token',
    summary:
      'who you are: a token, or - to read it from standard input. Better: the variable, which no ' +
      'list of processes shows',
    env: 'KEDGE_TOKEN',
    parse: nonEmpty,
  },
  profile: {
    value: 'name',
    summary: 'where Kedge is and who you are, as kept under this name',
    env: 'KEDGE_PROFILE',
    complete: 'profile',
  },
  header: {
    value: 'name: value',
    summary:
      'sent when a connection is opened. For a service token of Cloudflare Access: ' +
      'CF-Access-Client-Id and CF-Access-Client-Secret',
    multiple: true,
    parse: parseHeader,
  },
} as const satisfies Options;

/** What it means. `token`: maybe one that was read from standard input. Throws UsageError. */
export function tunnelOptionsOf(
  address: string,
  { listen, advertise, header }: Values<typeof tunnelOptions>,
  token: string | undefined,
): TunnelOptions {
  if (token === '') throw new UsageError('--token must not be empty.');
  const headers = Object.fromEntries(header);
  if (token !== undefined) headers.authorization = `Bearer ${token}`;
  return { url: parseUrl(address), listen, advertise, headers };
}

const webSocketScheme: Readonly<Record<string, string>> = {
  'https:': 'wss:',
  'http:': 'ws:',
  'wss:': 'wss:',
  'ws:': 'ws:',
};

function parseUrl(text: string): URL {
  const full = /^[a-z]+:\/\//i.test(text) ? text : `https://${text}`;
  const url = URL.parse(full);
  const scheme = url && webSocketScheme[url.protocol];
  if (!url || !scheme) {
    throw new UsageError(`'${text}' is no address of a Kedge, such as https://kedge.example.com.`);
  }
  url.protocol = scheme;
  if (url.pathname === '/') url.pathname = '/kafka';
  return url;
}

function parseAddress(text: string, mayBeFree: boolean): Address {
  // Any free port: only to listen on.
  const free = mayBeFree && /:0$/.test(text);
  try {
    const { host, port } = parseListener('it', free ? text.replace(/:0$/, ':1') : text);
    return { host, port: free ? 0 : port };
  } catch {
    throw new UsageError(`must be host:port, for example localhost:9092, not '${text}'`);
  }
}

function parseHeader(text: string): readonly [string, string] {
  const [, name, value] = /^([!#$%&'*+.^_`|~\w-]+):\s*(.*)$/.exec(text) ?? [];
  if (name === undefined) throw new UsageError(`must be 'name: value', not '${text}'`);
  return [name.toLowerCase(), value];
}
