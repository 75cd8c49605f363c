import { describe, expect, it } from 'vitest';
import { ZERO_UUID } from '../../../src/bytes/uuid.ts';
import type { NewTopic } from '../../../src/core/cluster/commands.ts';
import { errandRetryMs } from '../../../src/core/cluster/errands.ts';
import { refuseClusterCall } from '../../../src/core/cluster/refused-calls.ts';
import { ErrorCode } from '../../../src/protocol/errors.ts';
import { Cluster, only, topicOf } from './test-cluster.ts';

describe('the cluster id', () => {
  it('is made once and survives', () => {
    const cluster = new Cluster();
    const { clusterId } = cluster.call('getTopics', { names: [], topicIds: null });
    expect(clusterId).toHaveLength(22);
    cluster.restart();
    expect(cluster.call('getTopics', { names: null, topicIds: null }).clusterId).toBe(clusterId);
    expect(cluster.written).toBe(1);
  });
});

describe('creating topics', () => {
  it('gives each a fresh id and keeps it', () => {
    const cluster = new Cluster();
    const [orders, events] = cluster.create(
      { name: 'orders', numPartitions: 2, configs: [{ name: 'retention.ms', value: '5' }] },
      { name: 'events', numPartitions: -1, replicationFactor: -1 },
    );
    expect(orders.topic).toMatchObject({ partitions: 2, configs: { 'retention.ms': '5' } });
    expect(events.topic).toMatchObject({ partitions: 3, configs: {} });
    expect(orders.topic!.topicId).not.toBe(events.topic!.topicId);
    cluster.restart();
    expect(cluster.get('events', 'orders', 'nobody')).toEqual([events.topic, orders.topic]);
    const topicIds = [orders.topic!.topicId, ZERO_UUID];
    expect(cluster.call('getTopics', { names: null, topicIds }).topics).toEqual([orders.topic]);
  });

  it('answers a topic once that is asked for by name and by id', () => {
    const cluster = new Cluster();
    const { topic } = only(cluster.create({}));
    const asked = { names: ['orders', 'orders'], topicIds: [topic!.topicId] };
    expect(cluster.call('getTopics', asked).topics).toEqual([topic]);
  });

  it('refuses a name that is taken, with the words of Kafka', () => {
    const cluster = new Cluster();
    cluster.create({ name: 'a.b' });
    expect(only(cluster.create({ name: 'a.b' }))).toEqual({
      name: 'a.b',
      errorCode: ErrorCode.TOPIC_ALREADY_EXISTS,
      errorMessage: "Topic 'a.b' already exists.",
      topic: null,
    });
    expect(only(cluster.create({ name: 'a_b' }))).toMatchObject({
      errorCode: ErrorCode.INVALID_TOPIC_EXCEPTION,
      errorMessage: "Topic 'a_b' collides with existing topic: a.b",
    });
  });

  it('lets a name collide no more once the other topic is deleted', () => {
    const cluster = new Cluster();
    cluster.create({ name: 'a.b' });
    cluster.call('deleteTopics', { topics: [{ name: 'a.b', topicId: ZERO_UUID }] });
    expect(only(cluster.create({ name: 'a_b' })).errorCode).toBe(ErrorCode.NONE);
  });

  it('refuses a name that comes twice once, and keeps the rest', () => {
    const results = new Cluster().create({ name: 'x' }, { name: 'y' }, { name: 'x' });
    expect(results).toMatchObject([
      { name: 'y', errorCode: ErrorCode.NONE },
      {
        name: 'x',
        errorCode: ErrorCode.INVALID_REQUEST,
        errorMessage: 'Duplicate topic name.',
      },
    ]);
  });

  it('changes nothing with validateOnly, yet answers what would be', () => {
    const cluster = new Cluster();
    const command = { topics: [topicOf({ numPartitions: 4 })], validateOnly: true };
    const { topics } = cluster.call('createTopics', command);
    expect(only(topics).topic).toMatchObject({ partitions: 4 });
    expect(cluster.written).toBe(0);
    expect(cluster.get('orders')).toEqual([]);
  });

  it('prohibits the topic of the metadata quorum', () => {
    expect(only(new Cluster().create({ name: '__cluster_metadata' }))).toMatchObject({
      errorCode: ErrorCode.INVALID_REQUEST,
      errorMessage: 'Creation of internal topic __cluster_metadata is prohibited.',
    });
  });

  it('refuses all when they ask for more than 10,000 partitions together', () => {
    const cluster = new Cluster();
    const refused = {
      errorCode: ErrorCode.POLICY_VIOLATION,
      errorMessage: 'Excessively large number of partitions per request.',
    };
    expect(
      cluster.create({ name: 'a', numPartitions: 5_000 }, { name: 'b', numPartitions: 5_001 }),
    ).toMatchObject([refused, refused]);
    expect(only(cluster.create({ numPartitions: 10_000 })).errorCode).toBe(ErrorCode.NONE);
  });

  const assignments = (...brokers: number[][]) =>
    brokers.map((brokerIds, partitionIndex) => ({ partitionIndex, brokerIds }));
  const automatic = { numPartitions: -1, replicationFactor: -1 };
  const { INVALID_PARTITIONS, INVALID_REPLICATION_FACTOR, INVALID_REPLICA_ASSIGNMENT } = ErrorCode;
  it.each<[Partial<NewTopic>, number, string]>([
    [
      { numPartitions: 0 },
      INVALID_PARTITIONS,
      'Number of partitions was set to an invalid non-positive value.',
    ],
    [
      { numPartitions: -2 },
      INVALID_PARTITIONS,
      'Number of partitions was set to an invalid non-positive value.',
    ],
    [
      { replicationFactor: 0 },
      INVALID_REPLICATION_FACTOR,
      'Replication factor must be larger than 0, or -1 to use the default value.',
    ],
    [
      { replicationFactor: -2, numPartitions: 0 },
      INVALID_REPLICATION_FACTOR,
      'Replication factor must be larger than 0, or -1 to use the default value.',
    ],
    [
      { assignments: assignments([1]), replicationFactor: -1 },
      ErrorCode.INVALID_REQUEST,
      'A manual partition assignment was specified, but numPartitions was not set to -1.',
    ],
    [
      { assignments: assignments([1]), numPartitions: -1 },
      ErrorCode.INVALID_REQUEST,
      'A manual partition assignment was specified, but replication factor was not set to -1.',
    ],
    [
      { ...automatic, assignments: [{ partitionIndex: 1, brokerIds: [1] }] },
      INVALID_REPLICA_ASSIGNMENT,
      'partitions should be a consecutive 0-based integer sequence',
    ],
    [
      { ...automatic, assignments: [...assignments([1]), ...assignments([1])] },
      INVALID_REPLICA_ASSIGNMENT,
      'Found multiple manual partition assignments for partition 0',
    ],
    [
      { ...automatic, assignments: assignments([2]) },
      INVALID_REPLICA_ASSIGNMENT,
      'The manual partition assignment includes broker 2, but no such broker is registered.',
    ],
    [
      { ...automatic, assignments: assignments([]) },
      INVALID_REPLICA_ASSIGNMENT,
      'The manual partition assignment includes an empty replica list.',
    ],
    [
      { ...automatic, assignments: assignments([1, 1]) },
      INVALID_REPLICA_ASSIGNMENT,
      'The manual partition assignment includes the broker 1 more than once.',
    ],
    [
      { configs: [{ name: 'retention.ms', value: null }] },
      ErrorCode.INVALID_CONFIG,
      'Null value not supported for topic configs: retention.ms',
    ],
    [
      { configs: [{ name: 'nonsense', value: '1' }] },
      ErrorCode.INVALID_CONFIG,
      'Unknown topic config name: nonsense',
    ],
  ])('refuses %j', (topic, errorCode, errorMessage) => {
    const cluster = new Cluster();
    expect(only(cluster.create(topic))).toMatchObject({ errorCode, errorMessage, topic: null });
    expect(cluster.written).toBe(0);
  });

  it('accepts any replication factor, and counts the partitions of an assignment', () => {
    const cluster = new Cluster();
    expect(only(cluster.create({ replicationFactor: 3 })).errorCode).toBe(ErrorCode.NONE);
    const topic = { ...automatic, name: 'two', assignments: assignments([1], [1]) };
    expect(only(cluster.create(topic)).topic).toMatchObject({ partitions: 2 });
  });
});

