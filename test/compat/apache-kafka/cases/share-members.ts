/** Members of share groups (KIP-932): their epochs, who has what, and where a group begins. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Infer } from '../../../../src/protocol/schema.ts';
import {
  alterShareGroupOffsets,
  consumerGroupDescribe,
  consumerGroupHeartbeat,
  deleteGroups,
  deleteShareGroupOffsets,
  describeGroups,
  describeShareGroupOffsets,
  heartbeat,
  joinGroup,
  leaveGroup,
  listGroups,
  offsetCommit,
  offsetDelete,
  offsetFetch,
  produce,
  shareGroupDescribe,
  shareGroupHeartbeat,
  syncGroup,
} from '../apis.ts';
import { grow, nextAssignment, offsetsOf, topicOf } from '../members.ts';
import { type Player, type Sparse, scripts, type Topic } from '../player.ts';
import { batch, produceOf } from '../requests.ts';

type Beat = Sparse<Infer<typeof shareGroupHeartbeat.request.fields>>;

function selfOf(on: Player, label = 'one') {
  return { groupId: on.name('group'), memberId: on.name(label).slice(-36) };
}

function first(on: Player, label = 'one', topics = ['topic']): Beat {
  const subscribedTopicNames = topics.map((each) => on.name(each));
  return { ...selfOf(on, label), memberEpoch: 0, subscribedTopicNames };
}

async function describe(on: Player): Promise<void> {
  const groupIds = [on.name('group')];
  await on.ask(shareGroupDescribe, 1, { groupIds, includeAuthorizedOperations: true });
}

/** What a group has read: of everything, or of partitions of one topic. */
async function offsets(on: Player, topic: Topic | null = null, partitions = [0, 1, 2]) {
  const topics = topic && [{ topicName: topic.name, partitions }];
  await on.ask(describeShareGroupOffsets, 1, { groups: [{ groupId: on.name('group'), topics }] });
}

async function alter(on: Player, { name }: { name: string }, starts: Record<number, number>) {
  const partitions = Object.entries(starts).map(([partition, startOffset]) => ({
    partitionIndex: Number(partition),
    startOffset,
  }));
  const topics = [{ topicName: name, partitions }];
  return on.ask(alterShareGroupOffsets, 0, { groupId: on.name('group'), topics });
}

async function forget(on: Player, ...labels: string[]): Promise<void> {
  const topics = labels.map((label) => ({ topicName: on.name(label) }));
  await on.ask(deleteShareGroupOffsets, 0, { groupId: on.name('group'), topics });
}

async function remove(on: Player): Promise<void> {
  await on.ask(deleteGroups, 2, { groupsNames: [on.name('group')] });
}

async function listed(on: Player, typesFilter: string[], statesFilter: string[] = []) {
  const { groups } = await on.quietly(listGroups, 5, { typesFilter, statesFilter });
  const own = groups.filter(({ groupId }) => groupId === on.name('group'));
  on.note(`listed as ${typesFilter} ${statesFilter}`, own);
}

