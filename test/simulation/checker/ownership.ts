/**
 * Whether the members of a group were kept apart: who was given what, who could still commit, and
 * how all of them stood in the end. The surprise: that two members believe to have a partition is
 * no anomaly, since one of them may have been asleep; that the group lets the former one commit is.
 */
import type { Anomaly } from './check.ts';
import type { Commit, Granted, History, Operation, PartitionName, Settled } from './history.ts';
import { sendsOf } from './history.ts';

export function checkOwnership(history: History): Anomaly[] {
  const settled = history.flatMap(({ steps }) => steps.filter((step) => step.kind === 'settled'));
  const grants = grantsIn(history);
  // Only of members that say what they were given is it known what they may commit.
  if (settled.length === 0 && grants.size === 0) return [];
  const commits = commitsIn(history, new Set([...grants.keys()].map(groupOf)));
  return [
    ...staleCommits(commits, grants),
    ...movedBack(commits),
    ...settled.flatMap((step) => [...notConverged(step), ...unconsumed(step, history)]),
  ];
}

/** Of one group and partition. */
function keyOf(group: string, partition: PartitionName): string {
  return `${group} ${partition}`;
}

function groupOf(key: string): string {
  return key.slice(0, key.indexOf(' '));
}

interface Grant {
  readonly process: string;
  readonly beganAt: number;
  readonly endedAt: number;
}

function grantsIn(history: History): ReadonlyMap<string, readonly Grant[]> {
  const grants = new Map<string, Grant[]>();
  for (const { process, steps } of history) {
    for (const step of steps) {
      if (step.kind !== 'granted') continue;
      const { beganAt, endedAt } = step satisfies Granted;
      for (const partition of step.partitions) {
        const key = keyOf(step.group, partition);
        grants.set(key, [...(grants.get(key) ?? []), { process, beganAt, endedAt }]);
      }
    }
  }
  return grants;
}

interface Accepted {
  readonly step: Commit;
  readonly operation: Operation;
}

/** Commits that counted, by group and partition, in the order they began. */
function commitsIn(history: History, groups: ReadonlySet<string>): Map<string, Accepted[]> {
  const commits = new Map<string, Accepted[]>();
  for (const operation of history) {
    if (operation.outcome !== 'ok') continue;
    for (const step of operation.steps) {
      if (step.kind !== 'commit' || !groups.has(step.group)) continue;
      const key = keyOf(step.group, step.partition);
      const known = commits.get(key);
      if (known) known.push({ step, operation });
      else commits.set(key, [{ step, operation }]);
    }
  }
  return commits;
}

/** A commit that counted, by a member whose partition had been given to another before it began. */
function staleCommits(
  commits: ReadonlyMap<string, readonly Accepted[]>,
  grants: ReadonlyMap<string, readonly Grant[]>,
): Anomaly[] {
  return [...commits].flatMap(([key, accepted]) =>
    accepted.flatMap(({ step, operation: { process, beganAt } }): Anomaly[] => {
      const past = (grants.get(key) ?? []).filter((grant) => grant.endedAt <= beganAt);
      const own = past.filter((grant) => grant.process === process);
      if (own.length === 0) {
        const detail = `${key}: ${process} committed ${step.offset}, and nobody gave it to it`;
        return [{ key: 'stale-commit', detail }];
      }
      const last = Math.max(...own.map(({ endedAt }) => endedAt));
      const heir = past.find((grant) => grant.process !== process && grant.beganAt >= last);
      if (heir === undefined) return [];
      const since = `${heir.process} had it from ${Math.round(heir.endedAt)} on`;
      const detail = `${key}: ${process} committed ${step.offset} at ${Math.round(beganAt)}, ${since}`;
      return [{ key: 'stale-commit', detail }];
    }),
  );
}

/** A commit that counted, below one that had counted before it began. */
function movedBack(commits: ReadonlyMap<string, readonly Accepted[]>): Anomaly[] {
  return [...commits].flatMap(([key, accepted]) => {
    const byEnd = accepted.toSorted(
      (one, other) => one.operation.endedAt - other.operation.endedAt,
    );
    let reached = -1;
    let at = 0;
    return accepted.flatMap(({ step: { offset }, operation: { process, beganAt } }): Anomaly[] => {
      for (; at < byEnd.length && byEnd[at].operation.endedAt < beganAt; at++) {
        reached = Math.max(reached, byEnd[at].step.offset);
      }
      if (offset >= reached) return [];
      const detail = `${key}: ${process} went back from ${reached} to ${offset}`;
      return [{ key: 'moved-back', detail }];
    });
  });
}

function notConverged({ group, owners, unrest, shared }: Settled): Anomaly[] {
  const found = Object.entries(owners)
    .filter(([, { length }]) => (shared ? length === 0 : length !== 1))
    .map(([partition, members]) => `${partition} is had by ${members.join(' and ') || 'nobody'}`);
  if (unrest !== '') found.push(unrest);
  return found.map((what) => ({ key: 'not-converged' as const, detail: `${group}: ${what}` }));
}

/** What a group that nobody disturbs any more has not read to the end. */
function unconsumed({ group, committed, ends, shared }: Settled, history: History): Anomaly[] {
  const found: Anomaly[] = [];
  for (const [partition, end] of Object.entries(ends)) {
    const offset = committed[partition] ?? 0;
    if (offset === end) continue;
    const detail = `${group} ${partition}: committed ${offset} of ${end}`;
    found.push({ key: 'unconsumed', detail });
  }
  if (shared) return found;
  const got = new Set<string>();
  for (const operation of history) {
    if (operation.group !== group) continue;
    for (const step of operation.steps) {
      if (step.kind === 'poll') for (const { value } of step.records) got.add(value);
    }
  }
  for (const operation of history) {
    if (operation.outcome !== 'ok') continue;
    for (const { partition, value, offset } of sendsOf(operation)) {
      if (got.has(value) || ends[partition] === undefined) continue;
      const detail = `${group} never got ${value} at ${partition} offset ${offset}`;
      found.push({ key: 'unconsumed', detail });
    }
  }
  return found;
}
