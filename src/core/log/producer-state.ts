/**
 * What the log remembers of idempotent producers: epoch and last five batches of each, enough to
 * answer a retry as if it were the first try. The surprise: none of it is stored by itself; rows
 * carry a summary, and loading replays the recent ones.
 */
import { ErrorCode, KafkaError } from '../../protocol/errors.ts';
import { addToSequence, type RecordBatch } from '../../protocol/records/index.ts';
import type { ProducerRow } from './store.ts';

/** How many batches back a retry is recognised: what a client may have in flight. */
const rememberedBatches = 5;

/** One appended batch of a producer. */
export interface ProducerBatch {
  readonly baseSequence: number;
  readonly recordCount: number;
  readonly baseOffset: number;
  readonly maxTimestamp: number;
}

export interface ProducerEntry {
  readonly epoch: number;
  /**
   * When it last appended: idle producers expire by this clock, not by their records' timestamps.
   */
  readonly appendedAt: number;
  /** The latest of this epoch, oldest first; never empty. */
  readonly batches: readonly ProducerBatch[];
}

/** A batch with the producer that appended it. */
export interface ProducerAppend extends ProducerBatch {
  readonly producerId: number;
  readonly epoch: number;
}

/**
 * What this batch is to a producer with this history: new (undefined), or a retry of the batch
 * returned. Throws INVALID_PRODUCER_EPOCH for an epoch of the past, OUT_OF_ORDER_SEQUENCE_NUMBER
 * for a gap.
 */
export function checkSequence(
  entry: ProducerEntry | undefined,
  batch: RecordBatch,
): ProducerBatch | undefined {
  if (entry === undefined) return undefined;
  const { producerEpoch, baseSequence, lastSequence } = batch;
  if (producerEpoch === entry.epoch) {
    const known = entry.batches.find(
      (b) => b.baseSequence === baseSequence && lastSequenceOf(b) === lastSequence,
    );
    if (known !== undefined) return known;
  }
  if (producerEpoch < entry.epoch) {
    throw new KafkaError(
      ErrorCode.INVALID_PRODUCER_EPOCH,
      `producer ${batch.producerId} has epoch ${entry.epoch}, this batch has ${producerEpoch}`,
    );
  }
  const expected =
    producerEpoch > entry.epoch ? 0 : addToSequence(lastSequenceOf(entry.batches.at(-1)!), 1);
  if (baseSequence !== expected) {
    throw new KafkaError(
      ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER,
      `producer ${batch.producerId} sent sequence ${baseSequence} instead of ${expected}`,
    );
  }
  return undefined;
}

function lastSequenceOf({ baseSequence, recordCount }: ProducerBatch): number {
  return addToSequence(baseSequence, recordCount - 1);
}

/** The entry once this batch is in the log. */
export function withBatch(
  entry: ProducerEntry | undefined,
  { epoch, baseSequence, recordCount, baseOffset, maxTimestamp }: ProducerAppend,
  appendedAt: number,
): ProducerEntry {
  const batch = { baseSequence, recordCount, baseOffset, maxTimestamp };
  const before = entry?.epoch === epoch ? entry.batches.slice(1 - rememberedBatches) : [];
  return { epoch, appendedAt, batches: [...before, batch] };
}

/** Every producer the log knows. */
export class ProducerStates {
  readonly #entries = new Map<number, ProducerEntry>();
  readonly #expirationMs: number;

