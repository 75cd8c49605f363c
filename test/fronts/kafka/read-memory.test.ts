import { describe, expect, it } from 'vitest';
import { ReadMemory } from '../../../src/fronts/kafka/read-memory.ts';

const small = 8 * 1024;
const large = 256 * 1024;

/** A read that waits: its size, and what ends it. */
function waiting(memory: ReadMemory, least: number, wanted: number) {
  const end = Promise.withResolvers<void>();
  let size = 0;
  const done = memory.during(least, wanted, (granted) => {
    size = granted;
    return end.promise;
  });
  return { size, end, done };
}

describe('the memory of reads', () => {
  it('is given to busy clients, and back when their read is over', async () => {
    const memory = new ReadMemory();
    const read = waiting(memory, small, large);
    expect(read.size).toBe(large);
    expect(memory.used).toBe(large - small);
    read.end.resolve();
    await read.done;
    expect(memory.used).toBe(0);
  });

  it('comes back from a read that fails', async () => {
    const memory = new ReadMemory();
    const lost = new Error('lost');
    await expect(memory.during(small, large, () => Promise.reject(lost))).rejects.toBe(lost);
    expect(memory.used).toBe(0);
  });

  it('is bounded, however many clients were busy a moment ago', () => {
    const memory = new ReadMemory();
    const sizes = Array.from({ length: 10_000 }, () => waiting(memory, small, large).size);
    expect(sizes.slice(0, 10)).toEqual(Array.from({ length: 10 }, () => large));
    expect(memory.used).toBeLessThanOrEqual(16 * 1024 * 1024);
    expect(sizes.at(-1)).toBe(small);
    expect(waiting(memory, large, large).size, 'in the middle of a request').toBe(large);
  });
});
