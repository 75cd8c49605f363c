/**
 * What is left of a group when its coordinator loses its memory: everything that settled, nothing
 * that was under way.
 */
import { describe, expect, it } from 'vitest';
import { ErrorCode } from '../../../src/protocol/errors.ts';
import { TestGroup, text } from './test-group.ts';

describe('after a restart', () => {
  it('members, generation and assignments of a Stable group stand', () => {
    const group = new TestGroup();
    const [leader, follower] = group.stable(2);
    const before = group.describe();
    group.crash();
    expect(group.describe()).toEqual(before);
    expect([group.heartbeat(leader), group.heartbeat(follower)]).toEqual([0, 0]);
    expect(text(group.sync(follower).answer.assignment)).toBe(follower.memberId);
    const same = group.join({ memberId: follower.memberId });
    expect(same.answer).toMatchObject({ errorCode: 0, generationId: 1, leader: leader.memberId });
  });

  it('a rebalance that was under way is forgotten, and starts over when members ask', () => {
    const group = new TestGroup();
    const [leader, follower] = group.stable(2);
    group.join({ memberId: leader.memberId });
    group.join();
    group.crash();
    expect(group.describe().groupState).toBe('Stable');
    const rejoin = group.join({ memberId: leader.memberId });
    expect(rejoin.held).toBe(true);
    expect(group.heartbeat(follower)).toBe(ErrorCode.REBALANCE_IN_PROGRESS);
    group.join({ memberId: follower.memberId });
    expect(rejoin.answer.generationId).toBe(2);
  });

  it('a generation that was never assigned is refused as the old one', () => {
    const group = new TestGroup();
    const [leader] = group.stable(1);
    const rejoin = group.join({ memberId: leader.memberId });
    group.crash();
    expect(group.sync(rejoin.answer).answer.errorCode).toBe(ErrorCode.ILLEGAL_GENERATION);
    expect(group.heartbeat(rejoin.answer)).toBe(ErrorCode.ILLEGAL_GENERATION);
    expect(group.join({ memberId: leader.memberId }).answer.generationId).toBe(2);
  });

  it('an Empty group keeps its generation, so that none is ever used twice', () => {
    const group = new TestGroup();
    const [member] = group.stable(1);
    group.leave(member.memberId);
    group.crash();
    expect(group.describe().groupState).toBe('Empty');
    const join = group.join();
    group.advance(3_000);
    expect(join.answer.generationId).toBe(3);
  });

  it('members get a full session from the first event on', () => {
    const group = new TestGroup();
    const [leader, follower] = group.stable(2);
    group.advance(9_000);
    group.crash();
    group.advance(60_000);
    expect(group.heartbeat(leader)).toBe(0);
    group.advance(9_999);
    expect(group.heartbeat(leader)).toBe(0);
    group.advance(1);
    expect(group.heartbeat(leader)).toBe(ErrorCode.REBALANCE_IN_PROGRESS);
    expect(group.describe().members.map(({ memberId }) => memberId)).not.toContain(
      follower.memberId,
    );
  });
});

describe('a coordinator that sleeps between alarms', () => {
  /** The alarm wakes it, and it falls asleep again before anything else happens. */
  function sleepUntilAlarm(group: TestGroup): void {
    const alarm = group.machine.deadline;
    group.crash();
    group.now = Math.max(group.now, alarm ?? group.now);
    group.ring();
  }

  it('still takes silent members for dead', () => {
    const group = new TestGroup();
    group.stable(2);
    sleepUntilAlarm(group);
    expect(group.describe().groupState).toBe('Stable');
    expect(group.table.has('probation')).toBe(true);
    sleepUntilAlarm(group);
    expect(group.describe()).toMatchObject({ groupState: 'Empty', members: [] });
    expect(group.table.has('probation')).toBe(false);
  });

  it('lets off whoever is heard of, and writes that once', () => {
    const group = new TestGroup();
    const [leader, follower] = group.stable(2);
    sleepUntilAlarm(group);
    group.advance(5_000);
    const before = group.written.length;
    expect(group.heartbeat(leader)).toBe(0);
    expect(group.written).toHaveLength(before + 1);
    group.heartbeat(leader);
    expect(group.written).toHaveLength(before + 1);
    sleepUntilAlarm(group);
    expect(group.describe().members.map(({ memberId }) => memberId)).toEqual([leader.memberId]);
    expect(group.heartbeat(follower)).toBe(ErrorCode.UNKNOWN_MEMBER_ID);
  });

  it('lets off a member whose time was up, if it is heard of first', () => {
    const group = new TestGroup();
    const [member] = group.stable(1);
    sleepUntilAlarm(group);
    group.crash();
    group.now += 3_600_000;
    expect(group.heartbeat(member)).toBe(0);
    expect(group.table.has('probation')).toBe(false);
  });

  it('writes nothing when an alarm finds nothing to do', () => {
    const group = new TestGroup();
    group.stable(1);
    group.advance(1_000);
    const before = group.written.length;
    group.ring();
    expect(group.written).toHaveLength(before);
  });
});
