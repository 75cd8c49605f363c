/** Golden bytes come from the reference implementation of each codec. */
import { describe, expect, test } from 'vitest';
import { Codec, CompressionError, compress, decompress } from '../../src/bytes/compression.ts';

const plain = new TextEncoder().encode(
  'orders are placed, orders are paid, orders are shipped; '.repeat(4),
);

const golden: [string, number, string][] = [
  [
    'gzip',
    Codec.GZIP,
    'H4sIAAAAAAACA8svSkktKlZILEpVKMhJTE5N0VHIRxJKzEQVKM7ILChITbFGUTSY9QEAyAIDSuAAAAA=',
  ],
  [
    'bare snappy block',
    Codec.SNAPPY,
    '4AFIb3JkZXJzIGFyZSBwbGFjZWQsIC4TAARhaTYRACBzaGlwcGVkOyAuJQD+OAD+OABuOAA=',
  ],
  [
    'snappy in the xerial stream format',
    Codec.SNAPPY,
    'glNOQVBQWQAAAAABAAAAAQAAAC5kSG9yZGVycyBhcmUgcGxhY2VkLCAuEwAEYWk2EQAgc2hpcHBlZDsgLiUAfjgAAAAALGR0' +
      'cmUgc2hpcHBlZDsgb3JkZXJzIGFyZSBwbGFjZWQsMhMABGFpNhEAojgAAAAAGhhcaWQsIG9yZGVycyBhcmUgc2hpcHBlZDsg',
  ],
  [
    'lz4 with independent blocks, every checksum and the content size',
    Codec.LZ4,
    'BCJNGHxA4AAAAAAAAACoMQAAAPgEb3JkZXJzIGFyZSBwbGFjZWQsIBMAKmFpEQCJc2hpcHBlZDslAA84AIRQcGVkOyDF1BqnAAAAAFRf98s=',
  ],
  ['zstd', Codec.ZSTD, 'KLUv/SDgZQEA6G9yZGVycyBhcmUgcGxhY2VkLCBhaXNoaXBwZWQ7BACarShwk+M0Zdy4GQY='],
  [
    'zstd of unknown size',
    Codec.ZSTD,
    'KLUv/QBYZQEA6G9yZGVycyBhcmUgcGxhY2VkLCBhaXNoaXBwZWQ7BACarShwk+M0Zdy4GQY=',
  ],
];

const codecs = [Codec.NONE, Codec.GZIP, Codec.SNAPPY, Codec.LZ4, Codec.ZSTD];

function bytes(base64: string): Uint8Array {
  return new Uint8Array(Buffer.from(base64, 'base64'));
}

function refusal(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    expect(error).toBeInstanceOf(CompressionError);
    return (error as CompressionError).reason;
  }
  return 'none';
}

describe('bytes of other implementations', () => {
  test.each(golden)('%s', (_, codec, base64) => {
    expect(decompress(codec, bytes(base64), plain.length)).toEqual(plain);
  });

  test.each(golden)('%s: refused when larger than allowed', (_, codec, base64) => {
    expect(refusal(() => decompress(codec, bytes(base64), plain.length - 1))).toBe('too large');
    expect(refusal(() => decompress(codec, bytes(base64), 0))).toBe('too large');
  });

  test.each(golden)('%s: cut anywhere, it is refused and never over-read', (_, codec, base64) => {
    const whole = bytes(base64);
    for (let end = 0; end < whole.length; end++) {
      const reason = refusal(() => {
        const output = decompress(codec, whole.subarray(0, end), plain.length);
        // Some formats may end at a block: what came out is then a prefix, or nothing was missing.
        expect(output).toEqual(plain.subarray(0, output.length));
      });
      expect(['corrupt', 'none']).toContain(reason);
    }
  });

  test.each(golden)('%s: with any bit flipped, it is refused or bounded', (_, codec, base64) => {
    for (let bit = 0; bit < bytes(base64).length * 8; bit++) {
      const damaged = bytes(base64);
      damaged[bit >> 3] ^= 1 << (bit & 7);
      const reason = refusal(() => {
        expect(decompress(codec, damaged, 4_096).length).toBeLessThanOrEqual(4_096);
      });
      expect(['corrupt', 'too large', 'none']).toContain(reason);
    }
  });

  test('a stored lz4 block', () => {
    const frame = bytes(
      'BCJNGGhAKAAAAAAAAAB1KAAAgAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4fICEiIyQlJicAAAAA',
    );
    expect(decompress(Codec.LZ4, frame, 40)).toEqual(Uint8Array.from({ length: 40 }, (_, i) => i));
  });
});

