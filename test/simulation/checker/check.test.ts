import { describe, expect, it } from 'vitest';
import { type AnomalyKey, anomalyKeys, check, isAllowed, keysOf } from './check.ts';
import { history, poll, polls, send, sends, transaction } from './histories.ts';
import type {
  Assigned,
  Commit,
  Committed,
  Created,
  DeliveredRecord,
  Granted,
  History,
  Operation,
  Send,
  Settled,
  Step,
} from './history.ts';

/** For each key: a history that has it and no other, and one like it that has none. */
interface Example {
  readonly wrong: History;
  readonly right: History;
}

const group = 'g';
const commit = (offset: number): Commit => ({ kind: 'commit', group, partition: 'p', offset });
const committed = (offset: number): Committed => {
  return { kind: 'committed', group, partition: 'p', offset };
};
const assigned = (member: string, generation: number, ...partitions: string[]): Assigned => {
  return { kind: 'assigned', group, generation, member, partitions };
};
const ok = { outcome: 'ok' } as const;
/** Told in the operation that has this place in its history. */
const granted = (place: number, ...partitions: string[]): Granted => {
  const [beganAt, endedAt] = [place * 1_000, place * 1_000 + 500];
  return { kind: 'granted', group, partitions, beganAt, endedAt };
};
const shared: Operation = {
  ...{ process: 'a', outcome: 'ok', beganAt: 90_000, endedAt: 90_500 },
  steps: [
    {
      ...{ kind: 'settled', group, owners: { p: ['m', 'n'] }, committed: {}, ends: {} },
      ...{ unrest: '', shared: { lockMs: 15_000, limit: 3 } },
    },
  ],
};
const delivered = (deliveryCount: number): Step => {
  const record: DeliveredRecord = { partition: 'p', offset: 0, value: 'a', deliveryCount };
  return { kind: 'delivered', group, records: [record] };
};
const judged = (type: number): Step => {
  return { kind: 'judged', group, partition: 'p', types: { 0: type } };
};
const settled = (owners: readonly string[], committedOffset: number): Settled => {
  const ends = { p: 1 };
  const all = { owners: { p: owners }, committed: { p: committedOffset }, ends };
  return { kind: 'settled', group, ...all, unrest: '' };
};
const copy = (text: string, source: string): Send => ({ ...send(text), source });
const created = (topicId: string): Created => ({ kind: 'created', topic: 't', topicId });
const renewed: readonly Operation[] = history(
  { process: 'k', ...ok, steps: [created('old')] },
  sends('w', 'ok', 't-0@old:a@0'),
  { process: 'k', ...ok, steps: [{ kind: 'deleted', topic: 't', topicId: 'old' }] },
  { process: 'k', ...ok, steps: [created('new')], beganAt: 3_000, endedAt: 3_500 },
);

