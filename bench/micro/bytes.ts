/**
 * Bytes to measure with, the same in every run. Values are JSON of few words and many numbers, of
 * which compression leaves about a third.
 */
import { compress } from '../../src/bytes/compression.ts';
import { buildBatch, type NewRecord } from '../../src/protocol/records/index.ts';
import { Random } from '../../test/simulation/world/random.ts';

/** Timestamps of records. */
export const time = 1_790_000_000_000;

const words = ['order', 'customer', 'amount', 'currency', 'street', 'city', 'note', 'state'];
const utf8 = new TextEncoder();

/** So many bytes of text. */
export function textBytes(length: number, random: Random): Uint8Array {
  let text = '{';
  while (text.length < length) {
    text += `"${random.pick(words)}":${random.between(0, 999_999)},`;
  }
  return utf8.encode(text.slice(0, length));
}

export function keyBytes(index: number): Uint8Array {
  return utf8.encode(`customer-${String(index).padStart(7, '0')}`);
}

export interface Shape {
  /** Bytes of each value. */
  readonly recordBytes: number;
  /** Bytes of the batch before it is compressed, about. */
  readonly batchBytes: number;
  readonly codec?: number;
  /** So many different keys; without them records have none. */
  readonly keys?: number;
}

/** One batch as a producer sends it. */
export function batchOf({ recordBytes, batchBytes, codec = 0, keys }: Shape): Uint8Array {
  const random = new Random(recordBytes + batchBytes);
  const count = Math.max(1, Math.floor(batchBytes / (recordBytes + 10)));
  const records = Array.from({ length: count }, (_, index): NewRecord => {
    const value = textBytes(recordBytes, random);
    const key = keys === undefined ? null : keyBytes(random.between(0, keys - 1));
    return { key, value, timestamp: time + Math.floor(index / 4) };
  });
  return buildBatch(records, codec === 0 ? {} : { compression: { codec, compress } });
}
