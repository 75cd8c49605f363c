import { describe, expect, it } from 'vitest';
import type { GroupConfig } from '../../../../src/core/group/rows.ts';
import {
  decodeAssignment,
  encodeAssignment,
  encodeSubscription,
} from '../../../../src/protocol/embedded/consumer-protocol.ts';
import { ErrorCode } from '../../../../src/protocol/errors.ts';
import { ConsumerTestGroup, TestMember } from './test-members.ts';

function classicOf(memberId: string, partitions: readonly number[] = []) {
  // A topic may be named as often as its partitions.
  const ownedPartitions = partitions.map((one) => ({ topic: 't', partitions: [one] }));
  const metadata = encodeSubscription(1, {
    topics: ['t'],
    userData: null,
    ownedPartitions,
    generationId: -1,
    rackId: null,
  });
  return {
    groupId: 'g',
    memberId,
    groupInstanceId: null,
    clientId: 'c',
    clientHost: '/h',
    sessionTimeoutMs: 30_000,
    rebalanceTimeoutMs: 30_000,
    protocolType: 'consumer',
    protocols: [{ name: 'cooperative-sticky', metadata }],
    requiresKnownMemberId: false,
    supportsSkippingAssignment: false,
  };
}

/** A classic group of one member that has everything, at generation 1. */
function classicGroup(config: Partial<GroupConfig> = {}) {
  const group = new ConsumerTestGroup({ groupInitialRebalanceDelayMs: 0, ...config });
  const joined = group.call('joinGroup', classicOf(''));
  group.advance(1);
  const { memberId } = joined.answer;
  const assignedPartitions = [
    { topic: 't', partitions: [0, 1] },
    { topic: 't', partitions: [2, 3] },
  ];
  const assignment = encodeAssignment(1, { assignedPartitions, userData: null });
  const self = { groupId: 'g', memberId, groupInstanceId: null, generationId: 1 };
  const sync = { ...self, protocolType: null, protocolName: null };
  group.call('syncGroup', { ...sync, assignments: [{ memberId, assignment }] });
  return { group, self, sync };
}

describe('migration', () => {
  it('goes there and back without two owners of a partition', () => {
    const { group, self, sync } = classicGroup();
    const modern = new TestMember(group, 'm');
    expect(modern.join()).toMatchObject({ errorCode: 0, memberEpoch: 2, assignedPartitions: [] });
    group.crash();
    expect(group.call('listGroup', { groupId: 'g' }).answer.group?.groupType).toBe('consumer');
    expect(group.call('heartbeat', self).answer.errorCode).toBe(ErrorCode.REBALANCE_IN_PROGRESS);
    group.ask('joinGroup', classicOf(self.memberId, [0, 1, 2, 3]));
    const kept = group.ask('syncGroup', { ...sync, assignments: [] });
    expect(decodeAssignment(kept.assignment).assignedPartitions).toEqual([
      { topic: 't', partitions: [0, 1] },
    ]);
    const joined = group.ask('joinGroup', classicOf(self.memberId, [0, 1]));
    expect(joined).toMatchObject({ errorCode: 0, generationId: 2, leader: '' });
    const next = { ...self, generationId: 2 };
    const synced = group.ask('syncGroup', { ...sync, generationId: 2, assignments: [] });
    const { assignedPartitions } = decodeAssignment(synced.assignment);
    expect(assignedPartitions).toEqual([{ topic: 't', partitions: [0, 1] }]);
    expect(group.call('heartbeat', next).answer.errorCode).toBe(0);
    modern.beat();
    expect(modern.partitions).toEqual(['T:2', 'T:3']);
    modern.leave();
    expect(group.call('listGroup', { groupId: 'g' }).answer.group?.groupType).toBe('classic');
    expect(group.call('heartbeat', next).answer.errorCode).toBe(ErrorCode.REBALANCE_IN_PROGRESS);
    const back = group.call('joinGroup', classicOf(self.memberId, [0, 1]));
    expect(back.answer).toMatchObject({ errorCode: 0, generationId: 3, leader: self.memberId });
    expect([...group.table.keys()].filter((key) => key.startsWith('consumer/'))).toEqual([]);
  });

  it('asks for a rebalance after a crash in the middle of the way back', () => {
    const { group, self } = classicGroup();
    const modern = new TestMember(group, 'm');
    modern.join();
    modern.leave();
    group.crash();
    const { errorCode } = group.call('heartbeat', { ...self, generationId: 2 }).answer;
    expect(errorCode).toBe(ErrorCode.REBALANCE_IN_PROGRESS);
    group.crash();
    group.advance(31_000);
    expect(group.call('describeGroup', { groupId: 'g' }).answer.group.groupState).toBe('Empty');
  });

  it('lets those who wait for a classic rebalance join the new group', () => {
    const { group, self } = classicGroup();
    const newcomer = group.call('joinGroup', classicOf(''));
    expect(newcomer.held).toBe(true);
    new TestMember(group, 'm').join();
    expect(newcomer.answer.errorCode).toBe(ErrorCode.REBALANCE_IN_PROGRESS);
    expect(group.call('heartbeat', self).answer.errorCode).toBe(ErrorCode.REBALANCE_IN_PROGRESS);
  });

  it.each(['downgrade', 'disabled'])('does not go there under the policy %s', (policy) => {
    const { group, self } = classicGroup({ groupConsumerMigrationPolicy: policy });
    const { errorCode } = new TestMember(group, 'm').join();
    expect(errorCode).toBe(ErrorCode.GROUP_ID_NOT_FOUND);
    expect(group.call('heartbeat', self).answer.errorCode).toBe(0);
  });

  it('stays a consumer group under the policy upgrade', () => {
    const { group } = classicGroup({ groupConsumerMigrationPolicy: 'upgrade' });
    const modern = new TestMember(group, 'm');
    modern.join();
    modern.leave();
    expect(group.call('listGroup', { groupId: 'g' }).answer.group?.groupType).toBe('consumer');
  });

  it('puts out a classic member that does not join again', () => {
    const { group, self } = classicGroup();
    const modern = new TestMember(group, 'm');
    modern.join();
    for (let round = 0; round < 8; round++) {
      group.call('heartbeat', self);
      modern.beat();
      group.advance(5_000);
    }
    expect(group.call('heartbeat', self).answer.errorCode).toBe(ErrorCode.UNKNOWN_MEMBER_ID);
    modern.beat();
    expect(modern.count).toBe(4);
  });
});
