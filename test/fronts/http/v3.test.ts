import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { MemoryDoor, v2Json } from './memory-door.ts';

let kedge: MemoryDoor;
let cluster: string;
let id: string;

beforeEach(async () => {
  kedge = new MemoryDoor();
  id = (await kedge.ask('GET', '/v3/clusters')).json.data[0].cluster_id;
  cluster = `/v3/clusters/${id}`;
});
afterEach(() => kedge[Symbol.asyncDispose]());

const post = (path: string, body: unknown) =>
  kedge.ask('POST', path, { body, type: 'application/json' });

/** Produces to `t`; one parsed answer a record. */
async function produce(body: unknown, topic = 't') {
  const { status, text } = await post(`${cluster}/topics/${topic}/records`, body);
  expect(text).toMatch(/\r\n$/);
  const lines = text.trimEnd().split('\r\n');
  return { status, answers: lines.map((line) => JSON.parse(line)) };
}

async function read(accept = v2Json) {
  const path = '/rest/topics/t/partitions/0/records?timeout=0';
  return (await kedge.ask('GET', path, { accept })).json;
}

describe('clusters', () => {
  test.each(['/v3', '/kafka/v3'])('are one, under %s', async (base) => {
    const self = `http://kedge.test${base}/clusters`;
    const { json, type } = await kedge.ask('GET', `${base}/clusters`);
    expect(type).toBe('application/json');
    expect(json).toEqual({
      kind: 'KafkaClusterList',
      metadata: { self, next: null },
      data: [
        expect.objectContaining({
          kind: 'KafkaCluster',
          metadata: { self: `${self}/${id}`, resource_name: `crn:///kafka=${id}` },
          topics: { related: `${self}/${id}/topics` },
        }),
      ],
    });
    expect((await kedge.ask('GET', `${base}/clusters/${id}`)).json).toEqual(json.data[0]);
  });

  test.each([
    ['GET', ''],
    ['GET', '/topics'],
    ['POST', '/topics'],
    ['GET', '/brokers'],
    ['POST', '/topics/t/records'],
  ])('another one cannot be found: %s %s', async (method, path) => {
    expect(await kedge.ask(method, `/v3/clusters/other${path}`)).toMatchObject({
      status: 404,
      json: { error_code: 404, message: 'Cluster other cannot be found.' },
    });
  });

  test('have one broker, whose address is told when it is known', async () => {
    const { json } = await kedge.ask('GET', `${cluster}/brokers`);
    expect(json.data).toMatchObject([
      { kind: 'KafkaBroker', broker_id: 1, host: null, port: null },
    ]);
    expect((await kedge.ask('GET', `${cluster}/brokers/1`)).json).toEqual(json.data[0]);
    expect((await kedge.ask('GET', `${cluster}/brokers/2`)).status).toBe(404);
    await using known = new MemoryDoor({ advertisedListener: { host: 'kafka', port: 9092 } });
    const other = (await known.ask('GET', '/v3/clusters')).json.data[0].cluster_id;
    const brokers = await known.ask('GET', `/v3/clusters/${other}/brokers`);
    expect(brokers.json.data).toMatchObject([{ host: 'kafka', port: 9092 }]);
  });
});

describe('topics', () => {
  test('are created, listed, described and deleted', async () => {
    const created = await post(`${cluster}/topics`, {
      topic_name: 'orders',
      partitions_count: 3,
      replication_factor: 1,
      configs: [{ name: 'retention.ms', value: 1000 }],
    });
    const self = `http://kedge.test${cluster}/topics/orders`;
    expect(created.status).toBe(201);
    expect(created.json).toMatchObject({
      kind: 'KafkaTopic',
      metadata: { self, resource_name: `crn:///kafka=${id}/topic=orders` },
      cluster_id: id,
      topic_name: 'orders',
      is_internal: false,
      replication_factor: 1,
      partitions_count: 3,
      partitions: { related: `${self}/partitions` },
    });
    expect((await kedge.ask('GET', `${cluster}/topics/orders`)).json).toEqual(created.json);
    expect((await kedge.ask('GET', `${cluster}/topics`)).json).toMatchObject({
      kind: 'KafkaTopicList',
      data: [created.json],
    });
    const { json } = await kedge.ask('GET', '/rest/topics/orders');
    expect(json.configs['retention.ms']).toBe('1000');
    expect(await kedge.ask('DELETE', `${cluster}/topics/orders`)).toMatchObject({
      status: 204,
      text: '',
    });
    for (const method of ['GET', 'DELETE']) {
      expect(await kedge.ask(method, `${cluster}/topics/orders`)).toMatchObject({
        status: 404,
        json: {
          error_code: 40403,
          message: 'This server does not host this topic-partition.',
        },
      });
    }
  });

  test('have partitions', async () => {
    await post(`${cluster}/topics`, { topic_name: 'two', partitions_count: 2 });
    const { json } = await kedge.ask('GET', `${cluster}/topics/two/partitions`);
    expect(json.data.map(({ partition_id }: { partition_id: number }) => partition_id)).toEqual([
      0, 1,
    ]);
    const one = await kedge.ask('GET', `${cluster}/topics/two/partitions/1`);
    expect(one.json).toEqual(json.data[1]);
    expect(await kedge.ask('GET', `${cluster}/topics/two/partitions/2`)).toMatchObject({
      status: 404,
      json: { error_code: 40403 },
    });
  });

  test('may only be checked', async () => {
    const body = { topic_name: 'maybe', partitions_count: 2, validate_only: true };
    expect(await post(`${cluster}/topics`, body)).toMatchObject({
      status: 200,
      json: { topic_name: 'maybe', partitions_count: 2 },
    });
    expect((await kedge.ask('GET', `${cluster}/topics`)).json.data).toEqual([]);
  });

  test.each([
    [{ topic_name: 'taken' }, 400, 40002, "Topic 'taken' already exists."],
    [{ topic_name: 'no name' }, 400, 40002, undefined],
    [{ topic_name: 't', partitions_count: 0 }, 400, 40002, undefined],
    [{ topic_name: 't', configs: [{ name: 'nope', value: '1' }] }, 400, 40002, undefined],
    [{ partitions_count: 1 }, 422, 422, 'topic_name may not be null'],
    [{ topic_name: 't', partition_count: 1 }, 422, 422, 'Unrecognized field: partition_count'],
    [{ topic_name: 5 }, 400, 400, 'topic_name must be a string'],
    ['{', 400, 400, undefined],
    [undefined, 422, 422, undefined],
  ])('are refused: %j', async (body, status, code, message) => {
    await post(`${cluster}/topics`, { topic_name: 'taken' });
    const answer = await post(`${cluster}/topics`, body);
    expect(answer).toMatchObject({ status, json: { error_code: code } });
    if (message !== undefined) expect(answer.json.message).toBe(message);
  });
});

