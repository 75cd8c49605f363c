/** What a Kedge for tests may be told. */
import type { NewTopic } from '../client/admin/topics.ts';
import type { SeedRecord } from './seed.ts';

export interface KedgeOptions {
  /** Default: any free port. */
  readonly kafkaPort?: number;
  /** Default: any free port. */
  readonly httpPort?: number;
  /** The address to listen on. Default `127.0.0.1`. */
  readonly host?: string;
  /** Where everything is kept. Default: nowhere, all is forgotten with `stop()`. */
  readonly dataDir?: string;
  /** Topics to begin with, and after each `reset()`. */
  readonly topics?: readonly (string | NewTopic)[];
  /** Records to begin with, and after each `reset()`; or a file of them in JSON lines. */
  readonly records?: readonly SeedRecord[] | string;
  /** A file that `snapshot()` wrote, to begin with, and after each `reset()`. */
  readonly snapshot?: string;
  /** The broker's settings by Kafka's names: `{ 'num.partitions': 3 }`. */
  readonly config?: Readonly<Record<string, string | number | boolean>>;
  /** `KAFKA_…` and `KEDGE_…` variables, as `kedge dev` takes them from the environment. */
  readonly variables?: Readonly<Record<string, string>>;
  /** What the broker has to say, a line at a time. Default: warnings and errors to stderr. */
  readonly onLog?: (level: string, message: string) => void;
}
