/** Groups of the consumer protocol (KIP-848): members, epochs, reconciliation and migration. */
import {
  consumerGroupDescribe,
  consumerGroupHeartbeat,
  deleteGroups,
  describeGroups,
  listGroups,
  offsetCommit,
  offsetDelete,
  offsetFetch,
  txnOffsetCommit,
} from '../apis.ts';
import {
  type Beat,
  describe,
  first,
  grow,
  Member,
  nextAssignment,
  offsetsOf,
  topicOf,
} from '../members.ts';
import { scripts } from '../player.ts';
import { init } from '../producers.ts';

const alone = scripts('consumer-groups', {
  'life-of-one-member': async (on) => {
    const topic = await topicOf(on, 'topic', 3);
    const one = new Member(on, 'one', topic);
    await on.ask(consumerGroupHeartbeat, 1, first(on, one));
    await describe(on);
    const self = { ...one.self, memberEpoch: 2 };
    const topicPartitions = [{ topicId: topic.topicId, partitions: [0, 1, 2] }];
    await on.ask(consumerGroupHeartbeat, 1, self);
    await on.ask(consumerGroupHeartbeat, 1, { ...self, topicPartitions });
    await on.ask(consumerGroupHeartbeat, 1, { ...first(on, one), memberEpoch: 2, topicPartitions });
    await on.ask(consumerGroupDescribe, 0, { groupIds: [on.name('group')] });
    await on.ask(describeGroups, 5, { groups: [on.name('group')] });
    await on.ask(describeGroups, 6, { groups: [on.name('group')] });
    const { groups } = await on.quietly(listGroups, 5, { typesFilter: ['consumer'] });
    on.note(
      'listed',
      groups.filter(({ groupId }) => groupId === on.name('group')),
    );
    await on.ask(deleteGroups, 3, { groupsNames: [on.name('group')] });
    await on.ask(consumerGroupHeartbeat, 1, { ...self, memberEpoch: -1 });
    await describe(on);
    await on.ask(consumerGroupHeartbeat, 1, self);
    await on.ask(deleteGroups, 3, { groupsNames: [on.name('group')] });
    await describe(on);
  },
  'named-by-the-group': async (on) => {
    await topicOf(on, 'topic');
    const { memberId } = await on.ask(consumerGroupHeartbeat, 0, first(on, { memberId: '' }));
    const self = { groupId: on.name('group'), memberId: memberId ?? '', memberEpoch: 2 };
    await on.ask(consumerGroupHeartbeat, 0, self);
    await on.ask(consumerGroupHeartbeat, 0, { ...self, memberEpoch: -1 });
  },
  'what-no-group-takes': async (on) => {
    const whole = first(on, { memberId: 'me' });
    const wrong: Beat[] = [
      { groupId: '' },
      { memberId: '' },
      { instanceId: '' },
      { rackId: '' },
      { rackId: ' ' },
      { rebalanceTimeoutMs: -1 },
      { topicPartitions: null },
      { topicPartitions: [{ partitions: [0] }] },
      { subscribedTopicNames: null },
      { serverAssignor: 'nobody' },
      { memberEpoch: -2 },
      { memberEpoch: -3 },
      { memberEpoch: 1, memberId: '' },
      { memberEpoch: -1, memberId: '' },
      { subscribedTopicNames: null, subscribedTopicRegex: '(' },
      { subscribedTopicNames: null, subscribedTopicRegex: '(?=x)' },
    ];
    for (const one of wrong) await on.ask(consumerGroupHeartbeat, 1, { ...whole, ...one });
    await on.ask(consumerGroupHeartbeat, 0, { ...whole, memberId: '', memberEpoch: 5 });
    await describe(on);
  },
  'of-groups-that-are-not-there': async (on) => {
    const self = { groupId: on.name('group'), memberId: 'me' };
    for (const memberEpoch of [-2, -1, 1]) {
      await on.ask(consumerGroupHeartbeat, 1, { ...self, memberEpoch, instanceId: 'x' });
    }
    await on.ask(consumerGroupDescribe, 1, { groupIds: ['', on.name('group'), on.name('group')] });
  },
  'epochs-that-are-wrong': async (on) => {
    const topic = await topicOf(on, 'topic', 2);
    const one = new Member(on, 'one', topic);
    await one.join();
    for (const memberEpoch of [3, 99, -1, -2]) {
      const memberId = memberEpoch < 0 ? 'stranger' : one.memberId;
      const request = { ...one.self, memberId, memberEpoch };
      await on.ask(consumerGroupHeartbeat, 1, {
        ...request,
        instanceId: memberEpoch < -1 ? 'i' : null,
      });
    }
    await on.ask(consumerGroupHeartbeat, 1, { ...one.self, memberId: 'stranger' });
    await nextAssignment();
    await one.beat({ subscribedTopicNames: [on.name('topic'), on.name('other')] });
    await one.beat({ memberEpoch: 2 });
    await one.beat({ memberEpoch: 2, topicPartitions: null });
    await one.beat({ memberEpoch: 0, ...first(on, one) });
  },
  'topics-that-come-and-grow': async (on) => {
    const one = { memberId: on.name('one') };
    await on.ask(consumerGroupHeartbeat, 1, first(on, one));
    await nextAssignment();
    const topic = await topicOf(on, 'topic', 1);
    const self = { groupId: on.name('group'), ...one };
    const told = await on.until(
      consumerGroupHeartbeat,
      1,
      { ...self, memberEpoch: 2 },
      ({ assignment }) => (assignment?.topicPartitions.length ?? 0) > 0,
    );
    const { memberEpoch } = told;
    await nextAssignment();
    await grow(on, topic, 3);
    const topicPartitions = [{ topicId: topic.topicId, partitions: [0] }];
    await on.until(
      consumerGroupHeartbeat,
      1,
      { ...self, memberEpoch, topicPartitions },
      ({ assignment }) => assignment?.topicPartitions[0]?.partitions.length === 3,
    );
    await describe(on);
  },
  'subscriptions-that-change': async (on) => {
    const topic = await topicOf(on, 'topic', 2);
    await topicOf(on, 'other', 2);
    const one = new Member(on, 'one', topic);
    await one.join();
    await nextAssignment();
    await one.beat({ subscribedTopicNames: [on.name('other')] });
    await describe(on);
    await one.beat();
    await one.beat({ topicPartitions: [] });
    await describe(on);
    await nextAssignment();
    await one.beat({ subscribedTopicNames: [] });
    await one.beat({ topicPartitions: [] });
    await describe(on);
  },
  'assignors-that-change': async (on) => {
    const topic = await topicOf(on, 'topic', 2);
    const one = new Member(on, 'one', topic);
    await one.join({ serverAssignor: 'range' });
    await describe(on);
    await nextAssignment();
    await one.beat({ serverAssignor: 'uniform' });
    await describe(on);
  },
  patterns: async (on) => {
    const topic = await topicOf(on, 'topic-a', 2);
    await topicOf(on, 'other', 2);
    const one = new Member(on, 'one', topic);
    const subscribedTopicRegex = `${on.name('topic')}.*`;
    await on.quietly(consumerGroupHeartbeat, 1, {
      ...first(on, one),
      subscribedTopicNames: null,
      subscribedTopicRegex,
    });
    const { assignment } = await on.quietlyUntil(
      consumerGroupHeartbeat,
      1,
      { ...first(on, one), subscribedTopicNames: null, subscribedTopicRegex },
      (told) => told.assignment?.topicPartitions.length === 1,
    );
    on.note('assigned', assignment);
    const request = { groupIds: [on.name('group')] };
    const { groups } = await on.quietly(consumerGroupDescribe, 1, request);
    on.note('regex', groups[0].members[0].subscribedTopicRegex);
  },
});

