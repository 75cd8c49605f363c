/**
 * xxHash32, the checksum inside LZ4 frames: of the header (one byte of it), of blocks and of the
 * content. Answers an unsigned 32-bit integer. LZ4 always uses seed 0, so there is no other.
 */
const P1 = 0x9e3779b1;
const P2 = 0x85ebca77;
const P3 = 0xc2b2ae3d;
const P4 = 0x27d4eb2f;
const P5 = 0x165667b1;

/** The hash of `data[from, to)` as an unsigned 32-bit integer. */
export function xxhash32(data: Uint8Array, from = 0, to = data.length): number {
  let at = from;
  let h: number;
  if (to - from >= 16) {
    let [a, b, c, d] = [(P1 + P2) | 0, P2 | 0, 0, -P1 | 0];
    for (const last = to - 16; at <= last; at += 16) {
      a = round(a, word(data, at));
      b = round(b, word(data, at + 4));
      c = round(c, word(data, at + 8));
      d = round(d, word(data, at + 12));
    }
    h = (rotate(a, 1) + rotate(b, 7) + rotate(c, 12) + rotate(d, 18)) | 0;
  } else {
    h = P5 | 0;
  }
  h = (h + (to - from)) | 0;
  for (; at + 4 <= to; at += 4) {
    h = Math.imul(rotate((h + Math.imul(word(data, at), P3)) | 0, 17), P4);
  }
  for (; at < to; at++) {
    h = Math.imul(rotate((h + Math.imul(data[at], P5)) | 0, 11), P1);
  }
  h = Math.imul(h ^ (h >>> 15), P2);
  h = Math.imul(h ^ (h >>> 13), P3);
  return (h ^ (h >>> 16)) >>> 0;
}

function round(lane: number, input: number): number {
  return Math.imul(rotate((lane + Math.imul(input, P2)) | 0, 13), P1);
}

function rotate(value: number, bits: number): number {
  return (value << bits) | (value >>> (32 - bits));
}

function word(data: Uint8Array, at: number): number {
  return data[at] | (data[at + 1] << 8) | (data[at + 2] << 16) | (data[at + 3] << 24);
}
