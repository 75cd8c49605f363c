/**
 * Producer state as bytes: the summary of each row, and the snapshot of everybody. The surprise:
 * both were stored in an older form before there were transactions, and that form is still read:
 * a summary's first byte tells them apart, for no producer id reaches that high.
 */
import { concat } from '../../bytes/writer.ts';
import type { ProducerAppend, ProducerBatch, ProducerEntry, ProducerMarker } from './producer.ts';
import type { LogRow } from './store.ts';

/** What a row's batches did to producers, in order. */
export type ProducerEffect = ProducerAppend | ProducerMarker;

const summaryVersion = 1;
const snapshotVersion = 2;

const batchBytes = 24;
const producerHeadBytes = 55;
const Kind = { APPEND: 0, TRANSACTIONAL_APPEND: 1, MARKER: 2 } as const;

/** The most bytes one effect adds to a row's summary. */
export const effectBytes = 19 + batchBytes;

/** The summary a row carries: offsets are relative to the row's first. */
export function encodeEffects(effects: readonly ProducerEffect[], rowOffset: number): Uint8Array {
  const out = new Fields(new Uint8Array(1 + effects.length * effectBytes));
  out.put(1, summaryVersion);
  for (const effect of effects) {
    if ('coordinatorEpoch' in effect) putMarker(out, effect);
    else putAppend(out, effect, rowOffset);
  }
  return out.written;
}

function putAppend(out: Fields, append: ProducerAppend, rowOffset: number): void {
  const { transactionNumber } = append;
  out.put(1, transactionNumber === undefined ? Kind.APPEND : Kind.TRANSACTIONAL_APPEND);
  out.put(8, append.producerId).put(2, append.epoch);
  putBatch(out, append, rowOffset);
  if (transactionNumber !== undefined) out.put(8, transactionNumber);
}

function putMarker(out: Fields, marker: ProducerMarker): void {
  out.put(1, Kind.MARKER).put(8, marker.producerId).put(2, marker.epoch);
  out.put(4, marker.coordinatorEpoch).put(8, marker.transactionNumber);
}

type Summarised = Pick<LogRow, 'baseOffset' | 'producers'>;

/** The summary of a row and the one after it, when they are one. */
export function joinEffects(row: Summarised, next: Summarised): Uint8Array | null {
  if (next.producers === null) return row.producers;
  const effects = [...decodeEffects(next.producers, next.baseOffset)];
  const added = encodeEffects(effects, row.baseOffset);
  return row.producers === null ? added : concat([row.producers, added.subarray(1)]);
}

export function* decodeEffects(bytes: Uint8Array, rowOffset: number): Generator<ProducerEffect> {
  const fields = new Fields(bytes);
  const old = bytes[0] !== summaryVersion;
  if (!old) fields.take(1);
  while (!fields.atEnd) {
    const kind = old ? Kind.APPEND : fields.take(1);
    const producerId = fields.take(8);
    const epoch = fields.take(2);
    if (kind === Kind.MARKER) {
      const coordinatorEpoch = fields.take(4);
      yield { producerId, epoch, coordinatorEpoch, transactionNumber: fields.take(8) };
      continue;
    }
    const batch = takeBatch(fields, rowOffset);
    const transactionNumber = kind === Kind.APPEND ? undefined : fields.take(8);
    yield { producerId, epoch, ...batch, transactionNumber };
  }
}

export function encodeSnapshot(entries: ReadonlyMap<number, ProducerEntry>): Uint8Array {
  const size = [...entries.values()].reduce(
    (sum, { batches }) => sum + producerHeadBytes + batches.length * batchBytes,
    1,
  );
  const out = new Fields(new Uint8Array(size));
  out.put(1, snapshotVersion);
  for (const [producerId, entry] of entries) {
    out.put(8, producerId).put(2, entry.epoch).put(8, entry.appendedAt);
    out.put(8, entry.lastTimestamp).put(4, entry.coordinatorEpoch).put(8, entry.lastEnded);
    out.put(8, entry.open?.transactionNumber ?? 0).put(8, entry.open?.firstOffset ?? -1);
    out.put(1, entry.batches.length);
    for (const batch of entry.batches) putBatch(out, batch, 0);
  }
  return out.bytes;
}

export function* decodeSnapshot(snapshot: Uint8Array): Generator<[number, ProducerEntry]> {
  const fields = new Fields(snapshot);
  const version = fields.take(1);
  if (version < 1 || version > snapshotVersion) {
    throw new Error(`producer snapshot of version ${version}`);
  }
  while (!fields.atEnd) yield version === 1 ? takeOldEntry(fields) : takeEntry(fields);
}

function takeEntry(fields: Fields): [number, ProducerEntry] {
  const producerId = fields.take(8);
  const epoch = fields.take(2);
  const appendedAt = fields.take(8);
  const lastTimestamp = fields.take(8);
  const coordinatorEpoch = fields.take(4);
  const lastEnded = fields.take(8);
  const transactionNumber = fields.take(8);
  const firstOffset = fields.take(8);
  const open = firstOffset < 0 ? undefined : { transactionNumber, firstOffset };
  const batches = takeBatches(fields);
  const transactions = { coordinatorEpoch, lastEnded, open };
  return [producerId, { epoch, appendedAt, lastTimestamp, ...transactions, batches }];
}

/** As it was before there were transactions. */
function takeOldEntry(fields: Fields): [number, ProducerEntry] {
  const producerId = fields.take(8);
  const epoch = fields.take(2);
  const appendedAt = fields.take(8);
  const batches = takeBatches(fields);
  const lastTimestamp = batches.at(-1)?.maxTimestamp ?? appendedAt;
  const transactions = { coordinatorEpoch: -1, lastEnded: 0, open: undefined };
  return [producerId, { epoch, appendedAt, lastTimestamp, ...transactions, batches }];
}

function takeBatches(fields: Fields): ProducerBatch[] {
  return Array.from({ length: fields.take(1) }, () => takeBatch(fields, 0));
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

  /** What was put so far, in bytes of its own. */
  get written(): Uint8Array {
    return this.bytes.slice(0, this.#at);
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
