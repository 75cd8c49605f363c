/**
 * Gives a record batch that was made beforehand another base sequence, without going over its
 * bytes again. The surprise: a checksum is linear, so what other four bytes make of it depends on
 * these and on how many bytes come behind them, and on nothing else.
 */
import { crc32c } from '../../src/bytes/crc32c.ts';
import { putInt32 } from './connection.ts';

const crcAt = 17;
const baseSequenceAt = 53;
const behindAt = 57;
/** CRC-32C's polynomial, bits reversed. */
const polynomial = 0x82f63b78;

/** One batch where it lies in a frame. */
export class SequencedBatch {
  readonly partition: number;
  readonly records: number;
  readonly sizeInBytes: number;
  readonly #bytes: Uint8Array;
  /** What each bit of the sequence makes of the checksum, as the sequence's bytes lie there. */
  readonly #columns: Int32Array;
  #sequence: number;
  #crc: number;

  /** @param bytes a view of the batch and nothing else */
  constructor(partition: number, bytes: Uint8Array) {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.partition = partition;
    this.records = view.getInt32(57);
    this.sizeInBytes = bytes.length;
    this.#bytes = bytes;
    this.#columns = columnsFor(bytes.length - behindAt);
    this.#sequence = view.getInt32(baseSequenceAt);
    this.#crc = view.getInt32(crcAt);
  }

  set baseSequence(sequence: number) {
    let changed = swapped(this.#sequence ^ sequence);
    while (changed !== 0) {
      const bit = 31 - Math.clz32(changed);
      this.#crc ^= this.#columns[bit];
      changed ^= 1 << bit;
    }
    this.#sequence = sequence;
    putInt32(this.#bytes, crcAt, this.#crc);
    putInt32(this.#bytes, baseSequenceAt, sequence);
  }
}

const known = new Map<number, Int32Array>();

/**
 * Column i: what remains of a register with bit i alone after four bytes and so many behind them.
 * That of the highest bit is worked out; each lower one is the next above it, times x.
 */
function columnsFor(bytesBehind: number): Int32Array {
  const found = known.get(bytesBehind);
  if (found !== undefined) return found;
  const columns = new Int32Array(32);
  const zeros = new Uint8Array(4 + bytesBehind);
  columns[31] = ~crc32c(zeros, 0, zeros.length, ~(1 << 31));
  for (let bit = 31; bit > 0; bit--) {
    columns[bit - 1] = (columns[bit] >>> 1) ^ (columns[bit] & 1 ? polynomial : 0);
  }
  known.set(bytesBehind, columns);
  return columns;
}

function swapped(value: number): number {
  return (value << 24) | ((value & 0xff00) << 8) | ((value >>> 8) & 0xff00) | (value >>> 24);
}
