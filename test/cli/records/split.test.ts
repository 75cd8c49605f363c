import { describe, expect, it } from 'vitest';
import { split } from '../../../src/cli/records/split.ts';

async function pieces(text: string, delimiter: string, chunkBytes: number, maxBytes = 1_000) {
  async function* chunks() {
    const all = Buffer.from(text);
    for (let at = 0; at < all.length; at += chunkBytes) yield all.subarray(at, at + chunkBytes);
  }
  const found: string[] = [];
  for await (const some of split(chunks(), Buffer.from(delimiter), maxBytes)) {
    found.push(...some.map((one) => Buffer.from(one).toString()));
  }
  return found;
}

describe('split', () => {
  it('cuts alike however the bytes come', async () => {
    for (const size of [1, 2, 3, 5, 100]) {
      expect(await pieces('a\n\nbcd\ne', '\n', size)).toEqual(['a', '', 'bcd', 'e']);
      expect(await pieces('a||b|c||||d||', '||', size)).toEqual(['a', 'b|c', '', 'd']);
      expect(await pieces('aaab', 'aab', size)).toEqual(['a']);
      expect(await pieces('', '\n', size)).toEqual([]);
    }
  });

  it('refuses a piece that is too long, and does not keep it', async () => {
    await expect(pieces('x'.repeat(50), '\n', 7, 20)).rejects.toThrow('20 bytes');
    await expect(pieces(`${'x'.repeat(50)}\n`, '\n', 100, 20)).rejects.toThrow('20 bytes');
  });
});
