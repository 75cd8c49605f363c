/** What happens between joins: assignments, heartbeats, leaving, and members that fall silent. */
import { describe, expect, it } from 'vitest';
import { ErrorCode } from '../../../src/protocol/errors.ts';
import { bytes, TestGroup, text } from './test-group.ts';

function joined(group: TestGroup, count: number) {
  const joins = Array.from({ length: count }, () => group.join());
  while (joins.some(({ held }) => held)) group.advance(1_000);
  return joins.map(({ answer }) => answer);
}

describe('SyncGroup', () => {
  it('followers wait for the leader, each gets its own, a forgotten one gets nothing', () => {
    const group = new TestGroup();
    const [leader, follower, forgotten] = joined(group, 3);
    const waiting = group.sync(follower);
    expect(waiting.held).toBe(true);
    const led = group.sync(leader, { [leader.memberId]: 'p0', [follower.memberId]: 'p1' });
    expect(led.answer).toMatchObject({
      errorCode: 0,
      protocolType: 'consumer',
      protocolName: 'range',
    });
    expect(text(led.answer.assignment)).toBe('p0');
    expect(text(waiting.answer.assignment)).toBe('p1');
    expect(group.describe().groupState).toBe('Stable');
    const late = group.sync(forgotten);
    expect(late.answer).toMatchObject({ errorCode: 0, assignment: new Uint8Array(0) });
  });

  it('asked again in a Stable group, answers what stands', () => {
    const group = new TestGroup();
    const [, follower] = group.stable(2);
    expect(text(group.sync(follower).answer.assignment)).toBe(follower.memberId);
  });

  it('sent again while waiting, takes over from the abandoned call', () => {
    const group = new TestGroup();
    const [leader, follower] = joined(group, 2);
    const abandoned = group.sync(follower);
    const waiting = group.sync(follower);
    expect(abandoned.answer.errorCode).toBe(ErrorCode.REBALANCE_IN_PROGRESS);
    group.sync(leader, { [follower.memberId]: 'p1' });
    expect(text(waiting.answer.assignment)).toBe('p1');
  });

  it('is refused to who is not in this generation of this protocol', () => {
    const group = new TestGroup();
    const [leader] = joined(group, 1);
    const code = (...args: Parameters<TestGroup['sync']>) => group.sync(...args).answer.errorCode;
    expect(code({ ...leader, memberId: 'nobody' })).toBe(ErrorCode.UNKNOWN_MEMBER_ID);
    expect(code({ ...leader, generationId: 2 })).toBe(ErrorCode.ILLEGAL_GENERATION);
    expect(code(leader, {}, { protocolType: 'connect' })).toBe(
      ErrorCode.INCONSISTENT_GROUP_PROTOCOL,
    );
    expect(code(leader, {}, { protocolName: 'sticky' })).toBe(
      ErrorCode.INCONSISTENT_GROUP_PROTOCOL,
    );
    expect(code(leader, {}, { groupId: '' })).toBe(ErrorCode.INVALID_GROUP_ID);
    expect(new TestGroup().sync(leader).answer.errorCode).toBe(ErrorCode.UNKNOWN_MEMBER_ID);
    expect(code(leader, {}, { protocolType: 'consumer', protocolName: 'range' })).toBe(0);
  });

  it('during a rebalance: join again', () => {
    const group = new TestGroup();
    const [leader, follower] = group.stable(2);
    group.join({ memberId: leader.memberId });
    expect(group.sync(follower).answer.errorCode).toBe(ErrorCode.REBALANCE_IN_PROGRESS);
  });

  it('members that do not ask for their assignment in time are out', () => {
    const group = new TestGroup();
    const [leader, follower] = joined(group, 2);
    const waiting = group.sync(follower);
    for (let beats = 0; beats < 12; beats++) {
      group.advance(5_000);
      group.heartbeat(leader);
    }
    expect(waiting.answer.errorCode).toBe(ErrorCode.REBALANCE_IN_PROGRESS);
    expect(group.heartbeat(leader)).toBe(ErrorCode.UNKNOWN_MEMBER_ID);
    const rejoin = group.join({ memberId: follower.memberId });
    expect(rejoin.answer).toMatchObject({ generationId: 2, leader: follower.memberId });
  });

  it('even a Stable group puts out a follower that never asked', () => {
    const group = new TestGroup();
    const [leader, follower] = joined(group, 2);
    group.sync(leader);
    for (let beats = 0; beats < 12; beats++) {
      group.advance(5_000);
      expect(group.describe().groupState).toBe(beats < 11 ? 'Stable' : 'PreparingRebalance');
      group.heartbeat(leader);
      group.heartbeat(follower);
    }
    expect(group.describe().members.map(({ memberId }) => memberId)).toEqual([leader.memberId]);
  });
});

