/** Checksums and hashes, which look at every byte. */
import { crc32c } from '../../../src/bytes/crc32c.ts';
import { murmur2 } from '../../../src/bytes/murmur2.ts';
import { xxhash32 } from '../../../src/bytes/xxhash32.ts';
import { Random } from '../../../test/simulation/world/random.ts';
import { textBytes } from '../bytes.ts';
import type { Case } from '../case.ts';

const table = Int32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0x82f63b78 : 0);
  return crc;
});

/** CRC-32C as it is usually written. */
function oneTable(bytes: Uint8Array): number {
  let crc = -1;
  for (let i = 0; i < bytes.length; i++) crc = (crc >>> 8) ^ table[(crc ^ bytes[i]) & 0xff];
  return ~crc >>> 0;
}

const sizes: [string, number][] = [
  ['100 B', 100],
  ['16 KiB', 16_384],
  ['1 MB', 1_000_000],
];

function bytesOf(length: number): Uint8Array {
  return textBytes(length, new Random(length));
}

export const checksums: readonly Case[] = [
  ...sizes.map(([size, length]) => ({
    name: `CRC-32C of ${size}`,
    baseline: 'a byte a step, by one table',
    prepare() {
      const bytes = bytesOf(length);
      return { bytes: length, run: () => crc32c(bytes), baseline: () => oneTable(bytes) };
    },
  })),
  {
    name: 'CRC-32C of 1 MB, to a copy',
    baseline: 'copying it',
    prepare() {
      const bytes = bytesOf(1_000_000);
      const copy = new Uint8Array(bytes.length);
      const copied = () => {
        copy.set(bytes);
        return copy[7];
      };
      return { bytes: bytes.length, run: () => crc32c(bytes), baseline: copied };
    },
  },
  ...([20, 1000] as const).map((length) => ({
    name: `murmur2 of a key of ${length} B`,
    baseline: 'its CRC-32C',
    prepare() {
      const bytes = bytesOf(length);
      return { bytes: length, run: () => murmur2(bytes), baseline: () => crc32c(bytes) };
    },
  })),
  {
    name: 'xxHash of 16 KiB',
    baseline: 'its CRC-32C',
    prepare() {
      const bytes = bytesOf(16_384);
      const run = () => xxhash32(bytes, 0, bytes.length);
      return { bytes: bytes.length, run, baseline: () => crc32c(bytes) };
    },
  },
];
