import { describe, expect, it } from 'vitest';
import { simulate } from './simulate.ts';
import type { Workload } from './workloads.ts';
import { calm } from './world/world.ts';

/** What is to befall the members of each kind of group, in all of these seeds together. */
const troubles: Partial<Record<Workload, readonly string[]>> = {
  'churn-classic': [
    'classic: REBALANCE_IN_PROGRESS',
    'classic: UNKNOWN_MEMBER_ID',
    'classic: FENCED_INSTANCE_ID',
    'leader died',
    'away for too long',
  ],
  'churn-consumer': [
    'consumer: UNKNOWN_MEMBER_ID',
    'consumer: UNRELEASED_INSTANCE_ID',
    'classic: REBALANCE_IN_PROGRESS',
    'away for too long',
  ],
  'churn-share': [
    'acknowledge: INVALID_RECORD_STATE',
    'share: UNKNOWN_MEMBER_ID',
    'share fetch: UNKNOWN_TOPIC_ID',
    'cutConnection',
  ],
};
const seeds = [1, 2, 4, 24, 39];

describe.each(Object.entries(troubles))('a group in the workload %s', (name, expected) => {
  const workload = name as Workload;
  const seen = new Set<string>();

  it.each(seeds)('finds its rest after ten minutes of seed %i', async (seed) => {
    const { anomalies, bugs, history, faults } = await simulate({ seed, workload });
    for (const kind of faults.keys()) seen.add(kind);
    expect(history.some(({ steps }) => steps.some(({ kind }) => kind === 'settled'))).toBe(true);
    const again = `again: npm run sim -- --workload ${workload} --seed ${seed}`;
    expect([...anomalies, ...bugs], again).toEqual([]);
  });

  it('has been through all that members fear', () => {
    expect([...seen]).toEqual(expect.arrayContaining([...expected]));
  });

  it('does the same again for the same seed', async () => {
    const [first, again] = [
      await simulate({ seed: 4, minutes: 2, workload }),
      await simulate({ seed: 4, minutes: 2, workload }),
    ];
    expect(again.hash).toBe(first.hash);
  });

  it('finds its rest where only the members make trouble', async () => {
    const { anomalies, bugs } = await simulate({ seed: 6, minutes: 5, workload, trouble: calm });
    expect([...anomalies, ...bugs]).toEqual([]);
  });
});
