import { describe, expect, it } from 'vitest';
import { ErrorCode } from '../../../../src/protocol/errors.ts';
import { ShareTestGroup, TestMember } from './test-members.ts';

function started(names: readonly string[], changes = {}) {
  const group = new ShareTestGroup(changes);
  const members = names.map((name) => new TestMember(group, name));
  return { group, members };
}

const groupId = 'g';

describe('a share group', () => {
  it('gives all to the first, and half to the second', () => {
    const { group, members } = started(['a', 'b']);
    const [a, b] = members;
    expect(a.join()).toMatchObject({ memberEpoch: 2, heartbeatIntervalMs: 5_000, toStart: [] });
    expect(a.partitions).toEqual(['T:0', 'T:1', 'T:2', 'T:3']);
    group.advance(1_000);
    expect(b.join()).toMatchObject({ memberEpoch: 3 });
    expect(b.partitions.length).toBe(2);
    // Nobody waits until the first has said that it gave up two.
    expect(a.beat()).toMatchObject({ memberEpoch: 3 });
    expect(new Set([...a.partitions, ...b.partitions]).size).toBe(4);
    expect(group.describe932()).toMatchObject({
      groupState: 'Stable',
      groupEpoch: 3,
      assignmentEpoch: 3,
      assignorName: 'simple',
    });
  });

  it('lets members share where there are more of them than partitions', () => {
    const { group, members } = started(['a', 'b', 'c']);
    group.topics.set('t', 2);
    for (const member of members) {
      group.advance(1_000);
      member.join();
    }
    for (const member of members) member.beat();
    expect(members.every(({ partitions }) => partitions.length >= 1)).toBe(true);
    const all = members.flatMap(({ partitions }) => partitions);
    expect(all.length).toBe(4);
    expect(new Set(all).size).toBe(2);
  });

  it('makes targets once a second, and lets a member wait for them', () => {
    const { group, members } = started(['a', 'b']);
    const [a, b] = members;
    a.join();
    group.advance(10);
    expect(b.join()).toMatchObject({ memberEpoch: 2, assignedPartitions: [] });
    expect(group.describe932()).toMatchObject({ groupEpoch: 3, assignmentEpoch: 2 });
    group.advance(1_000);
    expect(b.beat()).toMatchObject({ memberEpoch: 3 });
    expect(b.partitions.length).toBe(2);
  });

  it('answers an assignment to who joins, says what it reads, or has another', () => {
    const { members } = started(['a']);
    const [a] = members;
    a.join();
    expect(a.beat().assignedPartitions).toBeNull();
    expect(a.beat({ subscribedTopicNames: ['t'] }).assignedPartitions).toHaveLength(1);
    expect(a.beat({ memberEpoch: 0 }).assignedPartitions).toHaveLength(1);
    expect(a.memberEpoch).toBe(2);
  });

  it('writes nothing for a heartbeat that changes nothing, and looks up topics once a minute', () => {
    const { group, members } = started(['a', 'b']);
    for (const member of members) member.join();
    group.advance(1_000);
    for (const member of members) member.beat();
    for (const member of members) member.beat();
    const written = group.written.length;
    const { lookUps } = group;
    for (let round = 0; round < 9; round++) {
      group.advance(5_000);
      for (const member of members) member.beat();
    }
    expect(group.written.length).toBe(written);
    expect(group.lookUps).toBe(lookUps);
    group.advance(20_000);
    for (const member of members) member.beat();
    expect(group.lookUps).toBe(lookUps + 1);
  });

  it('does without who says nothing for 45 seconds, or as long as its configs say', () => {
    const { group, members } = started(['a', 'b']);
    const [a, b] = members;
    group.configs = { 'share.session.timeout.ms': '60000', 'share.heartbeat.interval.ms': '7000' };
    expect(a.join().heartbeatIntervalMs).toBe(7_000);
    b.join();
    group.advance(50_000);
    a.beat();
    group.advance(9_999);
    expect(group.describe932().members.length).toBe(2);
    group.advance(1);
    expect(group.describe932()).toMatchObject({ groupEpoch: 4, members: [{ memberId: 'a' }] });
    expect(b.beat().errorCode).toBe(ErrorCode.UNKNOWN_MEMBER_ID);
    group.advance(60_000);
    expect(group.describe932()).toMatchObject({ groupState: 'Empty', members: [] });
  });

  it('remembers what its configs say', () => {
    const { group, members } = started(['a']);
    group.configs = { 'share.session.timeout.ms': '60000' };
    members[0].join();
    group.crash();
    expect(group.describe932().members.length).toBe(1);
    expect(group.machine.deadline).toBe(group.now + 60_000);
    group.configs = {};
    group.advance(30_000);
    members[0].beat();
    group.crash();
    expect(group.describe932().members.length).toBe(1);
    expect(group.machine.deadline).toBe(group.now + 45_000);
  });

  it('takes out a member that never says a second word', () => {
    const { group, members } = started(['a']);
    members[0].join();
    group.advance(45_000);
    expect(group.describe932()).toMatchObject({ groupState: 'Empty', assignmentEpoch: 3 });
  });

  it('goes on after a crash, and gives everybody a session', () => {
    const { group, members } = started(['a', 'b']);
    const [a, b] = members;
    a.join();
    group.advance(1_000);
    b.join();
    group.advance(40_000);
    const before = group.describe932();
    group.crash();
    expect(group.describe932()).toEqual(before);
    group.advance(44_999);
    expect(a.beat()).toMatchObject({ errorCode: 0, memberEpoch: 3 });
    group.advance(1);
    expect(group.describe932().members).toMatchObject([{ memberId: 'a' }]);
  });

  it('stays when everybody has left, and begins anew at the next epoch', () => {
    const { group, members } = started(['a']);
    const [a] = members;
    a.join();
    expect(a.leave()).toMatchObject({ errorCode: 0, memberId: 'a', memberEpoch: -1 });
    group.advance(100_000_000);
    expect(group.describe932()).toMatchObject({ groupState: 'Empty', groupEpoch: 3 });
    expect(a.join()).toMatchObject({ memberEpoch: 4 });
    expect(a.partitions.length).toBe(4);
  });
});

