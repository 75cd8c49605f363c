/**
 * Snappy, made: the xerial stream format that Java's client writes and every client reads. The
 * surprise: this is apart from what opens it, since only one of the two needs a library.
 */
import { compress as compressBlock } from 'snappyjs';
import { XERIAL_HEADER, XERIAL_MAGIC } from './snappy-decompress.ts';

/** The block size the Java library writes. */
const XERIAL_BLOCK = 32 * 1024;

/** Compresses into the xerial stream format, which every client reads. */
export function snappyCompress(data: Uint8Array): Uint8Array {
  const blocks: Uint8Array[] = [];
  for (let at = 0; at < data.length; at += XERIAL_BLOCK) {
    // A copy: the compressor tells Node's Buffer from Uint8Array and must see the latter.
    blocks.push(compressBlock(new Uint8Array(data.subarray(at, at + XERIAL_BLOCK))));
  }
  const size = blocks.reduce((sum, block) => sum + 4 + block.length, XERIAL_HEADER);
  const output = new Uint8Array(size);
  const view = new DataView(output.buffer);
  output.set(XERIAL_MAGIC);
  view.setInt32(8, 1);
  view.setInt32(12, 1);
  let at = XERIAL_HEADER;
  for (const block of blocks) {
    view.setInt32(at, block.length);
    output.set(block, at + 4);
    at += 4 + block.length;
  }
  return output;
}
