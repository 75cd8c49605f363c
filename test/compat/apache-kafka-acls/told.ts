/**
 * Requests that are about several things of which the client may do some, and entries that speak of
 * the same thing: what both brokers answer, field by field.
 */
import { ZERO_UUID } from '../../../src/bytes/uuid.ts';
import { addPartitionsToTxn } from '../../../src/protocol/apis/add-partitions-to-txn.ts';
import { consumerGroupDescribe } from '../../../src/protocol/apis/consumer-group-describe.ts';
import { consumerGroupHeartbeat } from '../../../src/protocol/apis/consumer-group-heartbeat.ts';
import { createPartitions } from '../../../src/protocol/apis/create-partitions.ts';
import { createTopics } from '../../../src/protocol/apis/create-topics.ts';
import { deleteTopics } from '../../../src/protocol/apis/delete-topics.ts';
import { describeCluster } from '../../../src/protocol/apis/describe-cluster.ts';
import { describeConfigs } from '../../../src/protocol/apis/describe-configs.ts';
import { describeGroups } from '../../../src/protocol/apis/describe-groups.ts';
import { describeTopicPartitions } from '../../../src/protocol/apis/describe-topic-partitions.ts';
import { describeTransactions } from '../../../src/protocol/apis/describe-transactions.ts';
import { fetch } from '../../../src/protocol/apis/fetch.ts';
import { incrementalAlterConfigs } from '../../../src/protocol/apis/incremental-alter-configs.ts';
import { initProducerId } from '../../../src/protocol/apis/init-producer-id.ts';
import { listOffsets } from '../../../src/protocol/apis/list-offsets.ts';
import { metadata } from '../../../src/protocol/apis/metadata.ts';
import { offsetCommit } from '../../../src/protocol/apis/offset-commit.ts';
import { offsetDelete } from '../../../src/protocol/apis/offset-delete.ts';
import { offsetFetch } from '../../../src/protocol/apis/offset-fetch.ts';
import { produce } from '../../../src/protocol/apis/produce.ts';
import type { Right } from '../../broker/authorization/guarded-cluster.ts';
import { batchOf } from '../../broker/test-cluster.ts';
import type { Player, Script } from '../apache-kafka/player.ts';
import { type Entry, enter, grant } from './scripts.ts';

interface Two {
  readonly root: Player;
  readonly alice: Player;
  /** Alice's rights, from now on. */
  may(...rights: readonly Right[]): Promise<void>;
  enter(...entries: readonly Entry[]): Promise<void>;
}

const topicOf = (operation: Right[0], name: string): Right => [operation, 'TOPIC', name];
const made = { numPartitions: 1, replicationFactor: 1 };
const waiting = { timeoutMs: 10_000 };

