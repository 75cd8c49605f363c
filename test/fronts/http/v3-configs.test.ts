import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { MemoryDoor } from './memory-door.ts';

let kedge: MemoryDoor;
let id: string;
let cluster: string;
let configs: string;

beforeEach(async () => {
  kedge = new MemoryDoor();
  id = (await kedge.ask('GET', '/v3/clusters')).json.data[0].cluster_id;
  cluster = `/v3/clusters/${id}`;
  configs = `${cluster}/topics/orders/configs`;
  await send('POST', `${cluster}/topics`, {
    topic_name: 'orders',
    configs: [{ name: 'cleanup.policy', value: 'compact' }],
  });
});
afterEach(() => kedge[Symbol.asyncDispose]());

const send = (method: string, path: string, body: unknown) =>
  kedge.ask(method, path, { body, type: 'application/json' });

async function stateOf(name: string): Promise<[value: string, isDefault: boolean]> {
  const { json } = await kedge.ask('GET', `${configs}/${name}`);
  return [json.value, json.is_default];
}

describe('configs of topics', () => {
  test('say what they are and where they come from', async () => {
    const { json } = await kedge.ask('GET', configs);
    const self = `http://kedge.test${configs}`;
    expect(json).toMatchObject({ kind: 'KafkaTopicConfigList', metadata: { self, next: null } });
    expect(json.data).toHaveLength(37);
    const policy = json.data.find(({ name }: { name: string }) => name === 'cleanup.policy');
    expect(policy).toEqual({
      kind: 'KafkaTopicConfig',
      metadata: {
        self: `${self}/cleanup.policy`,
        resource_name: `crn:///kafka=${id}/topic=orders/config=cleanup.policy`,
      },
      cluster_id: id,
      topic_name: 'orders',
      name: 'cleanup.policy',
      value: 'compact',
      is_read_only: false,
      is_sensitive: false,
      source: 'DYNAMIC_TOPIC_CONFIG',
      synonyms: [
        { name: 'cleanup.policy', value: 'compact', source: 'DYNAMIC_TOPIC_CONFIG' },
        { name: 'log.cleanup.policy', value: 'delete', source: 'DEFAULT_CONFIG' },
      ],
      is_default: false,
    });
    expect((await kedge.ask('GET', `${configs}/cleanup.policy`)).json).toEqual(policy);
  });

  test('of all topics come in one list', async () => {
    await send('POST', `${cluster}/topics`, { topic_name: 'bills' });
    const { json } = await kedge.ask('GET', `${cluster}/topics/-/configs`);
    const names = json.data.map(({ topic_name }: { topic_name: string }) => topic_name);
    expect([...new Set(names)]).toEqual(['bills', 'orders']);
    expect(names).toHaveLength(74);
  });

  test('are set and reset one by one', async () => {
    const path = `${configs}/retention.ms`;
    expect(await send('PUT', path, { value: '1234' })).toMatchObject({ status: 204, text: '' });
    expect(await stateOf('retention.ms')).toEqual(['1234', false]);
    await send('PUT', path, { value: 5678 });
    expect(await stateOf('retention.ms')).toEqual(['5678', false]);
    expect(await kedge.ask('DELETE', path)).toMatchObject({ status: 204, text: '' });
    expect(await stateOf('retention.ms')).toEqual(['604800000', true]);
  });

  test('are altered together, or not at all', async () => {
    const data = [
      { name: 'retention.ms', value: '1234' },
      { name: 'segment.bytes', value: 2_000_000, operation: 'SET' },
      { name: 'cleanup.policy', operation: 'DELETE' },
    ];
    const path = `${configs}:alter`;
    const checked = await send('POST', path, { data, validate_only: true });
    expect(checked).toMatchObject({ status: 204, text: '' });
    expect(await stateOf('retention.ms')).toEqual(['604800000', true]);
    const bad = [...data, { name: 'segment.ms', value: 'soon' }];
    expect(await send('POST', path, { data: bad })).toMatchObject({
      status: 400,
      json: {
        error_code: 40002,
        message: 'Invalid value soon for configuration segment.ms: Not a number of type LONG',
      },
    });
    expect(await stateOf('retention.ms')).toEqual(['604800000', true]);
    expect((await send('POST', path, { data })).status).toBe(204);
    expect(await stateOf('retention.ms')).toEqual(['1234', false]);
    expect(await stateOf('segment.bytes')).toEqual(['2000000', false]);
    expect(await stateOf('cleanup.policy')).toEqual(['delete', true]);
  });

  test.each([
    ['GET', ''],
    ['GET', '/retention.ms'],
    ['PUT', '/retention.ms'],
    ['DELETE', '/retention.ms'],
    ['POST', ':alter'],
  ])('of a topic that does not exist: %s %s', async (method, path) => {
    const body = method === 'PUT' ? { value: '1' } : { data: [] };
    const ask = method === 'GET' ? {} : { body, type: 'application/json' };
    const missing = `${cluster}/topics/missing/configs${path}`;
    expect(await kedge.ask(method, missing, ask)).toMatchObject({
      status: 404,
      json: { error_code: 40403, message: 'This server does not host this topic-partition.' },
    });
  });

  test('that do not exist cannot be found', async () => {
    const message = `Config nonsense cannot be found for TOPIC orders in cluster ${id}.`;
    const notFound = { status: 404, json: { error_code: 404, message } };
    expect(await send('PUT', `${configs}/nonsense`, { value: '1' })).toMatchObject(notFound);
    expect(await kedge.ask('DELETE', `${configs}/nonsense`)).toMatchObject(notFound);
    const data = [{ name: 'nonsense', operation: 'DELETE' }];
    expect(await send('POST', `${configs}:alter`, { data })).toMatchObject(notFound);
    expect(await kedge.ask('GET', `${configs}/nonsense`)).toMatchObject({
      status: 404,
      json: { error_code: 404, message: 'HTTP 404 Not Found' },
    });
  });

  test.each([
    ['PUT', '/retention.ms', undefined, 422],
    ['PUT', '/retention.ms', { value: '1', other: 2 }, 422],
    ['PUT', '/retention.ms', {}, 400],
    ['POST', ':alter', undefined, 422],
    ['POST', ':alter', {}, 422],
    ['POST', ':alter', { data: [{ value: '1' }] }, 422],
    ['POST', ':alter', { data: [{ name: 'segment.ms', operation: 'APPEND' }] }, 400],
    ['POST', ':alter', { data: [], validate_only: 'yes' }, 400],
  ])('are not changed by what makes no sense: %s %s %j', async (method, path, body, status) => {
    expect((await send(method, `${configs}${path}`, body)).status).toBe(status);
    expect(await stateOf('retention.ms')).toEqual(['604800000', true]);
  });

  test('belong to a cluster', async () => {
    const path = '/v3/clusters/other/topics/orders/configs';
    for (const [method, rest] of [
      ['GET', ''],
      ['PUT', '/retention.ms'],
      ['DELETE', '/retention.ms'],
      ['POST', ':alter'],
    ]) {
      expect(await kedge.ask(method, `${path}${rest}`)).toMatchObject({
        status: 404,
        json: { message: 'Cluster other cannot be found.' },
      });
    }
  });
});