describe('adding partitions', () => {
  const { INVALID_PARTITIONS, INVALID_REPLICA_ASSIGNMENT, UNKNOWN_TOPIC_OR_PARTITION } = ErrorCode;
  it.each([
    ['orders', 2, null, INVALID_PARTITIONS, 'Topic already has 2 partition(s).'],
    [
      'orders',
      1,
      null,
      INVALID_PARTITIONS,
      'The topic orders currently has 2 partition(s); 1 would not be an increase.',
    ],
    [
      'orders',
      -1,
      null,
      INVALID_PARTITIONS,
      'The topic orders currently has 2 partition(s); -1 would not be an increase.',
    ],
    [
      'orders',
      10_001,
      null,
      INVALID_PARTITIONS,
      'A topic may not have more than 10000 partitions.',
    ],
    [
      'orders',
      4,
      [[1]],
      INVALID_REPLICA_ASSIGNMENT,
      'Attempted to add 2 additional partition(s), but only 1 assignment(s) were specified.',
    ],
    [
      'orders',
      3,
      [[9]],
      INVALID_REPLICA_ASSIGNMENT,
      'The manual partition assignment includes broker 9, but no such broker is registered.',
    ],
    ['nobody', 3, null, UNKNOWN_TOPIC_OR_PARTITION, 'There is no such topic or partition.'],
  ] as const)('refuses %s %d %j', (name, count, assignments, errorCode, errorMessage) => {
    const cluster = new Cluster();
    cluster.create({ numPartitions: 2 });
    const command = { topics: [{ name, count, assignments }], validateOnly: false };
    const { topics } = cluster.call('createPartitions', command);
    expect(only(topics)).toEqual({ name, errorCode, errorMessage, topic: null });
    expect(cluster.written).toBe(1);
  });

  it('keeps id and configs, and survives a restart', () => {
    const cluster = new Cluster();
    const configs = [{ name: 'retention.ms', value: '5' }];
    const { topic } = only(cluster.create({ configs }));
    const wanted = { name: 'orders', count: 5, assignments: [[1], [1], [1], [1]] };
    const command = { topics: [wanted], validateOnly: true };
    expect(only(cluster.call('createPartitions', command).topics).errorCode).toBe(0);
    expect(cluster.get('orders')).toEqual([topic]);
    cluster.call('createPartitions', { topics: [wanted], validateOnly: false });
    cluster.restart();
    expect(cluster.get('orders')).toEqual([{ ...topic, partitions: 5 }]);
  });

  it('refuses a name that comes twice', () => {
    const cluster = new Cluster();
    cluster.create({});
    const wanted = { name: 'orders', count: 5, assignments: null };
    const command = { topics: [wanted, wanted], validateOnly: false };
    expect(cluster.call('createPartitions', command).topics).toEqual([
      {
        name: 'orders',
        errorCode: ErrorCode.INVALID_REQUEST,
        errorMessage: 'Duplicate topic name.',
        topic: null,
      },
    ]);
  });
});

