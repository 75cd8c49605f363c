/**
 * Every API of those who write and read, as somebody may ask it, with the rights that Kafka's
 * broker asks for. What an API asks in several ways has several rows.
 */
import { ZERO_UUID } from '../../../src/bytes/uuid.ts';
import { batchOf } from '../test-cluster.ts';
import { cluster, group, type Row, topic, transaction, type World } from './row.ts';

const transactional = (() => {
  const batch = batchOf('x').slice();
  batch[22] |= 0x10;
  return batch;
})();

const producing = (records: Uint8Array, transactionalId: string | null) => (world: World) => ({
  acks: -1,
  timeoutMs: 1_000,
  transactionalId,
  topicData: [{ name: 'orders', topicId: world.topicId, partitionData: [{ index: 0, records }] }],
});

const fetched = ({ topicId }: World) => ({
  maxWaitMs: 0,
  minBytes: 0,
  topics: [{ topic: 'orders', topicId, partitions: [{ ...fetchedPartition }] }],
});
const fetchedPartition = {
  partition: 0,
  currentLeaderEpoch: -1,
  fetchOffset: 0,
  lastFetchedEpoch: -1,
  logStartOffset: -1,
  partitionMaxBytes: 1_000_000,
  replicaDirectoryId: ZERO_UUID,
};

const offsetsOf = (byId: number) => (world: World) => ({
  topics: [
    {
      name: 'orders',
      topicId: world.version >= byId ? world.topicId : ZERO_UUID,
      partitions: [
        {
          partitionIndex: 0,
          committedOffset: 0,
          committedLeaderEpoch: -1,
          committedMetadata: '',
        },
      ],
    },
  ],
});

const coordinatorOf = (key: string, keyType: number) => (world: World) =>
  world.version < 4 ? { key, keyType } : { keyType, coordinatorKeys: [key] };

const member = { groupId: 'readers', generationId: 1, memberId: 'one', groupInstanceId: null };

const shareTopics = ({ topicId }: World) => [
  { topicId, partitions: [{ partitionIndex: 0, acknowledgementBatches: [] }] },
];
const acknowledged = { firstOffset: 0, lastOffset: 0, acknowledgeTypes: [1] };