const several = scripts('consumer-groups', {
  'two-members-share': async (on) => {
    const topic = await topicOf(on, 'topic', 4);
    const [one, two] = ['one', 'two'].map((label) => new Member(on, label, topic));
    await one.join();
    await nextAssignment();
    await two.join();
    await describe(on);
    await two.beat();
    await one.beat();
    await describe(on);
    await two.beat();
    await one.beat();
    await two.beat();
    await describe(on);
    await nextAssignment();
    await one.beat({ memberEpoch: -1 });
    await two.beat();
    await two.beat();
    await describe(on);
  },
  'two-members-at-once': async (on) => {
    const topic = await topicOf(on, 'topic', 4);
    const [one, two] = ['one', 'two'].map((label) => new Member(on, label, topic));
    await one.join();
    await two.join();
    await two.beat();
    await one.beat();
    await nextAssignment();
    await one.beat();
    await one.beat();
    await two.beat();
    await two.beat();
  },
  'two-members-read-different-topics': async (on) => {
    const topic = await topicOf(on, 'topic', 3);
    const other = await topicOf(on, 'other', 2);
    const [one, two] = [new Member(on, 'one', topic), new Member(on, 'two', other)];
    await one.join();
    await nextAssignment();
    await two.join({ subscribedTopicNames: [other.name, topic.name], serverAssignor: 'range' });
    await one.beat();
    await one.beat();
    await two.beat();
    await two.beat();
  },
  'static-members': async (on) => {
    const topic = await topicOf(on, 'topic', 2);
    const [one, two] = ['one', 'two'].map((label) => new Member(on, label, topic));
    const instanceId = 'instance';
    await one.join({ instanceId });
    await two.join({ instanceId });
    await one.join({ instanceId });
    await one.beat({ instanceId });
    await on.ask(consumerGroupHeartbeat, 1, { ...one.self, instanceId, memberEpoch: -2 });
    await describe(on);
    await two.join({ instanceId });
    await one.beat({ instanceId, memberEpoch: 2 });
    await describe(on);
    await two.beat({ instanceId });
    await on.ask(consumerGroupHeartbeat, 1, { ...two.self, instanceId, memberEpoch: -1 });
    await describe(on);
  },
});