describe('what members of a share group read', () => {
  it('may change: each has what it reads, and nothing else', () => {
    const { group, members } = started(['a', 'b']);
    const [a, b] = members;
    group.topics.set('u', 2);
    a.join(['t']);
    group.advance(1_000);
    b.join(['t', 'u']);
    a.beat();
    expect(b.partitions).toEqual(expect.arrayContaining(['U:0', 'U:1']));
    expect(b.partitions.length).toBe(4);
    expect(a.partitions.length).toBe(2);
    // Until targets are made anew it has nothing of what it no longer reads.
    expect(b.beat({ subscribedTopicNames: ['t'] }).memberEpoch).toBe(3);
    expect(b.partitions.every((name) => name.startsWith('T'))).toBe(true);
    group.advance(1_000);
    expect(a.beat().errorCode).toBe(0);
    b.beat();
    expect(new Set([...a.partitions, ...b.partitions]).size).toBe(4);
  });

  it('may come later', () => {
    const { group, members } = started(['a']);
    const [a] = members;
    expect(a.join(['later'])).toMatchObject({ memberEpoch: 2, assignedPartitions: [] });
    expect(group.kept).toEqual({});
    group.topics.set('later', 2);
    group.advance(5_000);
    expect(a.beat()).toMatchObject({ memberEpoch: 3, toStart: [] });
    expect(a.partitions).toEqual(['LATER:0', 'LATER:1']);
    expect(group.kept).toEqual({ LATER: [0, 1] });
  });

  it('may grow: what is new is to begin at its first record before anybody has it', () => {
    const { group, members } = started(['a']);
    const [a] = members;
    a.join();
    group.topics.set('t', 6);
    group.advance(1_000);
    const toStart = [{ topicId: 'T', partitions: [4, 5] }];
    for (const memberEpoch of [3, 3]) {
      expect(a.beat({ topicsChangedAtMs: group.now })).toMatchObject({ memberEpoch, toStart });
    }
    expect(a.partitions.length).toBe(4);
    expect(group.kept).toEqual({ T: [0, 1, 2, 3] });
    const start = { groupId, topics: toStart };
    for (let time = 0; time < 2; time++) {
      expect(group.call('startSharePartitions', start).answer.errorCode).toBe(0);
    }
    expect(group.kept).toEqual({ T: [0, 1, 2, 3, 4, 5] });
    group.advance(1_000);
    expect(a.beat()).toMatchObject({ memberEpoch: 4, toStart: [] });
    expect(a.partitions.length).toBe(6);
  });

  it('may go', () => {
    const { group, members } = started(['a']);
    const [a] = members;
    a.join();
    group.topics.delete('t');
    group.advance(60_000);
    a.join();
    group.advance(1_000);
    a.beat();
    expect(a.partitions).toEqual([]);
    expect(group.kept).toEqual({});
  });
});

