/** The same for the APIs of those who see to a cluster. */
import { ZERO_UUID } from '../../../src/bytes/uuid.ts';
import type { Right } from './guarded-cluster.ts';
import { cluster, group, type Row, topic } from './row.ts';

const filter = {
  resourceTypeFilter: 1,
  resourceNameFilter: 'orders',
  patternTypeFilter: 1,
  principalFilter: null,
  hostFilter: null,
  operation: 1,
  permissionType: 1,
};

const config = (operation: Right[0], resourceType: number, resourceName: string) => () => {
  const asked = operation === 'ALTER_CONFIGS' ? { configs: [] } : { configurationKeys: null };
  return { resources: [{ resourceType, resourceName, ...asked }] };
};

const configured = (operation: Right[0], ...types: readonly string[]): Partial<Row>[] =>
  [
    { about: 'a topic', request: config(operation, 2, 'orders'), rights: [topic(operation)] },
    { about: 'a broker', request: config(operation, 4, '1'), rights: [cluster(operation)] },
    { about: 'loggers', request: config(operation, 8, '1'), rights: [cluster(operation)] },
    {
      about: 'client metrics',
      request: config(operation, 16, 'sub'),
      rights: [cluster(operation)],
    },
    {
      about: 'a group',
      request: config(operation, 32, 'readers'),
      rights: [group(operation, 'readers')],
    },
  ].filter(({ about }) => !types.includes(about));

export const adminRows: readonly Row[] = [
  {
    api: 'CreateTopics',
    request: () => ({
      topics: [
        { name: 'news', numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] },
      ],
    }),
    // From version 5 on the answer tells the configs of the topic.
    orRights: [
      [topic('CREATE', 'news'), topic('DESCRIBE_CONFIGS', 'news')],
      [cluster('CREATE'), topic('DESCRIBE_CONFIGS', 'news')],
    ],
  },
  {
    api: 'DeleteTopics',
    request: ({ version }) =>
      version < 6
        ? { topicNames: ['orders'], timeoutMs: 10_000 }
        : { topics: [{ name: 'orders', topicId: ZERO_UUID }], timeoutMs: 10_000 },
    orRights: [[topic('DELETE')], [cluster('DELETE')]],
  },
  {
    api: 'DeleteTopics',
    about: 'by id',
    versions: [6, 6],
    request: ({ topicId }) => ({ topics: [{ name: null, topicId }], timeoutMs: 10_000 }),
    orRights: [[topic('DELETE')], [cluster('DELETE')]],
  },
  {
    api: 'CreatePartitions',
    request: () => ({ topics: [{ name: 'orders', count: 2, assignments: null }] }),
    rights: [topic('ALTER')],
  },
  {
    api: 'DeleteRecords',
    request: () => ({
      topics: [{ name: 'orders', partitions: [{ partitionIndex: 0, offset: -1 }] }],
    }),
    rights: [topic('DELETE')],
  },
  ...configured('DESCRIBE_CONFIGS').map((row) => ({ ...(row as Row), api: 'DescribeConfigs' })),
  ...configured('ALTER_CONFIGS', 'loggers').map((row) => ({
    ...(row as Row),
    api: 'AlterConfigs',
  })),
  ...configured('ALTER_CONFIGS').map((row) => ({
    ...(row as Row),
    api: 'IncrementalAlterConfigs',
  })),
  {
    api: 'ListConfigResources',
    request: () => ({}),
    rights: [cluster('DESCRIBE_CONFIGS')],
  },
  { api: 'DescribeAcls', request: () => filter, rights: [cluster('DESCRIBE')] },
  {
    api: 'CreateAcls',
    request: () => ({
      creations: [
        {
          resourceType: 2,
          resourceName: 'orders',
          resourcePatternType: 3,
          principal: 'User:alice',
          host: '*',
          operation: 2,
          permissionType: 3,
        },
      ],
    }),
    rights: [cluster('ALTER')],
  },
  { api: 'DeleteAcls', request: () => ({ filters: [filter] }), rights: [cluster('ALTER')] },
  {
    api: 'DescribeClientQuotas',
    request: () => ({ components: [] }),
    rights: [cluster('DESCRIBE_CONFIGS')],
  },
  {
    api: 'AlterClientQuotas',
    request: () => ({
      entries: [
        {
          entity: [{ entityType: 'user', entityName: 'alice' }],
          ops: [{ key: 'producer_byte_rate', value: 1, remove: false }],
        },
      ],
    }),
    rights: [cluster('ALTER_CONFIGS')],
  },
  {
    api: 'DescribeUserScramCredentials',
    request: () => ({ users: [{ name: 'bob' }] }),
    rights: [cluster('DESCRIBE')],
  },
  {
    api: 'AlterUserScramCredentials',
    request: () => ({ deletions: [{ name: 'bob', mechanism: 1 }], upsertions: [] }),
    rights: [cluster('ALTER')],
  },
  { api: 'DescribeLogDirs', request: () => ({ topics: null }), rights: [cluster('DESCRIBE')] },
  {
    api: 'DescribeQuorum',
    request: () => ({
      topics: [{ topicName: '__cluster_metadata', partitions: [{ partitionIndex: 0 }] }],
    }),
    rights: [cluster('DESCRIBE')],
  },
  {
    api: 'ElectLeaders',
    request: () => ({ topicPartitions: [{ topic: 'orders', partitions: [0] }] }),
    rights: [cluster('ALTER')],
  },
  {
    api: 'AlterPartitionReassignments',
    request: () => ({
      topics: [{ name: 'orders', partitions: [{ partitionIndex: 0, replicas: [1] }] }],
    }),
    rights: [cluster('ALTER')],
  },
  {
    api: 'ListPartitionReassignments',
    request: () => ({ topics: null }),
    rights: [cluster('DESCRIBE')],
  },
  { api: 'UpdateFeatures', request: () => ({ featureUpdates: [] }), rights: [cluster('ALTER')] },
];
