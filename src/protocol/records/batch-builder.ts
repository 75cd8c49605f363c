/**
 * Makes one record batch (magic 2) of records, as a producer does: for HTTP produce, the SDK and
 * tests. The surprise: sizes are worked out first, so that the batch is written once, in place,
 * into exactly as many bytes as it needs.
 */
import { crc32c } from '../../bytes/crc32c.ts';
import { batchOverhead, lengthOverhead, noTimestamp } from './record-batch.ts';
import { varintSize, writeVarint } from './varint.ts';

export interface NewRecord {
  readonly key?: Uint8Array | null;
  readonly value?: Uint8Array | null;
  readonly headers?: readonly { readonly key: string; readonly value: Uint8Array | null }[];
  /** Milliseconds since the epoch; -1: none. */
  readonly timestamp: number;
}

export interface BatchOptions {
  /** 0 in everything a client sends. */
  readonly baseOffset?: number;
  readonly partitionLeaderEpoch?: number;
  /** An idempotent producer's identity; -1: none. */
  readonly producerId?: number;
  readonly producerEpoch?: number;
  readonly baseSequence?: number;
  readonly isTransactional?: boolean;
  readonly isControl?: boolean;
  readonly compression?: {
    readonly codec: number;
    compress(codec: number, bytes: Uint8Array): Uint8Array;
  };
}

interface Sized {
  readonly record: NewRecord;
  readonly headers: readonly { key: Uint8Array; value: Uint8Array | null }[];
  readonly timestampDelta: number;
  /** Bytes after the record's own length. */
  readonly size: number;
}

const utf8 = new TextEncoder();

/** One batch of at least one record. */
export function buildBatch(records: readonly NewRecord[], options: BatchOptions = {}): Uint8Array {
  if (records.length === 0) throw new RangeError('a batch needs a record');
  const baseTimestamp = records[0].timestamp;
  const sized = records.map((record, index) => sizeOf(record, index, baseTimestamp));
  const plainSize = sized.reduce((sum, { size }) => sum + varintSize(size) + size, 0);
  let bytes = new Uint8Array(batchOverhead + plainSize);
  const writer = new RecordWriter(bytes, batchOverhead);
  for (const [index, record] of sized.entries()) writer.record(record, index);
  if (options.compression !== undefined) {
    const { codec, compress } = options.compression;
    const packed = compress(codec, bytes.subarray(batchOverhead));
    bytes = new Uint8Array(batchOverhead + packed.length);
    bytes.set(packed, batchOverhead);
  }
  writeHeader(bytes, records, options);
  return bytes;
}

function writeHeader(
  bytes: Uint8Array,
  records: readonly NewRecord[],
  options: BatchOptions,
): void {
  const view = new DataView(bytes.buffer);
  const maxTimestamp = records.reduce(
    (max, { timestamp }) => Math.max(max, timestamp),
    noTimestamp,
  );
  view.setBigInt64(0, BigInt(options.baseOffset ?? 0));
  view.setInt32(8, bytes.length - lengthOverhead);
  view.setInt32(12, options.partitionLeaderEpoch ?? -1);
  view.setInt8(16, 2);
  view.setInt16(21, attributesOf(options));
  view.setInt32(23, records.length - 1);
  view.setBigInt64(27, BigInt(records[0].timestamp));
  view.setBigInt64(35, BigInt(maxTimestamp));
  view.setBigInt64(43, BigInt(options.producerId ?? -1));
  view.setInt16(51, options.producerEpoch ?? -1);
  view.setInt32(53, options.baseSequence ?? -1);
  view.setInt32(57, records.length);
  view.setUint32(17, crc32c(bytes, 21));
}

function attributesOf({ compression, isTransactional, isControl }: BatchOptions): number {
  return (compression?.codec ?? 0) | (isTransactional ? 0x10 : 0) | (isControl ? 0x20 : 0);
}

function sizeOf(record: NewRecord, index: number, baseTimestamp: number): Sized {
  const headers = (record.headers ?? []).map(({ key, value }) => ({
    key: utf8.encode(key),
    value,
  }));
  const timestampDelta = record.timestamp - baseTimestamp;
  const size =
    1 +
    varintSize(timestampDelta) +
    varintSize(index) +
    fieldSize(record.key) +
    fieldSize(record.value) +
    varintSize(headers.length) +
    headers.reduce((sum, { key, value }) => sum + fieldSize(key) + fieldSize(value), 0);
  return { record, headers, timestampDelta, size };
}

function fieldSize(bytes: Uint8Array | null | undefined): number {
  return bytes ? varintSize(bytes.length) + bytes.length : 1;
}

class RecordWriter {
  readonly #bytes: Uint8Array;
  #at: number;

  constructor(bytes: Uint8Array, start: number) {
    this.#bytes = bytes;
    this.#at = start;
  }

  record({ record, headers, timestampDelta, size }: Sized, index: number): void {
    this.#varint(size);
    this.#bytes[this.#at++] = 0; // attributes
    this.#varint(timestampDelta);
    this.#varint(index);
    this.#field(record.key);
    this.#field(record.value);
    this.#varint(headers.length);
    for (const { key, value } of headers) {
      this.#field(key);
      this.#field(value);
    }
  }

  #field(bytes: Uint8Array | null | undefined): void {
    this.#varint(bytes ? bytes.length : -1);
    if (!bytes) return;
    this.#bytes.set(bytes, this.#at);
    this.#at += bytes.length;
  }

  #varint(value: number): void {
    this.#at = writeVarint(this.#bytes, this.#at, value);
  }
}
