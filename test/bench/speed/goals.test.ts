import { describe, expect, it } from 'vitest';
import { type Goal, goals, judgeGoals } from '../../../bench/speed/goals.ts';
import { peers } from '../../../bench/speed/peers/index.ts';
import type { Row } from '../../../bench/speed/results.ts';
import { workloads } from '../../../bench/speed/workloads/index.ts';

const figure = { name: 'throughput', unit: 'MB/s', better: 'higher' } as const;

/** A row in which Kedge's ratio to the bare Worker is known to be within these bounds. */
function row(low: number, high: number): Row {
  const ratio = (low + high) / 2;
  const series = { median: ratio, spread: 0, samples: [low, ratio, high] };
  return {
    ...figure,
    workload: 'produce',
    title: 'produce',
    systems: { kedge: series },
    ratios: { bare: { ratio, low, high } },
  };
}

const verdict = (goal: Partial<Goal>, low: number, high: number) =>
  judgeGoals({ rows: [row(low, high)] }, [
    { workload: 'produce', figure: 'throughput', against: 'bare', ...goal },
  ])[0].verdict;

describe('a goal', () => {
  it('is met when the whole range is on its side', () => {
    expect(verdict({ atLeast: 0.75 }, 0.75, 0.8)).toBe('met');
    expect(verdict({ atMost: 1.5 }, 1.2, 1.5)).toBe('met');
  });

  it('is missed when none of the range is', () => {
    expect(verdict({ atLeast: 0.75 }, 0.6, 0.74)).toBe('missed');
    expect(verdict({ atMost: 1.5 }, 1.51, 2)).toBe('missed');
  });

  it('is unclear when the limit is within the range', () => {
    expect(verdict({ atLeast: 0.75 }, 0.7, 0.9)).toBe('unclear');
    expect(verdict({ atMost: 1.5 }, 1.4, 1.6)).toBe('unclear');
  });

  it('is unclear when nobody looked often enough', () => {
    const { systems, ...rest } = row(0.8, 0.9);
    const { samples } = systems.kedge;
    const rows = [{ ...rest, systems: { kedge: { ...systems.kedge, samples: samples.slice(1) } } }];
    const goal = { workload: 'produce', figure: 'throughput', against: 'bare', atLeast: 0.75 };
    expect(judgeGoals({ rows }, [goal])[0].verdict).toBe('unclear');
  });

  it('may be about the figure itself', () => {
    expect(verdict({ against: undefined, atMost: 3 }, 1, 3)).toBe('met');
    expect(verdict({ against: undefined, atMost: 3 }, 4, 5)).toBe('missed');
  });

  it('is unmeasured where there was no such system or workload', () => {
    expect(verdict({ against: 'kafka', atLeast: 1 }, 1, 2)).toBe('unmeasured');
    expect(judgeGoals({ rows: [] }).every((one) => one.verdict === 'unmeasured')).toBe(true);
  });
});

describe('the goals', () => {
  it('are of figures and systems that there are', () => {
    const systems = Object.values(peers).flatMap((peer) => peer.systems.map(({ name }) => name));
    for (const goal of goals) {
      const workload = workloads.find(({ name }) => name === goal.workload);
      expect(
        workload?.figures.map(({ name }) => name),
        goal.workload,
      ).toContain(goal.figure);
      expect([undefined, 'bare', ...systems]).toContain(goal.against);
      expect(goal.atLeast ?? goal.atMost).toBeGreaterThan(0);
    }
  });
});