export const clientRows: readonly Row[] = [
  { api: 'ApiVersions', request: () => ({}), open: 'clients ask before they say who they are' },
  { api: 'SaslHandshake', request: () => ({ mechanism: 'PLAIN' }), open: 'they say who they are' },
  { api: 'SaslAuthenticate', request: () => ({}), open: 'they say who they are' },
  {
    api: 'DescribeCluster',
    request: () => ({}),
    open: 'whoever comes in may know the brokers, as with Metadata',
  },

  { api: 'Produce', request: producing(batchOf('x'), null), rights: [topic('WRITE')] },
  {
    api: 'Produce',
    about: 'in a transaction',
    request: producing(transactional, 'payments'),
    rights: [transaction('WRITE'), topic('WRITE')],
  },
  { api: 'Fetch', request: fetched, rights: [topic('READ')] },
  {
    api: 'ListOffsets',
    request: () => ({
      topics: [
        {
          name: 'orders',
          partitions: [{ partitionIndex: 0, currentLeaderEpoch: -1, timestamp: -1 }],
        },
      ],
    }),
    rights: [topic('DESCRIBE')],
  },
  {
    api: 'Metadata',
    about: 'a topic',
    request: () => ({ topics: [{ topicId: ZERO_UUID, name: 'orders' }] }),
    rights: [topic('DESCRIBE')],
  },
  {
    api: 'Metadata',
    about: 'a topic by its id',
    versions: [12, 13],
    request: ({ topicId }) => ({ topics: [{ topicId, name: null }] }),
    rights: [topic('DESCRIBE')],
  },
  {
    api: 'Metadata',
    about: 'all topics',
    request: ({ version }) => ({ topics: version === 0 ? [] : null }),
    rights: [topic('DESCRIBE')],
    hides: 'orders',
  },
  {
    api: 'Metadata',
    about: 'a topic to be made',
    request: () => ({ topics: [{ topicId: ZERO_UUID, name: 'news' }] }),
    orRights: [
      [topic('DESCRIBE', 'news'), topic('CREATE', 'news')],
      [topic('DESCRIBE', 'news'), cluster('CREATE')],
    ],
  },
  {
    api: 'DescribeTopicPartitions',
    request: () => ({ topics: [{ name: 'orders' }], cursor: null }),
    rights: [topic('DESCRIBE')],
  },
  {
    api: 'DescribeTopicPartitions',
    about: 'all topics',
    request: () => ({ topics: [], cursor: null }),
    rights: [topic('DESCRIBE')],
    hides: 'orders',
  },

  {
    api: 'OffsetCommit',
    request: (world) => ({ groupId: 'readers', ...offsetsOf(10)(world) }),
    rights: [group('READ', 'readers'), topic('READ')],
  },
  {
    api: 'OffsetFetch',
    request: ({ version, topicId }) => {
      const partitionIndexes = [0];
      const asked = { name: 'orders', partitionIndexes };
      if (version < 8) return { groupId: 'readers', topics: [asked] };
      const byId = { ...asked, topicId: version >= 10 ? topicId : ZERO_UUID };
      return {
        groups: [{ groupId: 'readers', memberId: null, memberEpoch: -1, topics: [byId] }],
      };
    },
    rights: [group('DESCRIBE', 'readers'), topic('DESCRIBE')],
  },
  {
    api: 'OffsetFetch',
    about: 'everything',
    versions: [8, 9],
    request: () => ({
      groups: [{ groupId: 'readers', memberId: null, memberEpoch: -1, topics: null }],
    }),
    rights: [group('DESCRIBE', 'readers')],
  },
  {
    api: 'OffsetDelete',
    request: () => ({
      groupId: 'readers',
      topics: [{ name: 'orders', partitions: [{ partitionIndex: 0 }] }],
    }),
    rights: [group('DELETE', 'readers'), topic('READ')],
  },
  {
    api: 'FindCoordinator',
    about: 'a group',
    request: coordinatorOf('readers', 0),
    rights: [group('DESCRIBE', 'readers')],
  },
  {
    api: 'FindCoordinator',
    about: 'a transactional id',
    versions: [1, 6],
    request: coordinatorOf('payments', 1),
    rights: [transaction('DESCRIBE')],
  },
  {
    api: 'JoinGroup',
    request: () => ({
      groupId: 'fresh',
      sessionTimeoutMs: 10_000,
      rebalanceTimeoutMs: 10_000,
      memberId: 'nobody',
      protocolType: 'consumer',
      protocols: [{ name: 'range', metadata: new Uint8Array() }],
    }),
    rights: [group('READ', 'fresh')],
  },
  { api: 'Heartbeat', request: () => member, rights: [group('READ', 'readers')] },
  {
    api: 'LeaveGroup',
    request: ({ version }) =>
      version < 3
        ? { groupId: 'readers', memberId: 'one' }
        : {
            groupId: 'readers',
            members: [{ memberId: 'one', groupInstanceId: null, reason: null }],
          },
    rights: [group('READ', 'readers')],
  },
  {
    api: 'SyncGroup',
    request: () => ({ ...member, protocolType: 'consumer', protocolName: 'range' }),
    rights: [group('READ', 'readers')],
  },
  {
    api: 'DescribeGroups',
    request: () => ({ groups: ['readers'] }),
    rights: [group('DESCRIBE', 'readers')],
  },
  {
    api: 'ListGroups',
    request: () => ({}),
    orRights: [[group('DESCRIBE', 'readers')], [cluster('DESCRIBE')]],
    hides: 'readers',
  },
  {
    api: 'DeleteGroups',
    request: () => ({ groupsNames: ['readers'] }),
    rights: [group('DELETE', 'readers')],
  },
  {
    api: 'ConsumerGroupHeartbeat',
    request: () => ({
      groupId: 'moderns',
      memberId: 'two',
      rebalanceTimeoutMs: 1_000,
      subscribedTopicNames: ['orders'],
      topicPartitions: [],
    }),
    rights: [group('READ', 'moderns'), topic('DESCRIBE')],
  },
  {
    api: 'ConsumerGroupDescribe',
    request: () => ({ groupIds: ['moderns'] }),
    rights: [group('DESCRIBE', 'moderns'), topic('DESCRIBE')],
  },
  {
    api: 'ShareGroupHeartbeat',
    request: () => ({ groupId: 'sharers', memberId: 'two', subscribedTopicNames: ['orders'] }),
    rights: [group('READ', 'sharers'), topic('DESCRIBE')],
  },
  {
    api: 'ShareGroupDescribe',
    request: () => ({ groupIds: ['sharers'] }),
    rights: [group('DESCRIBE', 'sharers'), topic('DESCRIBE')],
  },
  {
    api: 'DescribeShareGroupOffsets',
    request: () => ({
      groups: [{ groupId: 'sharers', topics: [{ topicName: 'orders', partitions: [0] }] }],
    }),
    rights: [group('DESCRIBE', 'sharers'), topic('DESCRIBE')],
  },
  {
    api: 'DescribeShareGroupOffsets',
    about: 'everything',
    request: () => ({ groups: [{ groupId: 'sharers', topics: null }] }),
    rights: [group('DESCRIBE', 'sharers')],
  },
  {
    api: 'AlterShareGroupOffsets',
    request: () => ({
      groupId: 'fresh',
      topics: [{ topicName: 'orders', partitions: [{ partitionIndex: 0, startOffset: 0 }] }],
    }),
    rights: [group('READ', 'fresh'), topic('READ')],
  },
  {
    api: 'DeleteShareGroupOffsets',
    request: () => ({ groupId: 'former', topics: [{ topicName: 'orders' }] }),
    rights: [group('DELETE', 'former'), topic('READ')],
  },
  {
    api: 'ShareFetch',
    request: (world) => ({
      groupId: 'sharers',
      memberId: 'two',
      maxBytes: 1_000_000,
      maxRecords: 10,
      batchSize: 10,
      topics: shareTopics(world),
    }),
    rights: [group('READ', 'sharers'), topic('READ')],
  },
  {
    api: 'ShareAcknowledge',
    about: 'who has a session',
    request: ({ topicId }) => ({
      groupId: 'sharers',
      memberId: 'two',
      shareSessionEpoch: 1,
      topics: [
        { topicId, partitions: [{ partitionIndex: 0, acknowledgementBatches: [acknowledged] }] },
      ],
    }),
    rights: [group('READ', 'sharers'), topic('READ')],
  },

  {
    api: 'InitProducerId',
    request: () => ({ transactionalId: null }),
    orRights: [[cluster('IDEMPOTENT_WRITE')]],
  },
  {
    api: 'InitProducerId',
    about: 'for who writes somewhere',
    request: () => ({ transactionalId: null }),
    orRights: [[topic('WRITE', 'elsewhere')]],
  },
  {
    api: 'InitProducerId',
    about: 'for transactions',
    request: () => ({ transactionalId: 'payments', transactionTimeoutMs: 1_000 }),
    rights: [transaction('WRITE')],
  },
  {
    api: 'AddPartitionsToTxn',
    request: () => ({
      v3AndBelowTransactionalId: 'payments',
      v3AndBelowProducerId: 1,
      v3AndBelowTopics: [{ name: 'orders', partitions: [0] }],
    }),
    rights: [transaction('WRITE'), topic('WRITE')],
  },
  {
    api: 'AddOffsetsToTxn',
    request: () => ({ transactionalId: 'payments', producerId: 1, groupId: 'readers' }),
    rights: [transaction('WRITE'), group('READ', 'readers')],
  },
  {
    api: 'TxnOffsetCommit',
    request: (world) => ({
      transactionalId: 'payments',
      groupId: 'readers',
      producerId: 1,
      ...offsetsOf(6)(world),
    }),
    rights: [transaction('WRITE'), group('READ', 'readers'), topic('READ')],
  },
  {
    api: 'EndTxn',
    request: () => ({ transactionalId: 'payments', producerId: 1 }),
    rights: [transaction('WRITE')],
  },
  {
    api: 'WriteTxnMarkers',
    request: () => ({
      markers: [
        {
          producerId: 1,
          producerEpoch: 0,
          transactionResult: false,
          topics: [{ name: 'orders', partitionIndexes: [0] }],
          coordinatorEpoch: 0,
          transactionVersion: 0,
        },
      ],
    }),
    orRights: [[cluster('ALTER')], [cluster('CLUSTER_ACTION')]],
  },
  {
    api: 'DescribeProducers',
    request: () => ({ topics: [{ name: 'orders', partitionIndexes: [0] }] }),
    rights: [topic('READ')],
  },
  {
    api: 'DescribeTransactions',
    request: () => ({ transactionalIds: ['payments'] }),
    rights: [transaction('DESCRIBE')],
  },
  {
    api: 'ListTransactions',
    request: () => ({ transactionalIdPattern: null }),
    rights: [transaction('DESCRIBE')],
    hides: 'payments',
  },
];
