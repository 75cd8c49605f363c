/** Who may join a group, how a generation forms, and what each member is told. */
import { describe, expect, it } from 'vitest';
import { ErrorCode } from '../../../src/protocol/errors.ts';
import { bytes, TestGroup, text } from './test-group.ts';

describe('the first generation', () => {
  it('forms after the initial delay, with one leader who is told of everybody', () => {
    const group = new TestGroup();
    const first = group.join();
    group.advance(1_000);
    const second = group.join({ protocols: [{ name: 'range', metadata: bytes('mine') }] });
    expect(first.held && second.held).toBe(true);
    group.advance(2_000);
    expect(first.held).toBe(true);
    group.advance(3_000);

    expect(first.answer).toMatchObject({
      errorCode: 0,
      generationId: 1,
      protocolType: 'consumer',
      protocolName: 'range',
      leader: first.answer.memberId,
      memberId: 'c-uuid1',
      skipAssignment: false,
    });
    expect(first.answer.members.map(({ memberId }) => memberId)).toEqual(['c-uuid1', 'c-uuid2']);
    expect(text(first.answer.members[1].metadata)).toBe('mine');
    expect(second.answer).toMatchObject({
      generationId: 1,
      leader: 'c-uuid1',
      memberId: 'c-uuid2',
    });
    expect(second.answer.members).toEqual([]);
    expect(group.describe().groupState).toBe('CompletingRebalance');
  });

  it('is put off while members keep arriving, up to the rebalance timeout', () => {
    const group = new TestGroup();
    const first = group.join({ rebalanceTimeoutMs: 10_000 });
    for (let arrived = 1; arrived <= 3; arrived++) {
      group.advance(2_900);
      group.join({ rebalanceTimeoutMs: 10_000 });
      expect(first.held).toBe(true);
    }
    group.advance(1_300);
    expect(first.answer.members).toHaveLength(4);
  });

  it('comes at once when there is no initial delay', () => {
    const group = new TestGroup({ groupInitialRebalanceDelayMs: 0 });
    expect(group.join().answer).toMatchObject({ errorCode: 0, generationId: 1 });
  });

  it('writes nothing until the leader has assigned', () => {
    const group = new TestGroup();
    const join = group.join();
    group.advance(3_000);
    expect(group.written).toEqual([]);
    group.sync(join.answer, { [join.answer.memberId]: 'all' });
    expect(group.written.map(({ key }) => key)).toEqual(['group']);
  });
});

describe('a new dynamic member', () => {
  it('is first sent away with its id, and joins when it comes back', () => {
    const group = new TestGroup();
    const { answer } = group.join({ requiresKnownMemberId: true });
    expect(answer).toMatchObject({
      errorCode: ErrorCode.MEMBER_ID_REQUIRED,
      memberId: 'c-uuid1',
      generationId: -1,
    });
    const again = group.join({ requiresKnownMemberId: true, memberId: 'c-uuid1' });
    group.advance(3_000);
    expect(again.answer).toMatchObject({ errorCode: 0, memberId: 'c-uuid1', generationId: 1 });
  });

  it('keeps a rebalance waiting until its id lapses', () => {
    const group = new TestGroup();
    const [member] = group.stable(1);
    group.join({ requiresKnownMemberId: true });
    const rejoin = group.join({ memberId: member.memberId });
    group.advance(9_000);
    expect(rejoin.held).toBe(true);
    group.advance(1_000);
    expect(rejoin.answer).toMatchObject({ errorCode: 0, generationId: 2 });
    const lapsed = group.join({ memberId: 'c-uuid2' });
    expect(lapsed.answer.errorCode).toBe(ErrorCode.UNKNOWN_MEMBER_ID);
  });

  it('that never came back leaves no group behind', () => {
    const group = new TestGroup();
    group.join({ requiresKnownMemberId: true });
    expect(group.machine.exists).toBe(true);
    group.advance(10_000);
    expect(group.machine.exists).toBe(false);
    expect(group.machine.deadline).toBeUndefined();
    expect(group.written).toEqual([]);
  });

  it('with an id that nobody gave out is unknown', () => {
    const group = new TestGroup();
    expect(group.join({ memberId: 'me' }).answer).toMatchObject({
      errorCode: ErrorCode.UNKNOWN_MEMBER_ID,
      memberId: 'me',
    });
    group.stable(1);
    expect(group.join({ memberId: 'me' }).answer.errorCode).toBe(ErrorCode.UNKNOWN_MEMBER_ID);
    expect(group.describe().members).toHaveLength(1);
  });

  it('may join twice in a row without an id: the first one lasts as long as its session', () => {
    const group = new TestGroup();
    const abandoned = group.join();
    const join = group.join();
    group.advance(6_000);
    expect(join.answer.members.concat(abandoned.answer.members)).toHaveLength(2);
    group.sync(join.answer);
    for (let beat = 0; beat < 4; beat++) {
      group.advance(3_000);
      group.heartbeat(join.answer);
    }
    expect(group.heartbeat(join.answer)).toBe(ErrorCode.REBALANCE_IN_PROGRESS);
    const rejoin = group.join({ memberId: join.answer.memberId });
    expect(rejoin.answer).toMatchObject({ generationId: 2, leader: join.answer.memberId });
    expect(rejoin.answer.members).toHaveLength(1);
  });

  it('that waits longer than five minutes is taken for gone', () => {
    const group = new TestGroup();
    const [member] = group.stable(1, { rebalanceTimeoutMs: 600_000, sessionTimeoutMs: 1_000_000 });
    const join = group.join({ rebalanceTimeoutMs: 600_000 });
    group.advance(299_000);
    expect(join.held).toBe(true);
    group.advance(1_000);
    expect(join.answer).toMatchObject({ errorCode: ErrorCode.UNKNOWN_MEMBER_ID, memberId: '' });
    expect(group.heartbeat(member)).toBe(ErrorCode.REBALANCE_IN_PROGRESS);
  });
});

