import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ZERO_UUID } from '../../../src/bytes/uuid.ts';
import { AclOperation } from '../../../src/protocol/acl.ts';
import { addPartitionsToTxn } from '../../../src/protocol/apis/add-partitions-to-txn.ts';
import { consumerGroupDescribe } from '../../../src/protocol/apis/consumer-group-describe.ts';
import { consumerGroupHeartbeat } from '../../../src/protocol/apis/consumer-group-heartbeat.ts';
import { createPartitions } from '../../../src/protocol/apis/create-partitions.ts';
import { createTopics } from '../../../src/protocol/apis/create-topics.ts';
import { deleteTopics } from '../../../src/protocol/apis/delete-topics.ts';
import { describeCluster } from '../../../src/protocol/apis/describe-cluster.ts';
import { describeGroups } from '../../../src/protocol/apis/describe-groups.ts';
import { describeTopicPartitions } from '../../../src/protocol/apis/describe-topic-partitions.ts';
import { describeTransactions } from '../../../src/protocol/apis/describe-transactions.ts';
import { fetch } from '../../../src/protocol/apis/fetch.ts';
import { initProducerId } from '../../../src/protocol/apis/init-producer-id.ts';
import { metadata } from '../../../src/protocol/apis/metadata.ts';
import { offsetFetch } from '../../../src/protocol/apis/offset-fetch.ts';
import { ErrorCode } from '../../../src/protocol/errors.ts';
import { throughBytes } from '../through-bytes.ts';
import {
  alice,
  furnishedCluster,
  type GuardedCluster,
  type Right,
  root,
} from './guarded-cluster.ts';

const { TOPIC_AUTHORIZATION_FAILED: forbidden, NONE } = ErrorCode;

let cluster: GuardedCluster;
beforeEach(async () => {
  cluster = await furnishedCluster();
  await cluster.createTopics('app-one', 'app-two', 'secret');
});
afterEach(() => cluster.memory.close());

/** A client of alice's, with these rights. */
async function withRights(version: number, ...rights: readonly Right[]) {
  await cluster.onlyAllow(rights);
  return cluster.connect(alice)(version);
}

const bits = (...names: readonly (keyof typeof AclOperation)[]) =>
  names.reduce((field, name) => field | (1 << AclOperation[name]), 0);

describe('authorised operations', () => {
  const notAsked = -0x8000_0000;

  it('of a topic are those that the ACLs allow', async () => {
    const context = await withRights(9, ['WRITE', 'TOPIC', 'orders'], ['ALL', 'TOPIC', 'secret']);
    const names = ['orders', 'secret', 'app-one'].map((name) => ({ topicId: ZERO_UUID, name }));
    const asked = { topics: names, includeTopicAuthorizedOperations: true };
    const { topics } = await throughBytes(metadata, asked, context);
    const told = topics.map(({ name, topicAuthorizedOperations: field }) => [name, field]);
    const all = ['READ', 'WRITE', 'CREATE', 'DELETE', 'ALTER', 'DESCRIBE'] as const;
    expect(Object.fromEntries(told)).toEqual({
      orders: bits('WRITE', 'DESCRIBE'),
      secret: bits(...all, 'DESCRIBE_CONFIGS', 'ALTER_CONFIGS'),
      'app-one': notAsked,
    });
    const page = await throughBytes(
      describeTopicPartitions,
      { topics: [{ name: 'orders' }, { name: 'app-one' }], cursor: null },
      { ...context, apiVersion: 0 },
    );
    expect(page.topics.map((one) => [one.errorCode, one.topicAuthorizedOperations])).toEqual([
      [NONE, bits('WRITE', 'DESCRIBE')],
      [forbidden, notAsked],
    ]);
  });

  it('of the cluster are none for who may not describe it', async () => {
    const asked = { includeClusterAuthorizedOperations: true };
    const told = async (...rights: Right[]) => {
      const context = await withRights(1, ...rights);
      return (await throughBytes(describeCluster, asked, context)).clusterAuthorizedOperations;
    };
    expect(await told(['CREATE', 'CLUSTER', 'kafka-cluster'])).toBe(0);
    expect(await told(['ALTER', 'CLUSTER', 'kafka-cluster'])).toBe(bits('ALTER', 'DESCRIBE'));
  });

  it('of a group are those that the ACLs allow', async () => {
    const context = await withRights(5, ['READ', 'GROUP', 'readers']);
    const asked = { groups: ['readers'], includeAuthorizedOperations: true };
    const { groups } = await throughBytes(describeGroups, asked, context);
    expect(groups[0].authorizedOperations).toBe(bits('READ', 'DESCRIBE'));
  });
});

