import { describe, expect, it } from 'vitest';
import type { Step } from './checker/history.ts';
import { simulate } from './simulate.ts';
import { calm } from './world/world.ts';

const seeds = [1, 2, 3, 25, 79, 116, 131, 143, 2026, 4242];

function isAboutDrafts(steps: readonly Step[]): boolean {
  return steps.some((step) => 'partition' in step && step.partition.startsWith('drafts'));
}

describe('the simulated cluster', () => {
  const seen = new Set<string>();

  it.each(seeds)('keeps its promises through the trouble of seed %i', async (seed) => {
    const { anomalies, bugs, history, faults } = await simulate({ seed });
    for (const kind of faults.keys()) seen.add(kind);
    expect(history.length).toBeGreaterThan(100);
    expect([...anomalies, ...bugs], `again: npm run sim -- --seed ${seed}`).toEqual([]);
  });

  it('does the same again for the same seed, and something else for another', async () => {
    const [first, again, other] = [
      await simulate({ seed: 7, minutes: 0.2 }),
      await simulate({ seed: 7, minutes: 0.2 }),
      await simulate({ seed: 8, minutes: 0.2 }),
    ];
    expect(again.hash).toBe(first.hash);
    expect(again.events).toBe(first.events);
    expect(other.hash).not.toBe(first.hash);
  });

  it('acknowledges everything when nothing goes wrong', async () => {
    const { history, anomalies, bugs, faults } = await simulate({
      seed: 5,
      minutes: 0.1,
      trouble: calm,
    });
    expect([anomalies, bugs]).toEqual([[], []]);
    // Who sends to a topic that has just been made anew is told to look again.
    const doubtful = history.filter(({ outcome }) => outcome === 'unknown');
    expect(doubtful.filter(({ steps }) => !isAboutDrafts(steps))).toEqual([]);
    expect([...faults.keys()].filter((kind) => kind.startsWith('gave up:'))).toEqual([]);
  });

  it('has had every kind of trouble in these seeds', () => {
    const kinds = ['crash', 'stale', 'failedWrite', 'brokenLine', 'overloaded', 'wrongAlarm'];
    const more = ['silentWatch', 'cutConnection', 'evict', 'deploy', 'clockJump', 'clientCrash'];
    expect([...seen]).toEqual(expect.arrayContaining([...kinds, ...more, 'slow']));
  });

  it('survives a crash at any point where an object waits, of which these are some', async () => {
    const options = { seed: 9, minutes: 0.022, workload: 'transactions' } as const;
    const { crashPoints } = await simulate({ ...options, trouble: calm });
    expect(crashPoints).toBeGreaterThan(500);
    for (let crashAt = 1; crashAt <= crashPoints; crashAt += Math.ceil(crashPoints / 15)) {
      const { anomalies, bugs } = await simulate({ ...options, trouble: { ...calm, crashAt } });
      expect([...anomalies, ...bugs], `at point ${crashAt}`).toEqual([]);
    }
  });

  it('leaves the clock, timers and chance of the process as they were', async () => {
    const before = [Date.now, setTimeout, clearTimeout, crypto.randomUUID, console.error];
    await simulate({ seed: 1, minutes: 0.01 });
    expect([Date.now, setTimeout, clearTimeout, crypto.randomUUID, console.error]).toEqual(before);
  });
});