describe('refusals', () => {
  it.each([
    ['an empty group id', { groupId: '' }, ErrorCode.INVALID_GROUP_ID],
    ['a session too short', { sessionTimeoutMs: 5_999 }, ErrorCode.INVALID_SESSION_TIMEOUT],
    ['a session too long', { sessionTimeoutMs: 1_800_001 }, ErrorCode.INVALID_SESSION_TIMEOUT],
    ['no protocol type', { protocolType: '' }, ErrorCode.INCONSISTENT_GROUP_PROTOCOL],
    ['no protocols', { protocols: [] }, ErrorCode.INCONSISTENT_GROUP_PROTOCOL],
  ])('%s', (_, changes, errorCode) => {
    const group = new TestGroup();
    expect(group.join(changes).answer.errorCode).toBe(errorCode);
    expect(group.machine.exists).toBe(false);
  });

  it('another protocol type, or no protocol that everybody knows', () => {
    const group = new TestGroup();
    group.stable(1);
    const other = group.join({ protocolType: 'connect' });
    expect(other.answer.errorCode).toBe(ErrorCode.INCONSISTENT_GROUP_PROTOCOL);
    const sticky = group.join({ protocols: [{ name: 'sticky', metadata: bytes('') }] });
    expect(sticky.answer.errorCode).toBe(ErrorCode.INCONSISTENT_GROUP_PROTOCOL);
    expect(group.describe()).toMatchObject({ groupState: 'Stable' });
  });

  it('one member more than a group may have', () => {
    const group = new TestGroup({ groupMaxSize: 2 });
    group.stable(2);
    expect(group.join().answer).toMatchObject({
      errorCode: ErrorCode.GROUP_MAX_SIZE_REACHED,
      memberId: '',
    });
    expect(group.describe()).toMatchObject({ groupState: 'Stable', members: [{}, {}] });
  });

  it('while joining, those that wait count, and the last to rejoin is put out', () => {
    const group = new TestGroup({ groupMaxSize: 2 });
    const [leader, follower] = group.stable(2);
    group.join({ memberId: leader.memberId });
    const late = group.join({ rebalanceTimeoutMs: 5_000 });
    expect(late.held).toBe(true);
    const put = group.join({ memberId: follower.memberId });
    expect(put.answer.errorCode).toBe(ErrorCode.GROUP_MAX_SIZE_REACHED);
    group.advance(60_000);
    expect(late.answer.errorCode).toBe(0);
  });
});

describe('the protocol', () => {
  const protocols = (...names: string[]) => ({
    protocols: names.map((name) => ({ name, metadata: bytes(name) })),
  });

  it('is the one with the most votes among those that everybody knows', () => {
    const group = new TestGroup();
    const joins = [
      group.join(protocols('only-mine', 'range', 'sticky')),
      group.join(protocols('sticky', 'range')),
      group.join(protocols('sticky', 'range')),
    ];
    group.advance(9_000);
    expect(joins[0].answer.protocolName).toBe('sticky');
    expect(joins[0].answer.members.map(({ metadata }) => text(metadata))).toEqual(
      Array(3).fill('sticky'),
    );
  });

  it('moves on when the last member that did not know better is gone', () => {
    const group = new TestGroup({ groupInitialRebalanceDelayMs: 0 });
    const old = group.join(protocols('range')).answer;
    group.sync(old);
    const young = group.join(protocols('cooperative', 'range'));
    expect(group.join({ memberId: old.memberId, ...protocols('range') }).answer.protocolName).toBe(
      'range',
    );
    group.leave(old.memberId);
    const { memberId } = young.answer;
    const alone = group.join({ memberId, ...protocols('cooperative', 'range') });
    expect(alone.answer).toMatchObject({ protocolName: 'cooperative', leader: memberId });
  });
});

