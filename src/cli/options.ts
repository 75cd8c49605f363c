/**
 * What may be said to `npm start`, and what comes of it. Environment variables named `KAFKA_…` are
 * the broker's configuration, as in Kafka's own container images; they are checked here, before
 * anything starts, so that a typing mistake is an answer and not a broken broker.
 */
import { hostname } from 'node:os';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import type { LocalOptions } from '../local/local-options.ts';
import { type Said, type Settings, settingsFrom } from './environment/settings.ts';
import { UsageError } from './usage.ts';

export { UsageError };

export const help = `Kedge: Apache Kafka on Cloudflare Workers, running on this machine.

Usage: npm start
       npm start -- [options]

Options
  --kafka-port <port>     where Kafka clients connect (default 9092; 0: any free port)
  --http-port <port>      where HTTP is served (default 8787; 0: any free port)
  --host <address>        the address to listen on (default 127.0.0.1; 0.0.0.0: all of them, which
                          needs --advertise); one that other machines reach needs KEDGE_TOKEN
  --advertise <host:port> the address Kafka clients are told to connect to, when it is not the
                          one they dialled: behind a tunnel, a port mapping or a proxy
  --data-dir <directory>  where topics, records and offsets are kept (default .kedge)
  --memory                keep nothing: start empty, and forget everything at the end
  --help                  this text

Environment
  KAFKA_<SETTING>         a broker setting, named as in Kafka's container images, for example
                          KAFKA_NUM_PARTITIONS=3 or KAFKA_AUTO_CREATE_TOPICS_ENABLE=false
  KAFKA_LISTENERS, KAFKA_ADVERTISED_LISTENERS, KAFKA_LOG_DIRS
                          where clients connect, what they are told, where data is kept, as in
                          Kafka; an option above counts before them
  KAFKA_CREATE_TOPICS     topics that are to be there: orders:3:1,bills:1:1:compact
  KEDGE_TOKEN             the password of the user admin, who may do everything: clients have to
                          show who they are then (SASL on Kafka's port, credentials over HTTP)
  KEDGE_OPEN              true: everybody may come in; the default on this machine alone where
                          there is no KEDGE_TOKEN
  KEDGE_CORS_ORIGINS      the origins whose pages may ask over HTTP, such as https://example.com
  KEDGE_PUSH_PRIVATE_HOSTS  hosts that push subscriptions may send to though they are private

Examples
  npm start -- --kafka-port 19092 --http-port 18787
  npm start -- --memory --kafka-port 0 --http-port 0
  KEDGE_TOKEN=… npm start -- --host 0.0.0.0 --advertise kafka.example.com:9092

Ctrl-C stops it. What was acknowledged is on disk and is there at the next start.
`;

/** Where data is kept when nobody says where. Under npm this directory is that of the project. */
const projectsOwn = resolve('.kedge');

/** The directory the person who starts us is in: npm goes to that of the project. */
export function ownDirectory(environment: Readonly<Record<string, string | undefined>>): string {
  const started = environment.npm_lifecycle_event === 'start' ? environment.INIT_CWD : undefined;
  return started || process.cwd();
}

type Environment = Readonly<Record<string, string | undefined>>;

/** What to start, what to make once it runs, and what to say of the environment. */
export type StartOptions = LocalOptions & Pick<Settings, 'topics' | 'remarks'>;

/** Reads a command line. `'help'` when help was asked for; throws UsageError. */
export function parseStartOptions(
  args: readonly string[],
  environment: Environment,
): StartOptions | 'help' {
  const values = parse(args);
  if (values.help) return 'help';
  const dataDir = values['data-dir'];
  if (dataDir !== undefined) nonEmpty('--data-dir', dataDir);
  if (values.memory && dataDir !== undefined) {
    throw new UsageError('--memory keeps nothing, so it cannot be used together with --data-dir.');
  }
  const httpPort = parsePort('--http-port', values['http-port'] ?? '8787');
  const kafkaPort = values['kafka-port'];
  const settings = understood(environment, {
    host: values.host === undefined ? undefined : nonEmpty('--host', values.host),
    kafkaPort: kafkaPort === undefined ? undefined : parsePort('--kafka-port', kafkaPort),
    advertise: values.advertise,
  });
  if (settings.kafkaPort === httpPort && httpPort !== 0) {
    throw new UsageError(`--kafka-port and --http-port are both ${httpPort}; they must differ.`);
  }
  const directory = dataDir ?? settings.dataDir ?? projectsOwn;
  return {
    ...settings,
    httpPort,
    dataDir: values.memory ? null : resolve(ownDirectory(environment), directory),
  };
}

function understood(environment: Environment, said: Said): Settings {
  try {
    return settingsFrom(environment, said, hostname());
  } catch (error) {
    throw new UsageError(`${error instanceof Error ? error.message : error}.`);
  }
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      strict: true,
      options: {
        'kafka-port': { type: 'string' },
        'http-port': { type: 'string' },
        host: { type: 'string' },
        advertise: { type: 'string' },
        'data-dir': { type: 'string' },
        memory: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    }).values;
  } catch (error) {
    throw notUnderstood(error);
  }
}

/** What `parseArgs` says of it, without its advice on how to name a file `--that`. */
export function notUnderstood(error: unknown): UsageError {
  const message = error instanceof Error ? error.message : String(error);
  return new UsageError(message.replace(/(?<=')\. To specify a positional argument .*$/s, '.'));
}

function parsePort(option: string, value: string): number {
  const port = Number(value);
  if (!/^\d+$/.test(value) || port > 65_535) {
    throw new UsageError(`${option} must be a number from 0 to 65535, not '${value}'.`);
  }
  return port;
}

function nonEmpty(option: string, value: string): string {
  if (value === '') throw new UsageError(`${option} must not be empty.`);
  return value;
}
