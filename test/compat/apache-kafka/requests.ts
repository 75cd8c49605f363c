/**
 * The requests scripts are made of, said shortly: each function makes the part that is always the
 * same around the part a script is about.
 */
import {
  type BatchOptions,
  buildBatch,
  type NewRecord,
} from '../../../src/protocol/records/index.ts';
import type { Topic } from './player.ts';

const utf8 = new TextEncoder();
export const bytesOf = (text: string): Uint8Array => utf8.encode(text);

/** One record: its key (or none), value and time. */
export function record(value: string | null, key: string | null = null, timestamp = Date.now()) {
  const made: NewRecord = {
    key: key === null ? null : bytesOf(key),
    value: value === null ? null : bytesOf(value),
    timestamp,
  };
  return made;
}

/** One batch of records with these values. */
export function batch(values: readonly string[], options: BatchOptions = {}): Uint8Array {
  const now = Date.now();
  return buildBatch(
    values.map((value) => record(value, null, now)),
    options,
  );
}

/** One batch of records at these times. */
export function batchAt(timestamps: readonly number[], options: BatchOptions = {}): Uint8Array {
  return buildBatch(
    timestamps.map((timestamp) => record(`at ${timestamp}`, 'key', timestamp)),
    options,
  );
}

/** One batch of an idempotent producer. */
export function sequenced(
  producerId: number,
  producerEpoch: number,
  baseSequence: number,
  count = 1,
  more: BatchOptions = {},
): Uint8Array {
  const values = Array.from({ length: count }, (_, index) => `value ${baseSequence + index}`);
  return batch(values, { producerId, producerEpoch, baseSequence, ...more });
}

export function produceOf(
  { name, topicId }: Topic,
  records: Uint8Array | null,
  { acks = -1, index = 0, transactionalId = null as string | null } = {},
) {
  const topicData = [{ name, topicId, partitionData: [{ index, records }] }];
  return { transactionalId, acks, timeoutMs: 10_000, topicData };
}

interface FetchOptions {
  readonly partition?: number;
  readonly maxWaitMs?: number;
  readonly minBytes?: number;
  readonly maxBytes?: number;
  readonly partitionMaxBytes?: number;
  readonly isolationLevel?: number;
  readonly currentLeaderEpoch?: number;
  readonly lastFetchedEpoch?: number;
  readonly sessionId?: number;
  readonly sessionEpoch?: number;
}

export function fetchOf({ name, topicId }: Topic, fetchOffset: number, options: FetchOptions = {}) {
  const { partition = 0, partitionMaxBytes = 1 << 20, ...rest } = options;
  const { currentLeaderEpoch = -1, lastFetchedEpoch = -1, ...more } = rest;
  const wanted = {
    partition,
    fetchOffset,
    partitionMaxBytes,
    currentLeaderEpoch,
    lastFetchedEpoch,
  };
  return {
    maxWaitMs: 0,
    minBytes: 1,
    ...more,
    topics: [{ topic: name, topicId, partitions: [wanted] }],
  };
}

export function listOf(
  { name }: Topic,
  timestamp: number,
  { isolationLevel = 0, partitionIndex = 0, currentLeaderEpoch = -1 } = {},
) {
  const partitions = [{ partitionIndex, timestamp, currentLeaderEpoch }];
  return { replicaId: -1, isolationLevel, topics: [{ name, partitions }] };
}

export const Earliest = -2;
export const Latest = -1;
export const MaxTimestamp = -3;

/** A time that is too young for any retention and is not now. */
export const hourAgo = Date.now() - 3_600_000;

/** Every version from the first to the last. */
export function versions(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}
