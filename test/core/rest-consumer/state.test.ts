import { describe, expect, test } from 'vitest';
import type { RestConsumerConfig } from '../../../src/core/rest-consumer/calls.ts';
import {
  assign,
  assignedByGroup,
  consumedOffsets,
  IllegalStateError,
  joined,
  markCommitted,
  moveTo,
  mustRejoin,
  newState,
  seek,
  subscribe,
  subscribeToPattern,
  uncommittedOffsets,
  unsubscribe,
} from '../../../src/core/rest-consumer/state.ts';

const config: RestConsumerConfig = {
  format: 'binary',
  offsetReset: 'earliest',
  autoCommit: false,
  fetchMinBytes: -1,
  requestTimeoutMs: null,
  instanceTimeoutMs: 300_000,
  isolationLevel: 0,
};
const fresh = newState('g', config, 7);
const t0 = { topic: 't', partition: 0 };
const t1 = { topic: 't', partition: 1 };

describe('subscribing', () => {
  test('to topics makes a member that has yet to join', () => {
    const state = subscribe(fresh, ['t', 'u', 't']);
    expect(state.subscription).toEqual({ kind: 'topics', topics: ['t', 'u'] });
    expect(state.member).toMatchObject({ memberId: '', generationId: -1 });
  });

  test('again keeps the membership: the next poll sees that the topics differ', () => {
    const member = { memberId: 'm', generationId: 3, topics: ['t'], led: null };
    const state = subscribe(joined(subscribe(fresh, ['t']), member), ['u']);
    expect(state.member).toEqual(member);
  });

  test('to nothing is to unsubscribe', () => {
    expect(subscribe(subscribe(fresh, ['t']), [])).toEqual(fresh);
    expect(assign(assign(fresh, [t0]), [])).toEqual(fresh);
  });

  test('to topics, to a pattern and by hand exclude each other', () => {
    const ways = [
      () => subscribe(subscribeToPattern(fresh, 't.*'), ['t']),
      () => subscribe(assign(fresh, [t0]), ['t']),
      () => subscribeToPattern(assign(fresh, [t0]), 't'),
      () => assign(subscribe(fresh, ['t']), [t0]),
    ];
    for (const way of ways) expect(way).toThrow(IllegalStateError);
    expect(subscribe(unsubscribe(assign(fresh, [t0])), ['t']).subscription.kind).toBe('topics');
  });
});

describe('positions', () => {
  test('assigning by hand keeps those of partitions that stay', () => {
    const state = moveTo(assign(fresh, [t0, t0]), [{ ...t0, offset: 5 }]);
    expect(assign(state, [t1, t0]).partitions).toEqual([
      { ...t1, position: 'committed', committed: -1 },
      { ...t0, position: 5, committed: -1 },
    ]);
  });

  test('a rebalance leaves every position to the committed offset', () => {
    const member = { memberId: 'm', generationId: 1, topics: ['t'], led: null };
    let state = assignedByGroup(joined(subscribe(fresh, ['t']), member), [t0]);
    state = moveTo(state, [{ ...t0, offset: 5 }]);
    state = assignedByGroup(joined(state, { ...member, generationId: 2 }), [t0, t1]);
    expect(state.partitions.map(({ position }) => position)).toEqual(['committed', 'committed']);
  });

  test('seeking needs an assignment', () => {
    const state = assign(fresh, [t0]);
    expect(seek(state, [{ ...t0, position: 'latest' }]).partitions[0].position).toBe('latest');
    expect(() => seek(state, [{ ...t1, position: 3 }])).toThrow(
      'No current assignment for partition t-1',
    );
  });

  test('only what was read is committed, and only once', () => {
    const read = moveTo(assign(fresh, [t0, t1]), [{ ...t0, offset: 5 }]);
    expect(consumedOffsets(read)).toEqual([{ ...t0, offset: 5 }]);
    expect(uncommittedOffsets(read)).toEqual([{ ...t0, offset: 5 }]);
    const committed = markCommitted(read, [{ ...t0, offset: 5 }]);
    expect(consumedOffsets(committed)).toEqual([{ ...t0, offset: 5 }]);
    expect(uncommittedOffsets(committed)).toEqual([]);
  });

  test('what was read of a partition that is gone is forgotten', () => {
    expect(moveTo(assign(fresh, [t0]), [{ ...t1, offset: 5 }]).partitions).toHaveLength(1);
  });
});

test('a lost membership loses the partitions, and may keep the member id', () => {
  const member = { memberId: 'm', generationId: 3, topics: ['t'], led: { t: 1 } };
  const state = assignedByGroup(joined(subscribe(fresh, ['t']), member), [t0]);
  expect(mustRejoin(state, 'm')).toMatchObject({
    member: { memberId: 'm', generationId: -1, topics: ['t'], led: null },
    partitions: [],
  });
});
