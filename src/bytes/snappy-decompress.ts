/**
 * Snappy, opened: a xerial stream of blocks, as the Java client and most others write it, or one
 * bare block, as librdkafka and Go clients do. The surprise: nothing announces which, only the
 * eight magic bytes at the start do.
 */
import { corrupt, tooLarge } from './compression-error.ts';
import { Copied, copyAcross, copyBack } from './short-copies.ts';

/** `\x82SNAPPY\0`, then two big-endian int32: version and the oldest compatible version. */
export const XERIAL_MAGIC = [0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00];
export const XERIAL_HEADER = 16;
/** A copy of 64 bytes takes 3, so no honest block grows by more than this. */
const MAX_GROWTH = 22;

/** Decompresses a xerial stream or a bare block. Throws CompressionError. */
export function snappyDecompress(data: Uint8Array, maxBytes: number): Uint8Array {
  let total = 0;
  for (const block of blocksOf(data)) {
    total += declaredLength(block).length;
    if (total > maxBytes) throw tooLarge(maxBytes);
  }
  const output = new Uint8Array(total);
  let at = 0;
  for (const block of blocksOf(data)) {
    const { length, start } = declaredLength(block);
    decodeBlock(block, start, output.subarray(at, at + length));
    at += length;
  }
  return output;
}

function isXerial(data: Uint8Array, at: number): boolean {
  if (at + XERIAL_HEADER > data.length) return false;
  return XERIAL_MAGIC.every((byte, i) => data[at + i] === byte);
}

/** One after the other and never all at once: there may be millions of them. */
function* blocksOf(data: Uint8Array): Generator<Uint8Array> {
  if (!isXerial(data, 0)) {
    yield data;
    return;
  }
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  let at = XERIAL_HEADER;
  // Java's reader takes a few bytes at the end for no block.
  while (at + 4 <= data.length) {
    if (data[at] === XERIAL_MAGIC[0] && isXerial(data, at)) {
      // Streams may be joined end to end; a header in the place of a block starts the next one.
      at += XERIAL_HEADER;
      continue;
    }
    const length = view.getInt32(at);
    at += 4;
    if (length < 0 || at + length > data.length) throw corrupt('snappy: block beyond the end');
    yield data.subarray(at, at + length);
    at += length;
  }
}

/**
 * The varint a block starts with: how long it says it will become, and where its elements start.
 */
function declaredLength(block: Uint8Array): { length: number; start: number } {
  let length = 0;
  for (let i = 0; i < 5 && i < block.length; i++) {
    length += (block[i] & 0x7f) * 2 ** (7 * i);
    if (block[i] >= 0x80) continue;
    if (length > block.length * MAX_GROWTH) throw corrupt('snappy: impossible length');
    return { length, start: i + 1 };
  }
  throw corrupt('snappy: no length');
}

/** Fills `output` exactly, or throws. Bounds are checked an element at a time, never a byte. */
function decodeBlock(input: Uint8Array, start: number, output: Uint8Array): void {
  const source = new Copied(input);
  const target = new Copied(output);
  let at = start;
  let end = 0;
  while (at < input.length) {
    const tag = input[at++];
    let length = (tag >>> 2) + 1;
    if ((tag & 3) === 0) {
      if (length > 60) {
        const bytes = length - 60;
        length = littleEndian(input, at, bytes) + 1;
        at += bytes;
      }
      if (at + length > input.length || end + length > output.length) {
        throw corrupt('snappy: literal beyond the end');
      }
      copyAcross(source, at, target, end, length);
      at += length;
      end += length;
      continue;
    }
    let distance: number;
    if ((tag & 3) === 1) {
      length = ((tag >>> 2) & 7) + 4;
      distance = ((tag >>> 5) << 8) | input[at++];
    } else if ((tag & 3) === 2) {
      distance = input[at] | (input[at + 1] << 8);
      at += 2;
    } else {
      distance = littleEndian(input, at, 4);
      at += 4;
    }
    if (at > input.length) throw corrupt('snappy: ends inside an element');
    if (distance === 0 || distance > end || end + length > output.length) {
      throw corrupt('snappy: copy from outside');
    }
    copyBack(target, end, distance, length);
    end += length;
  }
  if (end !== output.length) throw corrupt('snappy: shorter than declared');
}

function littleEndian(input: Uint8Array, at: number, bytes: number): number {
  if (at + bytes > input.length) throw corrupt('snappy: ends inside an element');
  let value = 0;
  for (let i = bytes - 1; i >= 0; i--) value = value * 256 + input[at + i];
  return value;
}
