import { describe, expect, it } from 'vitest';
import { anomalyKeys, keysOf } from './checker/check.ts';
import { notPlanted, plantedBugs } from './planted.ts';
import { simulate } from './simulate.ts';

describe('a planted bug', () => {
  it.each(plantedBugs)('is found: $name', async ({ plant, shows, withinSeeds }) => {
    const found = new Set<string>();
    for (let seed = 1; seed <= withinSeeds && found.size === 0; seed++) {
      const { anomalies } = await simulate({ seed, sabotage: plant() });
      for (const key of keysOf(anomalies)) if (shows.includes(key)) found.add(key);
    }
    expect([...found]).not.toEqual([]);
  });

  it('is there for every key that a workload without transactions can show', () => {
    const planted = plantedBugs.flatMap(({ shows }) => shows);
    expect(new Set([...planted, ...notPlanted])).toEqual(new Set(anomalyKeys));
  });
});