describe('who may not describe a topic', () => {
  it('does not hear its name from an id, nor whether it exists', async () => {
    const topicId = await cluster.topicId('secret');
    const context = await withRights(6, ['DESCRIBE', 'TOPIC', 'app-one']);
    const topics = [
      { name: null, topicId },
      { name: null, topicId: await cluster.topicId('app-one') },
      { name: 'secret', topicId: ZERO_UUID },
      { name: 'nothing', topicId: ZERO_UUID },
    ];
    const { responses } = await throughBytes(deleteTopics, { topics }, context);
    expect(responses.map(({ name, errorCode }) => [name, errorCode])).toEqual([
      [null, forbidden],
      ['app-one', forbidden],
      ['secret', forbidden],
      ['nothing', forbidden],
    ]);
    expect(await cluster.topicId('secret')).toBe(topicId);
  });

  it('may hear that one is missing which it may describe', async () => {
    const context = await withRights(6, ['DESCRIBE', 'TOPIC', 'nothing']);
    const topics = [{ name: 'nothing', topicId: ZERO_UUID }];
    const { responses } = await throughBytes(deleteTopics, { topics }, context);
    expect(responses[0].errorCode).toBe(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION);
  });

  it('finds none by a pattern that it may not describe', async () => {
    const reading: Right[] = [
      ['READ', 'GROUP', 'patterned'],
      ['DESCRIBE', 'TOPIC', 'app-one'],
    ];
    const joining = {
      groupId: 'patterned',
      memberId: 'one',
      rebalanceTimeoutMs: 60_000,
      subscribedTopicRegex: '.*',
      topicPartitions: [],
    };
    const context = await withRights(1, ...reading);
    const { errorCode, assignment } = await throughBytes(consumerGroupHeartbeat, joining, context);
    expect(errorCode).toBe(NONE);
    expect(assignment?.topicPartitions).toEqual([
      { topicId: await cluster.topicId('app-one'), partitions: [0] },
    ]);
    const all = { ...joining, groupId: 'everything' };
    const seen = await throughBytes(consumerGroupHeartbeat, all, cluster.connect(root)(1));
    expect(seen.assignment?.topicPartitions).toHaveLength(4);
  });

  it('hears nothing of a group that reads it', async () => {
    const context = await withRights(0, ['DESCRIBE', 'GROUP', 'moderns']);
    const asked = { groupIds: ['moderns'], includeAuthorizedOperations: true };
    const { groups } = await throughBytes(consumerGroupDescribe, asked, context);
    expect(groups).toMatchObject([
      {
        errorCode: forbidden,
        errorMessage:
          'The group has described topic(s) that the client is not authorized to describe.',
        members: [],
        groupState: '',
        authorizedOperations: -0x8000_0000,
      },
    ]);
  });

  it('is not told of it among all that was committed or written', async () => {
    const { producerId, producerEpoch } = await newTransaction();
    const context = await withRights(
      8,
      ['DESCRIBE', 'GROUP', 'readers'],
      ['DESCRIBE', 'TRANSACTIONAL_ID', 'payments'],
      ['DESCRIBE', 'TOPIC', 'app-one'],
    );
    const group = { groupId: 'readers', memberId: null, memberEpoch: -1, topics: null };
    const { groups } = await throughBytes(offsetFetch, { groups: [group] }, context);
    expect(groups).toMatchObject([{ errorCode: NONE, topics: [] }]);
    const { transactionStates } = await throughBytes(
      describeTransactions,
      { transactionalIds: ['payments'] },
      { ...context, apiVersion: 0 },
    );
    expect(transactionStates).toMatchObject([
      { producerId, producerEpoch, topics: [{ topic: 'app-one', partitions: [0] }] },
    ]);
  });
});

