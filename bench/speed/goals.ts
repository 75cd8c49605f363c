/**
 * What Kedge means to reach, as data, and whether it does. The surprise: a goal is met or missed
 * only when the whole range in which a figure is known says so; else it is unclear, and more rounds
 * tell.
 */
import type { Ratio } from '../statistics.ts';
import { ours, type Results, type Row } from './results.ts';

export interface Goal {
  /** Of which workload and figure. */
  readonly workload: string;
  readonly figure: string;
  /** Kedge's figure divided by this system's; without it, Kedge's figure itself. */
  readonly against?: string;
  readonly atLeast?: number;
  readonly atMost?: number;
}

export const goals: readonly Goal[] = [
  { workload: 'produce-1k-1', figure: 'throughput', against: 'bare', atLeast: 0.75 },
  { workload: 'produce-1k-1', figure: 'throughput', against: 'kafka-flush', atLeast: 1 },
  { workload: 'produce-1k-1', figure: 'throughput', against: 'kafka', atLeast: 0.5 },
  { workload: 'produce-1k-1', figure: 'processor', against: 'bare', atMost: 1.5 },
  { workload: 'fetch-1', figure: 'throughput', against: 'bare', atLeast: 0.7 },
  { workload: 'fetch-1', figure: 'throughput', against: 'kafka', atLeast: 0.5 },
  { workload: 'fetch-1', figure: 'processor', against: 'bare', atMost: 1.5 },
  { workload: 'one', figure: 'p50', against: 'bare', atMost: 1.5 },
  { workload: 'one', figure: 'p99', against: 'kafka', atMost: 1 },
  { workload: 'tail', figure: 'p50', atMost: 3 },
  { workload: 'tail', figure: 'p50', against: 'kafka', atMost: 1 },
  { workload: 'partitions', figure: 'to one partition', atMost: 1.15 },
  { workload: 'connections-cost', figure: 'to one connection', atMost: 1.15 },
  { workload: 'connections-memory', figure: 'memory each', against: 'bare', atMost: 1.3 },
  { workload: 'start', figure: 'first answer', against: 'kafka', atMost: 0.2 },
  { workload: 'start', figure: 'memory, idle', against: 'kafka', atMost: 0.35 },
];

/** The range of fewer says nothing. */
const leastRounds = 3;

/** `unmeasured`: the run had no such workload, or no such system. */
export type Verdict = 'met' | 'missed' | 'unclear' | 'unmeasured';

export interface Judged {
  readonly goal: Goal;
  readonly verdict: Verdict;
  readonly found?: Ratio;
}

/** All goals, in their order. */
export function judgeGoals({ rows }: Pick<Results, 'rows'>, all = goals): Judged[] {
  return all.map((goal) => {
    const row = rows.find((one) => one.workload === goal.workload && one.name === goal.figure);
    const found = row && foundIn(row, goal);
    if (row === undefined || found === undefined) return { goal, verdict: 'unmeasured' };
    const isRange = row.systems[ours].samples.length >= leastRounds;
    return { goal, verdict: isRange ? verdictOn(goal, found) : 'unclear', found };
  });
}

function foundIn({ systems, ratios }: Row, { against }: Goal): Ratio | undefined {
  if (against !== undefined) return ratios[against];
  const own = systems[ours];
  if (own === undefined) return undefined;
  return { ratio: own.median, low: Math.min(...own.samples), high: Math.max(...own.samples) };
}

function verdictOn(
  { atLeast = 0, atMost = Number.POSITIVE_INFINITY }: Goal,
  found: Ratio,
): Verdict {
  const { low, high } = found;
  if (low >= atLeast && high <= atMost) return 'met';
  return high < atLeast || low > atMost ? 'missed' : 'unclear';
}
