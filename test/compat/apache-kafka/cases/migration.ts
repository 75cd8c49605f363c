/** Groups that change between the classic and the consumer protocol while they are used. */
import {
  encodeAssignment,
  encodeSubscription,
} from '../../../../src/protocol/embedded/consumer-protocol.ts';
import {
  describeGroups,
  heartbeat,
  joinGroup,
  leaveGroup,
  listGroups,
  offsetCommit,
  offsetFetch,
  syncGroup,
} from '../apis.ts';
import { describe, Member, nextAssignment, offsetsOf, topicOf } from '../members.ts';
import { scripts, type Topic } from '../player.ts';

/** What a consumer of the classic protocol says of itself. */
function classicMember(topic: Topic, partitions: readonly number[] = [], generationId = -1) {
  const metadata = encodeSubscription(3, {
    topics: [topic.name],
    userData: null,
    ownedPartitions: partitions.length > 0 ? [{ topic: topic.name, partitions }] : [],
    generationId,
    rackId: null,
  });
  return {
    sessionTimeoutMs: 30_000,
    rebalanceTimeoutMs: 30_000,
    protocolType: 'consumer',
    protocols: [{ name: 'cooperative-sticky', metadata }],
  };
}

/** The assignment of all of these partitions, as a leader writes it. */
function assignmentOf(topic: Topic, partitions: readonly number[]): Uint8Array {
  return encodeAssignment(3, {
    assignedPartitions: [{ topic: topic.name, partitions }],
    userData: null,
  });
}

export const migrationScripts = scripts('migration', {
  'classic-group-and-consumer-apis': async (on) => {
    const topic = await topicOf(on, 'topic', 2);
    const groupId = on.name('group');
    await on.ask(offsetCommit, 8, {
      groupId,
      generationIdOrMemberEpoch: -1,
      topics: offsetsOf(topic, [0]),
    });
    await describe(on);
    const one = new Member(on, 'one', topic);
    await one.beat({ memberEpoch: 3 });
    await one.beat({ memberEpoch: -1 });
    await one.join();
    await describe(on);
    await on.ask(offsetFetch, 8, { groups: [{ groupId, topics: null }] });
  },
  'there-and-back': async (on) => {
    const topic = await topicOf(on, 'topic', 2);
    const groupId = on.name('group');
    const old = classicMember(topic);
    const { memberId } = await on.quietly(joinGroup, 5, { ...old, groupId });
    await on.ask(joinGroup, 5, { ...old, groupId, memberId });
    const assignments = [{ memberId, assignment: assignmentOf(topic, [0, 1]) }];
    const self = { groupId, memberId, generationId: 1 };
    await on.ask(syncGroup, 3, { ...self, assignments });
    const one = new Member(on, 'one', topic);
    await one.join();
    await describe(on);
    await on.ask(heartbeat, 4, self);
    await on.ask(syncGroup, 3, self);
    await on.quietly(joinGroup, 5, { ...classicMember(topic, [0, 1], 1), groupId, memberId });
    const joined = await on.quietly(joinGroup, 5, {
      ...classicMember(topic, [0], 1),
      groupId,
      memberId,
    });
    const { generationId, errorCode, protocolName, leader } = joined;
    on.note('joined', { generationId, errorCode, protocolName, leader });
    const next = { ...self, generationId };
    const synced = await on.quietly(syncGroup, 3, next);
    on.note('synced', { errorCode: synced.errorCode, bytes: synced.assignment.length });
    await on.ask(heartbeat, 4, next);
    await one.beat();
    const { groups } = await on.quietly(listGroups, 5, { typesFilter: ['consumer'] });
    on.note(
      'listed',
      groups.filter((group) => group.groupId === groupId),
    );
    await one.beat({ memberEpoch: -1 });
    await describe(on);
    const { errorCode: code } = await on.quietly(heartbeat, 4, next);
    on.note('the classic member hears', code);
    const again = await on.quietly(joinGroup, 5, {
      ...classicMember(topic, [0], 2),
      groupId,
      memberId,
    });
    on.note('joined again', { errorCode: again.errorCode, generationId: again.generationId });
    const left = await on.quietly(listGroups, 5, { typesFilter: ['classic'] });
    on.note(
      'listed as classic',
      left.groups.filter((group) => group.groupId === groupId).map(({ groupType }) => groupType),
    );
    await on.ask(leaveGroup, 5, { groupId, members: [{ memberId }] });
  },
  'classic-member-joins-a-consumer-group': async (on) => {
    const topic = await topicOf(on, 'topic', 2);
    const groupId = on.name('group');
    const one = new Member(on, 'one', topic);
    await one.join();
    const old = { ...classicMember(topic), groupId };
    await on.ask(joinGroup, 5, { ...old, protocolType: 'connect' });
    const { memberId } = await on.ask(joinGroup, 5, old);
    await on.ask(heartbeat, 4, { groupId, memberId, generationId: 1 });
    await nextAssignment();
    const { generationId } = await on.ask(joinGroup, 5, { ...old, memberId });
    const self = { groupId, memberId, generationId };
    await on.ask(syncGroup, 5, { ...self, protocolType: 'connect' });
    await on.ask(syncGroup, 5, { ...self, protocolName: 'range' });
    const { errorCode, assignment } = await on.quietly(syncGroup, 3, self);
    on.note('synced', [errorCode, assignment.length]);
    await on.ask(heartbeat, 4, { ...self, generationId: 99 });
    await on.ask(heartbeat, 4, { ...self, memberId: one.memberId });
    await on.ask(heartbeat, 4, self);
    await describe(on);
    const members = [{ memberId }, { memberId: 'stranger' }, { groupInstanceId: 'nobody' }];
    await on.ask(leaveGroup, 5, { groupId, members });
    await describe(on);
  },
  'classic-group-of-another-kind': async (on) => {
    const topic = await topicOf(on, 'topic', 2);
    const groupId = on.name('group');
    const old = { ...classicMember(topic), protocolType: 'connect', groupId };
    const { memberId } = await on.quietly(joinGroup, 5, old);
    await on.quietly(joinGroup, 5, { ...old, memberId });
    await new Member(on, 'one', topic).join();
  },
  'an-empty-consumer-group-becomes-classic': async (on) => {
    const topic = await topicOf(on, 'topic', 2);
    const groupId = on.name('group');
    const one = new Member(on, 'one', topic);
    await one.join();
    await one.beat({ memberEpoch: -1 });
    const old = { ...classicMember(topic), groupId };
    const { memberId } = await on.ask(joinGroup, 5, old);
    await on.ask(joinGroup, 5, { ...old, memberId });
    await describe(on);
    await on.ask(describeGroups, 5, { groups: [groupId] });
  },
});