const examples: Record<AnomalyKey, Example> = {
  'inconsistent-offsets': {
    wrong: history(polls('r', 'a@0'), polls('s', 'b@0')),
    right: history(polls('r', 'a@0'), polls('s', 'a@0')),
  },
  duplicate: {
    wrong: history(polls('r', 'a@0', 'a@1')),
    right: history(polls('r', 'a@0', 'b@1'), polls('s', 'a@0')),
  },
  'lost-write': {
    wrong: history(sends('w', 'ok', 'a@0'), sends('w', 'ok', 'b@1'), polls('r', 'b@1')),
    right: history(sends('w', 'unknown', 'a@0'), sends('w', 'ok', 'b@1'), polls('r', 'b@1')),
  },
  unseen: {
    wrong: history(sends('w', 'ok', 'a@0'), sends('w', 'ok', 'b@1'), polls('r', 'a@0')),
    right: history(sends('w', 'ok', 'a@0'), sends('w', 'unknown', 'b'), polls('r', 'a@0')),
  },
  'poll-skip': {
    wrong: history(polls('r', 'a@0'), polls('r', 'c@2'), polls('s', 'a@0', 'b@1', 'c@2')),
    // Nobody ever saw anything at offset 1, and a rebalance may set a reader elsewhere.
    right: history(
      polls('r', 'a@0'),
      polls('r', 'c@2'),
      { ...polls('r', 'e@4'), repositioned: true },
      polls('s', 'a@0', 'c@2', 'd@3', 'e@4'),
    ),
  },
  'nonmonotonic-poll': {
    wrong: history(polls('r', 'a@0', 'b@1'), polls('r', 'a@0')),
    right: history(
      polls('r', 'a@0', 'b@1'),
      { ...polls('r', 'a@0'), repositioned: true },
      polls('s', 'a@0', 'b@1'),
    ),
  },
  'int-poll-skip': {
    wrong: history(
      transaction('r', 'ok', poll('a@0'), poll('c@2')),
      polls('s', 'a@0', 'b@1', 'c@2'),
    ),
    right: history(
      transaction('r', 'ok', poll('a@0'), poll('q:x@7'), poll('b@1')),
      polls('s', 'a@0', 'b@1'),
    ),
  },
  'int-nonmonotonic-poll': {
    wrong: history(transaction('r', 'ok', poll('a@0', 'b@1'), poll('b@1'))),
    right: history(transaction('r', 'ok', poll('a@0', 'b@1'), poll('c@2'))),
  },
  'nonmonotonic-send': {
    wrong: history(sends('w', 'ok', 'a@1'), sends('w', 'ok', 'b@0'), polls('r', 'b@0', 'a@1')),
    right: history(sends('w', 'ok', 'a@1'), sends('v', 'ok', 'b@0'), polls('r', 'b@0', 'a@1')),
  },
  'int-nonmonotonic-send': {
    wrong: history(sends('w', 'ok', 'a@1', 'b@0'), polls('r', 'b@0', 'a@1')),
    right: history(sends('w', 'ok', 'a@1', 'q:b@0'), polls('r', 'a@1', 'q:b@0')),
  },
  'int-send-skip': {
    wrong: history(sends('w', 'ok', 'a@0', 'b@2'), polls('r', 'a@0', 'c@1', 'b@2')),
    right: history(sends('w', 'ok', 'a@0', 'b@2'), polls('r', 'a@0', 'b@2')),
  },
  G1a: {
    wrong: history(transaction('w', 'fail', send('a')), polls('r', 'a@0')),
    right: history(transaction('w', 'unknown', send('a')), polls('r', 'a@0')),
  },
  'precommitted-read': {
    wrong: history(transaction('w', 'ok', send('a@0'), poll('a@0'))),
    right: history(transaction('w', 'ok', send('a@0'), poll('q:b@0')), polls('w', 'a@0')),
  },
  G0: {
    wrong: history(
      transaction('v', 'ok', send('a@0'), send('q:b@1')),
      transaction('w', 'ok', send('c@1'), send('q:d@0')),
      polls('r', 'a@0', 'c@1', 'q:d@0', 'q:b@1'),
    ),
    right: history(
      transaction('v', 'ok', send('a@0'), send('q:b@0')),
      transaction('w', 'ok', send('c@1'), send('q:d@1')),
      polls('r', 'a@0', 'c@1', 'q:b@0', 'q:d@1'),
    ),
  },
  G1c: {
    wrong: history(
      transaction('v', 'ok', send('a@0'), poll('q:b@0')),
      transaction('w', 'ok', send('q:b@0'), poll('a@0')),
    ),
    right: history(
      transaction('v', 'ok', send('a@0')),
      transaction('w', 'ok', send('q:b@0'), poll('a@0')),
      transaction('x', 'ok', poll('q:b@0'), poll('a@0')),
    ),
  },
  'lost-commit': {
    wrong: history(
      { process: 'm', ...ok, steps: [commit(5)] },
      { process: 'n', ...ok, steps: [committed(3)] },
    ),
    // A commit without an answer may arrive late, one that is under way may count already.
    right: history(
      { process: 'm', ...ok, steps: [committed(-1)] },
      { process: 'm', outcome: 'unknown', endedAt: Number.POSITIVE_INFINITY, steps: [commit(4)] },
      { process: 'm', ...ok, steps: [commit(5)] },
      { process: 'n', ...ok, steps: [committed(5)] },
      { process: 'n', ...ok, steps: [committed(4)] },
      { process: 'm', ...ok, endedAt: 9_000, steps: [commit(9)] },
      { process: 'n', ...ok, steps: [committed(5)] },
      { process: 'n', ...ok, steps: [committed(9)] },
    ),
  },
  'two-owners': {
    wrong: history(
      { process: 'm', ...ok, steps: [assigned('m', 1, 'p')] },
      { process: 'n', ...ok, steps: [assigned('n', 1, 'q', 'p')] },
    ),
    right: history(
      { process: 'm', ...ok, steps: [assigned('m', 1, 'p')] },
      { process: 'n', ...ok, steps: [assigned('n', 2, 'p')] },
      { process: 'm', ...ok, steps: [assigned('m', 1, 'p')] },
    ),
  },
  resurrected: {
    wrong: [...renewed, { ...history(polls('r', 't-0@new:a@0'))[0], beganAt: 4_000 }],
    right: [...renewed, { ...history(polls('r', 't-0@old:a@0'))[0], beganAt: 4_000 }],
  },
  untrimmed: {
    wrong: history(
      polls('r', 'a@0', 'b@1'),
      { process: 't', ...ok, steps: [{ kind: 'trimmed', partition: 'p', offset: 1 }] },
      polls('s', 'a@0', 'b@1'),
    ),
    right: history(
      polls('r', 'a@0', 'b@1'),
      { process: 't', ...ok, steps: [{ kind: 'trimmed', partition: 'p', offset: 1 }] },
      polls('s', 'b@1'),
    ),
  },
  'dirty-read': {
    wrong: history(
      { ...transaction('w', 'ok', send('a@0')), decidedAt: 2_500, endedAt: 3_000 },
      polls('r', 'a@0'),
    ),
    right: history(
      { ...transaction('w', 'ok', send('a@0')), decidedAt: 1_400, endedAt: 3_000 },
      { ...polls('u', 'a@0'), uncommitted: true, beganAt: 300, endedAt: 400 },
      { ...polls('r', 'a@0'), beganAt: 1_000, endedAt: 1_500 },
    ),
  },
  torn: {
    wrong: history(transaction('w', 'unknown', send('a@0'), send('q:b@0')), polls('r', 'q:b@0')),
    right: history(
      transaction('v', 'unknown', send('a@0'), send('q:b@0')),
      transaction('w', 'unknown', send('c@1'), send('q:d@1')),
      { ...polls('u', 'a@0', 'c@1', 'q:b@0', 'q:d@1'), uncommitted: true },
      polls('r', 'c@1', 'q:d@1'),
    ),
  },
  'not-once': {
    wrong: history(
      polls('r', 'a@0', 'b@1'),
      transaction('w', 'ok', copy('q:x@0', 'a'), commit(1)),
      transaction('w', 'ok', copy('q:y@1', 'a'), copy('q:z@2', 'b'), commit(2)),
      polls('r', 'q:x@0', 'q:y@1', 'q:z@2'),
    ),
    right: history(
      polls('r', 'a@0', 'b@1'),
      transaction('w', 'fail', copy('q:x@0', 'a'), commit(1)),
      transaction('w', 'ok', copy('q:y@1', 'a'), commit(1)),
      { ...polls('u', 'q:x@0', 'q:y@1'), uncommitted: true },
      polls('r', 'q:y@1'),
    ),
  },
  'stale-commit': {
    wrong: history(
      { process: 'm', ...ok, steps: [granted(0, 'p')] },
      { process: 'n', ...ok, steps: [granted(1, 'p')] },
      { process: 'm', ...ok, steps: [commit(1)] },
    ),
    // One was on its way before, one was refused, and one had it back.
    right: history(
      { process: 'm', ...ok, steps: [granted(0, 'p')] },
      { process: 'm', ...ok, steps: [commit(1)], endedAt: 3_000 },
      { process: 'n', ...ok, steps: [granted(2, 'p')] },
      { process: 'm', outcome: 'fail', steps: [commit(1)] },
      { process: 'm', ...ok, steps: [granted(4, 'p')] },
      { process: 'm', ...ok, steps: [commit(1)] },
    ),
  },
  'moved-back': {
    wrong: history(
      { process: 'm', ...ok, steps: [granted(0, 'p')] },
      { process: 'm', ...ok, steps: [commit(2)] },
      { process: 'm', ...ok, steps: [commit(1)] },
    ),
    right: history(
      { process: 'm', ...ok, steps: [granted(0, 'p')] },
      { process: 'm', ...ok, steps: [commit(2)], endedAt: 2_500 },
      { process: 'm', ...ok, steps: [commit(1)] },
    ),
  },
  'not-converged': {
    wrong: history({ process: 'a', ...ok, steps: [settled(['m', 'n'], 1)] }),
    right: history({ process: 'a', ...ok, steps: [settled(['m'], 1)] }),
  },
  unconsumed: {
    wrong: history(sends('w', 'ok', 'a@0'), polls('r', 'a@0'), {
      process: 'a',
      ...ok,
      steps: [settled(['m'], 0)],
    }),
    right: history(
      sends('w', 'ok', 'a@0'),
      { ...polls('m', 'a@0'), group },
      { process: 'a', ...ok, steps: [settled(['m'], 1)] },
    ),
  },
  'given-again': {
    wrong: [
      ...history(
        { process: 'm', ...ok, steps: [delivered(1)] },
        { process: 'm', ...ok, steps: [judged(1)] },
        { process: 'n', ...ok, steps: [delivered(2)] },
      ),
      shared,
    ],
    right: [
      ...history(
        { process: 'm', ...ok, steps: [delivered(1)] },
        { process: 'm', ...ok, steps: [judged(2)] },
        { process: 'n', ...ok, steps: [delivered(2)] },
      ),
      shared,
    ],
  },
  'held-twice': {
    wrong: [
      ...history(
        { process: 'm', ...ok, steps: [delivered(1)] },
        { process: 'n', ...ok, steps: [delivered(2)] },
      ),
      shared,
    ],
    right: [
      ...history(
        { process: 'm', ...ok, steps: [delivered(1)] },
        { process: 'm', ...ok, steps: [{ kind: 'let-go', group, at: 1_000 }] },
        { process: 'n', ...ok, steps: [delivered(2)] },
        { process: 'o', ...ok, steps: [delivered(3)], beganAt: 20_000, endedAt: 20_500 },
      ),
      shared,
    ],
  },
  miscounted: {
    wrong: [
      ...history(
        { process: 'm', ...ok, steps: [delivered(1)] },
        { process: 'n', ...ok, steps: [delivered(1)], beganAt: 20_000, endedAt: 20_500 },
      ),
      shared,
    ],
    right: [
      ...history(
        { process: 'm', ...ok, steps: [delivered(1)] },
        { process: 'n', ...ok, steps: [delivered(3)], beganAt: 20_000, endedAt: 20_500 },
      ),
      shared,
    ],
  },
  'given-up': {
    wrong: [
      ...history(sends('w', 'ok', 'a@0'), polls('r', 'a@0'), {
        ...{ process: 'm', ...ok },
        steps: [delivered(2)],
      }),
      shared,
    ],
    right: [
      ...history(sends('w', 'ok', 'a@0'), polls('r', 'a@0'), {
        ...{ process: 'm', ...ok },
        steps: [delivered(3)],
      }),
      shared,
    ],
  },
  'commit-ahead': {
    wrong: history(
      sends('w', 'ok', 'a@0', 'b@1'),
      { ...polls('m', 'a@0'), group },
      { process: 'm', ...ok, steps: [commit(2)] },
      polls('r', 'a@0', 'b@1'),
    ),
    right: history(
      sends('w', 'ok', 'a@0', 'b@1'),
      { ...polls('m', 'a@0'), group },
      { ...polls('n', 'b@1'), group },
      { process: 'm', ...ok, steps: [commit(2)] },
    ),
  },
};

