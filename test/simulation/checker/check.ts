/**
 * Looks through a history for everything a log must not do, in the style of Jepsen's Kafka
 * workload. The surprise: nothing here knows Kedge; whatever writes such a history can be checked.
 */

import { Cleanup, checkTrims } from './cleanup.ts';
import { checkCopies } from './copies.ts';
import { checkCycles } from './cycles.ts';
import { checkGroups } from './groups.ts';
import type { History } from './history.ts';
import { resolveIncarnations } from './incarnations.ts';
import { observe } from './observed-log.ts';
import { checkOwnership } from './ownership.ts';
import { checkPolls } from './polls.ts';
import { realtimeLag } from './realtime-lag.ts';
import { checkSends } from './sends.ts';
import { checkShares } from './shares.ts';
import { checkWrites } from './writes.ts';

export const anomalyKeys = [
  'inconsistent-offsets',
  'duplicate',
  'lost-write',
  'unseen',
  'poll-skip',
  'nonmonotonic-poll',
  'int-poll-skip',
  'int-nonmonotonic-poll',
  'nonmonotonic-send',
  'int-nonmonotonic-send',
  'int-send-skip',
  'G1a',
  'precommitted-read',
  'G0',
  'G1c',
  'lost-commit',
  'two-owners',
  'commit-ahead',
  'stale-commit',
  'moved-back',
  'not-converged',
  'unconsumed',
  'given-again',
  'held-twice',
  'miscounted',
  'given-up',
  'resurrected',
  'dirty-read',
  'torn',
  'not-once',
  'untrimmed',
] as const;

export type AnomalyKey = (typeof anomalyKeys)[number];

export interface Anomaly {
  readonly key: AnomalyKey;
  /** Who, where, which values: for people. */
  readonly detail: string;
}

export interface Verdict {
  readonly anomalies: readonly Anomaly[];
  /** How far behind what was acknowledged a poll was, in milliseconds. Reported, never wrong. */
  readonly worstRealtimeLagMs: number;
}

/** @param calmFrom from when on nothing went wrong any more, in the time of the history */
export function check(observed: History, calmFrom = Number.POSITIVE_INFINITY): Verdict {
  const { history, anomalies, isGone } = resolveIncarnations(observed, calmFrom);
  const log = observe(history);
  const cleanup = new Cleanup(history);
  return {
    anomalies: [
      ...anomalies,
      ...checkWrites(history, log, { isGone, cleanup }),
      ...checkPolls(history, log, cleanup),
      ...checkSends(history, log),
      ...checkCycles(history, log),
      ...checkGroups(history, log, { isGone, cleanup }),
      ...checkOwnership(history),
      ...checkShares(history, isGone),
      ...checkTrims(history),
      ...checkCopies(history, log),
    ],
    worstRealtimeLagMs: realtimeLag(history),
  };
}

/** The keys that occur, each once, in the order of the table. */
export function keysOf(anomalies: readonly Anomaly[]): AnomalyKey[] {
  const found = new Set(anomalies.map(({ key }) => key));
  return anomalyKeys.filter((key) => found.has(key));
}

/**
 * Kafka isolates no writes: transactions interleave in a partition, and cross in two. Both are
 * reported, and only wrong where one operation is one record batch.
 */
export function isAllowed({ key }: Anomaly): boolean {
  return key === 'G0' || key === 'int-send-skip';
}
