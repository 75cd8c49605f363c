/**
 * MurmurHash2 with the seed Kafka's Java client uses to place keys. The surprise: the answer is a
 * signed 32-bit integer, and every client that partitions as Java does must agree on it for ever,
 * so nothing here may give another one.
 */
const SEED = 0x9747b28c;
const M = 0x5bd1e995;

/** The hash of `data` as a signed 32-bit integer. */
export function murmur2(data: Uint8Array): number {
  const length = data.length;
  const body = length & ~3;
  let h = SEED ^ length;
  for (let i = 0; i < body; i += 4) {
    const word = data[i] | (data[i + 1] << 8) | (data[i + 2] << 16) | (data[i + 3] << 24);
    h = Math.imul(h, M) ^ scrambled(word);
  }
  const tail = length - body;
  if (tail === 3) h ^= data[body + 2] << 16;
  if (tail >= 2) h ^= data[body + 1] << 8;
  if (tail >= 1) h = Math.imul(h ^ data[body], M);
  h = Math.imul(h ^ (h >>> 13), M);
  return h ^ (h >>> 15);
}

/**
 * A function of its own: written into the loop, workerd's V8 was seen to go on interpreting it,
 * which takes thirty times as long.
 */
function scrambled(word: number): number {
  const k = Math.imul(word, M);
  return Math.imul(k ^ (k >>> 24), M);
}
