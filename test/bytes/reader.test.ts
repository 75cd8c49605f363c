import { describe, expect, it } from 'vitest';
import { DecodeError, INT64_MAX, INT64_MIN, Reader } from '../../src/bytes/reader.ts';

const reader = (...bytes: number[]): Reader => new Reader(Uint8Array.from(bytes));

describe('Reader', () => {
  it('reads integers of every size, signed and unsigned', () => {
    expect(reader(0x80).int8()).toBe(-128);
    expect(reader(0x80).uint8()).toBe(128);
    expect(reader(0xff, 0xfe).int16()).toBe(-2);
    expect(reader(0xff, 0xfe).uint16()).toBe(65_534);
    expect(reader(0x80, 0, 0, 1).int32()).toBe(-0x7fff_ffff);
    expect(reader(0x80, 0, 0, 1).uint32()).toBe(0x8000_0001);
    expect(reader(0, 0, 1, 0x8b, 0xcf, 0xe5, 0x68, 0x00).int64()).toBe(1_700_000_000_000);
    expect(reader(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff).int64()).toBe(-1);
    expect(reader(0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0).int64()).toBe(-(2 ** 32));
    expect(reader(0x3f, 0xf8, 0, 0, 0, 0, 0, 0).float64()).toBe(1.5);
    expect(reader(2).boolean()).toBe(true);
    expect(reader(0).boolean()).toBe(false);
  });

  it('reads floats from a view that does not start at 0', () => {
    const bytes = Uint8Array.from([9, 9, 9, 0x3f, 0xf8, 0, 0, 0, 0, 0, 0]);
    expect(new Reader(bytes.subarray(2), 1).float64()).toBe(1.5);
  });

  it('reads int64 up to 2^53 - 1, and of what lies beyond only the two sentinels', () => {
    const max = [0x00, 0x1f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff];
    expect(reader(...max).int64()).toBe(Number.MAX_SAFE_INTEGER);
    expect(() => reader(0, 0x20, 0, 0, 0, 0, 0, 0).int64()).toThrow(DecodeError);
    expect(reader(0xff, 0xe0, 0, 0, 0, 0, 0, 1).int64()).toBe(Number.MIN_SAFE_INTEGER);
    expect(() => reader(0xff, 0xe0, 0, 0, 0, 0, 0, 0).int64()).toThrow(DecodeError);
    expect(reader(0x7f, 255, 255, 255, 255, 255, 255, 255).int64()).toBe(INT64_MAX);
    expect(reader(0x80, 0, 0, 0, 0, 0, 0, 0).int64()).toBe(INT64_MIN);
    expect(() => reader(0x7f, 255, 255, 255, 255, 255, 255, 254).int64()).toThrow(DecodeError);
    expect(() => reader(0x80, 0, 0, 0, 0, 0, 0, 1).int64()).toThrow(DecodeError);
  });

  it('reads unsigned varints, also spelled longer than need be, and none beyond 32 bits', () => {
    expect(reader(0).unsignedVarint()).toBe(0);
    expect(reader(0xac, 0x02).unsignedVarint()).toBe(300);
    expect(reader(0xff, 0xff, 0xff, 0xff, 0x0f).unsignedVarint()).toBe(0xffff_ffff);
    expect(reader(0x81, 0x80, 0x80, 0x80, 0x00).unsignedVarint()).toBe(1);
    expect(() => reader(0xff, 0xff, 0xff, 0xff, 0x1f).unsignedVarint()).toThrow(DecodeError);
    expect(() => reader(0x80, 0x80, 0x80, 0x80, 0x80, 0).unsignedVarint()).toThrow(DecodeError);
    expect(() => reader(0x80, 0x80).unsignedVarint()).toThrow(DecodeError);
  });

  it('reads zigzag varints and varlongs to the edges of what a number holds', () => {
    expect(reader(0x01).varint()).toBe(-1);
    expect(reader(0xfe, 0xff, 0xff, 0xff, 0x0f).varint()).toBe(0x7fff_ffff);
    expect(reader(0xff, 0xff, 0xff, 0xff, 0x0f).varint()).toBe(-0x8000_0000);
    expect(reader(0x03).varlong()).toBe(-2);
    const max = [0xfe, 255, 255, 255, 255, 255, 255, 0x1f];
    expect(reader(...max).varlong()).toBe(Number.MAX_SAFE_INTEGER);
    expect(reader(0xfd, ...max.slice(1)).varlong()).toBe(Number.MIN_SAFE_INTEGER);
    expect(() => reader(0xff, ...max.slice(1)).varlong()).toThrow(DecodeError);
    expect(() => reader(...Array<number>(9).fill(255), 1).varlong()).toThrow(DecodeError);
    expect(() => reader(...Array<number>(10).fill(0x80), 0).varlong()).toThrow(DecodeError);
  });

  it('reads text as Kafka does: a BOM stays, bad UTF-8 becomes U+FFFD, long text too', () => {
    expect(reader(0xef, 0xbb, 0xbf, 0x61).text(4)).toBe('\ufeffa');
    expect(reader(0x61, 0xff).text(2)).toBe('a\ufffd');
    const long = 'ä'.repeat(100);
    expect(new Reader(new TextEncoder().encode(long)).text(200)).toBe(long);
    expect(reader().text(0)).toBe('');
  });

  it('hands out views of its bytes and never more than there are', () => {
    const bytes = Uint8Array.from([1, 2, 3, 4]);
    const partial = new Reader(bytes, 1, 3);
    const view = partial.view(2);
    expect(view).toEqual(Uint8Array.from([2, 3]));
    expect(view.buffer).toBe(bytes.buffer);
    expect(partial.remaining).toBe(0);
    expect(() => partial.int8()).toThrow(DecodeError);
    expect(() => new Reader(bytes).view(5)).toThrow('5 bytes wanted at offset 0, 4 are left');
    expect(() => new Reader(bytes).view(-1)).toThrow(DecodeError);
    expect(() => new Reader(bytes, 3, 2)).toThrow(DecodeError);
    expect(() => new Reader(bytes, 0, 5)).toThrow(DecodeError);
  });

  it('stays where it was when a read is refused', () => {
    const short = reader(1, 2, 3);
    expect(() => short.int32()).toThrow(DecodeError);
    expect(short.offset).toBe(0);
    expect(short.int16()).toBe(0x0102);
  });
});