describe('a share group refuses', () => {
  it('epochs that nobody has, and believes the last one', () => {
    const { group, members } = started(['a', 'b']);
    const [a, b] = members;
    a.join();
    group.advance(1_000);
    b.join();
    a.beat();
    expect(a.beat({ memberEpoch: 2 })).toMatchObject({ errorCode: 0, memberEpoch: 3 });
    a.memberEpoch = 3;
    for (const memberEpoch of [1, 4]) {
      expect(a.beat({ memberEpoch }).errorCode).toBe(ErrorCode.FENCED_MEMBER_EPOCH);
    }
  });

  it('strangers that do not join', () => {
    const { members } = started(['a', 'b']);
    const [a, b] = members;
    expect(a.beat({ memberEpoch: 1 }).errorCode).toBe(ErrorCode.GROUP_ID_NOT_FOUND);
    expect(a.leave().errorCode).toBe(ErrorCode.GROUP_ID_NOT_FOUND);
    a.join();
    expect(b.beat({ memberEpoch: 1 }).errorCode).toBe(ErrorCode.UNKNOWN_MEMBER_ID);
    expect(b.leave().errorCode).toBe(ErrorCode.UNKNOWN_MEMBER_ID);
  });

  it('more members than it may have', () => {
    const { members } = started(['a', 'b'], { groupShareMaxSize: 1 });
    const [a, b] = members;
    a.join();
    expect(b.join().errorCode).toBe(ErrorCode.GROUP_MAX_SIZE_REACHED);
    expect(a.join().errorCode).toBe(0);
  });

  it('members and calls of other protocols', () => {
    const { group, members } = started(['a']);
    members[0].join();
    expect(group.join().answer).toMatchObject({
      errorCode: ErrorCode.INCONSISTENT_GROUP_PROTOCOL,
      memberId: '',
    });
    expect(group.heartbeat({ memberId: 'a', generationId: 2 })).toBe(ErrorCode.UNKNOWN_MEMBER_ID);
    expect(group.leave('a')).toEqual([ErrorCode.UNKNOWN_MEMBER_ID]);
    const consumer = group.call('describeConsumerGroup', { groupId }).answer;
    expect(consumer.errorCode).toBe(ErrorCode.GROUP_ID_NOT_FOUND);
    expect(group.commit({ 0: 1 }).errorCode).toBe(ErrorCode.GROUP_ID_NOT_FOUND);
    expect(group.deleteOffsets(['t', 0]).errorCode).toBe(ErrorCode.GROUP_ID_NOT_FOUND);
    expect(group.fetch(null)).toEqual([]);
    members[0].leave();
    expect(group.join().answer.errorCode).toBe(ErrorCode.INCONSISTENT_GROUP_PROTOCOL);
  });

  it('to be made of a group of another kind, or of offsets alone', () => {
    const { group, members } = started(['a']);
    group.commit({ 0: 1 });
    expect(members[0].join().errorCode).toBe(ErrorCode.GROUP_ID_NOT_FOUND);
    const topics = [{ name: 't', topicId: 'T', partitions: [0] }];
    const alter = group.call('alterShareOffsets', { groupId, topics }).answer;
    expect(alter.errorCode).toBe(ErrorCode.GROUP_ID_NOT_FOUND);
    expect(group.call('describeShareGroup', { groupId }).answer.group).toBeNull();
    const classic = new ShareTestGroup();
    classic.stable(1);
    expect(new TestMember(classic, 'a').join().errorCode).toBe(ErrorCode.GROUP_ID_NOT_FOUND);
  });
});

