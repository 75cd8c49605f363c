/**
 * LZ4 frames, read and written as Kafka's Java client does, since what it cannot read must not be
 * stored. Reading takes one frame of independent blocks of every size, with checksums (verified).
 * The surprise: what follows the frame is passed over, further frames too; blocks that depend on
 * each other and dictionaries are refused.
 */
import { corrupt, tooLarge } from './compression-error.ts';
import { Copied, copyAcross, copyBack } from './short-copies.ts';
import { xxhash32 } from './xxhash32.ts';

const MAGIC = 0x184d2204;
const VERSION = 0x40;
const INDEPENDENT = 0x20;
const BLOCK_CHECKSUM = 0x10;
const CONTENT_SIZE = 0x08;
const CONTENT_CHECKSUM = 0x04;
const DICTIONARY = 0x01;
/** Bits of the two header bytes that must be 0. */
const RESERVED_FLAG = 0x02;
const RESERVED_SIZE = 0x8f;
const UNCOMPRESSED = 0x80000000;

const WRITE_BLOCK_BYTES = 64 * 1024;
const WRITE_BLOCK_CODE = 4 << 4;
/** A match may not start in the last 12 bytes of a block, and its last 5 are literals. */
const MATCH_LIMIT = 12;
const LAST_LITERALS = 5;
const HASH_BITS = 13;
/** A byte of length stands for 255 bytes at most. */
const MAX_GROWTH = 255;

/**
 * What has been decompressed so far: grows with what was really written, never with what was
 * claimed.
 */
class Output {
  /** Where it is written to, as long as there is room. */
  room: Copied;
  end = 0;
  readonly maxBytes: number;

  constructor(expected: number, maxBytes: number) {
    this.maxBytes = maxBytes;
    this.room = new Copied(new Uint8Array(Math.min(expected, maxBytes)));
  }

  /** The room, with so many bytes behind `end`. */
  reserve(end: number, count: number): Copied {
    const { bytes } = this.room;
    const needed = end + count;
    if (needed <= bytes.length) return this.room;
    if (needed > this.maxBytes) throw tooLarge(this.maxBytes);
    const grown = new Uint8Array(Math.min(Math.max(needed, bytes.length * 2), this.maxBytes));
    grown.set(bytes.subarray(0, end));
    this.room = new Copied(grown);
    return this.room;
  }

  append(source: Uint8Array): void {
    this.reserve(this.end, source.length).bytes.set(source, this.end);
    this.end += source.length;
  }
}

/** Decompresses the frame that `data` begins with. Throws CompressionError. */
export function lz4Decompress(data: Uint8Array, maxBytes: number): Uint8Array {
  if (uint32(data, 0) !== MAGIC) throw corrupt('lz4: not a frame');
  const frame = frameHeader(data, maxBytes);
  const input = new Copied(data);
  const output = new Output(frame.contentBytes ?? data.length * 3, maxBytes);
  let at = frame.end;
  for (;;) {
    const head = uint32(data, at);
    at += 4;
    if (head === 0) break;
    const size = head & 0x7fffffff;
    if (size > frame.blockBytes) throw corrupt('lz4: block larger than the frame allows');
    if (at + size > data.length) throw corrupt('lz4: block beyond the end');
    const start = output.end;
    if (head >= UNCOMPRESSED) output.append(data.subarray(at, at + size));
    else decodeBlock(input, at, at + size, start, output);
    if (output.end - start > frame.blockBytes) throw corrupt('lz4: block grew too large');
    if (frame.blockChecksum && uint32(data, at + size) !== xxhash32(data, at, at + size)) {
      throw corrupt('lz4: block checksum does not match');
    }
    at += size + (frame.blockChecksum ? 4 : 0);
  }
  if (frame.contentChecksum && uint32(data, at) !== xxhash32(output.room.bytes, 0, output.end)) {
    throw corrupt('lz4: content checksum does not match');
  }
  return output.room.bytes.subarray(0, output.end);
}

function frameHeader(data: Uint8Array, maxBytes: number) {
  const flags = data[4];
  const code = data[5] >>> 4;
  const end = 6 + (flags & CONTENT_SIZE ? 8 : 0);
  if (!(end < data.length)) throw corrupt('lz4: frame ends inside its header');
  if ((flags & 0xc0) !== VERSION) throw corrupt('lz4: unknown frame version');
  if (flags & RESERVED_FLAG || data[5] & RESERVED_SIZE) throw corrupt('lz4: unknown flags');
  if (!(flags & INDEPENDENT)) throw corrupt('lz4: dependent blocks are not supported');
  if (flags & DICTIONARY) throw corrupt('lz4: dictionaries are not supported');
  if (code < 4) throw corrupt('lz4: unknown block size');
  if (((xxhash32(data, 4, end) >>> 8) & 0xff) !== data[end]) {
    throw corrupt('lz4: header checksum does not match');
  }
  const size = flags & CONTENT_SIZE ? uint32(data, 6) + uint32(data, 10) * 2 ** 32 : undefined;
  if (size !== undefined && size > maxBytes) throw tooLarge(maxBytes);
  const blockBytes = 1 << (8 + 2 * code);
  return {
    end: end + 1,
    blockBytes,
    blockChecksum: (flags & BLOCK_CHECKSUM) !== 0,
    contentChecksum: (flags & CONTENT_CHECKSUM) !== 0,
    /** Never more than so few blocks can hold. */
    contentBytes: size === undefined ? undefined : Math.min(size, data.length * MAX_GROWTH),
  };
}

