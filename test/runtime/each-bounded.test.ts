import { describe, expect, it } from 'vitest';
import { eachBounded } from '../../src/runtime/each-bounded.ts';

describe('eachBounded', () => {
  it('asks for everything, a few at a time, and answers in order', async () => {
    let running = 0;
    let most = 0;
    const items = Array.from({ length: 100 }, (_, index) => index);
    const answers = await eachBounded(items, async (item) => {
      most = Math.max(most, ++running);
      for (let turns = 0; turns < 100 - item; turns++) await Promise.resolve();
      running--;
      return item * 2;
    });
    expect(answers).toEqual(items.map((item) => item * 2));
    expect(most).toBe(20);
  });

  it('asks nothing new until others had their turn, every so many items', async () => {
    const events: (number | 'way')[] = [];
    const items = Array.from({ length: 10 }, (_, index) => index);
    const ask = async (item: number) => events.push(item);
    await eachBounded(items, ask, {
      atOnce: 4,
      giveWay: async () => {
        events.push('way');
        for (let turns = 0; turns < 50; turns++) await Promise.resolve();
      },
    });
    expect(events.filter((event) => event !== 'way')).toEqual(items);
    expect(events.flatMap((event, at) => (event === 'way' ? [at] : []))).toEqual([4, 9]);
  });

  it('fails with the first failure, and answers nothing for nothing', async () => {
    const failing = eachBounded([1, 2], async () => Promise.reject(new Error('no')));
    await expect(failing).rejects.toThrow('no');
    expect(await eachBounded([], async () => 1)).toEqual([]);
  });
});
