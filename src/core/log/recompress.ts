/**
 * Gives a batch the codec its topic asks for (`compression.type`). The surprise: records are
 * written anew only when they are not as Kafka would write them; else their bytes are packed as
 * they are.
 */
import { compress } from '../../bytes/compression.ts';
import { buildBatch, decodeRecords, RecordBatch } from '../../protocol/records/index.ts';

/** What the batch is stored with. */
export interface Compression {
  readonly codec: number;
  readonly level: number | undefined;
}

/**
 * A batch of the same producer, sequence and count. `recordBytes` are its records decompressed;
 * `canonical`: their offset deltas count from 0, and their timestamps from the first.
 */
export function recompress(
  batch: RecordBatch,
  recordBytes: Uint8Array,
  canonical: boolean,
  { codec, level }: Compression,
): RecordBatch {
  const pack = (bytes: Uint8Array) => compress(codec, bytes, level);
  if (canonical) return batch.withRecordBytes(codec, pack(recordBytes));
  const { producerId, producerEpoch, baseSequence, isTransactional } = batch;
  const records = [...decodeRecords(batch, recordBytes)];
  return new RecordBatch(
    buildBatch(records, {
      producerId,
      producerEpoch,
      baseSequence,
      isTransactional,
      compression: { codec, compress: (_, bytes) => pack(bytes) },
    }),
  );
}
