/**
 * Records as objects, for those who look inside: HTTP, tools, tests. The surprise: a batch's header
 * gives every record its offset and timestamp; the record itself only says how far it is from the
 * first.
 */
import { ErrorCode, KafkaError } from '../errors.ts';
import { type RecordBatch, TimestampType } from './record-batch.ts';
import { RecordCursor } from './record-cursor.ts';

export interface RecordHeader {
  readonly key: string;
  readonly value: Uint8Array | null;
}

export interface DecodedRecord {
  readonly offset: number;
  /** Milliseconds since the epoch; -1: none. */
  readonly timestamp: number;
  /** Views of the given bytes. */
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly headers: readonly RecordHeader[];
}

const utf8 = new TextDecoder();

/**
 * The records of one batch. `recordBytes` are its records decompressed; leave them out when
 * `batch.codec` is 0. Throws INVALID_RECORD when bytes and header do not agree. A control batch has
 * one record: see `controlType`.
 */
export function* decodeRecords(
  batch: RecordBatch,
  recordBytes: Uint8Array = batch.recordBytes,
): Generator<DecodedRecord> {
  const { baseOffset, baseTimestamp, maxTimestamp, recordCount } = batch;
  const appendTime = batch.timestampType === TimestampType.LOG_APPEND_TIME;
  const cursor = new RecordCursor(recordBytes);
  for (let i = 0; i < recordCount; i++) {
    cursor.next();
    yield {
      offset: baseOffset + cursor.offsetDelta,
      timestamp: appendTime ? maxTimestamp : baseTimestamp + cursor.timestampDelta,
      key: bytesAt(cursor, cursor.keyStart, cursor.keyLength),
      value: bytesAt(cursor, cursor.valueStart, cursor.valueLength),
      headers: cursor.headerCount === 0 ? [] : headersOf(cursor),
    };
  }
  if (!cursor.atEnd) {
    throw new KafkaError(ErrorCode.INVALID_RECORD, 'a record batch holds more than its records');
  }
}

function bytesAt(cursor: RecordCursor, start: number, length: number): Uint8Array | null {
  return length < 0 ? null : cursor.bytes.subarray(start, start + length);
}

function headersOf(cursor: RecordCursor): RecordHeader[] {
  const fields = cursor.headers();
  const headers: RecordHeader[] = [];
  for (let i = 0; i < fields.length; i += 2) {
    headers.push({ key: utf8.decode(fields[i]!), value: fields[i + 1] });
  }
  return headers;
}

/** What the record of a control batch says, by its key: int16 version, int16 type. */
export const ControlType = { ABORT: 0, COMMIT: 1 } as const;

/** The type of a control record, or undefined for a key that is none. */
export function controlType(key: Uint8Array | null): number | undefined {
  if (key === null || key.length < 4) return undefined;
  return new DataView(key.buffer, key.byteOffset, key.length).getInt16(2);
}