describe('deleting topics', () => {
  it('forgets the topic at once and remembers its partitions until each has answered', () => {
    const cluster = new Cluster();
    const { topicId } = only(cluster.create({ numPartitions: 3 })).topic!;
    const news = { kind: 'drop' as const, topicId, version: 0 };
    const drop = { ...news, partitions: 3 };
    expect(cluster.machine.deadline).toBeUndefined();
    const keys = [{ name: 'orders', topicId: ZERO_UUID }];
    expect(cluster.call('deleteTopics', { topics: keys }, 500).topics).toEqual([
      { name: 'orders', topicId, errorCode: ErrorCode.NONE, errorMessage: null },
    ]);
    expect(cluster.get('orders')).toEqual([]);
    expect(cluster.machine.deadline).toBe(500);
    expect(cluster.machine.dueErrands(500)).toEqual([{ ...drop, told: 0 }]);

    cluster.call('partitionsTold', { ...news, told: 2 });
    cluster.restart();
    expect(cluster.machine.dueErrands(500)).toEqual([{ ...drop, told: 2 }]);
    cluster.call('partitionsTold', { ...news, told: 1 });
    expect(cluster.machine.dueErrands(500)).toEqual([{ ...drop, told: 2 }]);
    cluster.call('partitionsTold', { ...news, told: 3 });
    expect(cluster.machine.deadline).toBeUndefined();
    cluster.restart();
    expect(cluster.machine.dueErrands(500)).toEqual([]);
    expect([...cluster.table.keys()].filter((key) => key.startsWith('drop'))).toEqual([]);
  });

  it('is never due before time began: no alarm can be set for then', () => {
    const cluster = new Cluster();
    cluster.create({});
    cluster.call('deleteTopics', { topics: [{ name: 'orders', topicId: ZERO_UUID }] }, 500);
    cluster.restart();
    expect(cluster.machine.dueErrands(900)).toHaveLength(1);
    cluster.call('listGroups', {}, 900);
    expect(cluster.machine.deadline).toBe(900);
    cluster.restart();
    cluster.machine.expire(901);
    expect(cluster.machine.deadline).toBe(901);
  });

  it('waits a little when a partition could not be told', () => {
    const cluster = new Cluster();
    cluster.create({});
    cluster.call('deleteTopics', { topics: [{ name: 'orders', topicId: ZERO_UUID }] }, 1_000);
    cluster.call('errandsDelayed', {}, 2_000);
    expect(cluster.machine.deadline).toBe(2_000 + errandRetryMs);
    expect(cluster.machine.dueErrands(2_001)).toEqual([]);
    expect(cluster.machine.dueErrands(2_000 + errandRetryMs)).toHaveLength(1);
  });

  it('gives a topic of the same name another id', () => {
    const cluster = new Cluster();
    const first = only(cluster.create({})).topic!;
    cluster.call('deleteTopics', { topics: [{ name: null, topicId: first.topicId }] });
    const second = only(cluster.create({})).topic!;
    expect(second.topicId).not.toBe(first.topicId);
    expect(cluster.get('orders')).toEqual([second]);
    const asked = { names: null, topicIds: [first.topicId] };
    expect(cluster.call('getTopics', asked).topics).toEqual([]);
  });

  it('refuses as Kafka does', () => {
    const cluster = new Cluster();
    const { topicId } = only(cluster.create({})).topic!;
    const unknownId = `${'9'.repeat(21)}A`;
    const { topics } = cluster.call('deleteTopics', {
      topics: [
        { name: 'nobody', topicId: ZERO_UUID },
        { name: null, topicId: unknownId },
        { name: null, topicId: ZERO_UUID },
        { name: 'orders', topicId },
      ],
    });
    expect(topics).toEqual([
      {
        name: 'nobody',
        topicId: ZERO_UUID,
        errorCode: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
        errorMessage: expect.any(String),
      },
      {
        name: null,
        topicId: unknownId,
        errorCode: ErrorCode.UNKNOWN_TOPIC_ID,
        errorMessage: expect.any(String),
      },
      {
        name: null,
        topicId: ZERO_UUID,
        errorCode: ErrorCode.INVALID_REQUEST,
        errorMessage: 'Neither topic name nor id were specified.',
      },
      {
        name: 'orders',
        topicId,
        errorCode: ErrorCode.INVALID_REQUEST,
        errorMessage: 'You may not specify both topic name and topic id.',
      },
    ]);
    expect(cluster.get('orders')).toHaveLength(1);
  });

  it('deletes nothing that is given twice', () => {
    const cluster = new Cluster();
    const { topicId } = only(cluster.create({})).topic!;
    const byName = { name: 'orders', topicId: ZERO_UUID };
    const byId = { name: null, topicId };
    const refuse = (...topics: { name: string | null; topicId: string }[]) =>
      only(cluster.call('deleteTopics', { topics }).topics);
    expect(refuse(byName, byName)).toMatchObject({ errorMessage: 'Duplicate topic name.' });
    expect(refuse(byId, byId)).toMatchObject({ errorMessage: 'Duplicate topic id.' });
    expect(refuse(byId, byName)).toMatchObject({
      name: 'orders',
      topicId,
      errorCode: ErrorCode.INVALID_REQUEST,
      errorMessage: 'The provided topic name maps to an ID that was already supplied.',
    });
    expect(cluster.get('orders')).toHaveLength(1);
    expect(cluster.machine.deadline).toBeUndefined();
  });
});

