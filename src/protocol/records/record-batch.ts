/**
 * A view of one record batch (magic 2) where it lies in a larger buffer: nothing is copied and no
 * record is touched. The surprise: base offset and leader epoch lie outside the checksum, so a log
 * can place a batch by writing 12 bytes.
 */
import { crc32c } from '../../bytes/crc32c.ts';
import { ErrorCode, KafkaError } from '../errors.ts';

/** Bytes of base offset and batch length, which the batch length does not count. */
export const lengthOverhead = 12;
/** Bytes before the first record. */
export const batchOverhead = 61;
/** What no message of any magic can be shorter than, in bytes counted by the length field. */
const smallestLength = 14;
const magicEnd = 17;

export const noTimestamp = -1;
export const noProducerId = -1;
export const noProducerEpoch = -1;
export const noSequence = -1;

/** Bit 3 of the attributes. */
export const TimestampType = { CREATE_TIME: 0, LOG_APPEND_TIME: 1 } as const;

const codecMask = 0x07;
const logAppendTimeFlag = 0x08;
const transactionalFlag = 0x10;
const controlFlag = 0x20;

/** Where each field of the header starts. */
const at = {
  baseOffset: 0,
  batchLength: 8,
  partitionLeaderEpoch: 12,
  magic: 16,
  crc: 17,
  attributes: 21,
  lastOffsetDelta: 23,
  baseTimestamp: 27,
  maxTimestamp: 35,
  producerId: 43,
  producerEpoch: 51,
  baseSequence: 53,
  recordCount: 57,
} as const;

/** What a batch's header says of how its records are to be read. */
export interface Reading {
  readonly codec: number;
  readonly timestampType: number;
  readonly baseTimestamp: number;
}

