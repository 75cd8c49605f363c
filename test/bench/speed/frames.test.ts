import { describe, expect, it } from 'vitest';
import { readMarker, readRequestLength } from '../../../bench/speed/bare/dialect.ts';
import { type Frame, Frames } from '../../../bench/speed/bare/frames.ts';

function frame(length: number, correlationId: number): Uint8Array {
  const bytes = new Uint8Array(4 + length);
  const view = new DataView(bytes.buffer);
  view.setInt32(0, length);
  view.setInt32(8, correlationId);
  return bytes;
}

function readRequest(from: number, maxBytes: number): Uint8Array {
  const bytes = frame(readRequestLength - 4, 9);
  const view = new DataView(bytes.buffer);
  view.setInt32(4, readMarker);
  view.setBigInt64(12, BigInt(from));
  view.setInt32(20, maxBytes);
  return bytes;
}

const sent = Buffer.concat([frame(8, 1), frame(100, 2), readRequest(7, 1000), frame(21, 3)]);

describe('frames', () => {
  it('are found wherever reads begin and end', () => {
    const whole = new Frames().take(sent);
    expect(whole.map(({ correlationId }) => correlationId)).toEqual([1, 2, 9, 3]);
    expect(whole[2].read).toEqual({ from: 7, maxBytes: 1000 });
    for (let size = 1; size < sent.length; size++) {
      const frames = new Frames();
      const found: Frame[] = [];
      for (let at = 0; at < sent.length; at += size) {
        found.push(...frames.take(sent.subarray(at, at + size)));
      }
      expect(found).toEqual(whole);
    }
  });
});
