import { describe, expect, it } from 'vitest';
import { INT64_MAX, INT64_MIN, Reader } from '../../src/bytes/reader.ts';
import { concat, EncodeError, Writer } from '../../src/bytes/writer.ts';

const written = (write: (writer: Writer) => void): number[] => {
  const writer = new Writer(1);
  write(writer);
  return [...writer.joined()];
};
const readBack = (write: (writer: Writer) => void): Reader =>
  new Reader(Uint8Array.from(written(write)));

describe('Writer', () => {
  it('writes big-endian integers', () => {
    expect(written((w) => w.int16(-2))).toEqual([0xff, 0xfe]);
    expect(written((w) => w.int32(0x01020304))).toEqual([1, 2, 3, 4]);
    expect(written((w) => w.int64(-1))).toEqual(Array(8).fill(255));
    expect(written((w) => w.int64(INT64_MAX))).toEqual([0x7f, ...Array(7).fill(255)]);
    expect(written((w) => w.int64(INT64_MIN))).toEqual([0x80, ...Array(7).fill(0)]);
    expect(written((w) => w.unsignedVarint(300))).toEqual([0xac, 0x02]);
    expect(written((w) => w.varint(-1))).toEqual([1]);
  });

  it('reads back what it wrote, to the edges of every type', () => {
    const longs = [0, 1, -1, 2 ** 31, -(2 ** 32), Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER];
    for (const long of longs) {
      expect(readBack((w) => w.int64(long)).int64()).toBe(long);
      expect(readBack((w) => w.varlong(long)).varlong()).toBe(long);
    }
    for (const int of [0, -1, 63, 64, -64, -65, 0x7fff_ffff, -0x8000_0000]) {
      expect(readBack((w) => w.int32(int)).int32()).toBe(int);
      expect(readBack((w) => w.varint(int)).varint()).toBe(int);
      expect(readBack((w) => w.varlong(int)).varlong()).toBe(int);
    }
    for (const size of [0, 127, 128, 16_383, 16_384, 2 ** 28 - 1, 2 ** 28, 0xffff_ffff]) {
      expect(readBack((w) => w.unsignedVarint(size)).unsignedVarint()).toBe(size);
      expect(readBack((w) => w.uint32(size)).uint32()).toBe(size);
    }
    expect(readBack((w) => w.float64(-1.5)).float64()).toBe(-1.5);
    expect(readBack((w) => w.uuid('AAAAAAAAAAAAAAAAAAAAAQ')).uuid()).toBe('AAAAAAAAAAAAAAAAAAAAAQ');
  });

  it('refuses what a type cannot hold', () => {
    const refused: ((w: Writer) => void)[] = [
      (w) => w.int8(128),
      (w) => w.int16(-32_769),
      (w) => w.uint16(65_536),
      (w) => w.int32(2 ** 31),
      (w) => w.int32(1.5),
      (w) => w.int32(Number.NaN),
      (w) => w.int32(undefined as unknown as number),
      (w) => w.int64(2 ** 53),
      (w) => w.int64(0.5),
      (w) => w.unsignedVarint(-1),
      (w) => w.varlong(2 ** 53),
      (w) => w.uuid('not a uuid'),
      (w) => w.text('x'.repeat(32_768)),
      (w) => w.compactText('ä'.repeat(16_384)),
    ];
    for (const write of refused) expect(() => written(write)).toThrow(EncodeError);
  });

  it('writes text behind either length, ASCII or not, wherever the buffer ends', () => {
    const texts = ['', 'a', 'käse', '💧', `${'x'.repeat(63)}ä`, 'y'.repeat(64), 'z'.repeat(300)];
    for (const text of texts) {
      for (let room = 1; room < 80; room += 6) {
        const writer = new Writer(room);
        writer.int8(7);
        writer.text(text);
        writer.compactText(text);
        writer.int8(9);
        const reader = new Reader(writer.joined());
        expect(reader.int8()).toBe(7);
        expect(reader.text(reader.int16())).toBe(text);
        expect(reader.text(reader.unsignedVarint() - 1)).toBe(text);
        expect(reader.int8()).toBe(9);
        expect(reader.remaining).toBe(0);
      }
    }
    expect(written((w) => w.text('\ud800'))).toEqual([0, 3, 0xef, 0xbf, 0xbd]);
  });

  it('gathers small parts in one chunk and leaves large ranges where they are', () => {
    const large = new Uint8Array(5000).fill(7);
    const writer = new Writer(8);
    for (let i = 0; i < 100; i++) writer.int32(i);
    writer.view(large);
    writer.int32(1);
    writer.view(Uint8Array.of(1, 2, 3));
    writer.int32(2);
    expect(writer.length).toBe(400 + 5000 + 4 + 3 + 4);
    const chunks = writer.chunks();
    expect(chunks.map((chunk) => chunk.length)).toEqual([400, 5000, 11]);
    expect(chunks[1]).toBe(large);
    expect([...chunks[2]]).toEqual([0, 0, 0, 1, 1, 2, 3, 0, 0, 0, 2]);
    expect([...chunks[0].subarray(392)]).toEqual([0, 0, 0, 98, 0, 0, 0, 99]);
  });

  it('keeps sealed chunks as they were while it goes on growing', () => {
    const writer = new Writer(16);
    writer.int32(0x01020304);
    writer.view(new Uint8Array(2000));
    for (let i = 0; i < 1000; i++) writer.int32(-1);
    const chunks = writer.chunks();
    expect([...chunks[0]]).toEqual([1, 2, 3, 4]);
    expect(chunks[2].length).toBe(4000);
    expect(chunks[2].every((byte) => byte === 255)).toBe(true);
  });
});

describe('concat', () => {
  it('joins chunks, and leaves a single one alone', () => {
    const one = Uint8Array.of(1, 2);
    expect(concat([one])).toBe(one);
    expect([...concat([one, new Uint8Array(0), Uint8Array.of(3)])]).toEqual([1, 2, 3]);
    expect(concat([])).toEqual(new Uint8Array(0));
  });
});
