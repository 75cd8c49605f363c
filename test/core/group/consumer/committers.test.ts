import { describe, expect, it } from 'vitest';
import type { GroupCalls } from '../../../../src/core/group/commands.ts';
import { ErrorCode } from '../../../../src/protocol/errors.ts';
import { ConsumerTestGroup, TestMember } from './test-members.ts';

function started() {
  const group = new ConsumerTestGroup();
  const member = new TestMember(group, 'a');
  member.join();
  return { group, member };
}

function commit(partitionIndex: number, generationId: number, memberId = 'a') {
  const offset = { committedOffset: 5, committedLeaderEpoch: -1, metadata: null };
  const partitions = [{ partitionIndex, ...offset }];
  return {
    groupId: 'g',
    memberId,
    generationId,
    groupInstanceId: null,
    retentionTimeMs: -1,
    namesMissingGroup: true,
    topics: [{ name: 't', topicId: 'T', partitions }],
  };
}

describe('offsets of a consumer group', () => {
  it('are committed by members at their epoch, in versions that know it', () => {
    const { group } = started();
    const code = (command: GroupCalls['commitOffsets']['command']) =>
      group.call('commitOffsets', command).answer.errorCode;
    expect(code(commit(0, 2))).toBe(0);
    expect(code({ ...commit(0, 2), namesMissingGroup: false })).toBe(ErrorCode.UNSUPPORTED_VERSION);
    expect(code(commit(0, 3))).toBe(ErrorCode.STALE_MEMBER_EPOCH);
    expect(code(commit(0, 1))).toBe(ErrorCode.STALE_MEMBER_EPOCH);
    expect(code(commit(0, 2, 'b'))).toBe(ErrorCode.UNKNOWN_MEMBER_ID);
    expect(code(commit(0, -1, ''))).toBe(ErrorCode.UNKNOWN_MEMBER_ID);
  });

  it('are committed at an epoch that is over for what the member had since', () => {
    const { group, member } = started();
    group.topics.set('t', 5);
    group.advance(1_000);
    member.beat({ topicsChangedAtMs: group.now });
    expect(member.memberEpoch).toBe(3);
    const code = (partition: number, epoch: number) =>
      group.call('commitOffsets', commit(partition, epoch)).answer.errorCode;
    expect([code(0, 2), code(4, 3), code(4, 2), code(0, 1), code(9, 2)]).toEqual([
      0,
      0,
      ErrorCode.STALE_MEMBER_EPOCH,
      ErrorCode.STALE_MEMBER_EPOCH,
      ErrorCode.STALE_MEMBER_EPOCH,
    ]);
  });

  it('are read by members at their epoch, and by everybody else', () => {
    const { group } = started();
    group.call('commitOffsets', commit(0, 2));
    const code = (reader?: { memberId: string; memberEpoch: number }) =>
      group.call('fetchOffsets', {
        groupId: 'g',
        topics: null,
        requireStable: false,
        ...(reader && { reader }),
      }).answer.errorCode;
    expect(code()).toBe(0);
    expect(code({ memberId: 'a', memberEpoch: 2 })).toBe(0);
    expect(code({ memberId: 'a', memberEpoch: 1 })).toBe(ErrorCode.STALE_MEMBER_EPOCH);
    expect(code({ memberId: 'b', memberEpoch: 2 })).toBe(ErrorCode.UNKNOWN_MEMBER_ID);
  });

  it('outlive the members, and are kept while somebody reads their topic', () => {
    const { group, member } = started();
    group.call('commitOffsets', commit(0, 2));
    for (let hour = 0; hour < 24 * 8; hour++) {
      for (let beat = 0; beat < 90; beat++) {
        member.beat();
        group.advance(40_000);
      }
    }
    expect(group.table.has('offsets/t')).toBe(true);
    member.leave();
    group.advance(60_000);
    expect(group.table.has('offsets/t')).toBe(false);
  });
});
