import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { anonymous } from '../../../src/broker/authorizer.ts';
import { Kafka } from '../../../src/fronts/http/kafka.ts';
import { consumerGroupHeartbeat } from '../../../src/protocol/apis/consumer-group-heartbeat.ts';
import { defaultsOf } from '../../../src/protocol/schema.ts';
import { MemoryDoor, v2, v2Json } from './memory-door.ts';

let kedge: MemoryDoor;
let id: string;
let groups: string;

beforeEach(async () => {
  kedge = new MemoryDoor();
  id = (await kedge.ask('GET', '/v3/clusters')).json.data[0].cluster_id;
  groups = `/v3/clusters/${id}/consumer-groups`;
  const topic = { topic_name: 'orders', partitions_count: 2 };
  await kedge.ask('POST', `/v3/clusters/${id}/topics`, { body: topic, type: 'application/json' });
  const records = [0, 0, 0, 1].map((partition) => ({ value: 'tea', partition }));
  await kedge.ask('POST', '/rest/topics/orders', { body: { records }, type: v2Json });
});
afterEach(() => kedge[Symbol.asyncDispose]());

const instance = '/rest/consumers/cooks/instances/me';

/** A consumer of the classic protocol that has read everything there is. */
async function cook(): Promise<void> {
  const config = {
    name: 'me',
    format: 'json',
    'auto.offset.reset': 'earliest',
    'auto.commit.enable': false,
  };
  await kedge.ask('POST', '/rest/consumers/cooks', { body: config, type: v2 });
  const subscription = { topics: ['orders'] };
  await kedge.ask('POST', `${instance}/subscription`, { body: subscription, type: v2 });
  await kedge.ask('GET', `${instance}/records?timeout=0`, { accept: v2Json });
}

/** Offsets of the last record read. */
function commit(...offsets: [partition: number, offset: number][]) {
  const body = {
    offsets: offsets.map(([partition, offset]) => ({ topic: 'orders', partition, offset })),
  };
  return kedge.ask('POST', `${instance}/offsets`, { body, type: v2 });
}

const get = async (path: string) => (await kedge.ask('GET', path)).json;

describe('a group of the classic protocol', () => {
  test('is listed and described', async () => {
    await cook();
    const self = `http://kedge.test${groups}/cooks`;
    const group = {
      kind: 'KafkaConsumerGroup',
      metadata: { self, resource_name: `crn:///kafka=${id}/consumer-group=cooks` },
      cluster_id: id,
      consumer_group_id: 'cooks',
      is_simple: false,
      partition_assignor: 'range',
      state: 'STABLE',
      coordinator: { related: `http://kedge.test/v3/clusters/${id}/brokers/1` },
      consumers: { related: `${self}/consumers` },
      lag_summary: { related: `${self}/lag-summary` },
    };
    expect(await get(`${groups}/cooks`)).toEqual(group);
    expect(await get(groups)).toEqual({
      kind: 'KafkaConsumerGroupList',
      metadata: { self: `http://kedge.test${groups}`, next: null },
      data: [group],
    });
    await kedge.ask('DELETE', instance);
    expect((await get(`${groups}/cooks`)).state).toBe('EMPTY');
  });

  test('has members, who were assigned partitions', async () => {
    await cook();
    const consumers = await get(`${groups}/cooks/consumers`);
    const [{ consumer_id: consumer }] = consumers.data;
    const self = `http://kedge.test${groups}/cooks/consumers/${consumer}`;
    const owner = `crn:///kafka=${id}/consumer-group=cooks/consumer=${consumer}`;
    expect(consumers).toEqual({
      kind: 'KafkaConsumerList',
      metadata: { self: `http://kedge.test${groups}/cooks/consumers`, next: null },
      data: [
        {
          kind: 'KafkaConsumer',
          metadata: { self, resource_name: owner },
          cluster_id: id,
          consumer_group_id: 'cooks',
          consumer_id: consumer,
          instance_id: null,
          client_id: 'me',
          assignments: { related: `${self}/assignments` },
        },
      ],
    });
    const path = `${groups}/cooks/consumers/${consumer}`;
    expect(await get(path)).toEqual(consumers.data[0]);
    const assignments = await get(`${path}/assignments`);
    expect(assignments.kind).toBe('KafkaConsumerAssignmentList');
    expect(assignments.data).toHaveLength(2);
    expect(assignments.data[1]).toEqual({
      kind: 'KafkaConsumerAssignment',
      metadata: {
        self: `${self}/assignments/orders/partitions/1`,
        resource_name: `${owner}/assignment=orders/partition=1`,
      },
      cluster_id: id,
      consumer_group_id: 'cooks',
      consumer_id: consumer,
      topic_name: 'orders',
      partition_id: 1,
      partition: { related: `http://kedge.test/v3/clusters/${id}/topics/orders/partitions/1` },
      lag: { related: `http://kedge.test${groups}/cooks/lags/orders/partitions/1` },
    });
    expect(await get(`${path}/assignments/orders/partitions/1`)).toEqual(assignments.data[1]);
  });

  test('is as far behind as it has not committed, the most first', async () => {
    await cook();
    await commit([0, 0], [1, 0]);
    const lags = await get(`${groups}/cooks/lags`);
    const [{ consumer_id: consumer }] = (await get(`${groups}/cooks/consumers`)).data;
    const self = `http://kedge.test${groups}/cooks/lags`;
    expect(lags).toMatchObject({
      kind: 'KafkaConsumerLagList',
      metadata: { self, next: null },
      data: [{ lag: 2 }, { lag: 0, partition_id: 1, current_offset: 1, log_end_offset: 1 }],
    });
    expect(lags.data[0]).toEqual({
      kind: 'KafkaConsumerLag',
      metadata: {
        self: `${self}/orders/partitions/0`,
        resource_name: `crn:///kafka=${id}/consumer-group=cooks/lag=orders/partition=0`,
      },
      cluster_id: id,
      consumer_group_id: 'cooks',
      topic_name: 'orders',
      partition_id: 0,
      consumer_id: consumer,
      instance_id: null,
      client_id: 'me',
      current_offset: 1,
      log_end_offset: 3,
      lag: 2,
    });
    expect(await get(`${groups}/cooks/lags/orders/partitions/0`)).toEqual(lags.data[0]);
    const group = `http://kedge.test${groups}/cooks`;
    expect(await get(`${groups}/cooks/lag-summary`)).toEqual({
      kind: 'KafkaConsumerGroupLagSummary',
      metadata: {
        self: `${group}/lag-summary`,
        resource_name: `crn:///kafka=${id}/consumer-group=cooks/lag-summary`,
      },
      cluster_id: id,
      consumer_group_id: 'cooks',
      max_lag_consumer_id: consumer,
      max_lag_instance_id: null,
      max_lag_client_id: 'me',
      max_lag_topic_name: 'orders',
      max_lag_partition_id: 0,
      max_lag: 2,
      total_lag: 2,
      max_lag_consumer: { related: `${group}/consumers/${consumer}` },
      max_lag_partition: {
        related: `http://kedge.test/v3/clusters/${id}/topics/orders/partitions/0`,
      },
    });
  });

  test('is behind by what nobody reads, too', async () => {
    await cook();
    await commit([0, 1]);
    await kedge.ask('DELETE', instance);
    expect((await get(`${groups}/cooks/lags`)).data).toMatchObject([
      { partition_id: 0, lag: 1, consumer_id: '', client_id: '', instance_id: null },
    ]);
    await kedge.ask('DELETE', `/v3/clusters/${id}/topics/orders`);
    expect((await kedge.ask('GET', `${groups}/cooks/lags`)).status).toBe(404);
  });
});