describe('a member that joins again', () => {
  it('follower, nothing new, Stable: is told the generation that stands', () => {
    const group = new TestGroup();
    const [leader, follower] = group.stable(2);
    expect(group.join({ memberId: follower.memberId }).answer).toMatchObject({
      errorCode: 0,
      generationId: 1,
      leader: leader.memberId,
      members: [],
    });
    expect(group.describe().groupState).toBe('Stable');
  });

  it('follower with other metadata, or the leader as it is: everybody rebalances', () => {
    for (const change of [
      { who: 1, protocols: [{ name: 'range', metadata: bytes('more topics') }] },
      { who: 0, protocols: [{ name: 'range', metadata: bytes('topics') }] },
    ]) {
      const group = new TestGroup();
      const members = group.stable(2);
      const { memberId } = members[change.who];
      const rejoin = group.join({ memberId, protocols: change.protocols });
      expect(rejoin.held).toBe(true);
      const other = members[1 - change.who];
      expect(group.heartbeat(other)).toBe(ErrorCode.REBALANCE_IN_PROGRESS);
      const last = group.join({ memberId: other.memberId });
      expect([rejoin.answer.generationId, last.answer.generationId]).toEqual([2, 2]);
    }
  });

  it('before the leader has assigned: gets the same answer again, unless it changed', () => {
    const group = new TestGroup();
    const joins = [group.join(), group.join()];
    group.advance(6_000);
    const [leader, follower] = joins.map(({ answer }) => answer);
    expect(group.join({ memberId: leader.memberId }).answer).toEqual(leader);
    expect(group.join({ memberId: follower.memberId }).answer).toEqual(follower);
    const waiting = group.sync(follower);
    group.join({
      memberId: leader.memberId,
      protocols: [{ name: 'range', metadata: bytes('changed') }],
    });
    expect(waiting.answer.errorCode).toBe(ErrorCode.REBALANCE_IN_PROGRESS);
  });

  it('takes over from its own abandoned call', () => {
    const group = new TestGroup();
    const [leader] = group.stable(2);
    const abandoned = group.join({ memberId: leader.memberId });
    const rejoin = group.join({ memberId: leader.memberId });
    expect(abandoned.answer).toMatchObject({
      errorCode: ErrorCode.REBALANCE_IN_PROGRESS,
      memberId: leader.memberId,
    });
    expect(rejoin.held).toBe(true);
    group.advance(60_000);
    expect(rejoin.answer.errorCode).toBe(0);
  });
});

describe('the rebalance timeout', () => {
  it('ends the wait: dynamic members that did not rejoin are out, leadership moves', () => {
    const group = new TestGroup();
    const [leader, follower] = group.stable(2, { sessionTimeoutMs: 300_000 });
    const rejoin = group.join({
      memberId: follower.memberId,
      sessionTimeoutMs: 300_000,
      protocols: [{ name: 'range', metadata: bytes('changed') }],
    });
    group.advance(59_999);
    expect(rejoin.held).toBe(true);
    group.advance(1);
    expect(rejoin.answer).toMatchObject({ generationId: 2, leader: follower.memberId });
    expect(rejoin.answer.members).toHaveLength(1);
    expect(group.heartbeat({ ...leader, generationId: 2 })).toBe(ErrorCode.UNKNOWN_MEMBER_ID);
  });

  it('is the longest that any member asks for', () => {
    const group = new TestGroup();
    const [leader] = group.stable(2, { sessionTimeoutMs: 300_000 });
    const rejoin = group.join({ memberId: leader.memberId, rebalanceTimeoutMs: 1_000 });
    group.advance(59_000);
    expect(rejoin.held).toBe(true);
    group.advance(1_000);
    expect(rejoin.held).toBe(false);
  });

  it('tries again when nobody rejoined, until sessions end', () => {
    const group = new TestGroup();
    const changes = { groupInstanceId: 'static', rebalanceTimeoutMs: 1_000 };
    const [member] = group.stable(1, { ...changes, sessionTimeoutMs: 60_000 });
    const visitor = group.join({ rebalanceTimeoutMs: 1_000 });
    group.leave(visitor.reply?.memberId ?? 'c-uuid2');
    expect(visitor.answer.errorCode).toBe(ErrorCode.UNKNOWN_MEMBER_ID);
    expect(group.describe().groupState).toBe('PreparingRebalance');
    group.advance(30_000);
    expect(group.describe().groupState).toBe('PreparingRebalance');
    expect(group.heartbeat(member, 'static')).toBe(ErrorCode.REBALANCE_IN_PROGRESS);
    group.advance(60_000);
    expect(group.describe()).toMatchObject({ groupState: 'Empty', members: [] });
  });
});