/** Decodes `input[at, to)`; matches may reach back to `floor` in the output. */
function decodeBlock(input: Copied, at: number, to: number, floor: number, output: Output): void {
  const data = input.bytes;
  let { room, end } = output;
  while (at < to) {
    const token = data[at++];
    let literals = token >>> 4;
    if (literals === 15) {
      let more: number;
      do {
        if (at >= to) throw corrupt('lz4: ends inside a length');
        more = data[at++];
        literals += more;
      } while (more === 255);
    }
    if (at + literals > to) throw corrupt('lz4: literals beyond the end');
    if (end + literals > room.bytes.length) room = output.reserve(end, literals);
    copyAcross(input, at, room, end, literals);
    at += literals;
    end += literals;
    if (at === to) {
      output.end = end;
      return;
    }
    if (at + 2 > to) throw corrupt('lz4: ends inside an offset');
    const distance = data[at] | (data[at + 1] << 8);
    at += 2;
    if (distance === 0 || distance > end - floor) throw corrupt('lz4: match from outside');
    let length = (token & 15) + 4;
    if (length === 19) {
      let more: number;
      do {
        if (at >= to) throw corrupt('lz4: ends inside a length');
        more = data[at++];
        length += more;
      } while (more === 255);
    }
    if (end + length > room.bytes.length) room = output.reserve(end, length);
    copyBack(room, end, distance, length);
    end += length;
  }
  throw corrupt('lz4: block without last literals');
}

/** Compresses into one frame of independent 64 KB blocks. */
export function lz4Compress(data: Uint8Array): Uint8Array {
  const blocks = Math.ceil(data.length / WRITE_BLOCK_BYTES);
  // A block that does not shrink is stored as it is, so each costs its length word at most.
  const output = new Uint8Array(7 + data.length + blocks * 4 + 4);
  const view = new DataView(output.buffer);
  view.setUint32(0, MAGIC, true);
  output[4] = VERSION | INDEPENDENT;
  output[5] = WRITE_BLOCK_CODE;
  output[6] = (xxhash32(output, 4, 6) >>> 8) & 0xff;
  let at = 7;
  const scratch = new Uint8Array(WRITE_BLOCK_BYTES + WRITE_BLOCK_BYTES / 128 + 16);
  const table = new Int32Array(1 << HASH_BITS);
  for (let start = 0; start < data.length; start += WRITE_BLOCK_BYTES) {
    const block = data.subarray(start, start + WRITE_BLOCK_BYTES);
    const size = encodeBlock(block, scratch, table.fill(-1));
    const shrunk = size < block.length;
    view.setUint32(at, shrunk ? size : (block.length | UNCOMPRESSED) >>> 0, true);
    output.set(shrunk ? scratch.subarray(0, size) : block, at + 4);
    at += 4 + (shrunk ? size : block.length);
  }
  return output.subarray(0, at + 4);
}

/**
 * Greedy, one hash probe a position: the reference implementation's fast mode. Answers the encoded
 * size.
 */
function encodeBlock(block: Uint8Array, output: Uint8Array, table: Int32Array): number {
  let [at, anchor, end] = [0, 0, 0];
  const lastMatch = block.length - MATCH_LIMIT;
  const matchEnd = block.length - LAST_LITERALS;
  while (at < lastMatch) {
    const sequence = word(block, at);
    const slot = Math.imul(sequence, 0x9e3779b1) >>> (32 - HASH_BITS);
    const candidate = table[slot];
    table[slot] = at;
    if (candidate < 0 || word(block, candidate) !== sequence) {
      at += 1 + ((at - anchor) >>> 6);
      continue;
    }
    let length = 4;
    while (at + length < matchEnd && block[candidate + length] === block[at + length]) length++;
    end = writeSequence(output, end, block, anchor, at, length - 4);
    const distance = at - candidate;
    const token = end;
    output[token] = distance & 0xff;
    output[token + 1] = distance >>> 8;
    end = writeLength(output, token + 2, length - 4);
    at += length;
    anchor = at;
  }
  return writeSequence(output, end, block, anchor, block.length, 0);
}

/** A token and its literals; the match's own bytes follow. */
function writeSequence(
  output: Uint8Array,
  at: number,
  block: Uint8Array,
  from: number,
  to: number,
  matchLength: number,
): number {
  const literals = to - from;
  output[at] = (Math.min(literals, 15) << 4) | Math.min(matchLength, 15);
  const start = writeLength(output, at + 1, literals);
  output.set(block.subarray(from, to), start);
  return start + literals;
}

/** What of a length does not fit its four bits of the token. */
function writeLength(output: Uint8Array, at: number, length: number): number {
  if (length < 15) return at;
  let rest = length - 15;
  for (; rest >= 255; rest -= 255) output[at++] = 255;
  output[at] = rest;
  return at + 1;
}

function uint32(data: Uint8Array, at: number): number {
  if (at + 4 > data.length) throw corrupt('lz4: frame ends early');
  return word(data, at) >>> 0;
}

function word(data: Uint8Array, at: number): number {
  return data[at] | (data[at + 1] << 8) | (data[at + 2] << 16) | (data[at + 3] << 24);
}