const alone = scripts('share-members', {
  'of-no-topic': async (on) => {
    const whole = first(on, 'one', ['none']);
    const self = selfOf(on);
    await on.ask(shareGroupHeartbeat, 1, { ...whole, rackId: 'rack' });
    await describe(on);
    await on.ask(shareGroupHeartbeat, 1, { ...self, memberEpoch: 2 });
    await on.ask(shareGroupHeartbeat, 1, { ...whole, memberEpoch: 2 });
    await on.ask(shareGroupHeartbeat, 1, whole);
    for (const memberEpoch of [1, 3, 99]) {
      await on.ask(shareGroupHeartbeat, 1, { ...self, memberEpoch });
    }
    await on.ask(shareGroupHeartbeat, 1, { ...selfOf(on, 'other'), memberEpoch: 1 });
    await on.ask(shareGroupHeartbeat, 1, { ...selfOf(on, 'other'), memberEpoch: -1 });
    await nextAssignment();
    await on.ask(shareGroupHeartbeat, 1, first(on, 'two', ['none', 'other']));
    await on.ask(shareGroupHeartbeat, 1, { ...self, memberEpoch: 2 });
    await on.ask(shareGroupHeartbeat, 1, { ...self, memberEpoch: 2 });
    await describe(on);
    await listed(on, ['share']);
    await listed(on, ['Share'], ['STABLE']);
    await listed(on, ['share'], ['Empty']);
    await listed(on, ['consumer', 'classic']);
    await remove(on);
    await on.ask(shareGroupHeartbeat, 1, { ...self, memberEpoch: -1 });
    await describe(on);
    await on.ask(shareGroupHeartbeat, 1, { ...selfOf(on, 'two'), memberEpoch: -1 });
    await describe(on);
    await on.ask(shareGroupHeartbeat, 1, { ...self, memberEpoch: 3 });
    await offsets(on);
    await forget(on, 'none');
    await remove(on);
    await describe(on);
  },
  'taken-for-another-kind': async (on) => {
    const topic = await topicOf(on, 'topic');
    const groupId = on.name('group');
    const ask = async () => {
      const consumer = { groupId, memberId: 'me', rebalanceTimeoutMs: 30_000 };
      const subscribed = { subscribedTopicNames: [topic.name], topicPartitions: [] };
      await on.ask(consumerGroupHeartbeat, 1, { ...consumer, ...subscribed, memberEpoch: 0 });
      await on.ask(consumerGroupHeartbeat, 1, { ...consumer, memberEpoch: -1 });
      await on.ask(consumerGroupDescribe, 1, { groupIds: [groupId] });
      for (const version of [5, 6]) await on.ask(describeGroups, version, { groups: [groupId] });
      const protocols = [{ name: 'range', metadata: new Uint8Array([0]) }];
      const join = { groupId, sessionTimeoutMs: 10_000, rebalanceTimeoutMs: 10_000, protocols };
      await on.ask(joinGroup, 5, { ...join, protocolType: 'consumer' });
      await on.ask(joinGroup, 9, { ...join, protocolType: 'consumer', memberId: 'me' });
      await on.ask(syncGroup, 5, { groupId, generationId: 1, memberId: 'me', assignments: [] });
      await on.ask(heartbeat, 4, { groupId, generationId: 1, memberId: 'me' });
      await on.ask(leaveGroup, 5, { groupId, members: [{ memberId: 'me' }] });
      for (const version of [8, 9]) {
        const topics = offsetsOf(topic, [0]);
        await on.ask(offsetCommit, version, { groupId, topics, generationIdOrMemberEpoch: -1 });
        const member = { memberId: 'me', generationIdOrMemberEpoch: 1 };
        await on.ask(offsetCommit, version, { groupId, topics, ...member });
      }
      const read = { groupId, topics: [{ name: topic.name, partitionIndexes: [0] }] };
      await on.ask(offsetFetch, 9, { groups: [{ ...read, memberEpoch: -1 }] });
      await on.ask(offsetFetch, 9, { groups: [{ ...read, memberId: 'me', memberEpoch: 3 }] });
      await on.ask(offsetFetch, 9, { groups: [{ ...read, memberEpoch: -1, topics: null }] });
      await on.ask(offsetDelete, 0, {
        groupId,
        topics: [{ name: topic.name, partitions: [{ partitionIndex: 0 }] }],
      });
    };
    await on.ask(shareGroupHeartbeat, 1, first(on, 'one', ['none']));
    await ask();
    await on.ask(shareGroupHeartbeat, 1, { ...selfOf(on), memberEpoch: -1 });
    await ask();
    await describe(on);
  },
  'in-a-group-of-offsets-alone': async (on) => {
    const topic = await topicOf(on, 'topic');
    const groupId = on.name('group');
    const ask = async () => {
      for (const memberEpoch of [0, 1, -1]) {
        await on.ask(shareGroupHeartbeat, 1, { ...first(on), memberEpoch });
      }
      await describe(on);
      await offsets(on);
      await alter(on, topic, { 0: 1 });
      await forget(on, 'topic');
    };
    const topics = offsetsOf(topic, [0]);
    await on.ask(offsetCommit, 8, { groupId, topics, generationIdOrMemberEpoch: -1 });
    await ask();
  },
  'offsets-and-lag': async (on) => {
    const topic = await topicOf(on, 'topic', 3);
    await topicOf(on, 'other', 1);
    await on.ask(produce, 9, produceOf(topic, batch(['a', 'b', 'c', 'd'])));
    await alter(on, topic, { 0: 1, 2: 0 });
    await describe(on);
    await listed(on, ['share']);
    await offsets(on);
    await offsets(on, topic);
    await alter(on, topic, { 0: 3, 1: 7, 3: 0 });
    await alter(on, { name: on.name('nothing') }, { 0: 3 });
    await offsets(on, topic);
    await alter(on, topic, { 0: -1 });
    await offsets(on, topic);
    await forget(on, 'topic', 'nothing', 'other');
    await offsets(on);
    await offsets(on, topic);
    await forget(on, 'topic');
    await alter(on, topic, { 1: 2 });
    await offsets(on);
    await remove(on);
    await offsets(on, topic);
    await describe(on);
  },
});

