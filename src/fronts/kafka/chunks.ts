/**
 * The chunks of an answer, made fit to be written. The surprise: the many small ones cost more than
 * to copy them together, the large ones do not.
 */
import { concat } from '../../bytes/writer.ts';

/** Chunks smaller than this are joined before they are sent. */
const joinBelow = 64 * 1024;

/** The same bytes in fewer chunks: neighbours are copied together up to `joinBelow`. */
export function joined(chunks: readonly Uint8Array[]): Uint8Array[] {
  const result: Uint8Array[] = [];
  let from = 0;
  while (from < chunks.length) {
    let size = chunks[from].byteLength;
    let to = from + 1;
    while (to < chunks.length && size + chunks[to].byteLength <= joinBelow) {
      size += chunks[to++].byteLength;
    }
    result.push(to === from + 1 ? chunks[from] : concat(chunks.slice(from, to)));
    from = to;
  }
  return result;
}
