/**
 * Writes the records of a batch anew as a producer should have written them: offsets that count
 * from 0, timestamps from the first record's. The surprise: keys, values and headers are copied
 * unread, and no record becomes an object, for there may be millions of them.
 */
import { type RecordBatch, TimestampType } from './record-batch.ts';
import { RecordCursor } from './record-cursor.ts';
import { varintSize, writeVarint } from './varint.ts';

export interface Renumbered {
  readonly baseTimestamp: number;
  readonly recordBytes: Uint8Array;
}

/**
 * `recordBytes` are the batch's records decompressed, known to be whole. Answers undefined when the
 * result would be larger than `maxBytes`.
 */
export function renumber(
  batch: RecordBatch,
  recordBytes: Uint8Array,
  maxBytes: number,
): Renumbered | undefined {
  let size = 0;
  let baseTimestamp = 0;
  eachRecord(batch, recordBytes, (cursor, index, _, length) => {
    if (index === 0) baseTimestamp = timestampOf(batch, cursor);
    size += varintSize(length) + length;
  });
  if (size > maxBytes) return undefined;
  const output = new Uint8Array(size);
  let at = 0;
  eachRecord(batch, recordBytes, ({ fieldsStart, end }, index, timestampDelta, length) => {
    at = writeVarint(output, at, length);
    output[at++] = 0; // attributes
    at = writeVarint(output, at, timestampDelta);
    at = writeVarint(output, at, index);
    output.set(recordBytes.subarray(fieldsStart, end), at);
    at += end - fieldsStart;
  });
  return { baseTimestamp, recordBytes: output };
}

type Visit = (cursor: RecordCursor, index: number, timestampDelta: number, length: number) => void;

/** Every record with its new timestamp delta and length. */
function eachRecord(batch: RecordBatch, recordBytes: Uint8Array, visit: Visit): void {
  const { recordCount } = batch;
  const cursor = new RecordCursor(recordBytes);
  let first = 0;
  for (let index = 0; index < recordCount; index++) {
    cursor.next();
    const timestamp = timestampOf(batch, cursor);
    if (index === 0) first = timestamp;
    const delta = timestamp - first;
    const fields = cursor.end - cursor.fieldsStart;
    visit(cursor, index, delta, 1 + varintSize(delta) + varintSize(index) + fields);
  }
}

/** A producer that claims LogAppendTime has one timestamp for all records. */
function timestampOf(batch: RecordBatch, { timestampDelta }: RecordCursor): number {
  return batch.timestampType === TimestampType.LOG_APPEND_TIME
    ? batch.maxTimestamp
    : batch.baseTimestamp + timestampDelta;
}
