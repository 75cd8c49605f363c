import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { MemoryDoor, v2Json } from './memory-door.ts';

let kedge: MemoryDoor;
let id: string;
let cluster: string;
let topic: string;

beforeEach(async () => {
  kedge = new MemoryDoor();
  id = (await kedge.ask('GET', '/v3/clusters')).json.data[0].cluster_id;
  cluster = `/v3/clusters/${id}`;
  topic = `${cluster}/topics/orders`;
  await send('POST', `${cluster}/topics`, { topic_name: 'orders', partitions_count: 2 });
});
afterEach(() => kedge[Symbol.asyncDispose]());

const send = (method: string, path: string, body: unknown) =>
  kedge.ask(method, path, { body, type: 'application/json' });
const get = async (path: string) => (await kedge.ask('GET', path)).json;

describe('a topic', () => {
  test('grows', async () => {
    const grown = await send('PATCH', topic, { partitions_count: 5 });
    expect(grown).toMatchObject({
      status: 200,
      json: { topic_name: 'orders', partitions_count: 5 },
    });
    expect(await get(topic)).toEqual(grown.json);
  });

  test('is tried to grow', async () => {
    const trial = await send('PATCH', topic, { partitions_count: 5, validate_only: true });
    expect(trial).toMatchObject({ status: 200, json: { partitions_count: 2 } });
  });

  test.each([
    [{ partitions_count: 2 }, 400, 40002],
    [{ partitions_count: 1 }, 400, 40002],
    [{ partitions_count: 0 }, 422, 422],
    [{ partitions_count: 'many' }, 400, 400],
    [{}, 422, 422],
    [{ partitions: 3 }, 422, 422],
  ])('does not grow by %j', async (body, status, error_code) => {
    expect(await send('PATCH', topic, body)).toMatchObject({ status, json: { error_code } });
    expect((await get(topic)).partitions_count).toBe(2);
  });

  test('that is not there does not grow', async () => {
    const answer = await send('PATCH', `${cluster}/topics/none`, { partitions_count: 2 });
    expect(answer).toMatchObject({ status: 404, json: { error_code: 40403 } });
  });

  test('says what may be done to it, if asked', async () => {
    expect((await get(topic)).authorized_operations).toEqual([]);
    const asked = await get(`${topic}?include_authorized_operations=true`);
    expect(asked.authorized_operations).toEqual([
      'READ',
      'WRITE',
      'CREATE',
      'DELETE',
      'ALTER',
      'DESCRIBE',
      'DESCRIBE_CONFIGS',
      'ALTER_CONFIGS',
    ]);
    const wrong = await kedge.ask('GET', `${topic}?include_authorized_operations=yes`);
    expect(wrong.status).toBe(422);
  });

  test('says where it is when it was created', async () => {
    const created = await send('POST', `${cluster}/topics`, { topic_name: 'a.b_c' });
    expect(created.headers.get('location')).toBe(`http://kedge.test${cluster}/topics/a.b_c`);
    const trial = await send('POST', `${cluster}/topics`, { topic_name: 'd', validate_only: true });
    expect([trial.status, trial.headers.get('location')]).toEqual([200, null]);
  });
});

describe('a partition', () => {
  test('begins and ends somewhere', async () => {
    const records = [{ value: 1 }, { value: 2 }];
    const path = '/rest/topics/orders/partitions/1';
    await kedge.ask('POST', path, { body: { records }, type: v2Json });
    const self = `http://kedge.test${topic}/partitions/1/offset`;
    const expected = {
      kind: 'KafkaPartitionWithOffsets',
      metadata: {
        self,
        resource_name: `crn:///kafka=${id}/topic=orders/partition=1/offset_type=earliest_and_latest`,
      },
      cluster_id: id,
      topic_name: 'orders',
      partition_id: 1,
      earliest_offset: 0,
      latest_offset: 2,
    };
    expect(await get(`${topic}/partitions/1/offset`)).toEqual(expected);
    const asked = `${topic}/partitions/1/offset?offset_type=earliest_and_latest`;
    expect(await get(asked)).toEqual(expected);
    expect(await kedge.ask('GET', `${topic}/partitions/1/offset?offset_type=latest`)).toMatchObject(
      {
        status: 400,
        json: { error_code: 400, message: 'offset_type:latest is invalid' },
      },
    );
  });

  test('has one replica', async () => {
    const replica = {
      kind: 'KafkaReplica',
      metadata: {
        self: `http://kedge.test${topic}/partitions/1/replicas/1`,
        resource_name: `crn:///kafka=${id}/topic=orders/partition=1/replica=1`,
      },
      cluster_id: id,
      topic_name: 'orders',
      partition_id: 1,
      broker_id: 1,
      is_leader: true,
      is_in_sync: true,
      broker: { related: `http://kedge.test${cluster}/brokers/1` },
    };
    expect(await get(`${topic}/partitions/1/replicas/1`)).toEqual(replica);
    expect(await get(`${topic}/partitions/1/replicas`)).toMatchObject({
      kind: 'KafkaReplicaList',
      data: [replica],
    });
    const all = await get(`${cluster}/brokers/1/partition-replicas`);
    expect(all.kind).toBe('KafkaReplicaList');
    expect(all.metadata.self).toBe(`http://kedge.test${cluster}/brokers/1/partition-replicas`);
    expect(all.data).toHaveLength(2);
    expect(all.data[1]).toEqual(replica);
  });

  test.each(['/topics/-', '/topics/orders'])('moves nowhere, of %s', async (which) => {
    const path = `${cluster}${which}/partitions/-/reassignment`;
    expect(await get(path)).toEqual({
      kind: 'KafkaReassignmentList',
      metadata: { self: `http://kedge.test${path}`, next: null },
      data: [],
    });
  });

  test.each([
    ['/topics/orders/partitions/1/reassignment', 404],
    ['/topics/orders/partitions/1/replicas/2', 404],
    ['/topics/orders/partitions/1/replicas/one', 404],
    ['/topics/orders/partitions/9', 40403],
    ['/topics/orders/partitions/9/offset', 40403],
    ['/topics/orders/partitions/9/replicas', 40403],
    ['/topics/orders/partitions/one', 404],
    ['/topics/none/partitions/-/reassignment', 40403],
    ['/topics/none/partitions', 40403],
    ['/brokers/2/partition-replicas', 404],
  ])('is not there: %s', async (path, error_code) => {
    expect(await kedge.ask('GET', `${cluster}${path}`)).toMatchObject({
      status: 404,
      json: { error_code },
    });
  });
});
