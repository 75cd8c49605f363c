import { describe, expect, it } from 'vitest';
import { DecodeError } from '../../src/bytes/reader.ts';
import { sameBytes } from '../../src/bytes/same-bytes.ts';
import { concat, Writer } from '../../src/bytes/writer.ts';
import { FrameReader } from '../../src/protocol/frame.ts';
import { randomFrom } from './random.ts';

const LIMIT = 100_000;

function framed(...frames: Uint8Array[]): Uint8Array {
  const writer = new Writer();
  for (const frame of frames) {
    writer.int32(frame.length);
    writer.view(frame);
  }
  return writer.joined();
}

function all(reader: FrameReader): Uint8Array[] {
  const frames: Uint8Array[] = [];
  for (let frame = reader.next(); frame; frame = reader.next()) frames.push(frame);
  return frames;
}

describe('FrameReader', () => {
  it('finds frames however the stream is cut', () => {
    const random = randomFrom(1);
    const sent = [0, 1, 5, 70, 5000, 3, 9000].map((length) => random.bytes(length));
    const stream = framed(...sent);
    for (const size of [1, 2, 3, 4, 5, 7, 64, 4096, 4999, stream.length]) {
      const reader = new FrameReader(LIMIT);
      const got: Uint8Array[] = [];
      for (let at = 0; at < stream.length; at += size) {
        reader.push(stream.slice(at, at + size));
        got.push(...all(reader));
      }
      expect(got).toEqual(sent);
      expect(reader.isMidFrame).toBe(false);
    }
  });

  it('finds frames in chunks of random sizes that are overwritten when their frames are taken', () => {
    const random = randomFrom(2);
    const sent = Array.from({ length: 300 }, () => random.bytes(random.below(3000)));
    const stream = framed(...sent);
    const reader = new FrameReader(LIMIT);
    const got: Uint8Array[] = [];
    let lent: Uint8Array[] = [];
    for (let at = 0; at < stream.length; ) {
      const chunk = stream.slice(at, at + 1 + random.below(5000));
      lent.push(chunk);
      reader.push(chunk);
      got.push(...all(reader).map((frame) => frame.slice()));
      at += chunk.length;
      if (reader.isMidFrame) continue;
      for (const each of lent) each.fill(0xee);
      lent = [];
    }
    expect(got).toEqual(sent);
  });

  it('finds large frames in large and small chunks, of buffers they fill or do not', () => {
    const random = randomFrom(3);
    const sent = Array.from({ length: 40 }, () => random.bytes(random.below(400_000)));
    const stream = framed(...sent);
    const reader = new FrameReader(400_000);
    const got: Uint8Array[] = [];
    for (let at = 0; at < stream.length; ) {
      const size = 1 + random.below(random.below(3) === 0 ? 100 : 100_000);
      const bytes = stream.subarray(at, at + size);
      const room = new Uint8Array(random.below(2) === 0 ? bytes.length : 3 * bytes.length);
      room.set(bytes);
      reader.push(room.subarray(0, bytes.length));
      got.push(...all(reader).map((frame) => frame.slice()));
      at += bytes.length;
    }
    expect(got.length).toBe(sent.length);
    for (const [i, frame] of got.entries()) expect(sameBytes(frame, sent[i])).toBe(true);
  });

  it('keeps no large buffer for the few bytes in it: these are copied', () => {
    const sent = randomFrom(4).bytes(90_000);
    const stream = framed(sent);
    const reader = new FrameReader(LIMIT);
    for (let at = 0; at < stream.length; at += 40_000) {
      const room = new Uint8Array(100_000);
      room.set(stream.subarray(at, at + 40_000));
      reader.push(room.subarray(0, Math.min(40_000, stream.length - at)));
      const frame = reader.next();
      if (frame !== undefined) expect(sameBytes(frame, sent)).toBe(true);
      room.fill(0xee);
    }
    expect(reader.isMidFrame).toBe(false);
  });

  it('hands out a view of a frame that lies in one chunk', () => {
    const chunk = framed(Uint8Array.of(1, 2, 3), Uint8Array.of(4));
    const reader = new FrameReader(LIMIT);
    reader.push(chunk);
    const frames = all(reader);
    expect(frames).toEqual([Uint8Array.of(1, 2, 3), Uint8Array.of(4)]);
    expect(frames.every((frame) => frame.buffer === chunk.buffer)).toBe(true);
  });

  it('refuses a negative or too long frame as soon as its length is there, and for good', () => {
    for (const length of [-1, -0x8000_0000, LIMIT + 1, 0x7fff_ffff]) {
      const writer = new Writer();
      writer.int32(length);
      const reader = new FrameReader(LIMIT);
      reader.push(writer.joined());
      expect(() => reader.next()).toThrow(DecodeError);
      expect(() => reader.next()).toThrow(DecodeError);
    }
  });

  it('hands out what came before the bad length', () => {
    const reader = new FrameReader(LIMIT);
    reader.push(concat([framed(Uint8Array.of(9)), Uint8Array.of(255, 255, 255, 255)]));
    expect(reader.next()).toEqual(Uint8Array.of(9));
    expect(() => reader.next()).toThrow(DecodeError);
  });

  it('takes HTTP and TLS for what they are not: frames far beyond the limit', () => {
    for (const text of ['GET / HTTP/1.1\r\n\r\n', '\x16\x03\x01\x02\x00\x01\x00']) {
      const reader = new FrameReader(104_857_600);
      reader.push(new TextEncoder().encode(text));
      expect(() => reader.next()).toThrow(DecodeError);
    }
  });

  it('holds no more than about what has arrived, whatever the length claims', () => {
    const reader = new FrameReader(0x7fff_ffff);
    const before = process.memoryUsage().arrayBuffers;
    const writer = new Writer();
    writer.int32(0x7fff_fff0);
    writer.copy(new Uint8Array(10));
    reader.push(writer.joined());
    expect(reader.next()).toBeUndefined();
    expect(reader.isMidFrame).toBe(true);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(10_000_000);
  });

  it('accepts a frame of exactly the limit, and a limit that changes', () => {
    const reader = new FrameReader(10);
    reader.push(framed(new Uint8Array(10), new Uint8Array(11)));
    expect(reader.next()?.length).toBe(10);
    reader.limit = 11;
    expect(reader.next()?.length).toBe(11);
  });

  it('insists on being emptied before it is given more', () => {
    const reader = new FrameReader(LIMIT);
    reader.push(framed(new Uint8Array(1), new Uint8Array(1)));
    reader.next();
    expect(() => reader.push(new Uint8Array(1))).toThrow('left in the last chunk');
  });
});
