import { describe, expect, it } from 'vitest';
import { simulatePush } from './push.ts';
import { calm } from './world/world.ts';

const seeds = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12];

const good = { lost: [], early: [], late: [], lag: 0 };

describe('a subscription in the simulated world', () => {
  const seen = new Set<string>();

  it.each(seeds)(
    'loses no wake-up and keeps the order through the trouble of seed %i',
    async (seed) => {
      const order = seed % 3 === 0 ? 'key' : 'partition';
      const { written, batches, faults, ...result } = await simulatePush({ seed, order });
      for (const kind of faults.keys()) seen.add(kind);
      expect(written).toBeGreaterThan(20);
      expect(batches).toBeGreaterThan(10);
      expect(result).toMatchObject(good);
    },
  );

  it('has had the trouble that matters in these seeds', () => {
    const kinds = ['crash', 'stale', 'failedWrite', 'brokenLine', 'wrongAlarm', 'evict', 'deploy'];
    expect([...seen]).toEqual(expect.arrayContaining(kinds));
  });

  it('survives a crash at any point where an object waits, of which these are some', async () => {
    const options = { seed: 5, records: 40 } as const;
    const { crashPoints } = await simulatePush({ ...options, trouble: calm });
    expect(crashPoints).toBeGreaterThan(200);
    for (let crashAt = 1; crashAt <= crashPoints; crashAt += Math.ceil(crashPoints / 25)) {
      const result = await simulatePush({ ...options, trouble: { ...calm, crashAt } });
      expect(result, `at point ${crashAt}`).toMatchObject(good);
    }
  });
});
