/**
 * Members with a group instance id (KIP-345): they come back under a new member id and the group
 * hardly notices.
 */
import { describe, expect, it } from 'vitest';
import { ErrorCode } from '../../../src/protocol/errors.ts';
import { bytes, TestGroup, text } from './test-group.ts';

const one = { groupInstanceId: 'one' };
const two = { groupInstanceId: 'two' };

/** A Stable group of `one` (the leader) and `two`. */
function twoStatics(changes = {}) {
  const group = new TestGroup();
  const joins = [group.join({ ...one, ...changes }), group.join({ ...two, ...changes })];
  group.advance(6_000);
  const [leader, follower] = joins.map(({ answer }) => answer);
  group.sync(leader, { [leader.memberId]: 'p0', [follower.memberId]: 'p1' });
  group.sync(follower);
  return { group, leader, follower };
}

describe('a static member', () => {
  it('joins without the detour for a member id', () => {
    const group = new TestGroup();
    const join = group.join({ ...one, requiresKnownMemberId: true });
    group.advance(3_000);
    expect(join.answer).toMatchObject({ errorCode: 0, memberId: 'one-uuid1' });
    expect(join.answer.members[0].groupInstanceId).toBe('one');
  });

  it('that restarts takes its place again without a rebalance, and its former self is fenced', () => {
    const { group, leader, follower } = twoStatics();
    const back = group.join(two).answer;
    expect(back).toMatchObject({ errorCode: 0, generationId: 1, leader: leader.memberId });
    expect(back.memberId).not.toBe(follower.memberId);
    expect(group.describe().groupState).toBe('Stable');
    expect(text(group.sync(back).answer.assignment)).toBe('p1');
    expect(group.heartbeat(follower, 'two')).toBe(ErrorCode.FENCED_INSTANCE_ID);
    expect(group.heartbeat(follower)).toBe(ErrorCode.UNKNOWN_MEMBER_ID);
    expect(group.heartbeat(back, 'two')).toBe(0);
    group.crash();
    expect(group.heartbeat(back, 'two')).toBe(0);
  });

  it('that leads and restarts is to skip the assignment, or else its former self leads', () => {
    const { group, leader } = twoStatics();
    const back = group.join(one).answer;
    expect(back).toMatchObject({ leader: back.memberId, skipAssignment: true });
    expect(back.members).toHaveLength(2);

    const before = twoStatics();
    const old = before.group.join({ ...one, supportsSkippingAssignment: false }).answer;
    expect(old).toMatchObject({ leader: before.leader.memberId, skipAssignment: false });
    expect(old.members).toEqual([]);
    expect(leader.memberId).not.toBe(back.memberId);
  });

  it('that restarts with another protocol makes the group choose again', () => {
    const group = new TestGroup({ groupInitialRebalanceDelayMs: 0 });
    const both = ['range', 'sticky'].map((name) => ({ name, metadata: bytes(name) }));
    const alone = group.join({ ...one, protocols: both }).answer;
    group.sync(alone);
    const back = group.join({ ...one, protocols: both.toReversed() });
    expect(back.answer).toMatchObject({ generationId: 2, protocolName: 'sticky' });
  });

  it('that restarts while the leader assigns makes everybody join again', () => {
    const group = new TestGroup();
    const joins = [group.join(one), group.join(two)];
    group.advance(6_000);
    const [leader, follower] = joins.map(({ answer }) => answer);
    const waiting = group.sync(follower);
    const back = group.join(two);
    expect(waiting.answer.errorCode).toBe(ErrorCode.FENCED_INSTANCE_ID);
    expect(back.held).toBe(true);
    expect(group.sync(leader, {}, one).answer.errorCode).toBe(ErrorCode.REBALANCE_IN_PROGRESS);
    group.join({ ...one, memberId: leader.memberId });
    expect(back.answer).toMatchObject({ generationId: 2, leader: leader.memberId });
  });

  it('that restarts while members join replaces its own waiting call', () => {
    const { group, leader } = twoStatics();
    const first = group.join({ ...one, memberId: leader.memberId });
    const second = group.join(one);
    expect(first.answer.errorCode).toBe(ErrorCode.FENCED_INSTANCE_ID);
    expect(second.held).toBe(true);
    group.join(two);
    expect(second.answer).toMatchObject({ errorCode: 0, generationId: 2, leader: 'one-uuid3' });
  });

  it('that did not rejoin in time keeps its place, but not the lead', () => {
    const { group, leader, follower } = twoStatics({ sessionTimeoutMs: 300_000 });
    const rejoin = group.join({
      ...two,
      memberId: follower.memberId,
      sessionTimeoutMs: 300_000,
      protocols: [{ name: 'range', metadata: bytes('changed') }],
    });
    group.advance(60_000);
    expect(rejoin.answer).toMatchObject({ generationId: 2, leader: follower.memberId });
    expect(rejoin.answer.members.map(({ memberId }) => memberId)).toContain(leader.memberId);
  });

  it('does not leave by being silent for less than its session, and goes after', () => {
    const { group } = twoStatics();
    group.advance(9_999);
    expect(group.describe().members).toHaveLength(2);
    group.advance(1);
    expect(group.describe().members).toHaveLength(0);
  });

  it('can be removed by its instance id alone, and not in the name of another', () => {
    const { group, leader, follower } = twoStatics();
    expect(group.leave({ memberId: leader.memberId, groupInstanceId: 'two' })).toEqual([
      ErrorCode.FENCED_INSTANCE_ID,
    ]);
    expect(group.leave({ memberId: '', groupInstanceId: 'three' })).toEqual([
      ErrorCode.UNKNOWN_MEMBER_ID,
    ]);
    expect(group.leave({ memberId: '', groupInstanceId: 'two' })).toEqual([0]);
    expect(group.heartbeat(follower, 'two')).toBe(ErrorCode.UNKNOWN_MEMBER_ID);
    expect(group.describe()).toMatchObject({ groupState: 'PreparingRebalance', members: [{}] });
  });

  it('is fenced in joins, syncs and commits too', () => {
    const { group, leader, follower } = twoStatics();
    const theirs = { ...two, memberId: leader.memberId, generationId: 1 };
    expect(group.join(theirs).answer.errorCode).toBe(ErrorCode.FENCED_INSTANCE_ID);
    expect(group.sync(leader, {}, two).answer.errorCode).toBe(ErrorCode.FENCED_INSTANCE_ID);
    expect(group.commit({ 0: 1 }, theirs).errorCode).toBe(ErrorCode.FENCED_INSTANCE_ID);
    expect(group.commit({ 0: 1 }, { ...theirs, memberId: follower.memberId }).errorCode).toBe(0);
    const unknown = { memberId: leader.memberId, groupInstanceId: 'three', generationId: 1 };
    expect(group.commit({ 0: 1 }, unknown).errorCode).toBe(ErrorCode.UNKNOWN_MEMBER_ID);
  });
});
