/** Share groups (KIP-932): their members, and where they are. */
import type { Infer } from '../../../../src/protocol/schema.ts';
import {
  alterShareGroupOffsets,
  consumerGroupDescribe,
  consumerGroupHeartbeat,
  deleteGroups,
  deleteShareGroupOffsets,
  describeGroups,
  describeShareGroupOffsets,
  joinGroup,
  listGroups,
  offsetCommit,
  offsetDelete,
  offsetFetch,
  shareGroupDescribe,
  shareGroupHeartbeat,
} from '../apis.ts';
import { topicOf } from '../members.ts';
import { type Player, type Sparse, scripts } from '../player.ts';

type Beat = Sparse<Infer<typeof shareGroupHeartbeat.request.fields>>;

function first(on: Player, label = 'one'): Beat {
  return {
    groupId: on.name('group'),
    memberId: on.name(label),
    memberEpoch: 0,
    subscribedTopicNames: [on.name('topic')],
  };
}

/** Joins until partitions of so many topics are assigned, and keeps what was last told. */
async function joined(on: Player, topics = 1, more: Beat = {}): Promise<number> {
  const request = { ...first(on), ...more };
  await on.quietly(shareGroupHeartbeat, 1, request);
  const { errorCode, assignment, memberEpoch } = await on.quietlyUntil(
    shareGroupHeartbeat,
    1,
    request,
    (told) => told.assignment?.topicPartitions.length === topics,
  );
  on.note('joined', { errorCode, assignment });
  return memberEpoch;
}

async function leave(on: Player, label = 'one'): Promise<void> {
  await on.ask(shareGroupHeartbeat, 1, { ...first(on, label), memberEpoch: -1 });
}

/** A description without the epochs: how many steps it takes to begin in a topic is Kafka's own. */
async function describe(on: Player): Promise<void> {
  const groupIds = [on.name('group')];
  const { groups } = await on.quietly(shareGroupDescribe, 1, {
    groupIds,
    includeAuthorizedOperations: true,
  });
  const { groupEpoch, assignmentEpoch, ...group } = groups[0];
  const members = group.members.map(({ memberEpoch, ...member }) => ({
    ...member,
    isThere: memberEpoch > 0,
  }));
  on.note('described', { ...group, members, isBalanced: groupEpoch === assignmentEpoch });
}

async function listed(on: Player): Promise<void> {
  const { groups } = await on.quietly(listGroups, 5, { typesFilter: ['SHARE'] });
  on.note(
    'listed',
    groups.filter(({ groupId }) => groupId === on.name('group')),
  );
}

const whole = (topicName: string, partitions: readonly number[]) => ({ topicName, partitions });

async function positions(on: Player, topics: Sparse<{ topicName: string }[]> | null = null) {
  const groups = [{ groupId: on.name('group'), topics }];
  await on.ask(describeShareGroupOffsets, 0, { groups });
  await on.ask(describeShareGroupOffsets, 1, { groups });
}

async function alter(on: Player, topicName: string, offsets: readonly (readonly number[])[]) {
  const partitions = offsets.map(([partitionIndex, startOffset]) => ({
    partitionIndex,
    startOffset,
  }));
  const topics = [{ topicName, partitions }];
  await on.ask(alterShareGroupOffsets, 0, { groupId: on.name('group'), topics });
}

async function forget(on: Player, ...names: readonly string[]) {
  const topics = names.map((topicName) => ({ topicName }));
  await on.ask(deleteShareGroupOffsets, 0, { groupId: on.name('group'), topics });
}