describe('configs of several topics', () => {
  const alter = (data: unknown, more = {}) =>
    send('POST', `${cluster}/topics/-/configs:alter`, { data, ...more });
  const change = (topic: string, ...configs: [name: string, value: string | null][]) => ({
    topic_name: topic,
    configs: configs.map(([name, value]) =>
      value === null ? { name, operation: 'DELETE' } : { name, value },
    ),
  });
  const retention = async (topic: string) =>
    (await kedge.ask('GET', `${cluster}/topics/${topic}/configs/retention.ms`)).json.value;

  beforeEach(() => send('POST', `${cluster}/topics`, { topic_name: 'bills' }));

  test('are altered together', async () => {
    const altered = await alter([
      change('orders', ['retention.ms', '1000'], ['cleanup.policy', null]),
      change('bills', ['retention.ms', '2000']),
    ]);
    expect(altered).toMatchObject({ status: 204, text: '' });
    expect([await retention('orders'), await retention('bills')]).toEqual(['1000', '2000']);
    expect(await stateOf('cleanup.policy')).toEqual(['delete', true]);
  });

  test('are altered but for those that cannot be', async () => {
    const mixed = [
      change('orders', ['retention.ms', 'long'], ['cleanup.policy', null]),
      change('bills', ['retention.ms', '2000']),
    ];
    const trial = await alter(mixed, { validate_only: true });
    expect(trial).toMatchObject({ status: 207, json: { failures: [{ topic_name: 'orders' }] } });
    expect(await retention('bills')).toBe('604800000');
    expect(await alter(mixed)).toMatchObject({
      status: 207,
      json: {
        failures: [{ topic_name: 'orders', error_code: 40002, message: expect.any(String) }],
      },
    });
    expect(await retention('bills')).toBe('2000');
    expect(await stateOf('cleanup.policy')).toEqual(['compact', false]);
  });

  test.each([
    [[change('none', ['retention.ms', '1'])], 404, 40403],
    [[change('orders', ['nonsense', '1'])], 404, 404],
    [[change('orders'), change('orders')], 422, 422],
    [[{ topic_name: 'orders' }], 422, 422],
    [[{ topic_name: 'orders', config: [] }], 422, 422],
    ['orders', 400, 400],
  ])('are not altered by %j', async (data, status, error_code) => {
    expect(await alter(data)).toMatchObject({ status, json: { error_code } });
  });

  test('are known before a topic is there', async () => {
    await send('PUT', `${cluster}/broker-configs/log.retention.ms`, { value: '5000' });
    const path = `${cluster}/topics/new/default-configs`;
    const { json } = await kedge.ask('GET', path);
    expect(json).toMatchObject({
      kind: 'KafkaTopicConfigList',
      metadata: { self: `http://kedge.test${path}`, next: null },
    });
    const ofNew = json.data.find(({ name }: { name: string }) => name === 'retention.ms');
    expect(ofNew).toMatchObject({
      kind: 'KafkaTopicConfig',
      metadata: { self: `http://kedge.test${cluster}/topics/new/configs/retention.ms` },
      topic_name: 'new',
      value: '5000',
      source: 'DYNAMIC_DEFAULT_BROKER_CONFIG',
    });
    expect((await kedge.ask('GET', `${cluster}/topics/new`)).status).toBe(404);
    expect(await kedge.ask('GET', `${cluster}/topics/orders/default-configs`)).toMatchObject({
      status: 400,
      json: { error_code: 40002 },
    });
  });
});

