/**
 * Zstandard: what the platform's decoder leaves to do. It decodes one frame of a known end, so the
 * frames are found here, and with them what they declare. The surprise: a frame may ask its decoder
 * for a window of 128 MB however little it holds; no match reaches further back than there is
 * output, so a copy of its header that asks for less decodes just the same.
 */
import { zstdDecompressSync } from 'node:zlib';
import { corrupt, tooLarge } from './compression-error.ts';
import { runZlib } from './zlib-run.ts';

const MAGIC = 0xfd2fb528;
const SKIPPABLE = 0x184d2a50;
const SINGLE_SEGMENT = 0x20;
const RESERVED = 0x08;
const CHECKSUM = 0x04;
const DICTIONARY_BYTES = [0, 1, 2, 4];
const CONTENT_SIZE_BYTES = [0, 2, 4, 8];
/** The largest window a decoder takes unless told otherwise, Java's too: 2^27 bytes. */
const LARGEST_WINDOW_LOG = 27;
/** A window below the largest block would limit blocks. */
const SMALLEST_WINDOW_LOG = 17;
/** Where the window's size stands in a frame that is not a single segment. */
const WINDOW_AT = 5;

/** Each frame costs a decoder, and a compressor makes one, or one each time it is flushed. */
const MOST_FRAMES = 1_000;

interface Frame {
  readonly start: number;
  readonly end: number;
  /** What it says will come out; undefined when it does not say. */
  readonly contentSize: number | undefined;
  /** Exponent of the window's size, rounded up; 0: the content is the window. */
  readonly windowLog: number;
}

/** Decompresses all frames; what declares too much is never begun. Throws CompressionError. */
export function zstdDecompress(data: Uint8Array, maxBytes: number): Uint8Array {
  const frames = framesOf(data);
  const declared = frames.reduce((sum, { contentSize }) => sum + (contentSize ?? 0), 0);
  if (declared > maxBytes) throw tooLarge(maxBytes);
  const outputs: Uint8Array[] = [];
  let size = 0;
  for (const frame of frames) {
    const input = withSmallWindow(data.subarray(frame.start, frame.end), frame, maxBytes);
    const output = runZlib('zstd', maxBytes - size, frame.contentSize, (options) =>
      zstdDecompressSync(input, options),
    );
    size += output.length;
    outputs.push(output);
  }
  return outputs.length === 1 ? outputs[0] : joined(outputs, size);
}

function framesOf(data: Uint8Array): Frame[] {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const frames: Frame[] = [];
  let at = 0;
  while (at < data.length) {
    if (at + 8 > data.length) throw corrupt('zstd: not a frame');
    const magic = view.getUint32(at, true);
    if ((magic & 0xfffffff0) === SKIPPABLE) {
      at += 8 + view.getUint32(at + 4, true);
      if (at > data.length) throw corrupt('zstd: frame beyond the end');
      continue;
    }
    if (magic !== MAGIC) throw corrupt('zstd: not a frame');
    const frame = frameAt(data, view, at);
    if (frames.push(frame) > MOST_FRAMES) throw corrupt('zstd: too many frames');
    at = frame.end;
  }
  return frames;
}

function frameAt(data: Uint8Array, view: DataView, start: number): Frame {
  const flags = data[start + 4];
  if (flags & RESERVED) throw corrupt('zstd: unknown frame');
  const single = (flags & SINGLE_SEGMENT) !== 0;
  const sizeBytes = CONTENT_SIZE_BYTES[flags >>> 6] || (single ? 1 : 0);
  const sizeAt = start + WINDOW_AT + (single ? 0 : 1) + DICTIONARY_BYTES[flags & 3];
  if (sizeAt + sizeBytes > data.length) throw corrupt('zstd: frame ends inside its header');
  const window = data[start + WINDOW_AT];
  const windowLog = single ? 0 : 10 + (window >>> 3) + (window & 7 ? 1 : 0);
  if (windowLog > LARGEST_WINDOW_LOG) throw corrupt('zstd: window too large');
  return {
    start,
    end: blocksEnd(data, sizeAt + sizeBytes) + (flags & CHECKSUM ? 4 : 0),
    contentSize: contentSize(view, sizeAt, sizeBytes),
    windowLog,
  };
}

function contentSize(view: DataView, at: number, bytes: number): number | undefined {
  if (bytes === 0) return undefined;
  if (bytes === 1) return view.getUint8(at);
  if (bytes === 2) return view.getUint16(at, true) + 256;
  const low = view.getUint32(at, true);
  return bytes === 4 ? low : low + view.getUint32(at + 4, true) * 2 ** 32;
}

/** Where the blocks from here on end. */
function blocksEnd(data: Uint8Array, start: number): number {
  let at = start;
  for (;;) {
    if (at + 3 > data.length) throw corrupt('zstd: frame ends early');
    const head = data[at] | (data[at + 1] << 8) | (data[at + 2] << 16);
    const type = (head >>> 1) & 3;
    if (type === 3) throw corrupt('zstd: unknown block');
    at += 3 + (type === 1 ? 1 : head >>> 3);
    if (head & 1) return at;
  }
}

function withSmallWindow(frame: Uint8Array, { windowLog }: Frame, maxBytes: number): Uint8Array {
  const enough = Math.max(SMALLEST_WINDOW_LOG, 32 - Math.clz32(Math.max(0, maxBytes - 1)));
  if (windowLog <= enough) return frame;
  const copy = frame.slice();
  copy[WINDOW_AT] = (enough - 10) << 3;
  return copy;
}

function joined(parts: readonly Uint8Array[], size: number): Uint8Array {
  const bytes = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