export class RecordBatch {
  /** The whole batch and nothing else. */
  readonly bytes: Uint8Array;
  readonly #view: DataView;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get sizeInBytes(): number {
    return this.bytes.length;
  }

  get baseOffset(): number {
    return readInt64(this.#view, at.baseOffset);
  }

  set baseOffset(offset: number) {
    writeInt64(this.#view, at.baseOffset, offset);
  }

  get partitionLeaderEpoch(): number {
    return this.#view.getInt32(at.partitionLeaderEpoch);
  }

  set partitionLeaderEpoch(epoch: number) {
    this.#view.setInt32(at.partitionLeaderEpoch, epoch);
  }

  get magic(): number {
    return this.#view.getInt8(at.magic);
  }

  get crc(): number {
    return this.#view.getUint32(at.crc);
  }

  get attributes(): number {
    return this.#view.getInt16(at.attributes);
  }

  /** The compression codec's number as it stands there: 5 to 7 mean nothing to Kafka. */
  get codec(): number {
    return this.attributes & codecMask;
  }

  get timestampType(): number {
    return this.attributes & logAppendTimeFlag ? 1 : 0;
  }

  get isTransactional(): boolean {
    return (this.attributes & transactionalFlag) !== 0;
  }

  /** A marker written by a coordinator (commit, abort), never by a client. */
  get isControl(): boolean {
    return (this.attributes & controlFlag) !== 0;
  }

  get lastOffsetDelta(): number {
    return this.#view.getInt32(at.lastOffsetDelta);
  }

  /** Inclusive. */
  get lastOffset(): number {
    return this.baseOffset + this.lastOffsetDelta;
  }

  /** One past the last. */
  get nextOffset(): number {
    return this.lastOffset + 1;
  }

  /** What the records' timestamps are relative to: the first record's, as producers write it. */
  get baseTimestamp(): number {
    return readInt64(this.#view, at.baseTimestamp);
  }

  get maxTimestamp(): number {
    return readInt64(this.#view, at.maxTimestamp);
  }

  get producerId(): number {
    return readInt64(this.#view, at.producerId);
  }

  get producerEpoch(): number {
    return this.#view.getInt16(at.producerEpoch);
  }

  get baseSequence(): number {
    return this.#view.getInt32(at.baseSequence);
  }

  /** Inclusive; sequences follow 2^31 - 1 with 0. */
  get lastSequence(): number {
    return addToSequence(this.baseSequence, this.lastOffsetDelta);
  }

  get recordCount(): number {
    return this.#view.getInt32(at.recordCount);
  }

  /** The records, still compressed when `codec` is not 0. */
  get recordBytes(): Uint8Array {
    return this.bytes.subarray(batchOverhead);
  }

  /** The same batch with its records in other bytes: recompressed, or counted anew. */
  withRecordBytes(
    recordBytes: Uint8Array,
    { codec, timestampType, baseTimestamp }: Reading,
  ): RecordBatch {
    const bytes = new Uint8Array(batchOverhead + recordBytes.length);
    bytes.set(this.bytes.subarray(0, batchOverhead));
    bytes.set(recordBytes, batchOverhead);
    const batch = new RecordBatch(bytes);
    batch.#view.setInt32(at.batchLength, bytes.length - lengthOverhead);
    const kept = this.attributes & ~codecMask & ~logAppendTimeFlag;
    const flag = timestampType === TimestampType.LOG_APPEND_TIME ? logAppendTimeFlag : 0;
    batch.#view.setInt16(at.attributes, kept | flag | codec);
    writeInt64(batch.#view, at.baseTimestamp, baseTimestamp);
    batch.#view.setUint32(at.crc, batch.#computeCrc());
    return batch;
  }

  /** Whole, and the checksum is that of the bytes. */
  get isValid(): boolean {
    return this.bytes.length >= batchOverhead && this.crc === this.#computeCrc();
  }

  /** Says what the timestamps mean and which is the latest, and makes the checksum right again. */
  setMaxTimestamp(timestampType: number, maxTimestamp: number): void {
    const flag = timestampType === TimestampType.LOG_APPEND_TIME ? logAppendTimeFlag : 0;
    this.#view.setInt16(at.attributes, (this.attributes & ~logAppendTimeFlag) | flag);
    writeInt64(this.#view, at.maxTimestamp, maxTimestamp);
    this.#view.setUint32(at.crc, this.#computeCrc());
  }

  #computeCrc(): number {
    return crc32c(this.bytes, at.attributes);
  }
}

/** The sequence number `increment` after `sequence`. */
export function addToSequence(sequence: number, increment: number): number {
  const sum = sequence + increment;
  return sum > 0x7fffffff ? sum - 0x80000000 : sum;
}

/**
 * The batches that lie one after the other in `bytes`; an unfinished one at the end is left out, as
 * Kafka leaves it. Of magics 0 and 1 nothing but size and magic is right. Throws CORRUPT_MESSAGE
 * for a length or magic that cannot be.
 */
export function* recordBatches(bytes: Uint8Array): Generator<RecordBatch> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let start = 0;
  while (bytes.length - start >= lengthOverhead) {
    const length = view.getInt32(start + at.batchLength);
    if (length < smallestLength) {
      throw new KafkaError(
        ErrorCode.CORRUPT_MESSAGE,
        `a record batch of ${length} bytes is too small`,
      );
    }
    if (bytes.length - start < magicEnd) return;
    const magic = view.getInt8(start + at.magic);
    if (magic < 0 || magic > 2) {
      throw new KafkaError(ErrorCode.CORRUPT_MESSAGE, `a record batch of magic ${magic}`);
    }
    const end = start + lengthOverhead + length;
    if (end > bytes.length) return;
    yield new RecordBatch(bytes.subarray(start, end));
    start = end;
  }
}

function readInt64(view: DataView, position: number): number {
  return view.getInt32(position) * 0x1_0000_0000 + view.getUint32(position + 4);
}

function writeInt64(view: DataView, position: number, value: number): void {
  const high = Math.floor(value / 0x1_0000_0000);
  view.setInt32(position, high);
  view.setUint32(position + 4, value - high * 0x1_0000_0000);
}