describe('configs of brokers', () => {
  const broker = () => `${cluster}/brokers/1/configs`;
  const all = () => `${cluster}/broker-configs`;

  test('say what they are and where they come from', async () => {
    expect((await send('PUT', `${broker()}/log.retention.ms`, { value: 1000 })).status).toBe(204);
    await send('PUT', `${all()}/log.retention.ms`, { value: '2000' });
    const { json } = await kedge.ask('GET', broker());
    const self = `http://kedge.test${broker()}`;
    expect(json).toMatchObject({ kind: 'KafkaBrokerConfigList', metadata: { self, next: null } });
    const name = 'log.retention.ms';
    const retention = json.data.find((one: { name: string }) => one.name === name);
    expect(retention).toEqual({
      kind: 'KafkaBrokerConfig',
      metadata: {
        self: `${self}/${name}`,
        resource_name: `crn:///kafka=${id}/broker=1/config=${name}`,
      },
      cluster_id: id,
      broker_id: 1,
      name,
      value: '1000',
      is_read_only: false,
      is_sensitive: false,
      source: 'DYNAMIC_BROKER_CONFIG',
      synonyms: expect.arrayContaining([
        { name, value: '1000', source: 'DYNAMIC_BROKER_CONFIG' },
        { name, value: '2000', source: 'DYNAMIC_DEFAULT_BROKER_CONFIG' },
      ]),
      is_default: false,
    });
    expect((await kedge.ask('GET', `${broker()}/${name}`)).json).toEqual(retention);
    const ofAll = (await kedge.ask('GET', `${cluster}/brokers/-/configs`)).json;
    expect(ofAll.metadata.self).toBe(`http://kedge.test${cluster}/brokers/-/configs`);
    expect(ofAll.data).toEqual(json.data);
  });

  test('of all together are only those that were set', async () => {
    expect((await kedge.ask('GET', all())).json).toEqual({
      kind: 'KafkaClusterConfigList',
      metadata: { self: `http://kedge.test${all()}`, next: null },
      data: [],
    });
    const data = [
      { name: 'message.max.bytes', value: '2000000' },
      { name: 'log.retention.ms', value: '5000' },
    ];
    expect((await send('POST', `${all()}:alter`, { data })).status).toBe(204);
    const reset = { data: [{ name: 'log.retention.ms', operation: 'DELETE' }] };
    expect((await send('POST', `${all()}:alter`, reset)).status).toBe(204);
    const { json } = await kedge.ask('GET', all());
    expect(json.data).toMatchObject([
      {
        kind: 'KafkaClusterConfig',
        metadata: { resource_name: `crn:///kafka=${id}/broker-config=message.max.bytes` },
        config_type: 'BROKER',
        value: '2000000',
        source: 'DYNAMIC_DEFAULT_BROKER_CONFIG',
      },
    ]);
    expect((await kedge.ask('GET', `${all()}/message.max.bytes`)).json).toEqual(json.data[0]);
    expect((await kedge.ask('DELETE', `${all()}/message.max.bytes`)).status).toBe(204);
    expect((await kedge.ask('GET', `${all()}/message.max.bytes`)).status).toBe(404);
  });

  test('are only tried, if asked', async () => {
    const data = [{ name: 'message.max.bytes', value: '2000000' }];
    for (const path of [broker(), all()]) {
      const trial = await send('POST', `${path}:alter`, { data, validate_only: true });
      expect(trial.status).toBe(204);
      const wrong = { data: [{ name: 'message.max.bytes', value: 'x' }], validate_only: true };
      expect(await send('POST', `${path}:alter`, wrong)).toMatchObject({
        status: 400,
        json: { error_code: 40002 },
      });
    }
    expect((await kedge.ask('GET', all())).json.data).toEqual([]);
  });

  test('that do not exist cannot be found', async () => {
    const message = `Config nonsense cannot be found for BROKER 1 in cluster ${id}.`;
    expect(await send('PUT', `${broker()}/nonsense`, { value: '1' })).toMatchObject({
      status: 404,
      json: { error_code: 404, message },
    });
  });

  test.each([
    ['GET', ''],
    ['GET', '/message.max.bytes'],
    ['PUT', '/message.max.bytes'],
    ['DELETE', '/message.max.bytes'],
    ['POST', ':alter'],
  ])('of a broker that is not there: %s %s', async (method, path) => {
    const body = method === 'PUT' ? { value: '1' } : { data: [] };
    const ask = method === 'GET' ? {} : { body, type: 'application/json' };
    const missing = await kedge.ask(method, `${cluster}/brokers/7/configs${path}`, ask);
    expect(missing).toMatchObject({
      status: 404,
      json: { error_code: 404, message: 'Broker 7 cannot be found.' },
    });
  });
});