/** One that writes to a topic that is secret and to one that is not. */
async function newTransaction() {
  const context = cluster.connect(root);
  const { producerId, producerEpoch } = await throughBytes(
    initProducerId,
    { transactionalId: 'payments', transactionTimeoutMs: 60_000 },
    context(4),
  );
  await throughBytes(
    addPartitionsToTxn,
    {
      v3AndBelowTransactionalId: 'payments',
      v3AndBelowProducerId: producerId,
      v3AndBelowProducerEpoch: producerEpoch,
      v3AndBelowTopics: [
        { name: 'secret', partitions: [0] },
        { name: 'app-one', partitions: [0] },
      ],
    },
    context(3),
  );
  return { producerId, producerEpoch };
}

describe('one that is forbidden', () => {
  it('does not spoil the others of a request', async () => {
    const context = await withRights(3, ['ALTER', 'TOPIC', 'app-one']);
    const topics = ['app-one', 'secret'].map((name) => ({ name, count: 2, assignments: null }));
    const { results } = await throughBytes(createPartitions, { topics }, context);
    const codes = Object.fromEntries(results.map(({ name, errorCode }) => [name, errorCode]));
    expect(codes).toEqual({ 'app-one': NONE, secret: forbidden });
  });

  it('spoils the others of a transaction', async () => {
    const context = await withRights(
      3,
      ['WRITE', 'TRANSACTIONAL_ID', 'payments'],
      ['WRITE', 'TOPIC', 'app-one'],
    );
    const topics = ['app-one', 'secret'].map((name) => ({ name, partitions: [0] }));
    const { resultsByTopicV3AndBelow } = await throughBytes(
      addPartitionsToTxn,
      {
        v3AndBelowTransactionalId: 'payments',
        v3AndBelowProducerId: 1,
        v3AndBelowTopics: topics,
      },
      context,
    );
    const codes = resultsByTopicV3AndBelow.map(
      ({ resultsByPartition }) => resultsByPartition[0].partitionErrorCode,
    );
    expect(codes).toEqual([ErrorCode.OPERATION_NOT_ATTEMPTED, forbidden]);
  });

  it('is answered last in a Fetch', async () => {
    const context = await withRights(12, ['READ', 'TOPIC', 'app-one']);
    const partition = {
      partition: 0,
      currentLeaderEpoch: -1,
      fetchOffset: 0,
      lastFetchedEpoch: -1,
      logStartOffset: -1,
      partitionMaxBytes: 1_000,
      replicaDirectoryId: ZERO_UUID,
    };
    const topics = ['secret', 'app-one'].map((topic) => {
      return { topic, topicId: ZERO_UUID, partitions: [partition] };
    });
    const asked = { maxWaitMs: 1, minBytes: 1, topics };
    const { responses } = await throughBytes(fetch, asked, context);
    context.watches.closeAll();
    expect(responses.map(({ topic, partitions }) => [topic, partitions[0].errorCode])).toEqual([
      ['app-one', NONE],
      ['secret', forbidden],
    ]);
  });
});

describe('a topic that is made', () => {
  const news = {
    name: 'news',
    numPartitions: 1,
    replicationFactor: 1,
    assignments: [],
    configs: [],
  };

  it('is described to who may describe its configs', async () => {
    const context = await withRights(7, ['CREATE', 'TOPIC', 'news']);
    const { topics } = await throughBytes(createTopics, { topics: [news] }, context);
    expect(topics).toMatchObject([
      {
        errorCode: NONE,
        topicConfigErrorCode: forbidden,
        numPartitions: -1,
        replicationFactor: -1,
        configs: [],
      },
    ]);
  });

  it('is refused in Kafka’s words', async () => {
    const context = await withRights(7, ['CREATE', 'TOPIC', 'news']);
    const topics = [
      { ...news, name: 'other' },
      { ...news, name: 'twice' },
      { ...news, name: 'twice' },
    ];
    const reply = await throughBytes(createTopics, { topics }, context);
    const told = reply.topics.map(({ name, errorMessage }) => [name, errorMessage]);
    expect(told).toEqual([
      ['twice', 'Duplicate topic name.'],
      ['other', 'Authorization failed.'],
    ]);
  });
});
