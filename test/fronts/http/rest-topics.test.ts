import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { MemoryDoor, v2, v2Json } from './memory-door.ts';

let kedge: MemoryDoor;
beforeEach(() => {
  kedge = new MemoryDoor({ numPartitions: 2 });
});
afterEach(() => kedge[Symbol.asyncDispose]());

async function produce(topic: string, ...values: unknown[]): Promise<void> {
  const body = { records: values.map((value) => ({ value, partition: 0 })) };
  await kedge.ask('POST', `/rest/topics/${topic}`, { body, type: v2Json });
}

describe('topics', () => {
  test('are listed by name alone', async () => {
    expect((await kedge.ask('GET', '/rest/topics')).json).toEqual([]);
    await produce('b', 1);
    await produce('a', 1);
    expect((await kedge.ask('GET', '/rest/topics')).json).toEqual(['a', 'b']);
  });

  test('are described with configs and partitions', async () => {
    await produce('orders', 1);
    const partition = (index: number) => ({
      partition: index,
      leader: 1,
      replicas: [{ broker: 1, leader: true, in_sync: true }],
    });
    const { json } = await kedge.ask('GET', '/rest/topics/orders');
    expect(json).toEqual({
      name: 'orders',
      configs: expect.objectContaining({ 'cleanup.policy': 'delete', 'retention.ms': '604800000' }),
      partitions: [partition(0), partition(1)],
    });
    expect((await kedge.ask('GET', '/rest/topics/orders/partitions')).json).toEqual([
      partition(0),
      partition(1),
    ]);
    const one = await kedge.ask('GET', '/rest/topics/orders/partitions/1');
    expect(one.json).toEqual(partition(1));
  });

  test('have partitions with a beginning and an end', async () => {
    await produce('orders', 'a', 'b', 'c');
    const { json } = await kedge.ask('GET', '/rest/topics/orders/partitions/0/offsets');
    expect(json).toEqual({ beginning_offset: 0, end_offset: 3 });
    const empty = await kedge.ask('GET', '/rest/topics/orders/partitions/1/offsets');
    expect(empty.json).toEqual({ beginning_offset: 0, end_offset: 0 });
  });

  test('and brokers are numbers', async () => {
    expect((await kedge.ask('GET', '/rest/brokers')).json).toEqual({ brokers: [1] });
  });
});

describe('creating a topic', () => {
  const create = (body: unknown, type?: string) =>
    kedge.ask('POST', '/rest/admin/topics', { body, type });

  test('says that it is there, and no more', async () => {
    expect(await create({ topic_name: 'bills', partitions_count: 3 }, v2)).toMatchObject({
      status: 201,
      text: '',
    });
    expect((await kedge.ask('GET', '/rest/topics/bills/partitions')).json).toHaveLength(3);
    expect((await create({ topic_name: 'plain' }, 'application/json')).status).toBe(201);
    const nulls = { topic_name: 'nulls', partitions_count: null, replication_factor: null };
    expect((await create(nulls)).status).toBe(201);
  });

  test('that is there already is a 400 with 40002', async () => {
    await create({ topic_name: 'bills' });
    expect(await create({ topic_name: 'bills' })).toMatchObject({
      status: 400,
      json: { error_code: 40002 },
    });
  });

  test.each([
    ['', 422],
    ['{"', 400],
    [{}, 422],
    [{ topic_name: 7 }, 400],
    [{ topic_name: 't', partitions_count: 0 }, 422],
    [{ topic_name: 't', partitions_count: '3' }, 400],
    [{ topic_name: 't', configs: {} }, 422],
  ])('by %j is a %i', async (body, status) => {
    expect(await create(body, v2)).toMatchObject({ status, json: { error_code: status } });
    expect((await kedge.ask('GET', '/rest/topics')).json).toEqual([]);
  });

  test('by a text is a 415', async () => {
    expect((await create('t', 'text/plain')).status).toBe(415);
  });
});

describe('who asks whether it is there', () => {
  test('is told which it is', async () => {
    const { version } = JSON.parse(readFileSync('package.json', 'utf8'));
    expect((await kedge.ask('GET', '/rest')).json).toEqual({ bridge_version: version });
    expect((await kedge.ask('GET', '/rest/')).json).toEqual({ bridge_version: version });
  });

  test('is told that it is', async () => {
    expect(await kedge.ask('GET', '/rest/healthy')).toMatchObject({ status: 204, text: '' });
    expect(await kedge.ask('GET', '/rest/ready')).toMatchObject({ status: 204, text: '' });
    expect(await kedge.ask('GET', '/rest/status/ready')).toMatchObject({
      status: 200,
      json: { status: 'ready' },
    });
  });

  test('is sent to the document that describes it', async () => {
    const { status, headers } = await kedge.ask('GET', '/rest/openapi');
    const location = headers.get('location')!;
    expect([status, location]).toEqual([302, '/openapi.json']);
    expect((await kedge.ask('GET', location)).json.paths).toHaveProperty('/rest/openapi');
  });
});

