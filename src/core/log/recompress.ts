/**
 * Gives a batch the codec its topic asks for (`compression.type`). The surprise: records are
 * written anew only when they are not as Kafka would write them; else their bytes are packed as
 * they are.
 */
import { compress } from '../../bytes/compression.ts';
import { ErrorCode, KafkaError } from '../../protocol/errors.ts';
import { type RecordBatch, renumber, TimestampType } from '../../protocol/records/index.ts';
import { largestInflatedBytes } from './log-config.ts';

/** What the batch is stored with. */
export interface Compression {
  readonly codec: number;
  readonly level: number | undefined;
}

/**
 * A batch of the same producer, sequence and count. `recordBytes` are its records decompressed;
 * `canonical`: their offset deltas count from 0, and their timestamps from the first. Throws
 * MESSAGE_TOO_LARGE when they are not, and would be too many bytes if they were.
 */
export function recompress(
  batch: RecordBatch,
  recordBytes: Uint8Array,
  canonical: boolean,
  { codec, level }: Compression,
): RecordBatch {
  const { baseTimestamp } = batch;
  const written = canonical
    ? { baseTimestamp, recordBytes }
    : renumber(batch, recordBytes, largestInflatedBytes);
  if (written === undefined) {
    throw new KafkaError(ErrorCode.MESSAGE_TOO_LARGE, 'the records of a batch, counted anew');
  }
  return batch.withRecordBytes(compress(codec, written.recordBytes, level), {
    codec,
    timestampType: TimestampType.CREATE_TIME,
    baseTimestamp: written.baseTimestamp,
  });
}