describe('producer ids', () => {
  it('are given out once, whatever happens', () => {
    const cluster = new Cluster();
    const take = (count: number) => cluster.call('allocateProducerIds', { count });
    expect(take(1_000)).toEqual({ firstProducerId: 1, count: 1_000 });
    expect(take(1_000)).toEqual({ firstProducerId: 1_001, count: 1_000 });
    cluster.restart();
    expect(take(1)).toEqual({ firstProducerId: 2_001, count: 1 });
    expect(take(0)).toEqual({ firstProducerId: 2_002, count: 1 });
    expect(cluster.table.size).toBe(1);
  });
});

describe('groups', () => {
  it('are listed once each and cost a row each', () => {
    const cluster = new Cluster();
    const register = (groupId: string) => cluster.call('registerGroup', { groupId });
    for (const groupId of ['b', 'a:with:colons', 'b']) expect(register(groupId).errorCode).toBe(0);
    expect(cluster.written).toBe(2);
    cluster.restart();
    expect(cluster.call('listGroups', {})).toEqual({ groupIds: ['a:with:colons', 'b'] });
    const found = cluster.call('findGroups', { groupIds: ['none', 'b'] });
    expect(found).toEqual({ groupIds: ['b'] });
    cluster.call('unregisterGroup', { groupId: 'b' });
    cluster.call('unregisterGroup', { groupId: 'b' });
    expect(cluster.written).toBe(3);
    cluster.restart();
    expect(cluster.call('listGroups', {})).toEqual({ groupIds: ['a:with:colons'] });
  });
});