const members = scripts('share-groups', {
  'what-no-group-takes': async (on) => {
    const wrong: Beat[] = [
      { groupId: '' },
      { groupId: ' ' },
      { memberId: '' },
      { memberId: ' ' },
      { rackId: '' },
      { rackId: ' ' },
      { subscribedTopicNames: null },
      { subscribedTopicNames: [] },
      { memberEpoch: -1 },
      { memberEpoch: -2 },
      { memberEpoch: -3 },
      { memberEpoch: 1 },
      { memberEpoch: 1, memberId: '' },
      { memberEpoch: -1, memberId: '' },
    ];
    for (const one of wrong) await on.ask(shareGroupHeartbeat, 1, { ...first(on), ...one });
    await describe(on);
  },
  'life-of-one-member': async (on) => {
    await topicOf(on, 'topic', 3);
    await joined(on);
    await describe(on);
    await listed(on);
    await on.ask(deleteGroups, 3, { groupsNames: [on.name('group')] });
    for (const memberEpoch of [99, -2]) {
      const answer = await on.quietly(shareGroupHeartbeat, 1, { ...first(on), memberEpoch });
      on.note('epoch', { memberEpoch, errorCode: answer.errorCode });
    }
    await on.ask(shareGroupHeartbeat, 1, { ...first(on, 'stranger'), memberEpoch: 3 });
    await leave(on, 'stranger');
    await leave(on);
    await describe(on);
    await listed(on);
    await on.ask(shareGroupHeartbeat, 1, { ...first(on), memberEpoch: 3 });
    await leave(on);
    await on.ask(deleteGroups, 3, { groupsNames: [on.name('group')] });
    await on.ask(deleteGroups, 3, { groupsNames: [on.name('group')] });
    await describe(on);
    await listed(on);
  },
  'topics-that-are-not-there': async (on) => {
    await topicOf(on, 'topic', 2);
    const names = ['topic', 'nothing'].map((label) => on.name(label));
    await joined(on, 1, { subscribedTopicNames: names });
    await describe(on);
    await topicOf(on, 'nothing', 1);
    await joined(on, 2, { subscribedTopicNames: names });
    await joined(on, 1, { subscribedTopicNames: [on.name('nothing')] });
    await describe(on);
    await positions(on);
    await leave(on);
    await positions(on);
  },
  'other-kinds-of-groups': async (on) => {
    const topic = await topicOf(on, 'topic');
    await joined(on);
    const group = on.name('group');
    const beat = { groupId: group, memberId: on.name('two'), memberEpoch: 0 };
    const more = { rebalanceTimeoutMs: 30_000, topicPartitions: [] };
    await on.ask(consumerGroupHeartbeat, 1, {
      ...beat,
      ...more,
      subscribedTopicNames: [topic.name],
    });
    await on.ask(joinGroup, 5, {
      groupId: group,
      sessionTimeoutMs: 10_000,
      rebalanceTimeoutMs: 10_000,
      protocolType: 'consumer',
      protocols: [{ name: 'range', metadata: new Uint8Array(0) }],
    });
    await on.ask(describeGroups, 5, { groups: [group] });
    await on.ask(describeGroups, 6, { groups: [group] });
    await on.ask(consumerGroupDescribe, 1, { groupIds: [group] });
    const partitions = [{ partitionIndex: 0, committedOffset: 0 }];
    const simple = { groupId: group, generationIdOrMemberEpoch: -1, memberId: '' };
    await on.ask(offsetCommit, 8, { ...simple, topics: [{ name: topic.name, partitions }] });
    const fetched = [{ name: topic.name, partitionIndexes: [0] }];
    await on.ask(offsetFetch, 8, { groups: [{ groupId: group, topics: fetched }] });
    await on.ask(offsetDelete, 0, {
      groupId: group,
      topics: [{ name: topic.name, partitions: [{ partitionIndex: 0 }] }],
    });
    await leave(on);
    await on.ask(consumerGroupHeartbeat, 1, {
      ...beat,
      ...more,
      subscribedTopicNames: [topic.name],
    });
    await on.ask(offsetCommit, 8, { ...simple, topics: [{ name: topic.name, partitions }] });
  },
  'in-groups-of-other-kinds': async (on) => {
    const topic = await topicOf(on, 'topic');
    const group = on.name('group');
    await on.quietly(consumerGroupHeartbeat, 1, {
      groupId: group,
      memberId: on.name('two'),
      rebalanceTimeoutMs: 30_000,
      topicPartitions: [],
      subscribedTopicNames: [topic.name],
    });
    await on.ask(shareGroupHeartbeat, 1, first(on));
    await on.ask(shareGroupHeartbeat, 1, { ...first(on), memberEpoch: 3 });
    await leave(on);
    await describe(on);
    await positions(on);
    await positions(on, [whole(topic.name, [0])]);
    await alter(on, topic.name, [[0, 0]]);
    await forget(on, topic.name);
  },
  'of-groups-that-are-not-there': async (on) => {
    const groupIds = ['', on.name('group'), on.name('group')];
    await on.ask(shareGroupDescribe, 1, { groupIds });
    await on.ask(shareGroupDescribe, 1, { groupIds: [] });
    await leave(on);
  },
});

const offsets = scripts('share-groups', {
  'offsets-of-nobody': async (on) => {
    const topic = await topicOf(on, 'topic', 2);
    await positions(on);
    await positions(on, []);
    await positions(on, [whole(topic.name, [0, 1]), whole(on.name('nothing'), [0])]);
    await on.ask(describeShareGroupOffsets, 1, { groups: [{ groupId: '', topics: null }] });
    await on.ask(describeShareGroupOffsets, 1, { groups: [] });
    await forget(on, topic.name);
    await on.ask(alterShareGroupOffsets, 0, { groupId: '', topics: [] });
    await on.ask(deleteShareGroupOffsets, 0, { groupId: '', topics: [] });
  },
  'offsets-before-there-is-a-member': async (on) => {
    const topic = await topicOf(on, 'topic', 2);
    await alter(on, topic.name, [
      [0, 0],
      [1, 5],
    ]);
    await positions(on);
    await describe(on);
    await listed(on);
    await forget(on, topic.name);
    await positions(on);
    await on.ask(deleteGroups, 3, { groupsNames: [on.name('group')] });
  },
  'offsets-altered': async (on) => {
    const topic = await topicOf(on, 'topic', 2);
    await joined(on);
    await positions(on);
    await alter(on, topic.name, [[0, 0]]);
    await forget(on, topic.name);
    await leave(on);
    await alter(on, topic.name, [
      [0, 0],
      [7, 0],
    ]);
    await alter(on, on.name('nothing'), [[0, 0]]);
    await alter(on, topic.name, [[1, -1]]);
    await on.ask(alterShareGroupOffsets, 0, { groupId: on.name('group'), topics: [] });
    await positions(on);
    await positions(on, [whole(topic.name, [1])]);
    await alter(on, topic.name, [[1, 99]]);
    await positions(on);
  },
  'offsets-deleted': async (on) => {
    const topic = await topicOf(on, 'topic', 2);
    const other = await topicOf(on, 'other', 1);
    await joined(on, 2, { subscribedTopicNames: [topic.name, other.name] });
    await leave(on);
    await alter(on, topic.name, [
      [0, 0],
      [1, 0],
    ]);
    await forget(on, other.name, on.name('nothing'));
    await positions(on);
    await forget(on, topic.name);
    await forget(on, topic.name);
    await positions(on);
    await forget(on);
  },
});

export const shareGroupScripts = [...members, ...offsets];