describe('records', () => {
  test('of every type are written as they are', async () => {
    const { status, answers } = await produce({
      key: { type: 'STRING', data: 'k' },
      value: { type: 'JSON', data: { a: 1.0 } },
      headers: [
        { name: 'h', value: btoa('x') },
        { name: 'none', value: null },
      ],
      timestamp: '2026-01-02T03:04:05.678Z',
      partition_id: 0,
    });
    expect(status).toBe(200);
    expect(answers).toEqual([
      {
        error_code: 200,
        cluster_id: id,
        topic_name: 't',
        partition_id: 0,
        offset: 0,
        timestamp: '2026-01-02T03:04:05.678Z',
        key: { type: 'STRING', size: 1 },
        value: { type: 'JSON', size: 7 },
      },
    ]);
    await produce({ value: { type: 'BINARY', data: btoa('bytes') } });
    await produce({ value: { type: 'STRING', data: null } });
    await produce({});
    expect(await read('application/vnd.kafka.binary.v2+json')).toMatchObject([
      {
        key: btoa('k'),
        value: btoa('{"a":1}'),
        timestamp: Date.UTC(2026, 0, 2, 3, 4, 5, 678),
        headers: [
          { key: 'h', value: btoa('x') },
          { key: 'none', value: null },
        ],
      },
      { key: null, value: btoa('bytes'), offset: 1 },
      { value: null, offset: 2 },
      { value: null, offset: 3 },
    ]);
  });

  test('come one after another, answered in order, the bad ones among the good', async () => {
    const record = (data: unknown, type = 'STRING') => JSON.stringify({ value: { type, data } });
    const { status, answers } = await produce(
      `${record('a')}${record('b')}\n ${record(1, 'BINARY')}\r\n{"value":{]}\t${record('"}{"')}`,
    );
    expect(status).toBe(200);
    expect(answers.map(({ error_code, offset }) => [error_code, offset])).toEqual([
      [200, 0],
      [200, 1],
      [42206, undefined],
      [400, undefined],
      [200, 2],
    ]);
    expect((await read('*/*')).map(({ value }: { value: string }) => atob(value))).toEqual([
      'a',
      'b',
      '"}{"',
    ]);
  });

  test('end at what is not an object, after an answer that says so', async () => {
    const good = '{"value":{"type":"STRING","data":"x"}}';
    for (const [body, codes] of [
      [`${good} , ${good}`, [200, 400]],
      [`${good}{"value":`, [200, 400]],
      ['nonsense', [400]],
    ] as const) {
      const { answers } = await produce(body);
      expect(answers.map(({ error_code }) => error_code)).toEqual(codes);
    }
  });

  test.each([
    [{ value: { type: 'AVRO', data: 1 } }, 42206],
    [{ value: { data: 1, schema_id: 1 } }, 42206],
    [{ value: { type: 'XML', data: '' } }, 400],
    [{ value: { type: 'STRING', data: 5 } }, 42206],
    [{ value: { type: 'BINARY', data: '!' } }, 42206],
    [{ value: 'x' }, 400],
    [{ vale: {} }, 422],
    [{ partition_id: -1 }, 40402],
    [{ partition_id: 5 }, 40403],
    [{ timestamp: 'yesterday' }, 400],
    [{ headers: [{ key: 'h' }] }, 422],
    [{ value: { type: 'STRING', data: 'x'.repeat(1_200_000) } }, 413],
  ])('%j is refused in its answer: %i', async (body, code) => {
    await post(`${cluster}/topics`, { topic_name: 't' });
    const { status, answers } = await produce(body);
    expect(status).toBe(200);
    expect(answers).toMatchObject([{ error_code: code, message: expect.any(String) }]);
    expect(await read('*/*')).toEqual([]);
  });

  test('to a topic that may not be made say so in their answers', async () => {
    await using strict = new MemoryDoor({ autoCreateTopicsEnable: false });
    const other = (await strict.ask('GET', '/v3/clusters')).json.data[0].cluster_id;
    const answer = await strict.ask('POST', `/v3/clusters/${other}/topics/t/records`, {
      body: {},
      type: 'application/json',
    });
    expect(answer).toMatchObject({ status: 200, json: { error_code: 40403 } });
  });

  test('none at all are a 422, another content type a 415', async () => {
    const path = `${cluster}/topics/t/records`;
    expect(await kedge.ask('POST', path)).toMatchObject({ status: 422, json: { error_code: 422 } });
    expect((await produce(' \n')).answers).toMatchObject([{ error_code: 422 }]);
    expect(await kedge.ask('POST', path, { body: {}, type: 'text/plain' })).toMatchObject({
      status: 415,
      json: { error_code: 415 },
    });
  });
});
