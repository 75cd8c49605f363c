/** What is in a Kedge before a test begins: topics, and records in them. */
import type { NewTopic } from '../client/admin/topics.ts';

export interface Seed {
  /** By name alone, or with `partitions` and `configs`. Those of records are made by themselves. */
  readonly topics?: readonly (string | NewTopic)[];
  readonly records?: readonly SeedRecord[];
}

/** Text and bytes are stored as they are, null is null, and everything else as JSON. */
export interface SeedRecord {
  readonly topic: string;
  readonly key?: unknown;
  readonly value?: unknown;
  readonly headers?: Readonly<Record<string, string | Uint8Array | null>>;
  /** Default: by the key, as Java's producer places it. */
  readonly partition?: number;
  /** Milliseconds since the epoch. Default: now. */
  readonly timestamp?: number;
}