describe('the offsets of a share group', () => {
  const t = { name: 't', topicId: 'T' };

  function alter(group: ShareTestGroup, partitions: readonly number[]) {
    return group.call('alterShareOffsets', { groupId, topics: [{ ...t, partitions }] }).answer;
  }

  function forgotten(group: ShareTestGroup, partitions: readonly number[]) {
    group.call('forgetSharePartitions', { groupId, topics: [{ topicId: 'T', partitions }] });
  }

  it('may be set before there is a group, which is made by it', () => {
    const { group, members } = started(['a']);
    expect(group.call('alterShareOffsets', { groupId, topics: [] }).answer.errorCode).toBe(0);
    expect(group.call('listGroup', { groupId }).answer.group).toBeNull();
    expect(alter(group, [3, 1]).errorCode).toBe(0);
    const { members: _, ...empty } = group.describe932();
    expect(empty).toMatchObject({ groupState: 'Empty', groupEpoch: 1, assignmentEpoch: 1 });
    expect(group.kept).toEqual({ T: [1, 3] });
    // What was not set begins at 0.
    const { toStart } = members[0].join();
    expect(toStart).toEqual([{ topicId: 'T', partitions: [0, 2] }]);
    expect(members[0].partitions).toEqual(['T:1', 'T:3']);
  });

  it('may neither be set nor deleted while there are members', () => {
    const { group, members } = started(['a']);
    members[0].join();
    expect(alter(group, [0]).errorCode).toBe(ErrorCode.NON_EMPTY_GROUP);
    const { errorCode } = group.call('deleteShareOffsets', { groupId, topics: [t] }).answer;
    expect(errorCode).toBe(ErrorCode.NON_EMPTY_GROUP);
    expect(group.call('deleteGroup', { groupId }).answer).toMatchObject({
      errorCode: ErrorCode.NON_EMPTY_GROUP,
      toForget: [],
    });
  });

  it('are deleted a topic at a time, and again after a gateway died over it', () => {
    const { group } = started([]);
    const topics = [t, { name: 'x', topicId: null }, { name: 'u', topicId: 'U' }];
    const remove = () => group.call('deleteShareOffsets', { groupId, topics }).answer;
    expect(remove()).toMatchObject({ errorCode: ErrorCode.GROUP_ID_NOT_FOUND, topics: [] });
    alter(group, [0, 1]);
    for (let time = 0; time < 2; time++) {
      expect(remove().topics).toMatchObject([
        { ...t, errorCode: 0, partitions: [0, 1] },
        { name: 'x', errorCode: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION },
        { name: 'u', errorCode: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION },
      ]);
      expect(group.kept).toEqual({});
    }
    forgotten(group, [0]);
    expect(remove().topics[0].partitions).toEqual([1]);
    forgotten(group, [1]);
    expect(remove().topics[0].errorMessage).toBe('There is no offset information to delete.');
  });

  it('are still known where nobody said that they were forgotten', () => {
    const { group } = started([]);
    alter(group, [0, 1, 2]);
    group.call('deleteShareOffsets', { groupId, topics: [t] });
    forgotten(group, [0, 1]);
    alter(group, [0]);
    expect(group.kept).toEqual({ T: [0, 2] });
  });

  it('are forgotten before the group is', () => {
    const { group } = started([]);
    alter(group, [0, 1]);
    const remove = () => group.call('deleteGroup', { groupId }).answer;
    for (let time = 0; time < 2; time++) {
      expect(remove()).toEqual({ errorCode: 0, toForget: [{ topicId: 'T', partitions: [0, 1] }] });
    }
    expect(group.describe932().groupState).toBe('Empty');
    forgotten(group, [0, 1]);
    expect(remove()).toEqual({ errorCode: 0, toForget: [] });
    expect(group.table.size).toBe(0);
    expect(remove().errorCode).toBe(ErrorCode.GROUP_ID_NOT_FOUND);
  });

  it('are known though the group last looked before there was such a topic', () => {
    const { group, members } = started(['a']);
    const [a] = members;
    a.join(['later']);
    a.leave();
    group.topics.set('later', 2);
    const topics = [{ name: 'later', topicId: 'LATER', partitions: [1] }];
    group.call('alterShareOffsets', { groupId, topics });
    const { lookUps } = group;
    expect(a.join(['later']).toStart).toEqual([]);
    expect(group.lookUps).toBe(lookUps);
    expect(group.kept).toEqual({ LATER: [1] });
    group.advance(5_000);
    expect(a.beat().toStart).toEqual([{ topicId: 'LATER', partitions: [0] }]);
    expect(a.partitions).toEqual(['LATER:1']);
  });

  it('begin anew when somebody reads what was being forgotten', () => {
    const { group, members } = started(['a']);
    alter(group, [0, 1]);
    group.call('deleteShareOffsets', { groupId, topics: [t] });
    expect(members[0].join().toStart).toEqual([]);
    expect(group.kept).toEqual({ T: [0, 1, 2, 3] });
    members[0].leave();
    forgotten(group, [0, 1]);
    expect(group.kept).toEqual({ T: [0, 1, 2, 3] });
  });
});
