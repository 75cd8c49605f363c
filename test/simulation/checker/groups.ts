/**
 * What a group promises beyond its readers: commits stay, a partition has one owner a generation,
 * nothing below a commit went unread. The surprise: a commit whose answer was lost may count or
 * not, so only acknowledged ones bind, and only those who ask after them.
 */
import type { Anomaly } from './check.ts';
import type { Cleanup } from './cleanup.ts';
import type {
  Assigned,
  Commit,
  Committed,
  History,
  Operation,
  Outcome,
  PartitionName,
  Step,
} from './history.ts';
import { seenBy, sendsOf } from './history.ts';
import type { ObservedLog } from './observed-log.ts';

interface Missing {
  /** Whether a partition may have been deleted by then, and its offsets with it. */
  isGone(partition: PartitionName, by: number): boolean;
  readonly cleanup: Cleanup;
}

export function checkGroups(
  history: History,
  log: ObservedLog,
  { isGone, cleanup }: Missing,
): Anomaly[] {
  return [
    ...lostCommits(history, isGone),
    ...twoOwners(history),
    ...commitsAhead(history, log, cleanup),
  ];
}

interface Timed<S extends Step> {
  readonly step: S;
  readonly operation: Operation;
}

function stepsOf<S extends Step>(
  history: History,
  kind: S['kind'],
  outcomes: readonly Outcome[] = ['ok'],
): Timed<S>[] {
  return history
    .filter(({ outcome }) => outcomes.includes(outcome))
    .flatMap((operation) =>
      operation.steps
        .filter((step): step is S => step.kind === kind)
        .map((step) => ({ step, operation })),
    );
}

/**
 * What is committed must have been committed by somebody, and nothing newer since. One whose answer
 * never came may still arrive, late.
 */
function lostCommits(history: History, isGone: Missing['isGone']): Anomaly[] {
  const commits = stepsOf<Commit>(history, 'commit', ['ok', 'unknown']);
  const asked = stepsOf<Committed>(history, 'committed');
  return asked.flatMap(({ step: { group, partition, offset }, operation: question }) => {
    const known = commits.filter(
      ({ step, operation }) =>
        step.group === group &&
        step.partition === partition &&
        operation.beganAt < question.endedAt,
    );
    const settled = known.filter(
      ({ operation: { outcome, endedAt } }) => outcome === 'ok' && endedAt < question.beganAt,
    );
    const newest = Math.max(...settled.map(({ operation }) => operation.beganAt));
    const isReplaced = ({ operation: { endedAt } }: Timed<Commit>) => newest > endedAt;
    const stands = known.some((commit) => commit.step.offset === offset && !isReplaced(commit));
    if (stands) return [];
    const mayBeNone = settled.length === 0 || isGone(partition, question.endedAt);
    if (offset === -1 && mayBeNone) return [];
    const last = settled.at(-1)?.step.offset ?? 'nothing';
    const detail = `${group} ${partition}: ${offset} after ${last} was committed`;
    return [{ key: 'lost-commit' as const, detail }];
  });
}

function twoOwners(history: History): Anomaly[] {
  const owners = new Map<string, string>();
  const assigned = stepsOf<Assigned>(history, 'assigned');
  return assigned.flatMap(({ step: { group, generation, member, partitions } }) =>
    partitions.flatMap((partition) => {
      const key = `${group} generation ${generation} ${partition}`;
      const owner = owners.get(key) ?? member;
      owners.set(key, owner);
      const detail = `${key}: ${owner} and ${member}`;
      return owner === member ? [] : [{ key: 'two-owners' as const, detail }];
    }),
  );
}

/** A record below what the group committed that none of its members ever got. */
function commitsAhead(history: History, log: ObservedLog, cleanup: Cleanup): Anomaly[] {
  const commits = stepsOf<Commit>(history, 'commit');
  const found: Anomaly[] = [];
  for (const group of new Set(commits.map(({ step }) => step.group))) {
    const readers = history.filter((operation) => operation.group === group);
    // Used for its offsets alone.
    if (readers.length === 0) continue;
    const got = new Set(
      readers.flatMap((operation) => seenBy(operation).map(({ value }) => value)),
    );
    const ends = new Map<string, number>();
    for (const { step } of commits) {
      // A reader by name may come into a new incarnation in its middle.
      if (step.group !== group || step.partition.includes('@')) continue;
      ends.set(step.partition, Math.max(ends.get(step.partition) ?? 0, step.offset));
    }
    const acknowledged = history
      .filter(({ outcome }) => outcome === 'ok')
      .flatMap((operation) => sendsOf(operation));
    for (const { partition, value, offset } of acknowledged) {
      const end = ends.get(partition) ?? 0;
      if (offset === undefined || offset >= end || got.has(value)) continue;
      if (cleanup.mayBeGone(partition, value, offset)) continue;
      if (log.get(partition)?.readValues.has(value) !== true) continue;
      const detail = `${group} committed ${end} of ${partition} and never got ${value} at ${offset}`;
      found.push({ key: 'commit-ahead', detail });
    }
  }
  return found;
}
