import { describe, expect, it } from 'vitest';
import { crc32c } from '../../src/bytes/crc32c.ts';

const ascii = (text: string): Uint8Array => new TextEncoder().encode(text);

/** One bit at a time: slow and plainly right. */
function bitwise(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0x82f63b78 : 0);
  }
  return ~crc >>> 0;
}

describe('crc32c', () => {
  it('gives the published check values', () => {
    expect(crc32c(ascii('123456789'))).toBe(0xe3069283);
    // RFC 3720, appendix B.4.
    expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa);
    expect(crc32c(new Uint8Array(32).fill(0xff))).toBe(0x62a8ab43);
    expect(crc32c(Uint8Array.from({ length: 32 }, (_, i) => i))).toBe(0x46dd794e);
    expect(crc32c(Uint8Array.from({ length: 32 }, (_, i) => 31 - i))).toBe(0x113fdb5c);
    expect(crc32c(new Uint8Array(0))).toBe(0);
  });

  it('agrees with the bitwise definition at every length and alignment', () => {
    const bytes = Uint8Array.from({ length: 160 }, (_, i) => (i * 167 + 13) & 0xff);
    for (let start = 0; start < 9; start++) {
      for (let end = start; end <= bytes.length; end++) {
        expect(crc32c(bytes, start, end)).toBe(bitwise(bytes.subarray(start, end)));
      }
    }
  });

  it('agrees with it in views, wherever their buffers begin', () => {
    const buffer = Uint8Array.from({ length: 1200 }, (_, i) => (i * i * 31 + 7) & 0xff).buffer;
    for (let offset = 0; offset < 9; offset++) {
      const view = new Uint8Array(buffer, offset, 1100);
      for (const [start, end] of [
        [0, 1100],
        [1, 1099],
        [2, 70],
        [3, 67],
        [21, 1021],
      ]) {
        expect(crc32c(view, start, end)).toBe(bitwise(view.subarray(start, end)));
      }
    }
  });

  it('continues over pieces', () => {
    const bytes = Uint8Array.from({ length: 50 }, (_, i) => 255 - i);
    const whole = crc32c(bytes);
    for (let cut = 0; cut <= bytes.length; cut++) {
      expect(crc32c(bytes.subarray(cut), 0, bytes.length - cut, crc32c(bytes, 0, cut))).toBe(whole);
    }
  });
});
