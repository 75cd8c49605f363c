import { describe, expect, it } from 'vitest';
import { KeyOffsets } from '../../../src/core/log/key-offsets.ts';

const key = (text: string) => new TextEncoder().encode(text);

describe('KeyOffsets', () => {
  it('keeps the latest offset of every key, the empty one too', () => {
    const keys = new KeyOffsets(100_000, 10_000_000);
    const names = ['', ...Array.from({ length: 20_000 }, (_, i) => `key ${i}`)];
    for (const round of [0, 1]) {
      for (const [i, name] of names.entries()) keys.put(key(name), round * 50_000 + i);
    }
    expect(keys.size).toBe(names.length);
    expect(names.every((name, i) => keys.get(key(name)) === 50_000 + i)).toBe(true);
    expect(keys.get(key('key'))).toBeUndefined();
    expect(keys.get(key('key 20000'))).toBeUndefined();
  });

  it('says when it holds enough keys, or enough of their bytes', () => {
    const few = new KeyOffsets(2, 1_000);
    few.put(key('a'), 0);
    few.put(key('a'), 1);
    expect(few.isFull).toBe(false);
    few.put(key('b'), 2);
    expect(few.isFull).toBe(true);
    const short = new KeyOffsets(10, 100);
    short.put(new Uint8Array(50_000).fill(7), 3);
    expect(short.isFull).toBe(true);
    expect(short.get(new Uint8Array(50_000).fill(7))).toBe(3);
  });
});