describe('what is not there', () => {
  test.each([
    ['/rest/topics/nope', 40401, 'Topic not found.'],
    ['/rest/topics/nope/partitions', 40401, 'Topic not found.'],
    ['/rest/topics/nope/partitions/0/offsets', 40401, 'Topic not found.'],
    ['/rest/topics/nope/partitions/0/records', 40401, 'Topic not found.'],
    ['/rest/topics/orders/partitions/2', 40402, 'Partition not found.'],
    ['/rest/topics/orders/partitions/-1', 40402, 'Partition not found.'],
    ['/rest/topics/orders/partitions/2/offsets', 40402, 'Partition not found.'],
    ['/rest/topics/orders/partitions/first', 404, 'partition must be a whole number, not first'],
    ['/rest/consumers/g/instances/nobody/records', 40403, 'Consumer instance not found.'],
  ])('GET %s is a 404 with %i', async (path, code, message) => {
    await produce('orders', 1);
    expect(await kedge.ask('GET', path)).toMatchObject({
      status: 404,
      type: v2,
      json: { error_code: code, message },
    });
    expect((await kedge.ask('GET', '/rest/topics')).json).toEqual(['orders']);
  });

  test('an unknown path says what exists', async () => {
    const { status, type, json } = await kedge.ask('GET', '/nowhere');
    expect({ status, type }).toEqual({ status: 404, type: 'application/json' });
    expect(json).toEqual({
      error_code: 404,
      message: 'HTTP 404 Not Found: GET /nowhere',
      endpoints: expect.arrayContaining(['GET /healthz', '/rest/…', '/v3/…', '/kafka/v3/…']),
    });
    const near = await kedge.ask('GET', '/rest/topic');
    expect(near).toMatchObject({ status: 404, type: v2 });
    expect(near.json.endpoints).toContain('POST /rest/topics/:topic');
    expect((await kedge.ask('GET', '/v3/nope')).json.endpoints).toContain('GET /v3/clusters');
  });

  test('a wrong method says which are right', async () => {
    const answer = await kedge.ask('DELETE', '/rest/topics/orders');
    expect(answer).toMatchObject({ status: 405, json: { error_code: 405 } });
    expect(answer.headers.get('allow')).toBe('GET, POST');
  });

  test('health asks nobody', async () => {
    expect(await kedge.ask('GET', '/healthz')).toMatchObject({
      status: 200,
      text: '{"status":"ok"}',
    });
  });
});

describe('reading a partition without a group', () => {
  const path = '/rest/topics/orders/partitions/0/records';

  test('starts at the beginning or at an offset, in the format that is asked for', async () => {
    await produce('orders', { n: 1 }, { n: 2 });
    const all = await kedge.ask('GET', path, { accept: v2Json });
    expect(all).toMatchObject({ status: 200, type: v2Json });
    expect(all.json.map(({ value }: { value: unknown }) => value)).toEqual([{ n: 1 }, { n: 2 }]);
    const binary = await kedge.ask('GET', `${path}?offset=1`);
    expect(binary.json).toMatchObject([{ offset: 1, value: btoa('{"n":2}') }]);
  });

  test('waits for records, but not for ever', async () => {
    await produce('orders', 1);
    const waiting = kedge.ask('GET', `${path}?offset=1&timeout=20000`, { accept: v2Json });
    await produce('orders', 2);
    expect((await waiting).json).toMatchObject([{ offset: 1, value: 2 }]);
    expect((await kedge.ask('GET', `${path}?offset=2&timeout=0`)).json).toEqual([]);
  });

  test('stops at max_bytes, but never before the first record', async () => {
    await produce('orders', 'aaaa', 'bbbb', 'cccc');
    const bytes = async (max: number) => (await kedge.ask('GET', `${path}?max_bytes=${max}`)).json;
    expect(await bytes(1)).toHaveLength(1);
    expect(await bytes(12)).toHaveLength(2);
    expect(await bytes(18)).toHaveLength(3);
  });

  test('an offset that is not there is a 416, and nonsense a 400', async () => {
    await produce('orders', 1);
    expect(await kedge.ask('GET', `${path}?offset=5`)).toMatchObject({
      status: 416,
      json: { error_code: 416, message: expect.stringContaining('no offset 5') },
    });
    expect((await kedge.ask('GET', `${path}?offset=one`)).status).toBe(400);
    expect((await kedge.ask('GET', `${path}?offset=-3`)).status).toBe(422);
  });

  test('a format there is none of is a 406', async () => {
    await produce('orders', 1);
    for (const accept of ['text/html', 'application/vnd.kafka.avro.v2+json']) {
      expect(await kedge.ask('GET', path, { accept })).toMatchObject({
        status: 406,
        json: { error_code: 406 },
      });
    }
  });
});
