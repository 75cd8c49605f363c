import { describe, expect, it } from 'vitest';
import { anomalyKeys, keysOf } from './checker/check.ts';
import { plantedBugs } from './planted.ts';
import { notPlanted, plantedInTransactions } from './planted-in-transactions.ts';
import { simulate } from './simulate.ts';

const all = [...plantedBugs, ...plantedInTransactions];

describe('a planted bug', () => {
  it.each(all)(
    'is found: $name',
    async ({ plant, shows, withinSeeds, transactionsOnly = false }) => {
      const found = new Set<string>();
      for (let seed = 1; seed <= withinSeeds && found.size === 0; seed++) {
        const sabotage = plant();
        const { anomalies } = await simulate({ seed, sabotage, transactionsOnly });
        for (const key of keysOf(anomalies)) if (shows.includes(key)) found.add(key);
      }
      expect([...found]).not.toEqual([]);
    },
  );

  it('is there for every key that Kafka does not allow', () => {
    const planted = all.flatMap(({ shows }) => shows);
    expect(new Set([...planted, ...notPlanted])).toEqual(new Set(anomalyKeys));
  });
});
