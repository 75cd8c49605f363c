/**
 * What a Kedge for tests may be told. The surprise: settings are checked here, before anything
 * starts, so that a misspelt one is an error that names it and not a broker that behaves otherwise.
 */
import type { NewTopic } from '../client/admin/topics.ts';
import { isLoopback } from '../local/local-options.ts';
import { accessConfigFrom, accessVariables, isConfigured } from '../runtime/access-config.ts';
import { brokerConfigFrom, brokerVariables } from '../runtime/config.ts';
import type { Seed, SeedRecord } from './seed.ts';

/** What there is when a Kedge begins, and after each `reset()`. */
export interface BeginOptions {
  /** By name alone, or with `partitions` and `configs`. */
  readonly topics?: readonly (string | NewTopic)[] | undefined;
  /** In the order in which they are stored; or a file of JSON lines, see `Kedge.seed`. */
  readonly records?: readonly SeedRecord[] | string | undefined;
  /** A file that `Kedge.snapshot` wrote; topics and records come on top of it. */
  readonly snapshot?: string | undefined;
}

export interface KedgeOptions extends BeginOptions {
  /** Default: any free port. */
  readonly kafkaPort?: number;
  /** Default: any free port. */
  readonly httpPort?: number;
  /**
   * The address to listen on. Default `127.0.0.1`. One that other machines reach wants KEDGE_TOKEN
   * among the variables, or KEDGE_OPEN.
   */
  readonly host?: string;
  /** Where everything is kept. Default: nowhere, all is forgotten with `stop()`. */
  readonly dataDir?: string;
  /** The broker's settings by Kafka's names: `{ 'num.partitions': 3 }`. */
  readonly config?: Readonly<Record<string, string | number | boolean>>;
  /** `KAFKA_…` and `KEDGE_…` variables, as `kedge dev` takes them from the environment. */
  readonly variables?: Readonly<Record<string, string>>;
  /** What the broker has to say, a line at a time. Default: warnings and errors to stderr. */
  readonly onLog?: (level: string, message: string) => void;
}

/** In the order in which they are to be sown. */
export function seedsOf({ topics = [], records = [] }: BeginOptions): (Seed | string)[] {
  if (typeof records === 'string') return [{ topics }, records];
  return topics.length + records.length > 0 ? [{ topics, records }] : [];
}

/** The variables of the Worker. Throws a TypeError for a setting that cannot be. */
export function variablesOf(options: KedgeOptions): Record<string, string> {
  const { host = '127.0.0.1', config = {}, variables = {} } = options;
  const all: Record<string, string> = {
    // As in Kafka's own server.properties for a single machine: a first group does not wait.
    KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS: '0',
    ...Object.fromEntries(
      Object.entries(config).map(([name, value]) => [variableOf(name), `${value}`]),
    ),
    ...variables,
  };
  try {
    brokerConfigFrom(all);
    const saysWhoMayCome = isConfigured(accessConfigFrom(all));
    if (!saysWhoMayCome && !isLoopback(host)) {
      throw new Error(
        `The host ${host} lets other machines in, and nothing says who may come: put KEDGE_TOKEN ` +
          "among the variables, or KEDGE_OPEN: 'true' to let everybody in",
      );
    }
    all.KEDGE_OPEN ??= String(!saysWhoMayCome);
  } catch (error) {
    throw new TypeError(`${(error as Error).message}.`, { cause: error });
  }
  return all;
}

/** `num.partitions` → `KAFKA_NUM_PARTITIONS`, as in Kafka's container images. */
function variableOf(name: string): string {
  const variable = `KAFKA_${name.replaceAll('.', '_').toUpperCase()}`;
  if ([...brokerVariables, ...accessVariables].includes(variable)) return variable;
  throw new TypeError(`The option config has '${name}', which is no setting that Kedge knows.`);
}
