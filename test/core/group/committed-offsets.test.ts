/** What a group remembers of how far it has read, who may say so, and when it is forgotten. */
import { describe, expect, it } from 'vitest';
import { encodeSubscription } from '../../../src/protocol/embedded/consumer-protocol.ts';
import { ErrorCode } from '../../../src/protocol/errors.ts';
import { TestGroup } from './test-group.ts';

const week = 7 * 24 * 3_600_000;

function offset(partitionIndex: number, committedOffset: number, metadata: string | null = null) {
  return { partitionIndex, committedOffset, committedLeaderEpoch: 3, metadata };
}

describe('a consumer that is no member', () => {
  it('may commit while the group has no members, and makes a group by it', () => {
    const group = new TestGroup();
    expect(group.commit({ 0: 5, 2: 7 })).toEqual({
      errorCode: 0,
      topics: [
        {
          name: 't',
          partitions: [
            { partitionIndex: 0, errorCode: 0 },
            { partitionIndex: 2, errorCode: 0 },
          ],
        },
      ],
    });
    expect(group.committed()).toEqual({ 0: 5, 2: 7 });
    expect(group.describe()).toMatchObject({ groupState: 'Empty', protocolType: '' });
    expect(group.machine.exists).toBe(true);
  });

  it('may not while there are members, until they are gone', () => {
    const group = new TestGroup();
    const [member] = group.stable(1);
    expect(group.commit({ 0: 5 }).errorCode).toBe(ErrorCode.UNKNOWN_MEMBER_ID);
    group.leave(member.memberId);
    expect(group.commit({ 0: 5 }).errorCode).toBe(0);
  });
});

describe('a member', () => {
  it('commits in its generation, and lives by it', () => {
    const group = new TestGroup();
    const [member] = group.stable(1);
    const { memberId, generationId } = member;
    for (let step = 1; step <= 5; step++) {
      group.advance(9_000);
      expect(group.commit({ 0: step }, { memberId, generationId }).errorCode).toBe(0);
    }
    expect(group.committed()).toEqual({ 0: 5 });
  });

  it('may still commit while others join, not while the leader assigns', () => {
    const group = new TestGroup();
    const members = group.stable(2);
    const [leader, follower] = members;
    const rejoin = group.join({ memberId: leader.memberId });
    expect(group.commit({ 0: 1 }, follower).errorCode).toBe(0);
    group.join({ memberId: follower.memberId });
    const { memberId, generationId } = rejoin.answer;
    expect(group.commit({ 0: 2 }, { memberId, generationId }).errorCode).toBe(
      ErrorCode.REBALANCE_IN_PROGRESS,
    );
    expect(group.commit({ 0: 2 }, follower).errorCode).toBe(ErrorCode.ILLEGAL_GENERATION);
    expect(group.committed()).toEqual({ 0: 1 });
  });

  it('of another generation or of no group is refused', () => {
    const group = new TestGroup();
    const missing = { memberId: 'm', generationId: 1 };
    expect(group.commit({ 0: 1 }, missing).errorCode).toBe(ErrorCode.ILLEGAL_GENERATION);
    const named = { ...missing, namesMissingGroup: true };
    expect(group.commit({ 0: 1 }, named).errorCode).toBe(ErrorCode.GROUP_ID_NOT_FOUND);
    group.commit({ 0: 1 });
    expect(group.commit({ 0: 2 }, missing).errorCode).toBe(ErrorCode.UNKNOWN_MEMBER_ID);
    const [{ memberId }] = group.stable(1);
    expect(group.commit({ 0: 2 }, { memberId, generationId: 7 }).errorCode).toBe(
      ErrorCode.ILLEGAL_GENERATION,
    );
    expect(group.commit({ 0: 2 }, { memberId, generationId: -1 }).errorCode).toBe(
      ErrorCode.ILLEGAL_GENERATION,
    );
    expect(group.committed()).toEqual({ 0: 1 });
  });
});

describe('what is stored', () => {
  it('metadata and leader epoch come back; null metadata is empty', () => {
    const group = new TestGroup();
    group.commit(
      {},
      { topics: [{ name: 't', topicId: 'T', partitions: [offset(0, 9, 'mine'), offset(1, 8)] }] },
    );
    const topics = [{ name: 't', partitionIndexes: [1, 0, 5] }];
    expect(group.fetch(topics)).toEqual([
      {
        name: 't',
        topicId: 'T',
        partitions: [
          { ...offset(1, 8), metadata: '', errorCode: 0 },
          { ...offset(0, 9, 'mine'), errorCode: 0 },
        ],
      },
    ]);
  });

  it('metadata that is too long refuses its partition alone', () => {
    const group = new TestGroup();
    const partitions = [offset(0, 1, 'x'.repeat(4_097)), offset(1, 2, 'x'.repeat(4_096))];
    const reply = group.commit({}, { topics: [{ name: 't', topicId: 'T', partitions }] });
    expect(reply.topics[0].partitions).toEqual([
      { partitionIndex: 0, errorCode: ErrorCode.OFFSET_METADATA_TOO_LARGE },
      { partitionIndex: 1, errorCode: 0 },
    ]);
    expect(group.committed()).toEqual({ 1: 2 });
  });

  it('one row a topic, however many partitions, and none for what stands', () => {
    const group = new TestGroup();
    const many = Object.fromEntries(Array.from({ length: 100 }, (_, i) => [i, i]));
    group.commit(many);
    expect(group.written.map(({ key }) => key)).toEqual(['offsets/t']);
    group.advance(5_000);
    group.commit(many);
    expect(group.written).toHaveLength(1);
    group.advance(3_600_000);
    group.commit(many);
    expect(group.written).toHaveLength(2);
    group.commit({ 7: 8 });
    expect(group.written).toHaveLength(3);
    expect(group.committed()).toEqual({ ...many, 7: 8 });
  });

  it('a topic named twice in one request loses nothing', () => {
    const group = new TestGroup();
    const twice = [offset(0, 1), offset(1, 2)].map((partition) => ({
      name: 't',
      topicId: 'T',
      partitions: [partition],
    }));
    group.commit({}, { topics: twice });
    expect(group.committed()).toEqual({ 0: 1, 1: 2 });
  });

  it('belongs to one incarnation of a topic', () => {
    const group = new TestGroup();
    group.commit({ 0: 100, 1: 100 });
    group.commit({ 0: 1 }, { topicId: 'born again' });
    expect(group.committed()).toEqual({ 0: 1 });
  });

  it('an offset may move back: a reset is a commit', () => {
    const group = new TestGroup();
    group.commit({ 0: 100 });
    group.commit({ 0: 0 });
    expect(group.committed()).toEqual({ 0: 0 });
  });

  it('survives a crash, with the group it belongs to', () => {
    const group = new TestGroup();
    const [member] = group.stable(1);
    group.commit({ 0: 5 }, member);
    group.commit({ 3: 1 }, { ...member, topic: 'other' });
    group.crash();
    expect(group.committed()).toEqual({ 0: 5 });
    expect(group.committed('other')).toEqual({ 3: 1 });
    expect(group.commit({ 0: 6 }, member).errorCode).toBe(0);
  });
});