describe('round trips', () => {
  const noise = Uint8Array.from({ length: 100_000 }, (_, i) => (i * i * 2_654_435_761) >>> 24);
  const inputs: [string, Uint8Array][] = [
    ['nothing', new Uint8Array(0)],
    ['one byte', new Uint8Array([7])],
    ['less than a match', new TextEncoder().encode('aaaaaaaaaaaa')],
    ['text', plain],
    ['a long run', new Uint8Array(300_000).fill(97)],
    ['noise', noise],
    ['exactly one lz4 block', noise.subarray(0, 65_536)],
    ['one byte more', noise.subarray(0, 65_537)],
  ];
  for (const codec of codecs) {
    test.each(inputs)(`codec ${codec}: %s`, (_, input) => {
      const output = decompress(codec, compress(codec, input), input.length);
      expect(Buffer.compare(output, input)).toBe(0);
    });
  }

  test('a long run shrinks in every codec', () => {
    const run = new Uint8Array(300_000).fill(97);
    for (const codec of codecs.slice(1)) {
      expect(compress(codec, run).length).toBeLessThan(20_000);
    }
  });

  test('Buffers and views of larger buffers are read where they point', () => {
    const padded = new Uint8Array([1, 2, 3, ...plain, 4, 5]).subarray(3, 3 + plain.length);
    for (const codec of codecs) {
      const packed = Buffer.concat([Buffer.from('xy'), compress(codec, padded)]).subarray(2);
      expect(new Uint8Array(decompress(codec, packed, plain.length))).toEqual(plain);
    }
  });

  test('lz4 is written as the Java client demands: independent blocks of 64 KB', () => {
    const frame = compress(Codec.LZ4, plain);
    expect([...frame.subarray(0, 7)]).toEqual([0x04, 0x22, 0x4d, 0x18, 0x60, 0x40, 0x82]);
  });
});

describe('refusals', () => {
  test('a declared size beyond the input is refused before it is allocated', () => {
    // A snappy block of 6 bytes that says it holds 2 GB, and one that says 100 MB within the limit.
    const huge = new Uint8Array([0xff, 0xff, 0xff, 0xff, 0x07, 0x00]);
    expect(refusal(() => decompress(Codec.SNAPPY, huge, 2 ** 31))).toBe('corrupt');
    const large = new Uint8Array([0x80, 0xc2, 0xd7, 0x2f, 0x00, 0x61]);
    expect(refusal(() => decompress(Codec.SNAPPY, large, 2 ** 30))).toBe('corrupt');
  });

  test('a megabyte of zeros a thousand times over is stopped at the limit', () => {
    const zeros = new Uint8Array(8_000_000);
    for (const codec of codecs.slice(1)) {
      const bomb = compress(codec, zeros);
      expect(refusal(() => decompress(codec, bomb, 1_000_000))).toBe('too large');
    }
  });

  test('unknown codecs', () => {
    expect(refusal(() => decompress(5, plain, 1_000))).toBe('unknown codec');
    expect(refusal(() => compress(7, plain))).toBe('unknown codec');
  });

  test('an lz4 checksum that does not match', () => {
    const frame = bytes(golden[3][2]);
    for (const at of [14, frame.length - 1, frame.length - 9]) {
      const damaged = frame.slice();
      damaged[at] ^= 1;
      expect(refusal(() => decompress(Codec.LZ4, damaged, 1_000))).toBe('corrupt');
    }
  });
});