describe('the checker', () => {
  it.each(anomalyKeys)('flags %s', (key) => {
    expect(keysOf(check(examples[key].wrong).anomalies)).toEqual([key]);
  });

  it.each(anomalyKeys)('does not take for %s what is not', (key) => {
    expect(check(examples[key].right).anomalies).toEqual([]);
  });

  it('misses copies of what a group says it has copied', () => {
    const copied = history(
      polls('r', 'a@0', 'b@1'),
      transaction('w', 'unknown', copy('q:x@0', 'a'), commit(1)),
      { process: 'n', ...ok, steps: [committed(1)] },
      { process: 'n', ...ok, steps: [committed(2)] },
      polls('r', 'q:x@0'),
    );
    expect(keysOf(check(copied.toSpliced(3, 1)).anomalies)).toEqual([]);
    expect(keysOf(check(copied).anomalies)).toEqual(['lost-commit', 'not-once']);
  });

  it('lets those who read everything see what is open or aborted', () => {
    const aborted = history(transaction('w', 'fail', send('a@0')), {
      ...polls('u', 'a@0'),
      uncommitted: true,
    });
    expect(check(aborted).anomalies).toEqual([]);
    const skipped = history(
      sends('w', 'ok', 'a@0', 'b@1', 'c@2'),
      polls('r', 'a@0', 'b@1', 'c@2'),
      { ...polls('u', 'a@0', 'c@2'), uncommitted: true },
    );
    expect(keysOf(check(skipped).anomalies)).toEqual(['int-poll-skip']);
  });

  it('finds a cycle through three transactions, and one that is longer than it looks', () => {
    const circle = history(
      transaction('u', 'ok', send('a@0'), poll('s:c@0')),
      transaction('v', 'ok', send('q:b@0'), poll('a@0')),
      transaction('w', 'ok', send('s:c@0'), poll('q:b@0')),
      transaction('x', 'ok', poll('a@0')),
    );
    expect(check(circle).anomalies).toEqual([
      { key: 'G1c', detail: expect.stringContaining('#2') },
    ]);
  });

  it('allows what Kafka allows, and nothing else', () => {
    const allowed = anomalyKeys.filter((key) => isAllowed({ key, detail: '' }));
    expect(allowed).toEqual(['int-send-skip', 'G0']);
  });

  it('flags a commit that was replaced long ago, and one that nobody made', () => {
    const m = { process: 'm', ...ok };
    const past = history(
      { ...m, steps: [commit(5)] },
      { ...m, steps: [commit(7)] },
      { ...m, steps: [committed(5)] },
    );
    expect(keysOf(check(past).anomalies)).toEqual(['lost-commit']);
    const invented = history({ ...m, steps: [commit(5)] }, { ...m, steps: [committed(6)] });
    expect(keysOf(check(invented).anomalies)).toEqual(['lost-commit']);
    const gone = history({ ...m, steps: [commit(5)] }, { ...m, steps: [committed(-1)] });
    expect(keysOf(check(gone).anomalies)).toEqual(['lost-commit']);
  });

  it('says which process, partition and values an anomaly is about', () => {
    const [{ detail }] = check(examples['nonmonotonic-poll'].wrong).anomalies;
    expect(detail).toBe('r at p from 1 to 0');
  });
});

describe('worst-realtime-lag', () => {
  const written = sends('w', 'ok', 'a@0');
  const standing = (position: number, beganAt: number) => ({
    ...polls('r'),
    steps: [{ kind: 'poll' as const, records: [], positions: { p: position } }],
    beganAt,
    endedAt: beganAt,
  });

  it('is how long ago what a poll missed had been acknowledged', () => {
    const late = history(written, standing(0, 3_000), standing(0, 7_500), polls('s', 'a@0'));
    expect(check(late).worstRealtimeLagMs).toBe(7_000);
  });

  it('is nothing for a poll that stands behind all, or began before the answer', () => {
    const fresh = history(written, standing(1, 60_000), standing(0, 400), polls('s', 'a@0'));
    expect(check(fresh).worstRealtimeLagMs).toBe(0);
  });
});
