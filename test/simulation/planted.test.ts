import { describe, expect, it } from 'vitest';
import { anomalyKeys, keysOf } from './checker/check.ts';
import { plantedBugs } from './planted.ts';
import { plantedInGroups } from './planted-in-groups.ts';
import { plantedInShares } from './planted-in-shares.ts';
import { notPlanted, plantedInTransactions } from './planted-in-transactions.ts';
import { simulate } from './simulate.ts';
import { minutesOf } from './workloads.ts';

const all = [...plantedBugs, ...plantedInTransactions, ...plantedInGroups, ...plantedInShares];

describe('a planted bug', () => {
  it.each(all)('is found: $name', async ({ plant, shows, withinSeeds, workload = 'mixed' }) => {
    const found = new Set<string>();
    for (let seed = 1; seed <= withinSeeds && found.size === 0; seed++) {
      const sabotage = plant();
      const minutes = Math.min(6, minutesOf(workload));
      const { anomalies } = await simulate({ seed, minutes, sabotage, workload });
      for (const key of keysOf(anomalies)) if (shows.includes(key)) found.add(key);
    }
    expect([...found]).not.toEqual([]);
  });

  it('is there for every key that Kafka does not allow', () => {
    const planted = all.flatMap(({ shows }) => shows);
    expect(new Set([...planted, ...notPlanted])).toEqual(new Set(anomalyKeys));
  });
});