/** Joins until it has so much: Kafka gives nothing before it has made a state in each partition. */
async function settle(on: Player, beat: Beat, many: number): Promise<void> {
  const isSettled = ({ assignment }: { assignment: Assignment | null }) =>
    count(assignment) === many;
  await on.quietlyUntil(shareGroupHeartbeat, 1, beat, isSettled);
}

type Assignment = {
  readonly topicPartitions: readonly { readonly partitions: readonly number[] }[];
};

function count(assignment: Assignment | null): number {
  return assignment?.topicPartitions.flatMap(({ partitions }) => partitions).length ?? 0;
}

const settled = scripts('share-members', {
  'several-and-their-topic': async (on) => {
    await topicOf(on, 'topic', 2);
    for (const label of ['one', 'two', 'three']) {
      await on.quietly(shareGroupHeartbeat, 1, first(on, label));
      await nextAssignment();
    }
    const counts: number[] = [];
    for (let round = 0; round < 2; round++) {
      for (const label of ['one', 'two', 'three']) {
        const told = await on.quietly(shareGroupHeartbeat, 1, first(on, label));
        if (round === 1) counts.push(count(told.assignment));
      }
      await delay(200);
    }
    on.note('partitions in all', { all: counts.reduce((sum, each) => sum + each, 0) });
    on.note('fairly', { most: Math.max(...counts), least: Math.min(...counts) });
  },
  'topics-that-change': async (on) => {
    await topicOf(on, 'topic', 2);
    await topicOf(on, 'other', 3);
    await settle(on, first(on), 2);
    await nextAssignment();
    await settle(on, first(on, 'one', ['other']), 3);
    await settle(on, first(on, 'one', ['topic', 'other']), 5);
    await describe(on);
    await offsets(on);
  },
  'topics-that-grow': async (on) => {
    const topic = await topicOf(on, 'topic', 1);
    await on.ask(produce, 9, produceOf(topic, batch(['a', 'b'])));
    await settle(on, first(on), 1);
    await offsets(on);
    await nextAssignment();
    await grow(on, topic, 3);
    await settle(on, first(on), 3);
    await offsets(on);
    await describe(on);
  },
  'offsets-set-before-anybody-reads': async (on) => {
    const topic = await topicOf(on, 'topic', 3);
    await alter(on, topic, { 1: 5 });
    await settle(on, first(on), 3);
    await offsets(on);
  },
});

export const shareMemberScripts = [...alone, ...settled];
