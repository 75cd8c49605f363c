/**
 * What compaction leaves of one record batch. The surprise: records that stay are copied byte for
 * byte, for nothing in them depends on those that go.
 */
import { compress, decompress } from '../../bytes/compression.ts';
import { CompressionError } from '../../bytes/compression-error.ts';
import { concat } from '../../bytes/writer.ts';
import { KafkaError } from '../../protocol/errors.ts';
import {
  noTimestamp,
  type RecordBatch,
  RecordCursor,
  TimestampType,
  withFewerRecords,
  withoutRecords,
} from '../../protocol/records/index.ts';
import { largestInflatedBytes } from './log-config.ts';

/** Whether a record stays; a null key or value is undefined. */
export type KeepRecord = (offset: number, key: Uint8Array | undefined, dead: boolean) => boolean;

/**
 * The records of a batch, decompressed; undefined when nobody can look into it: one that is broken
 * inside or too large, which the log takes no more but may hold.
 */
export function recordsOf(batch: RecordBatch): Uint8Array | undefined {
  try {
    const bytes = decompress(batch.codec, batch.recordBytes, largestInflatedBytes);
    const cursor = new RecordCursor(bytes);
    for (let i = 0; i < batch.recordCount; i++) cursor.next();
    return cursor.atEnd ? bytes : undefined;
  } catch (error) {
    if (error instanceof CompressionError || error instanceof KafkaError) return undefined;
    throw error;
  }
}

/** Walks records of `recordsOf`: offset, key and whether the value is null. */
export function eachRecord(
  batch: RecordBatch,
  bytes: Uint8Array,
  visit: (offset: number, key: Uint8Array | undefined, dead: boolean) => void,
): void {
  const { baseOffset, recordCount } = batch;
  const cursor = new RecordCursor(bytes);
  for (let i = 0; i < recordCount; i++) {
    cursor.next();
    visit(baseOffset + cursor.offsetDelta, keyOf(cursor), cursor.valueLength < 0);
  }
}

/**
 * The batch with the records that stay: its own bytes when all do, undefined when none do and its
 * header need not be kept.
 */
export function compactBatch(
  batch: RecordBatch,
  bytes: Uint8Array,
  keep: KeepRecord,
  keepHeader: boolean,
): Uint8Array | undefined {
  const { baseOffset, baseTimestamp, recordCount } = batch;
  const cursor = new RecordCursor(bytes);
  const kept: Uint8Array[] = [];
  let latest = noTimestamp;
  for (let i = 0; i < recordCount; i++) {
    const start = cursor.position;
    cursor.next();
    if (!keep(baseOffset + cursor.offsetDelta, keyOf(cursor), cursor.valueLength < 0)) continue;
    kept.push(bytes.subarray(start, cursor.position));
    latest = Math.max(latest, baseTimestamp + cursor.timestampDelta);
  }
  if (kept.length === 0 && !keepHeader) return undefined;
  if (kept.length === recordCount) return batch.bytes;
  if (kept.length === 0) return withoutRecords(batch);
  const appendTime = batch.timestampType === TimestampType.LOG_APPEND_TIME;
  return withFewerRecords(batch, {
    recordBytes: compress(batch.codec, concat(kept)),
    recordCount: kept.length,
    maxTimestamp: appendTime ? batch.maxTimestamp : latest,
  });
}

function keyOf(cursor: RecordCursor): Uint8Array | undefined {
  const { bytes, keyStart, keyLength } = cursor;
  return keyLength < 0 ? undefined : bytes.subarray(keyStart, keyStart + keyLength);
}
