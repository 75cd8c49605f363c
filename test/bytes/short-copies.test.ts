import { describe, expect, it } from 'vitest';
import { Copied, copyAcross, copyBack } from '../../src/bytes/short-copies.ts';

const start = Uint8Array.from({ length: 300 }, (_, i) => (i * 37 + 5) & 0xff);

/** A view in the middle of a larger buffer, whose other bytes must stay. */
function within(bytes: Uint8Array): { copied: Copied; around: () => number[] } {
  const buffer = new Uint8Array(bytes.length + 20).fill(0xee);
  buffer.set(bytes, 10);
  return {
    copied: new Copied(buffer.subarray(10, 10 + bytes.length)),
    around: () => [...buffer.subarray(0, 10), ...buffer.subarray(10 + bytes.length)],
  };
}

const untouched = Array.from({ length: 20 }, () => 0xee);

describe('copyAcross', () => {
  it('copies any length to any place, and writes nothing behind the end', () => {
    for (const length of [0, 1, 2, 3, 4, 5, 7, 8, 31, 127, 128, 129, 200]) {
      for (const [from, to] of [
        [0, 0],
        [3, 5],
        [300 - length, 240 - length],
        [1, 240 - length],
      ]) {
        const { copied, around } = within(new Uint8Array(240));
        copyAcross(new Copied(start), from, copied, Math.max(0, to), length);
        const at = Math.max(0, to);
        expect(copied.bytes.subarray(at, at + length)).toEqual(start.subarray(from, from + length));
        expect(copied.bytes.subarray(0, at).every((byte) => byte === 0)).toBe(true);
        expect(around()).toEqual(untouched);
      }
    }
  });
});

describe('copyBack', () => {
  it('repeats what reaches into itself, at any distance, and writes nothing behind the end', () => {
    for (const distance of [1, 2, 3, 4, 5, 8, 50, 130]) {
      for (const length of [1, 2, 3, 4, 5, 18, 64, 128, 129, 150]) {
        for (const to of [130, 300 - length]) {
          const { copied, around } = within(start);
          const expected = start.slice();
          for (let i = to; i < to + length; i++) expected[i] = expected[i - distance];
          copyBack(copied, to, distance, length);
          const end = to + length;
          expect(copied.bytes.subarray(0, end)).toEqual(expected.subarray(0, end));
          expect(around()).toEqual(untouched);
        }
      }
    }
  });
});