describe('Heartbeat', () => {
  it('keeps a member, and says what the group is up to', () => {
    const group = new TestGroup();
    const [leader, follower] = group.stable(2);
    for (let beats = 0; beats < 10; beats++) {
      group.advance(9_000);
      expect([group.heartbeat(leader), group.heartbeat(follower)]).toEqual([0, 0]);
    }
    group.join({ memberId: leader.memberId });
    expect(group.heartbeat(follower)).toBe(ErrorCode.REBALANCE_IN_PROGRESS);
  });

  it('is already welcome before the leader has assigned', () => {
    const group = new TestGroup();
    const [member] = joined(group, 1);
    expect(group.heartbeat(member)).toBe(0);
  });

  it('writes nothing', () => {
    const group = new TestGroup();
    const [member] = group.stable(1);
    const before = group.written.length;
    group.advance(1_000);
    group.heartbeat(member);
    expect(group.written).toHaveLength(before);
  });

  it('is refused to strangers and to other generations', () => {
    const group = new TestGroup();
    const [member] = group.stable(1);
    expect(group.heartbeat({ ...member, memberId: 'x' })).toBe(ErrorCode.UNKNOWN_MEMBER_ID);
    expect(group.heartbeat({ ...member, generationId: 0 })).toBe(ErrorCode.ILLEGAL_GENERATION);
    expect(new TestGroup().heartbeat(member)).toBe(ErrorCode.UNKNOWN_MEMBER_ID);
  });
});

describe('the session', () => {
  it('ends a silent member, and the rest rebalance', () => {
    const group = new TestGroup();
    const [leader, follower] = group.stable(2);
    group.advance(9_999);
    expect(group.heartbeat(follower)).toBe(0);
    group.advance(1);
    expect(group.heartbeat(follower)).toBe(ErrorCode.REBALANCE_IN_PROGRESS);
    const rejoin = group.join({ memberId: follower.memberId });
    expect(rejoin.answer).toMatchObject({ generationId: 2, leader: follower.memberId });
    expect(group.heartbeat(leader)).toBe(ErrorCode.UNKNOWN_MEMBER_ID);
  });

  it('of the last member empties the group, which is remembered for a while', () => {
    const group = new TestGroup();
    group.stable(1);
    group.advance(10_000);
    expect(group.describe()).toMatchObject({
      groupState: 'Empty',
      protocolType: 'consumer',
      protocolData: '',
      members: [],
    });
    group.advance(600_000);
    expect(group.machine.exists).toBe(false);
    expect(group.table.size).toBe(0);
  });

  it('does not end while a member waits in a parked call', () => {
    const group = new TestGroup();
    const [leader, follower] = group.stable(2);
    const rejoin = group.join({ memberId: leader.memberId });
    for (let beats = 0; beats < 5; beats++) {
      group.advance(9_000);
      group.heartbeat(follower);
    }
    expect(rejoin.held).toBe(true);
    group.join({ memberId: follower.memberId });
    const waiting = group.sync(rejoin.answer);
    expect(waiting.answer.errorCode).toBe(0);
  });
});