describe('a group that nobody was ever a member of', () => {
  test('is a simple one', async () => {
    const config = { name: 'me', format: 'json' };
    await kedge.ask('POST', '/rest/consumers/cooks', { body: config, type: v2 });
    const assigned = { partitions: [{ topic: 'orders', partition: 0 }] };
    await kedge.ask('POST', `${instance}/assignments`, { body: assigned, type: v2 });
    await commit([0, 0]);
    expect(await get(`${groups}/cooks`)).toMatchObject({
      is_simple: true,
      partition_assignor: '',
      state: 'EMPTY',
    });
  });
});

describe('a group of the consumer protocol', () => {
  test('looks like any other', async () => {
    const kafka = new Kafka(kedge.door.gateway, new Request('http://kedge.test'), {
      principal: anonymous,
    });
    const beat = {
      ...defaultsOf(consumerGroupHeartbeat.request.fields),
      groupId: 'waiters',
      memberId: 'a member',
      instanceId: 'table-4',
      rebalanceTimeoutMs: 30_000,
      subscribedTopicNames: ['orders'],
      topicPartitions: [],
    };
    const { memberEpoch, assignment } = await kafka.call(consumerGroupHeartbeat, beat);
    const owned = assignment!.topicPartitions;
    await kafka.call(consumerGroupHeartbeat, { ...beat, memberEpoch, topicPartitions: owned });
    expect(await get(`${groups}/waiters`)).toMatchObject({
      is_simple: false,
      partition_assignor: 'uniform',
      state: 'STABLE',
    });
    const path = `${groups}/waiters/consumers/a%20member`;
    expect(await get(path)).toMatchObject({ consumer_id: 'a member', instance_id: 'table-4' });
    expect((await get(`${path}/assignments`)).data).toMatchObject([
      { topic_name: 'orders', partition_id: 0 },
      { topic_name: 'orders', partition_id: 1 },
    ]);
    expect((await get(groups)).data).toMatchObject([{ consumer_group_id: 'waiters' }]);
    kafka.close();
  });
});

describe('what is not there', () => {
  test.each([
    ['/none', 'Consumer Group none could not be found.'],
    ['/none/consumers', 'Consumer Group none could not be found.'],
    ['/none/lags', 'Consumer Group none could not be found.'],
    ['/none/lag-summary', 'Consumer Group none could not be found.'],
    ['/cooks/lags', 'Consumer group offsets could not be found.'],
    ['/cooks/lag-summary', 'Consumer group offsets could not be found.'],
    ['/cooks/consumers/nobody', 'HTTP 404 Not Found'],
    ['/cooks/consumers/nobody/assignments', 'HTTP 404 Not Found'],
    ['/cooks/lags/orders/partitions/x', 'HTTP 404 Not Found'],
  ])('%s', async (path, message) => {
    await cook();
    expect(await kedge.ask('GET', `${groups}${path}`)).toMatchObject({
      status: 404,
      json: { error_code: 404, message },
    });
  });

  test('a partition of a member, or a lag', async () => {
    await cook();
    await commit([0, 0]);
    const [{ consumer_id: consumer }] = (await get(`${groups}/cooks/consumers`)).data;
    const paths = [
      `/lags/orders/partitions/1`,
      `/consumers/${consumer}/assignments/orders/partitions/9`,
    ];
    for (const path of paths) {
      expect((await kedge.ask('GET', `${groups}/cooks${path}`)).status).toBe(404);
    }
  });
});
