import { zstdCompressSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import type { CompressionError } from '../../src/bytes/compression-error.ts';
import { zstdDecompress } from '../../src/bytes/zstd.ts';
import { joined } from '../protocol/records/samples.ts';

const checksumOf = 201;
const contentSizeOf = 200;

const plain = new TextEncoder().encode('orders are placed, orders are paid; '.repeat(100));

function packed(bytes: Uint8Array, params: Record<number, number> = {}): Uint8Array {
  return new Uint8Array(zstdCompressSync(bytes, { params }));
}

function reason(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    return (error as CompressionError).reason;
  }
  return 'none';
}

describe('zstdDecompress', () => {
  it('reads several frames end to end, of every kind of header', () => {
    const frames = [
      packed(plain.subarray(0, 10)),
      packed(plain.subarray(10, 400), { [checksumOf]: 1 }),
      packed(new Uint8Array(0)),
      packed(plain.subarray(400), { [contentSizeOf]: 0 }),
    ];
    expect(zstdDecompress(joined(...frames), plain.length)).toEqual(plain);
  });

  it('passes over skippable frames', () => {
    const skippable = Uint8Array.of(0x5a, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3);
    const bytes = joined(skippable, packed(plain), skippable);
    expect(zstdDecompress(bytes, plain.length)).toEqual(plain);
    expect(reason(() => zstdDecompress(bytes.subarray(0, bytes.length - 1), 1e6))).toBe('corrupt');
  });

  it('comes to nothing without a frame', () => {
    expect(zstdDecompress(new Uint8Array(0), 10)).toHaveLength(0);
  });

  it('refuses what is no frame after a frame', () => {
    for (const more of [Uint8Array.of(1), new Uint8Array(40)]) {
      expect(reason(() => zstdDecompress(joined(packed(plain), more), 1e6))).toBe('corrupt');
    }
  });

  it('adds up what the frames declare before it begins', () => {
    const bytes = joined(packed(plain), packed(plain).fill(0xff, -10));
    // The second frame is damaged, which nobody finds out.
    expect(reason(() => zstdDecompress(bytes, 2 * plain.length - 1))).toBe('too large');
  });

  it('refuses frames by the thousand, each of which would cost a decoder', () => {
    const many = (count: number) => joined(...Array<Uint8Array>(count).fill(packed(plain)));
    expect(zstdDecompress(many(1_000), 1e7)).toHaveLength(1_000 * plain.length);
    expect(reason(() => zstdDecompress(many(1_001), 1e7))).toBe('corrupt');
  });

  it('stops frames that declare nothing', () => {
    const silent = packed(new Uint8Array(1_000_000), { [contentSizeOf]: 0 });
    expect(reason(() => zstdDecompress(joined(silent, silent), 1_500_000))).toBe('too large');
    expect(zstdDecompress(joined(silent, silent), 2_000_000)).toHaveLength(2_000_000);
  });

  it('gives a small frame no large window', () => {
    const bytes = packed(plain, { [contentSizeOf]: 0 });
    // As compressors of streams write it at their highest level: 128 MB.
    bytes[5] = (27 - 10) << 3;
    expect(zstdDecompress(bytes, plain.length)).toEqual(plain);
    const larger = bytes.slice();
    larger[5] = (28 - 10) << 3;
    expect(reason(() => zstdDecompress(larger, plain.length))).toBe('corrupt');
  });
});