describe('transactional ids', () => {
  it('are listed once each, cost a row each, and are no groups', () => {
    const cluster = new Cluster();
    const register = (transactionalId: string) =>
      cluster.call('registerTransactionalId', { transactionalId });
    for (const id of ['b', 'a:with:colons', 'b']) expect(register(id).errorCode).toBe(0);
    expect(cluster.written).toBe(2);
    cluster.restart();
    expect(cluster.call('listTransactionalIds', {})).toEqual({
      transactionalIds: ['a:with:colons', 'b'],
    });
    const found = cluster.call('findTransactionalIds', { transactionalIds: ['none', 'b'] });
    expect(found).toEqual({ transactionalIds: ['b'] });
    expect(cluster.call('listGroups', {})).toEqual({ groupIds: [] });
    cluster.call('unregisterTransactionalId', { transactionalId: 'b' });
    cluster.call('unregisterTransactionalId', { transactionalId: 'b' });
    expect(cluster.written).toBe(3);
    cluster.restart();
    expect(cluster.call('listTransactionalIds', {})).toEqual({
      transactionalIds: ['a:with:colons'],
    });
  });
});

describe('deciding', () => {
  it('changes nothing until the rows are replayed', () => {
    const cluster = new Cluster();
    const create = { topics: [topicOf({})], validateOnly: false };
    const { rows } = cluster.machine.decide({ kind: 'createTopics', command: create }, 0);
    expect(rows).toHaveLength(1);
    expect(cluster.get('orders')).toEqual([]);
  });

  it('says of a bug what each reply has room for', () => {
    const topics = [{ name: 'orders', topicId: ZERO_UUID }];
    expect(refuseClusterCall({ kind: 'deleteTopics', command: { topics } }, -1, 'bug')).toEqual({
      topics: [{ name: 'orders', topicId: ZERO_UUID, errorCode: -1, errorMessage: 'bug' }],
    });
    expect(
      refuseClusterCall({ kind: 'registerGroup', command: { groupId: 'g' } }, -1, 'bug'),
    ).toEqual({ errorCode: -1 });
    expect(() => refuseClusterCall({ kind: 'listGroups', command: {} }, -1, 'bug')).toThrow('bug');
  });
});
