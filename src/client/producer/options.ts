/** What a producer may be told. Names and defaults are those of Java's where it has them. */
import type { Compression } from '../compression.ts';
import type { ConnectionOptions } from '../options.ts';
import type { Serializer } from '../serdes.ts';

export interface ProducerOptions<K, V> extends ConnectionOptions {
  /** Default: text or bytes. */
  readonly key?: Serializer<K>;
  /** Default: text or bytes. */
  readonly value?: Serializer<V>;
  /**
   * When a record counts as stored: when it is on disk (`'all'`, the default; `1` is the same
   * here), or as soon as it was sent (`0`: its offset is -1, and nobody tells whether it arrived).
   */
  readonly acks?: 'all' | 1 | 0;
  /** Whether a retry can never store a record twice. Default: yes, unless `acks` is not `'all'`. */
  readonly idempotent?: boolean;
  /** Makes transactions possible, and ends those of an earlier producer of the same id. */
  readonly transactionalId?: string;
  /** After so long a transaction is aborted that its producer has left. Default 60,000. */
  readonly transactionTimeoutMs?: number;
  /**
   * How long a record waits for others to go with. Default 0: what is sent in one turn goes
   * together, and what is sent while a batch is under way goes in the next one.
   */
  readonly lingerMs?: number;
  /** A batch is full from here on. Default 1,000,000, a little less than a topic takes. */
  readonly batchBytes?: number;
  /** What may wait to be stored before `send` waits for room. Default 16 MiB. */
  readonly bufferBytes?: number;
  /** Default `'none'`. */
  readonly compression?: Compression;
  /** From `send` until a record is stored or given up. Default 120,000. */
  readonly deliveryTimeoutMs?: number;
}

/** A record to be sent. What is left out has none; `undefined` is as null. */
export interface ProducerRecord<K, V> {
  readonly key?: K | null;
  /** null: a tombstone. */
  readonly value?: V | null;
  readonly headers?: HeadersInput;
  /** Default: by the key, as Java's producer places it; without a key, wherever a batch fills. */
  readonly partition?: number;
  /** Milliseconds since the epoch. Default: now. */
  readonly timestamp?: number;
}

/** Text is sent as UTF-8. */
export type HeadersInput =
  | Readonly<Record<string, string | Uint8Array | null>>
  | readonly (readonly [name: string, value: string | Uint8Array | null])[];

/** Where a record is. */
export interface RecordMetadata {
  readonly topic: string;
  readonly partition: number;
  /** -1: it is stored, and nobody knows where (or, with `acks: 0`, whether). */
  readonly offset: number;
  /** Milliseconds since the epoch: the record's, or when it was stored if the topic says so. */
  readonly timestamp: number;
}