const plays: Readonly<Record<string, (two: Two) => Promise<void>>> = {
  'topics-made': async ({ root, alice, may }) => {
    const [news, more, none] = ['news', 'more', 'none'].map((label) => root.name(label));
    await may(topicOf('CREATE', news!), topicOf('DESCRIBE', news!), topicOf('CREATE', more!));
    const topics = [news!, more!, none!, none!, root.name('forbidden'), '__cluster_metadata'];
    const request = { topics: topics.map((name) => ({ name, ...made })), ...waiting };
    await alice.ask(createTopics, 7, { ...request, validateOnly: true });
    await alice.ask(createTopics, 2, { ...request, validateOnly: true });
  },
  'topics-deleted': async ({ root, alice, may }) => {
    const [open, shown, hidden] = [
      await root.topic('open'),
      await root.topic('shown'),
      await root.topic('hidden'),
    ];
    const [gone, lost] = [root.name('gone'), root.name('lost')];
    await may(
      topicOf('DELETE', open.name),
      topicOf('DESCRIBE', shown.name),
      topicOf('DESCRIBE', gone),
    );
    const names = [shown.name, hidden.name, gone, lost];
    const byName = names.map((name) => ({ name, topicId: ZERO_UUID }));
    const ids = [open, shown, hidden].map(({ topicId }) => ({ name: null, topicId }));
    await alice.ask(deleteTopics, 6, { topics: byName, ...waiting });
    await alice.ask(deleteTopics, 6, { topics: ids, ...waiting });
    await alice.ask(deleteTopics, 4, { topicNames: names, ...waiting });
    const twice = [shown.name, shown.name, hidden.name];
    await alice.ask(deleteTopics, 4, { topicNames: twice, ...waiting });
  },
  'topics-described': async ({ root, alice, may }) => {
    const [open, hidden] = [await root.topic('open'), await root.topic('hidden')];
    const [gone, lost] = [root.name('gone'), root.name('lost')];
    await may(
      ['WRITE', 'TOPIC', open.name],
      ['ALTER_CONFIGS', 'TOPIC', open.name],
      ['DESCRIBE', 'TOPIC', gone],
    );
    const names = [open.name, hidden.name, gone, lost, 'in valid', '__consumer_offsets'];
    const byName = names.map((name) => ({ name, topicId: ZERO_UUID }));
    const asked = { includeTopicAuthorizedOperations: true, allowAutoTopicCreation: false };
    const sorted = (answer: { topics: readonly { readonly name: string | null }[] }) =>
      answer.topics.toSorted((a, b) => `${a.name}`.localeCompare(`${b.name}`));
    const all = await alice.quietly(metadata, 9, { topics: byName, ...asked });
    root.note('Metadata v9', sorted(all));
    const creating = { topics: byName, ...asked, allowAutoTopicCreation: true };
    root.note('Metadata v9, creating', sorted(await alice.quietly(metadata, 9, creating)));
    const ids = [open, hidden].map(({ topicId }) => ({ name: null, topicId }));
    root.note('Metadata v12', sorted(await alice.quietly(metadata, 12, { topics: ids, ...asked })));
    const page = { topics: names.slice(0, 4).map((name) => ({ name })), cursor: null };
    const paged = await alice.quietly(describeTopicPartitions, 0, page);
    root.note('DescribeTopicPartitions v0', sorted(paged));
    const timestamp = { partitionIndex: 0, timestamp: -1 };
    const places = names.slice(0, 4).map((name) => ({ name, partitions: [timestamp] }));
    root.note(
      'ListOffsets v5',
      sorted(await alice.quietly(listOffsets, 5, { replicaId: -1, topics: places })),
    );
  },
  'records-of-some': async ({ root, alice, may }) => {
    const [open, hidden] = [await root.topic('open'), await root.topic('hidden')];
    await may(['READ', 'TOPIC', open.name], ['WRITE', 'TOPIC', open.name]);
    const [records, unknown] = [batchOf('one'), { ...hidden, name: root.name('lost') }];
    const data = [hidden, unknown, open].map(({ name }) => ({
      name,
      partitionData: [{ index: 0, records }],
    }));
    const sent = await alice.quietly(produce, 8, { acks: -1, ...waiting, topicData: data });
    root.note(
      'Produce v8',
      sent.responses
        .map(({ name, partitionResponses }) => [name, partitionResponses[0].errorCode])
        .sort(),
    );
    const partition = { partition: 0, fetchOffset: 0, partitionMaxBytes: 1_000_000 };
    const topics = [hidden, unknown, open].map(({ name }) => {
      return { topic: name, partitions: [partition] };
    });
    await alice.ask(fetch, 11, { maxWaitMs: 0, minBytes: 0, sessionEpoch: -1, topics });
    const byId = [hidden, open].map(({ topicId }) => ({ topicId, partitions: [partition] }));
    await alice.ask(fetch, 13, { maxWaitMs: 0, minBytes: 0, sessionEpoch: -1, topics: byId });
  },
  'configs-of-some': async ({ root, alice, may }) => {
    const [open, hidden] = [await root.topic('open'), await root.topic('hidden')];
    await may(['ALTER_CONFIGS', 'TOPIC', open.name], ['DESCRIBE_CONFIGS', 'GROUP', root.name('g')]);
    const named = [
      [2, hidden.name],
      [2, open.name],
      [4, '1'],
      [8, '1'],
      [16, 'metrics'],
      [32, root.name('g')],
      [32, root.name('h')],
    ] as const;
    const resources = named.map(([resourceType, resourceName]) => ({ resourceType, resourceName }));
    const keys = { configurationKeys: ['cleanup.policy', 'consumer.session.timeout.ms'] };
    const described = await alice.quietly(describeConfigs, 4, {
      resources: resources.map((one) => ({ ...one, ...keys })),
    });
    root.note(
      'DescribeConfigs v4',
      described.results.map((one) => [one.resourceType, one.resourceName, one.errorCode]),
    );
    const configs = [{ name: 'cleanup.policy', configOperation: 0, value: 'compact' }];
    const altered = await alice.quietly(incrementalAlterConfigs, 1, {
      resources: resources.map((one) => ({ ...one, configs })),
      validateOnly: true,
    });
    const told = altered.responses.map((one) => [
      one.resourceType,
      one.resourceName,
      one.errorCode,
    ]);
    root.note('IncrementalAlterConfigs v1', told.sort());
  },
  'partitions-of-some': async ({ root, alice, may }) => {
    const [open, hidden] = [await root.topic('open'), await root.topic('hidden')];
    const tx = root.name('tx');
    await may(
      ['ALTER', 'TOPIC', open.name],
      ['WRITE', 'TOPIC', open.name],
      ['WRITE', 'TRANSACTIONAL_ID', tx],
    );
    const topics = [open, hidden, hidden].map(({ name }) => ({ name, count: 2 }));
    const more = topics.map((topic) => ({ ...topic, assignments: null }));
    const grown = { topics: more.slice(0, 2), validateOnly: true, ...waiting };
    await alice.ask(createPartitions, 3, grown);
    await alice.ask(addPartitionsToTxn, 3, {
      v3AndBelowTransactionalId: tx,
      v3AndBelowProducerId: 1,
      v3AndBelowTopics: [open, hidden].map(({ name }) => ({ name, partitions: [0] })),
    });
  },
  'offsets-of-some': async ({ root, alice, may }) => {
    const [open, hidden] = [await root.topic('open'), await root.topic('hidden')];
    const groupId = root.name('readers');
    const partitions = [{ partitionIndex: 0, committedOffset: 0 }];
    const committed = [open, hidden].map(({ name }) => ({ name, partitions }));
    const isDone = (answer: {
      topics: readonly { partitions: readonly { readonly errorCode: number }[] }[];
    }) => answer.topics.every((topic) => topic.partitions[0].errorCode === 0);
    await root.quietlyUntil(offsetCommit, 8, { groupId, topics: committed }, isDone);
    await may(
      ['READ', 'TOPIC', open.name],
      ['READ', 'GROUP', groupId],
      ['DELETE', 'GROUP', groupId],
    );
    await alice.ask(offsetCommit, 8, { groupId, topics: committed });
    const named = [open, hidden].map(({ name }) => ({ name, partitionIndexes: [0] }));
    await alice.ask(offsetFetch, 8, { groups: [{ groupId, topics: named }] });
    await alice.ask(offsetFetch, 8, { groups: [{ groupId, topics: null }] });
    await alice.ask(offsetFetch, 7, { groupId, topics: named });
    const forgotten = [open, hidden].map(({ name }) => ({
      name,
      partitions: [{ partitionIndex: 0 }],
    }));
    await alice.ask(offsetDelete, 0, { groupId, topics: forgotten });
  },
  'groups-and-transactions': async ({ root, alice, may }) => {
    const [open, hidden] = [await root.topic('open'), await root.topic('hidden')];
    const [groupId, transactionalId] = [root.name('moderns'), root.name('tx')];
    const names = [open.name, hidden.name];
    await root.quietlyUntil(
      consumerGroupHeartbeat,
      1,
      {
        groupId,
        memberId: 'one',
        rebalanceTimeoutMs: 60_000,
        subscribedTopicNames: names,
        topicPartitions: [],
      },
      ({ assignment }) => assignment !== null && assignment.topicPartitions.length > 0,
    );
    const init = { transactionalId, transactionTimeoutMs: 60_000 };
    const { producerId, producerEpoch } = await root.quietlyUntil(
      initProducerId,
      4,
      init,
      ({ errorCode }) => errorCode === 0,
    );
    await root.quietly(addPartitionsToTxn, 3, {
      v3AndBelowTransactionalId: transactionalId,
      v3AndBelowProducerId: producerId,
      v3AndBelowProducerEpoch: producerEpoch,
      v3AndBelowTopics: names.map((name) => ({ name, partitions: [0] })),
    });
    await may(
      ['DESCRIBE', 'TOPIC', open.name],
      ['READ', 'GROUP', groupId],
      ['DESCRIBE', 'TRANSACTIONAL_ID', transactionalId],
    );
    const asked = { groupIds: [groupId], includeAuthorizedOperations: true };
    await alice.ask(consumerGroupDescribe, 1, asked);
    const { transactionStates } = await alice.quietly(describeTransactions, 0, {
      transactionalIds: [transactionalId, root.name('other')],
    });
    const told = transactionStates.map((one) => [one.transactionalId, one.errorCode, one.topics]);
    root.note('DescribeTransactions v0', told);
    const classic = { groups: [groupId], includeAuthorizedOperations: true };
    await alice.ask(describeGroups, 5, classic);
    const cluster = { includeClusterAuthorizedOperations: true };
    const operations = async () =>
      (await alice.quietly(describeCluster, 1, cluster)).clusterAuthorizedOperations;
    root.note('DescribeCluster v1', await operations());
    await may(['ALTER', 'CLUSTER', 'kafka-cluster'], ['CREATE', 'CLUSTER', 'kafka-cluster']);
    root.note('DescribeCluster v1, allowed', await operations());
  },
  'a-pattern': async ({ root, alice, may }) => {
    const [open, other] = [await root.topic('a-open'), await root.topic('a-other')];
    await root.topic('a-hidden');
    const groupId = root.name('patterned');
    await may(
      ['READ', 'GROUP', groupId],
      ['DESCRIBE', 'TOPIC', open.name],
      ['READ', 'TOPIC', other.name],
    );
    const joining = {
      groupId,
      memberId: 'one',
      rebalanceTimeoutMs: 60_000,
      subscribedTopicRegex: `${root.name('a-')}.*`,
      topicPartitions: [],
    };
    const joined = await alice.quietlyUntil(consumerGroupHeartbeat, 1, joining, (answer) => {
      return answer.errorCode !== 0 || (answer.assignment?.topicPartitions.length ?? 0) > 0;
    });
    const ids = joined.assignment?.topicPartitions.map(({ topicId }) => topicId).sort();
    const expected = [open.topicId, other.topicId].sort();
    root.note('assigned', [joined.errorCode, ids?.length, String(ids) === String(expected)]);
  },
  precedence: async ({ root, alice, enter }) => {
    const labels = ['one', 'two', 'two-more', 'three'];
    const names: string[] = [];
    for (const label of labels) names.push((await root.topic(label)).name);
    const [one, two, more, three] = names as [string, string, string, string];
    const entry = (operation: Right[0], name: string, rest: Partial<Entry> = {}): Entry => ({
      right: [operation, 'TOPIC', name],
      ...rest,
    });
    const [isPrefixed, isDenied] = [true, true];
    const sets: readonly (readonly Entry[])[] = [
      [entry('READ', one), entry('READ', two, { isPrefixed })],
      [entry('READ', two, { isPrefixed }), entry('READ', more, { isDenied })],
      [entry('READ', '*'), entry('READ', two, { isPrefixed, isDenied })],
      [entry('ALL', '*'), entry('ALL', one, { isDenied }), entry('DESCRIBE', three, { isDenied })],
      [entry('READ', '*'), entry('WRITE', one, { isDenied }), entry('READ', two, { isDenied })],
      [entry('ALL', '*', { isDenied }), entry('ALL', one), entry('ALL', two, { isPrefixed })],
      [entry('WRITE', one), entry('CREATE', two), entry('ALTER', more), entry('DELETE', three)],
      [entry('ALTER_CONFIGS', one), entry('DESCRIBE_CONFIGS', two), entry('DESCRIBE', more)],
      [
        entry('READ', root.name('t'), { isPrefixed }),
        entry('READ', more, { isDenied, isPrefixed }),
      ],
    ];
    for (const [i, set] of sets.entries()) {
      await enter(...set);
      const asked = { includeTopicAuthorizedOperations: true, allowAutoTopicCreation: false };
      const topics = names.map((name) => ({ name, topicId: ZERO_UUID }));
      const answer = await alice.quietly(metadata, 9, { topics, ...asked });
      const told = answer.topics.map((topic) => [
        topic.name,
        topic.errorCode,
        topic.topicAuthorizedOperations,
      ]);
      const { errorCode } = await alice.quietly(initProducerId, 4, { transactionalId: null });
      root.note(`entries ${i}`, [...told.sort(), errorCode]);
    }
  },
};

export function toldScripts(): Script[] {
  return Object.entries(plays).map(([name, play], i) => {
    const host = `127.2.0.${i + 1}`;
    return {
      name,
      play: (root) =>
        play({
          root,
          alice: root.another(host),
          may: (...rights) => grant(root, rights, host),
          enter: (...entries) => enter(root, entries, host),
        }),
    };
  });
}