  /** @param expirationMs `producer.id.expiration.ms` */
  constructor(expirationMs: number) {
    this.#expirationMs = expirationMs;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** Nothing when the producer is unknown or was idle for too long. */
  get(producerId: number, now: number): ProducerEntry | undefined {
    const entry = this.#entries.get(producerId);
    return entry && now - entry.appendedAt < this.#expirationMs ? entry : undefined;
  }

  set(producerId: number, entry: ProducerEntry): void {
    this.#entries.set(producerId, entry);
  }

  expire(now: number): void {
    for (const [producerId, { appendedAt }] of this.#entries) {
      if (now - appendedAt >= this.#expirationMs) this.#entries.delete(producerId);
    }
  }

  replay({ baseOffset, appendedAt, producers }: ProducerRow): void {
    for (const append of decodeAppends(producers, baseOffset)) {
      const entry = this.get(append.producerId, appendedAt);
      this.set(append.producerId, withBatch(entry, append, appendedAt));
    }
  }

  encode(): Uint8Array {
    const size = [...this.#entries.values()].reduce(
      (sum, { batches }) => sum + producerHeadBytes + batches.length * batchBytes,
      1,
    );
    const out = new Fields(new Uint8Array(size));
    out.put(1, snapshotVersion);
    for (const [producerId, { epoch, appendedAt, batches }] of this.#entries) {
      out.put(8, producerId).put(2, epoch).put(8, appendedAt).put(1, batches.length);
      for (const batch of batches) putBatch(out, batch, 0);
    }
    return out.bytes;
  }

  restore(snapshot: Uint8Array): void {
    const fields = new Fields(snapshot);
    const version = fields.take(1);
    if (version !== snapshotVersion) throw new Error(`producer snapshot of version ${version}`);
    while (!fields.atEnd) {
      const producerId = fields.take(8);
      const epoch = fields.take(2);
      const appendedAt = fields.take(8);
      const batches = Array.from({ length: fields.take(1) }, () => takeBatch(fields, 0));
      this.set(producerId, { epoch, appendedAt, batches });
    }
  }
}

const snapshotVersion = 1;
const producerHeadBytes = 19;
const batchBytes = 24;

/** Bytes of a row's summary for each batch of an idempotent producer. */
export const appendBytes = 10 + batchBytes;

/** The summary a row carries: offsets are relative to the row's first. */
export function encodeAppends(appends: readonly ProducerAppend[], rowOffset: number): Uint8Array {
  const out = new Fields(new Uint8Array(appends.length * appendBytes));
  for (const append of appends) {
    out.put(8, append.producerId).put(2, append.epoch);
    putBatch(out, append, rowOffset);
  }
  return out.bytes;
}

function* decodeAppends(bytes: Uint8Array, rowOffset: number): Generator<ProducerAppend> {
  const fields = new Fields(bytes);
  while (!fields.atEnd) {
    const producerId = fields.take(8);
    const epoch = fields.take(2);
    yield { producerId, epoch, ...takeBatch(fields, rowOffset) };
  }
}

function putBatch(out: Fields, batch: ProducerBatch, rowOffset: number): void {
  out.put(4, batch.baseSequence).put(4, batch.recordCount);
  out.put(8, batch.baseOffset - rowOffset).put(8, batch.maxTimestamp);
}

function takeBatch(fields: Fields, rowOffset: number): ProducerBatch {
  const baseSequence = fields.take(4);
  const recordCount = fields.take(4);
  const baseOffset = rowOffset + fields.take(8);
  return { baseSequence, recordCount, baseOffset, maxTimestamp: fields.take(8) };
}

/** Signed big-endian numbers, one after the other. */
class Fields {
  readonly bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get atEnd(): boolean {
    return this.#at >= this.bytes.length;
  }

  put(size: 1 | 2 | 4 | 8, value: number): this {
    if (size === 8) this.#view.setBigInt64(this.#at, BigInt(value));
    else if (size === 4) this.#view.setInt32(this.#at, value);
    else if (size === 2) this.#view.setInt16(this.#at, value);
    else this.#view.setInt8(this.#at, value);
    this.#at += size;
    return this;
  }

  take(size: 1 | 2 | 4 | 8): number {
    const at = this.#at;
    this.#at += size;
    if (size === 8) return Number(this.#view.getBigInt64(at));
    if (size === 4) return this.#view.getInt32(at);
    return size === 2 ? this.#view.getInt16(at) : this.#view.getInt8(at);
  }
}
