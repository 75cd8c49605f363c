/**
 * A record batch with fewer of its records, as compaction leaves it. The surprise: it still spans
 * all the offsets and sequences it had, so that readers and producers find it where they left it;
 * the records that stay are copied as they are.
 */
import { crc32c } from '../../bytes/crc32c.ts';
import { batchOverhead, lengthOverhead, noTimestamp, type RecordBatch } from './record-batch.ts';

const at = {
  batchLength: 8,
  crc: 17,
  attributes: 21,
  baseTimestamp: 27,
  maxTimestamp: 35,
  recordCount: 57,
} as const;
const codecMask = 0x07;

export interface Remainder {
  /** The records that stay, compressed with the batch's codec. */
  readonly recordBytes: Uint8Array;
  readonly recordCount: number;
  readonly maxTimestamp: number;
}

export function withFewerRecords(batch: RecordBatch, remainder: Remainder): Uint8Array {
  const { recordBytes, recordCount, maxTimestamp } = remainder;
  const bytes = new Uint8Array(batchOverhead + recordBytes.length);
  bytes.set(batch.bytes.subarray(0, batchOverhead));
  bytes.set(recordBytes, batchOverhead);
  const view = new DataView(bytes.buffer);
  view.setInt32(at.batchLength, bytes.length - lengthOverhead);
  view.setBigInt64(at.maxTimestamp, BigInt(maxTimestamp));
  view.setInt32(at.recordCount, recordCount);
  view.setUint32(at.crc, crc32c(bytes, at.attributes));
  return bytes;
}

/** The header alone: what is known of its producer and its offsets, and its latest timestamp. */
export function withoutRecords(batch: RecordBatch): Uint8Array {
  const bytes = batch.bytes.slice(0, batchOverhead);
  const view = new DataView(bytes.buffer);
  view.setInt32(at.batchLength, bytes.length - lengthOverhead);
  view.setInt16(at.attributes, batch.attributes & ~codecMask);
  view.setBigInt64(at.baseTimestamp, BigInt(noTimestamp));
  view.setInt32(at.recordCount, 0);
  view.setUint32(at.crc, crc32c(bytes, at.attributes));
  return bytes;
}