const offsets = scripts('consumer-groups', {
  'offsets-of-members': async (on) => {
    const topic = await topicOf(on, 'topic', 2);
    const one = new Member(on, 'one', topic);
    await one.join();
    const groupId = on.name('group');
    const { memberId } = one;
    const commit = async (generationIdOrMemberEpoch: number, more = {}, version = 9) => {
      const whole = { groupId, memberId, generationIdOrMemberEpoch, ...more };
      await on.ask(offsetCommit, version, { topics: offsetsOf(topic, [0]), ...whole });
    };
    await commit(2);
    await commit(2, {}, 8);
    await commit(1);
    await commit(3);
    await commit(2, { memberId: 'stranger' });
    await commit(-1, { memberId: '' });
    await commit(-1);
    const fetched = async (memberEpoch: number, who: string | null = memberId) => {
      const topics = [{ name: topic.name, partitionIndexes: [0, 1] }];
      await on.ask(offsetFetch, 9, { groups: [{ groupId, memberId: who, memberEpoch, topics }] });
    };
    await fetched(2);
    await fetched(1);
    await fetched(3);
    await fetched(2, 'stranger');
    await fetched(-1, null);
    await on.ask(offsetDelete, 0, {
      groupId,
      topics: [{ name: topic.name, partitions: [{ partitionIndex: 0 }] }],
    });
    await one.beat({ memberEpoch: -1 });
    await commit(-1, { memberId: '' });
    await commit(2);
    await on.ask(offsetDelete, 0, {
      groupId,
      topics: [{ name: topic.name, partitions: [{ partitionIndex: 0 }] }],
    });
  },
  'offsets-of-an-epoch-that-is-over': async (on) => {
    const topic = await topicOf(on, 'topic', 2);
    const one = new Member(on, 'one', topic);
    await one.join();
    await nextAssignment();
    await grow(on, topic, 3);
    await on.quietlyUntil(
      consumerGroupHeartbeat,
      1,
      { ...one.self, topicPartitions: one.owned },
      ({ memberEpoch }) => memberEpoch === 3,
    );
    for (const [epoch, partitions] of [
      [2, [0]],
      [2, [2]],
      [2, [0, 2]],
      [1, [0]],
      [3, [2]],
      [4, [2]],
    ] as const) {
      await on.ask(offsetCommit, 9, {
        groupId: on.name('group'),
        memberId: one.memberId,
        generationIdOrMemberEpoch: epoch,
        topics: offsetsOf(topic, partitions),
      });
    }
  },
  'offsets-in-transactions': async (on) => {
    const topic = await topicOf(on, 'topic', 2);
    const one = new Member(on, 'one', topic);
    await one.join();
    const producer = await init(on);
    for (const [memberId, epoch] of [
      [one.memberId, 2],
      [one.memberId, 1],
      [one.memberId, 3],
      ['stranger', 2],
      ['', -1],
    ] as const) {
      await on.ask(txnOffsetCommit, 5, {
        ...producer,
        groupId: on.name('group'),
        memberId,
        generationIdOrMemberEpoch: epoch,
        topics: offsetsOf(topic, [0]),
      });
    }
  },
});

export const consumerGroupScripts = [...alone, ...several, ...offsets];
