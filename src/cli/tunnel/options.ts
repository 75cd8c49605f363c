/**
 * What may be said to `kedge tunnel`. The surprise: a bare host name will do, since the way to the
 * stream is always the same.
 */
import { parseArgs } from 'node:util';
import { parseListener } from '../../runtime/config.ts';
import { notUnderstood, UsageError } from '../options.ts';

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

export const help = `Connect Kafka clients on this machine to a deployed Kedge.

Usage: kedge tunnel <url> [options]

  <url>                   where Kedge is deployed: https://kedge.example.com

Options
  --listen <host:port>    where Kafka clients connect (default 127.0.0.1:9092; port 0: any free
                          port)
  --advertise <host:port> the address they are told to connect to, when it is not the one above
  --token <token>         who you are: a token, or - to read it from standard input. Better: the
                          variable KEDGE_TOKEN, which no list of processes shows
  --header <name: value>  sent when a connection is opened; may be repeated. For a service token
                          of Cloudflare Access: CF-Access-Client-Id and CF-Access-Client-Secret
  --help                  this text

Environment
  KEDGE_TOKEN             as --token

Without a token, clients say who they are by SASL (SASL_PLAINTEXT), if Kedge asks for it.

Examples
  kedge tunnel https://kedge.example.com
  KEDGE_TOKEN=… kedge tunnel kedge.example.com --listen 127.0.0.1:19092

Ctrl-C ends it.
`;

/** Reads a command line. Throws UsageError. */
export function parseTunnelOptions(
  args: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): TunnelOptions {
  const { values, positionals } = parse(args);
  const [address, ...others] = positionals;
  if (address === undefined) throw new UsageError('say where Kedge is: kedge tunnel <url>.');
  if (others.length > 0) throw new UsageError(`one url, please: what is '${others[0]}'?`);
  const token = values.token ?? (environment.KEDGE_TOKEN || undefined);
  if (token === '') throw new UsageError('--token must not be empty.');
  const headers = Object.fromEntries((values.header ?? []).map(parseHeader));
  if (token !== undefined) headers.authorization = `Bearer ${token}`;
  return {
    url: parseUrl(address),
    listen: parseAddress('--listen', values.listen ?? '127.0.0.1:9092'),
    advertise: values.advertise ? parseAddress('--advertise', values.advertise) : undefined,
    headers,
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      strict: true,
      allowPositionals: true,
      options: {
        listen: { type: 'string' },
        advertise: { type: 'string' },
        token: { type: 'string' },
        header: { type: 'string', multiple: true },
      },
    });
  } catch (error) {
    throw notUnderstood(error);
  }
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

function parseAddress(option: string, text: string): Address {
  // Any free port: only to listen on.
  const free = option === '--listen' && /:0$/.test(text);
  try {
    const { host, port } = parseListener(option, free ? text.replace(/:0$/, ':1') : text);
    return { host, port: free ? 0 : port };
  } catch (error) {
    throw new UsageError(`${(error as Error).message}.`);
  }
}

function parseHeader(text: string): [string, string] {
  const [, name, value] = /^([!#$%&'*+.^_`|~\w-]+):\s*(.*)$/.exec(text) ?? [];
  if (name === undefined) throw new UsageError(`--header must be 'name: value'.`);
  return [name.toLowerCase(), value];
}
