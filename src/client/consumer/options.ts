/** What a consumer may be told, and what it gives. Names and defaults are Java's, if it has any. */
import type { ConnectionOptions } from '../options.ts';
import type { Deserializer } from '../serdes.ts';

export interface TopicPartition {
  readonly topic: string;
  readonly partition: number;
}

/** Where to begin: an offset, or an end of the partition. */
export type Start = number | 'earliest' | 'latest';

export interface ConsumerOptions<K, V> extends ConnectionOptions {
  /** Default: text. */
  readonly key?: Deserializer<K>;
  /** Default: text. */
  readonly value?: Deserializer<V>;
  /** Needed to share topics with others (`subscribe`), and to commit. */
  readonly groupId?: string;
  /** Makes a static member: one that keeps its partitions through a restart. */
  readonly groupInstanceId?: string;
  /** How the group shares partitions out: `uniform` (the default of Kedge) or `range`. */
  readonly assignor?: string;
  readonly rackId?: string;
  /**
   * Where to begin without a committed offset, or with one that is not there any more. Default
   * `'latest'`; `'none'`: rejects with OFFSET_OUT_OF_RANGE.
   */
  readonly autoOffsetReset?: 'earliest' | 'latest' | 'none';
  /** Whether what was read is committed now and then. Default: yes, where there is a group. */
  readonly autoCommit?: boolean;
  /** Default 5,000. */
  readonly autoCommitIntervalMs?: number;
  /** Default `'read_uncommitted'`, as in Kafka. */
  readonly isolation?: 'read_uncommitted' | 'read_committed';
  /** How long Kedge waits for records before it answers that there are none. Default 500. */
  readonly maxWaitMs?: number;
  /** What one answer may hold, in all and of one partition. Default 4 MiB and 1 MiB. */
  readonly maxBytes?: number;
  readonly maxPartitionBytes?: number;
  /** A consumer that asks for nothing for so long has left its group. Default 300,000. */
  readonly maxPollIntervalMs?: number;
  /** Called between two records, when partitions came. */
  readonly onAssigned?: (partitions: readonly TopicPartition[]) => void | Promise<void>;
  /** Called between two records, before partitions go: what was read may still be committed. */
  readonly onRevoked?: (partitions: readonly TopicPartition[]) => void | Promise<void>;
}

export interface ConsumerRecord<K, V> {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  /** Milliseconds since the epoch; -1: none. */
  readonly timestamp: number;
  readonly key: K | null;
  /** null: a tombstone. */
  readonly value: V | null;
  readonly headers: readonly { readonly key: string; readonly value: Uint8Array | null }[];
}

/** Records of one partition that came together. */
export interface ConsumerBatch<K, V> {
  readonly topic: string;
  readonly partition: number;
  readonly records: readonly ConsumerRecord<K, V>[];
  /** One past the last record there is. */
  readonly highWatermark: number;
}

/** What one look at a partition found. */
export interface PartitionRead<K, V> {
  readonly records: readonly ConsumerRecord<K, V>[];
  /** Where to read on. */
  readonly nextOffset: number;
  /** One past the last record there is. */
  readonly highWatermark: number;
  /** The first offset there is. */
  readonly logStartOffset: number;
}