describe('LeaveGroup', () => {
  it('of one member makes the others rebalance; of the last one empties the group', () => {
    const group = new TestGroup();
    const [leader, follower] = group.stable(2);
    expect(group.leave(leader.memberId)).toEqual([0]);
    expect(group.heartbeat(follower)).toBe(ErrorCode.REBALANCE_IN_PROGRESS);
    expect(group.leave(follower.memberId)).toEqual([0]);
    expect(group.describe().groupState).toBe('Empty');
    expect(group.leave(follower.memberId)).toEqual([ErrorCode.UNKNOWN_MEMBER_ID]);
  });

  it('each has its own code; a pending member may leave too', () => {
    const group = new TestGroup();
    const [first, second] = group.stable(2);
    const pending = group.join({ requiresKnownMemberId: true }).answer;
    expect(group.leave(first.memberId, 'stranger', pending.memberId, second.memberId)).toEqual([
      0,
      ErrorCode.UNKNOWN_MEMBER_ID,
      0,
      0,
    ]);
    expect(group.describe().groupState).toBe('Empty');
  });

  it('who leaves while it waits is answered', () => {
    const group = new TestGroup();
    const [leader, follower] = joined(group, 2);
    const waiting = group.sync(follower);
    group.leave(follower.memberId);
    expect(waiting.answer.errorCode).toBe(ErrorCode.UNKNOWN_MEMBER_ID);
    const rejoin = group.join({ memberId: leader.memberId });
    expect(rejoin.answer.generationId).toBe(2);
  });

  it('ends a rebalance that waited for nobody else, but not the initial delay', () => {
    const group = new TestGroup();
    const [leader, follower] = group.stable(2);
    const rejoin = group.join({ memberId: leader.memberId });
    group.leave(follower.memberId);
    expect(rejoin.answer.generationId).toBe(2);

    const fresh = new TestGroup();
    const [stays, goes] = [fresh.join(), fresh.join()];
    fresh.leave('c-uuid2');
    expect(goes.answer.errorCode).toBe(ErrorCode.UNKNOWN_MEMBER_ID);
    expect(stays.held).toBe(true);
    fresh.advance(6_000);
    expect(stays.answer.members).toHaveLength(1);
  });

  it('a group that does not exist has no members; one without a name is invalid', () => {
    const group = new TestGroup();
    expect(group.leave('a', 'b')).toEqual(Array(2).fill(ErrorCode.UNKNOWN_MEMBER_ID));
    const nameless = group.call('leaveGroup', { groupId: '', members: [] });
    expect(nameless.answer.errorCode).toBe(ErrorCode.INVALID_GROUP_ID);
  });
});

describe('DescribeGroup and ListGroup', () => {
  it('show metadata and assignments of a Stable group only', () => {
    const group = new TestGroup();
    const joins = [group.join(), group.join({ clientId: 'd', clientHost: '/10.0.0.1' })];
    group.advance(6_000);
    expect(group.describe().members[1]).toEqual({
      memberId: 'd-uuid2',
      groupInstanceId: null,
      clientId: 'd',
      clientHost: '/10.0.0.1',
      memberMetadata: new Uint8Array(0),
      memberAssignment: new Uint8Array(0),
    });
    group.sync(joins[0].answer, { 'd-uuid2': 'p1' });
    expect(group.describe()).toMatchObject({ groupState: 'Stable', protocolData: 'range' });
    expect(group.describe().members[1]).toMatchObject({
      memberMetadata: bytes('topics'),
      memberAssignment: bytes('p1'),
    });
    expect(group.call('listGroup', { groupId: 'g' }).answer.group).toEqual({
      groupType: 'classic',
      groupState: 'Stable',
      protocolType: 'consumer',
    });
  });

  it('a group that does not exist is Dead, and not listed', () => {
    const group = new TestGroup();
    const { answer } = group.call('describeGroup', { groupId: 'g' });
    expect(answer.errorCode).toBe(ErrorCode.GROUP_ID_NOT_FOUND);
    expect(answer.group.groupState).toBe('Dead');
    expect(group.call('listGroup', { groupId: 'g' }).answer.group).toBeNull();
  });
});