describe('retention', () => {
  it('counts from when the group lost its last member', () => {
    const group = new TestGroup();
    const [member] = group.stable(1);
    group.commit({ 0: 5 }, member);
    group.advance(10_000);
    expect(group.describe().groupState).toBe('Empty');
    group.advance(week - 10_000);
    group.crash();
    group.advance(9_999);
    expect(group.committed()).toEqual({ 0: 5 });
    group.advance(1);
    expect(group.machine.exists).toBe(false);
    expect(group.table.size).toBe(0);
  });

  it('counts from each commit where there never was a member', () => {
    const group = new TestGroup();
    group.commit({ 0: 5, 1: 5 });
    group.advance(week / 2);
    group.commit({ 1: 6 });
    group.advance(week / 2);
    expect(group.committed()).toEqual({ 1: 6 });
    group.advance(week / 2);
    expect(group.machine.exists).toBe(false);
  });

  it('does not touch a group that lives', () => {
    const group = new TestGroup();
    const [member] = group.stable(1, { sessionTimeoutMs: 1_800_000 });
    group.commit({ 0: 5 }, member);
    for (let beats = 0; beats < 3 * 24 * 8; beats++) {
      group.advance(3_600_000 / 3);
      expect(group.heartbeat(member)).toBe(0);
    }
    expect(group.committed()).toEqual({ 0: 5 });
  });

  it('forgets what a living group no longer subscribes to', () => {
    const group = new TestGroup();
    const subscription = { topics: ['t'], userData: null, generationId: -1, rackId: null };
    const metadata = encodeSubscription(0, { ...subscription, ownedPartitions: [] });
    group.commit({ 0: 1 }, { topic: 'former' });
    const [member] = group.stable(1, { protocols: [{ name: 'range', metadata }] });
    group.commit({ 0: 5 }, member);
    group.crash();
    for (let passed = 0; passed <= week; passed += 9_000_000) {
      for (let beats = 0; beats < 1_000; beats++) {
        group.advance(9_000);
        group.heartbeat(member);
      }
    }
    expect(group.committed()).toEqual({ 0: 5 });
    expect(group.committed('former')).toEqual({});
    expect([...group.table.keys()].sort()).toEqual(['group', 'offsets/t']);
  });

  it('is short: what is committed again and again stays all the same', () => {
    const group = new TestGroup({ offsetsRetentionMinutes: 10 });
    for (let commits = 0; commits < 200; commits++) {
      group.commit({ 0: 5 });
      group.advance(10_000);
      expect(group.committed()).toEqual({ 0: 5 });
    }
    group.advance(600_000);
    expect(group.committed()).toEqual({});
  });

  it('may be asked for by the client', () => {
    const group = new TestGroup();
    group.commit({ 0: 5 }, { retentionTimeMs: 1_000 });
    group.advance(999);
    expect(group.committed()).toEqual({ 0: 5 });
    group.advance(1);
    expect(group.committed()).toEqual({});
  });
});

describe('DeleteGroup', () => {
  it('removes an Empty group with its offsets', () => {
    const group = new TestGroup();
    const [member] = group.stable(1);
    group.commit({ 0: 5 }, member);
    const remove = () => group.call('deleteGroup', { groupId: 'g' }).answer.errorCode;
    expect(remove()).toBe(ErrorCode.NON_EMPTY_GROUP);
    group.leave(member.memberId);
    expect(remove()).toBe(0);
    expect(group.table.size).toBe(0);
    expect(group.machine.exists).toBe(false);
    expect(remove()).toBe(ErrorCode.GROUP_ID_NOT_FOUND);
    expect(group.committed()).toEqual({});
  });

  it('of a group that is only offsets, or only a member id given out', () => {
    const group = new TestGroup();
    group.commit({ 0: 5 });
    expect(group.call('deleteGroup', { groupId: 'g' }).answer.errorCode).toBe(0);
    expect(group.table.size).toBe(0);
    group.join({ requiresKnownMemberId: true });
    expect(group.call('deleteGroup', { groupId: 'g' }).answer.errorCode).toBe(0);
    expect(group.join({ memberId: 'c-uuid1' }).answer.errorCode).toBe(ErrorCode.UNKNOWN_MEMBER_ID);
  });
});
