import { describe, expect, it } from 'vitest';
import { ErrorCode } from '../../../../src/protocol/errors.ts';
import { ConsumerTestGroup, TestMember } from './test-members.ts';

function started(...names: string[]) {
  const group = new ConsumerTestGroup();
  const members = names.map((name) => new TestMember(group, name));
  return { group, members };
}

describe('a consumer group', () => {
  it('gives all to the first, and half to the second when the first has let go', () => {
    const { group, members } = started('a', 'b');
    const [a, b] = members;
    expect(a.join()).toMatchObject({ memberEpoch: 2, heartbeatIntervalMs: 5_000 });
    expect(a.count).toBe(4);
    group.advance(1_000);
    expect(b.join()).toMatchObject({ memberEpoch: 3, assignedPartitions: [] });
    expect(a.beat()).toMatchObject({ memberEpoch: 2 });
    expect(a.count).toBe(2);
    expect(group.describe848().groupState).toBe('Reconciling');
    expect(b.beat().assignedPartitions).toBeNull();
    expect(a.beat()).toMatchObject({ memberEpoch: 3, assignedPartitions: null });
    expect(b.beat().memberEpoch).toBe(3);
    expect(b.count).toBe(2);
    expect(new Set([...a.partitions, ...b.partitions]).size).toBe(4);
    expect(group.describe848()).toMatchObject({ groupState: 'Stable', groupEpoch: 3 });
  });

  it('writes nothing for a heartbeat that changes nothing, and looks up topics once a minute', () => {
    const { group, members } = started('a', 'b');
    for (const member of members) member.join();
    for (let round = 0; round < 4; round++) {
      group.advance(1_000);
      for (const member of members) member.beat();
    }
    const written = group.written.length;
    const { lookUps } = group;
    for (let round = 0; round < 12; round++) {
      group.advance(4_000);
      for (const member of members) {
        expect(member.beat({ owned: null }).assignedPartitions).toBeNull();
      }
    }
    expect(group.written.length).toBe(written);
    expect(group.lookUps).toBe(lookUps);
    group.advance(15_000);
    for (const member of members) member.beat();
    expect(group.lookUps).toBe(lookUps + 1);
    expect(group.written.length).toBe(written);
  });

  it('goes on after a crash as if nothing had been', () => {
    const { group, members } = started('a', 'b');
    const [a, b] = members;
    a.join();
    group.advance(1_000);
    b.join();
    a.beat();
    const before = group.describe848();
    group.crash();
    expect(group.describe848()).toEqual(before);
    a.beat();
    b.beat();
    expect([a.count, b.count]).toEqual([2, 2]);
  });

  it('makes targets at most once in the interval', () => {
    const { group, members } = started('a', 'b', 'c');
    for (const member of members) member.join();
    expect(group.describe848()).toMatchObject({ groupEpoch: 4, assignmentEpoch: 2 });
    expect(group.describe848().groupState).toBe('Assigning');
    group.advance(1_000);
    members[0].beat();
    expect(group.describe848()).toMatchObject({ groupEpoch: 4, assignmentEpoch: 4 });
  });

  it('puts out a member that falls silent, also when only alarms wake it', () => {
    const { group, members } = started('a', 'b');
    for (const member of members) member.join();
    group.advance(30_000);
    members[1].beat();
    group.crash();
    group.ring();
    group.crash();
    group.advance(44_000);
    members[1].beat();
    group.advance(2_000);
    expect(members[0].beat().errorCode).toBe(ErrorCode.UNKNOWN_MEMBER_ID);
    members[1].beat();
    expect(members[1].count).toBe(4);
  });

  it('puts out a member that does not give up what it must', () => {
    const { group, members } = started('a', 'b');
    const [a, b] = members;
    a.join();
    group.advance(1_000);
    b.join();
    const all = a.owned;
    for (let round = 0; round < 7; round++) {
      a.beat({ owned: all });
      b.beat();
      group.crash();
      group.advance(5_000);
    }
    expect(a.beat({ owned: all }).errorCode).toBe(ErrorCode.UNKNOWN_MEMBER_ID);
    b.beat();
    expect(b.count).toBe(4);
  });

  it('believes the last epoch of a member that missed an answer, and fences every other', () => {
    const { group, members } = started('a');
    const [a] = members;
    a.join();
    group.advance(1_000);
    a.beat({ subscribedTopicNames: ['t', 'u'] });
    expect(a.memberEpoch).toBe(3);
    expect(a.beat({ memberEpoch: 2 }).memberEpoch).toBe(3);
    const refusals = [1, 4].map((memberEpoch) => a.beat({ memberEpoch }).errorCode);
    expect(refusals).toEqual([ErrorCode.FENCED_MEMBER_EPOCH, ErrorCode.FENCED_MEMBER_EPOCH]);
    const unowned = [{ topicId: 'U', partitions: [0] }];
    expect(a.beat({ memberEpoch: 2, owned: unowned }).errorCode).toBe(
      ErrorCode.FENCED_MEMBER_EPOCH,
    );
  });

  it('keeps the place of a static member that says it comes back', () => {
    const { group, members } = started('a', 'b');
    const [a, b] = members;
    const groupInstanceId = 'one';
    a.join({ groupInstanceId });
    expect(b.join({ groupInstanceId }).errorCode).toBe(ErrorCode.UNRELEASED_INSTANCE_ID);
    a.beat({ groupInstanceId, memberEpoch: -2 });
    expect(b.join({ groupInstanceId })).toMatchObject({ errorCode: 0, memberEpoch: 2 });
    expect(b.count).toBe(4);
    expect(group.describe848()).toMatchObject({ groupEpoch: 2, members: [{ memberId: 'b' }] });
    const late = a.beat({ groupInstanceId, memberEpoch: 2 });
    expect(late.errorCode).toBe(ErrorCode.FENCED_INSTANCE_ID);
  });

  it('has no room beyond its size', () => {
    const group = new ConsumerTestGroup({ groupConsumerMaxSize: 1 });
    expect(new TestMember(group, 'a').join().errorCode).toBe(0);
    const { errorCode } = new TestMember(group, 'b').join();
    expect(errorCode).toBe(ErrorCode.GROUP_MAX_SIZE_REACHED);
  });

  it('reads by a pattern, and sees topics that come', () => {
    const { group, members } = started('a');
    const [a] = members;
    group.topics.set('tea', 1).set('coffee', 1);
    a.join({ subscribedTopicNames: null, subscribedTopicRegex: 'te.*' });
    expect(a.partitions).toEqual(['TEA:0']);
    group.topics.set('ten', 2);
    group.advance(1_000);
    a.beat({ topicsChangedAtMs: group.now });
    expect(a.partitions).toEqual(['TEA:0', 'TEN:0', 'TEN:1']);
    const wrong = a.beat({ subscribedTopicRegex: '(' });
    expect(wrong.errorCode).toBe(ErrorCode.INVALID_REGULAR_EXPRESSION);
  });

  it('takes away the partitions of a topic that is gone', () => {
    const { group, members } = started('a');
    const [a] = members;
    a.join();
    group.topics.delete('t');
    group.advance(60_000 - 45_000);
    a.beat();
    group.advance(44_000);
    a.beat();
    group.advance(2_000);
    a.beat();
    expect(a.count).toBe(0);
  });

  it('is forgotten when it is empty and has no offsets', () => {
    const { group, members } = started('a');
    members[0].join();
    members[0].leave();
    expect(group.describe848()).toMatchObject({ groupState: 'Empty', members: [] });
    group.advance(600_000);
    expect(group.table.size).toBe(0);
    expect(group.machine.exists).toBe(false);
  });
});
