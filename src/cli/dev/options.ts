/**
 * What may be said to `kedge dev`, and what comes of it. Environment variables named `KAFKA_…` are
 * the broker's configuration, as in Kafka's own container images; they are checked here, before
 * anything starts, so that a typing mistake is an answer and not a broken broker.
 */
import { hostname } from 'node:os';
import { resolve } from 'node:path';
import { topicNameProblem } from '../../core/cluster/topic-names.ts';
import { isLoopback, type LocalOptions } from '../../local/local-options.ts';
import type { Options, Values } from '../command.ts';
import type { TopicToCreate } from '../environment/create-topics.ts';
import { type Said, type Settings, settingsFrom } from '../environment/settings.ts';
import { UsageError } from '../usage.ts';
import { nonEmpty, port } from '../values.ts';

export const devOptions = {
  'kafka-port': {
    value: 'port',
    summary: 'where Kafka clients connect (default 9092; 0: any free port)',
    parse: port,
  },
  'http-port': {
    value: 'port',
    summary: 'where HTTP is served; 0: any free port',
    default: '8787',
    parse: port,
  },
  host: {
    value: 'address',
    summary:
      'the address to listen on (default 127.0.0.1; 0.0.0.0: all of them, which needs ' +
      '--advertise); one that other machines reach needs KEDGE_TOKEN',
    parse: nonEmpty,
  },
  advertise: {
    value: 'host:port',
    summary:
      'the address Kafka clients are told to connect to, when it is not the one they dialled: ' +
      'behind a tunnel, a port mapping or a proxy',
  },
  'data-dir': {
    value: 'directory',
    summary: 'where topics, records and offsets are kept (default .kedge)',
    parse: nonEmpty,
    complete: 'directory',
  },
  memory: { summary: 'keep nothing: start empty, and forget everything at the end' },
  'registry-port': {
    value: 'port',
    summary: 'another port for clients of a Schema Registry, usually 8081',
    parse: port,
  },
  'rest-port': {
    value: 'port',
    summary: 'another port for clients of a REST Proxy, usually 8082',
    parse: port,
  },
  'connect-port': {
    value: 'port',
    summary: 'another port for clients of Kafka Connect, usually 8083',
    parse: port,
  },
  topics: {
    value: 'name[:partitions],…',
    summary: 'topics that are to be there',
    parse: parseTopics,
  },
  seed: {
    value: 'file',
    summary: 'store what is in this file of JSON lines, as kedge export writes them',
    multiple: true,
    complete: 'file',
  },
  restore: {
    value: 'file',
    summary: 'begin with the whole state that --snapshot has written',
    complete: 'file',
  },
  snapshot: {
    value: 'file',
    summary: 'write the whole state to this file at the end',
    complete: 'file',
  },
  'test-controls': {
    summary:
      'serve /test, for test suites: faults, a clock that can be moved, reset, crash; whoever has ' +
      'KEDGE_TEST_SECRET, else KEDGE_TOKEN, else everybody on this machine may use it',
  },
} as const satisfies Options;

/** The directory the person who starts us is in: npm goes to that of the project. */
export function ownDirectory(environment: Environment): string {
  const started = environment.npm_lifecycle_event === 'start' ? environment.INIT_CWD : undefined;
  return started || process.cwd();
}

type Environment = Readonly<Record<string, string | undefined>>;

/** What to start, what to make once it runs, and what to say of the environment. */
export interface StartOptions extends LocalOptions, Pick<Settings, 'topics' | 'remarks'> {
  readonly seeds: readonly string[];
  readonly restore: string | undefined;
  readonly snapshot: string | undefined;
}

/** Throws UsageError. */
export function startOptionsOf(
  values: Values<typeof devOptions>,
  environment: Environment,
): StartOptions {
  const { 'data-dir': dataDir, 'http-port': httpPort, 'kafka-port': kafkaPort } = values;
  if (values.memory && dataDir !== undefined) {
    throw new UsageError('--memory keeps nothing, so it cannot be used together with --data-dir.');
  }
  const { host, advertise } = values;
  const settings = understood(environment, { host, kafkaPort, advertise });
  if (settings.kafkaPort === httpPort && httpPort !== 0) {
    throw new UsageError(`--kafka-port and --http-port are both ${httpPort}; they must differ.`);
  }
  const here = ownDirectory(environment);
  const file = (path: string | undefined) => (path === undefined ? undefined : resolve(here, path));
  const prefixPorts = {
    ...(values['registry-port'] !== undefined && { registry: values['registry-port'] }),
    ...(values['rest-port'] !== undefined && { rest: values['rest-port'] }),
    ...(values['connect-port'] !== undefined && { connect: values['connect-port'] }),
  };
  return {
    ...settings,
    httpPort,
    dataDir: values.memory ? null : resolve(here, dataDir ?? settings.dataDir ?? projectsOwn()),
    topics: [...settings.topics, ...(values.topics ?? [])],
    ...(Object.keys(prefixPorts).length > 0 && { prefixPorts }),
    ...(values['test-controls'] && { testControls: secretOf(settings, environment) }),
    seeds: values.seed.map((path) => resolve(here, path)),
    restore: file(values.restore),
    snapshot: file(values.snapshot),
  };
}

/** Where data is kept when nobody says where. Under npm this directory is that of the project. */
function projectsOwn(): string {
  return resolve('.kedge');
}

/** Where only some may come in, not everybody may move the clock either, or take a copy of all. */
function secretOf({ host, variables }: Settings, environment: Environment): string {
  const isOpen = variables.KEDGE_OPEN.toLowerCase() === 'true';
  const token = isOpen ? undefined : variables.KEDGE_TOKEN;
  const secret = (environment.KEDGE_TEST_SECRET || token)?.trim();
  if (!secret && isOpen && isLoopback(host)) return 'open';
  if (!secret) {
    throw new UsageError(
      '--test-controls lets whoever reaches the HTTP port take and replace everything: set the ' +
        'variable KEDGE_TEST_SECRET to a secret of yours, which they have to show.',
    );
  }
  if (secret !== 'open' && /^\S+$/.test(secret)) return secret;
  throw new UsageError('The secret for --test-controls must be one word, and not open.');
}

function understood(environment: Environment, said: Said): Settings {
  try {
    return settingsFrom(environment, said, hostname());
  } catch (error) {
    throw new UsageError(`${error instanceof Error ? error.message : error}.`);
  }
}

/** `orders:3,bills`. */
function parseTopics(text: string): readonly TopicToCreate[] {
  const items = text.split(',').map((item) => item.trim());
  return items
    .filter((item) => item !== '')
    .map((item) => {
      const [name, partitions, ...rest] = item.split(':');
      const isCount = partitions === undefined || /^[1-9]\d*$/.test(partitions);
      const problem = topicNameProblem(name);
      if (problem !== undefined || !isCount || rest.length > 0) {
        throw new UsageError(`must be like orders:3,bills, not '${item}'`);
      }
      return { name, ...(partitions && { partitions: Number(partitions) }), configs: {} };
    });
}
