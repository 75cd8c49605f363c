/**
 * The life of a REST consumer over real HTTP against the real Worker, restarts and silence
 * included.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Kedge, spawnKedge } from '../kedge-process.ts';
import { ask, v2, v2Binary, v2Json } from './requests.ts';

let kedge: Kedge;
let rest: string;
let names = 0;

beforeAll(async () => {
  kedge = await spawnKedge({ env: { KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS: '0' } });
  rest = `${kedge.url}/rest`;
});
afterAll(() => kedge.stop());

const unique = (prefix: string) => `${prefix}-${++names}`;

async function produce(topic: string, ...values: unknown[]): Promise<void> {
  const body = { records: values.map((value) => ({ value })) };
  const { status } = await ask('POST', `${rest}/topics/${topic}`, { body, type: v2Json });
  expect(status).toBe(200);
}

async function create(group: string, config: Record<string, unknown> = {}): Promise<string> {
  const body = { format: 'json', 'auto.offset.reset': 'earliest', ...config };
  const { json } = await ask('POST', `${rest}/consumers/${group}`, { body });
  return json.base_uri;
}

async function subscribed(topic: string, config: Record<string, unknown> = {}): Promise<string> {
  const uri = await create(unique('group'), config);
  expect(await ask('POST', `${uri}/subscription`, { body: { topics: [topic] } })).toMatchObject({
    status: 204,
    text: '',
  });
  return uri;
}

async function poll(
  uri: string,
  query = 'timeout=100',
): Promise<{ value: unknown; offset: number }[]> {
  const { status, text, json } = await ask('GET', `${uri}/records?${query}`);
  expect(status, text).toBe(200);
  return json;
}
const valuesOf = async (uri: string, query?: string) =>
  (await poll(uri, query)).map(({ value }) => value);

const failure = (status: number, errorCode: number) => ({
  status,
  type: v2,
  json: { error_code: errorCode, message: expect.any(String) },
});

describe('creating', () => {
  it('answers where the instance lives, prefix and host included', async () => {
    const answer = await ask('POST', `${rest}/consumers/some group`.replace(' ', '%20'), {
      body: { name: 'a/b' },
    });
    expect(answer).toMatchObject({ status: 200, type: v2 });
    expect(answer.json).toEqual({
      instance_id: 'a/b',
      base_uri: `${rest}/consumers/some%20group/instances/a%2Fb`,
    });
    expect((await ask('DELETE', answer.json.base_uri)).status).toBe(204);
  });

  it('makes a name up when none is given, with no body at all', async () => {
    const { json } = await ask('POST', `${rest}/consumers/g`);
    expect(json.instance_id).toMatch(/^rest-consumer-[0-9a-f-]{36}$/);
  });

  it('refuses a name that is taken, until it is free again', async () => {
    const body = { name: 'one' };
    const url = `${rest}/consumers/${unique('group')}`;
    const { json } = await ask('POST', url, { body });
    expect(await ask('POST', url, { body })).toMatchObject(failure(409, 40902));
    expect((await ask('DELETE', json.base_uri)).status).toBe(204);
    expect(await ask('DELETE', json.base_uri)).toMatchObject(failure(404, 40403));
    expect((await ask('POST', url, { body })).status).toBe(200);
  });

  it.each([
    [{ 'auto.offset.reset': 'sometimes' }, 42204],
    [{ 'auto.commit.enable': 'maybe' }, 42204],
    [{ format: 'avro' }, 42204],
    [{ 'fetch.min.bytes': -2 }, 40001],
    [{ 'consumer.request.timeout.ms': 'soon' }, 40001],
    [{ format: 'xml' }, 422],
    [{ frobnicate: true }, 422],
  ])('refuses %j with a 422 and %i', async (body, errorCode) => {
    expect(await ask('POST', `${rest}/consumers/g`, { body })).toMatchObject(
      failure(422, errorCode),
    );
  });

  it('takes numbers and booleans as text', async () => {
    const body = { 'auto.commit.enable': 'false', 'fetch.min.bytes': '1' };
    expect((await ask('POST', `${rest}/consumers/g`, { body })).status).toBe(200);
  });
});

describe('reading', () => {
  it('gives every record once, in order, and waits for more', async () => {
    const topic = unique('orders');
    await produce(topic, 1, { two: 2 });
    const uri = await subscribed(topic);
    expect(await poll(uri)).toEqual([
      expect.objectContaining({ topic, partition: 0, offset: 0, key: null, value: 1 }),
      expect.objectContaining({ offset: 1, value: { two: 2 }, headers: [] }),
    ]);
    const waiting = valuesOf(uri, 'timeout=10000');
    await produce(topic, 3);
    expect(await waiting).toEqual([3]);
    expect(await valuesOf(uri)).toEqual([]);
  });

  it('starts at the end by default', async () => {
    const topic = unique('latest');
    await produce(topic, 'before');
    const uri = await subscribed(topic, { 'auto.offset.reset': 'latest' });
    expect(await valuesOf(uri)).toEqual([]);
    await produce(topic, 'after');
    expect(await valuesOf(uri, 'timeout=5000')).toEqual(['after']);
  });

  it('cuts the answer at max_bytes, but never before the first record', async () => {
    const topic = unique('cut');
    await produce(topic, 'x'.repeat(100), 'y'.repeat(100), 'z');
    const uri = await subscribed(topic);
    expect(await valuesOf(uri, 'timeout=100&max_bytes=1')).toEqual(['x'.repeat(100)]);
    expect(await valuesOf(uri, 'timeout=100&max_bytes=150')).toEqual(['y'.repeat(100), 'z']);
  });

  it('reads every topic whose whole name matches a pattern, also later ones', async () => {
    const prefix = unique('pattern');
    await produce(`${prefix}-a`, 'a');
    const uri = await create(unique('group'));
    const body = { topic_pattern: `${prefix}-.` };
    expect((await ask('POST', `${uri}/subscription`, { body })).status).toBe(204);
    expect(await valuesOf(uri)).toEqual(['a']);
    await produce(`${prefix}-b`, 'b');
    await produce(`${prefix}-too-long`, 'no');
    const seen: unknown[] = [];
    while (seen.length === 0) seen.push(...(await valuesOf(uri, 'timeout=500')));
    expect(seen.filter((value) => value !== 'a')).toEqual(['b']);
    expect((await ask('GET', `${uri}/subscription`)).json.topics).toEqual([
      `${prefix}-a`,
      `${prefix}-b`,
    ]);
  });

  it('checks the format that is asked for against that of the instance', async () => {
    const topic = unique('format');
    await produce(topic, { a: 1 });
    const uri = await subscribed(topic);
    const wrong = await ask('GET', `${uri}/records`, { accept: v2Binary });
    expect(wrong).toMatchObject(failure(406, 40601));
    const right = await ask('GET', `${uri}/records?timeout=100`, { accept: v2Json });
    expect(right).toMatchObject({ status: 200, type: v2Json });
    const binary = await subscribed(topic, { format: 'binary' });
    const answer = await ask('GET', `${binary}/records?timeout=100`);
    expect(answer).toMatchObject({ status: 200, type: v2Binary });
    expect(answer.json[0].value).toBe(Buffer.from('{"a":1}').toString('base64'));
  });

  it('stops before a record that is not JSON, says which one, and can be sent past it', async () => {
    const topic = unique('poison');
    await produce(topic, 'good');
    const body = { records: [{ value: Buffer.from('not json').toString('base64') }] };
    await ask('POST', `${rest}/topics/${topic}`, { body, type: v2Binary });
    await produce(topic, 'better');
    const uri = await subscribed(topic);
    expect(await valuesOf(uri)).toEqual(['good']);
    const stuck = await ask('GET', `${uri}/records?timeout=100`);
    expect(stuck).toMatchObject(failure(422, 42203));
    expect(stuck.json.message).toContain(`${topic}-0 at offset 1`);
    const past = { offsets: [{ topic, partition: 0, offset: 2 }] };
    expect((await ask('POST', `${uri}/positions`, { body: past })).status).toBe(204);
    expect(await valuesOf(uri)).toEqual(['better']);
  });

  it('needs something to read', async () => {
    const uri = await create(unique('group'));
    expect(await ask('GET', `${uri}/records`)).toMatchObject(failure(409, 40903));
  });
});

describe('committing', () => {
  it('everything that was read, for whoever reads on in the group', async () => {
    const topic = unique('commit');
    await produce(topic, 'a', 'b');
    const group = unique('group');
    const first = await create(group, { 'auto.commit.enable': false });
    await ask('POST', `${first}/subscription`, { body: { topics: [topic] } });
    expect(await valuesOf(first)).toEqual(['a', 'b']);
    const committed = await ask('POST', `${first}/offsets`);
    expect(committed).toMatchObject({
      status: 200,
      json: [{ topic, partition: 0, consumed: 1, committed: 1 }],
    });
    await produce(topic, 'c');
    expect(await valuesOf(first)).toEqual(['c']);
    await ask('DELETE', first);
    const second = await create(group);
    await ask('POST', `${second}/subscription`, { body: { topics: [topic] } });
    expect(await valuesOf(second)).toEqual(['c']);
  });

  it('the offset of the last record read, and read back is the next', async () => {
    const topic = unique('explicit');
    await produce(topic, 'a', 'b', 'c');
    const uri = await subscribed(topic, { 'auto.commit.enable': false });
    await poll(uri);
    const body = { offsets: [{ topic, partition: 0, offset: 1, metadata: 'half way' }] };
    expect(await ask('POST', `${uri}/offsets`, { body })).toMatchObject({ status: 200 });
    const expected = { offsets: [{ topic, partition: 0, offset: 2, metadata: 'half way' }] };
    // A body on a GET, and none at all.
    const partitions = [{ topic, partition: 0 }];
    expect((await ask('GET', `${uri}/offsets`, { body: { partitions } })).json).toEqual(expected);
    expect((await ask('GET', `${uri}/offsets`)).json).toEqual(expected);
    const other = { partitions: [{ topic, partition: 7 }] };
    expect((await ask('GET', `${uri}/offsets`, { body: other })).json).toEqual({ offsets: [] });
  });

  it('by itself, when the instance is deleted', async () => {
    const topic = unique('auto');
    await produce(topic, 'a');
    const group = unique('group');
    const first = await create(group);
    await ask('POST', `${first}/subscription`, { body: { topics: [topic] } });
    expect(await valuesOf(first)).toEqual(['a']);
    await ask('DELETE', first);
    const second = await create(group);
    expect((await ask('GET', `${second}/offsets`)).json.offsets).toMatchObject([{ offset: 1 }]);
  });

  it('is refused before the group was joined, and for a partition that does not exist', async () => {
    const topic = unique('early');
    await produce(topic, 'a');
    const uri = await subscribed(topic);
    const body = { offsets: [{ topic, partition: 0, offset: 0 }] };
    expect(await ask('POST', `${uri}/offsets`, { body })).toMatchObject(failure(500, 50002));
    await poll(uri);
    const wrong = { offsets: [{ topic, partition: 9, offset: 0 }] };
    expect(await ask('POST', `${uri}/offsets`, { body: wrong })).toMatchObject(failure(404, 40401));
  });
});

describe('partitions by hand', () => {
  it('are read without a group, sought and given up', async () => {
    const topic = unique('manual');
    await produce(topic, 'a', 'b', 'c');
    const uri = await create(unique('group'));
    const partitions = [{ topic, partition: 0 }];
    expect((await ask('POST', `${uri}/assignments`, { body: { partitions } })).status).toBe(204);
    expect((await ask('GET', `${uri}/assignments`)).json).toEqual({ partitions });
    expect(await valuesOf(uri)).toEqual(['a', 'b', 'c']);
    const offsets = [{ topic, partition: 0, offset: 1 }];
    await ask('POST', `${uri}/positions`, { body: { offsets } });
    expect(await valuesOf(uri)).toEqual(['b', 'c']);
    await ask('POST', `${uri}/positions/beginning`, { body: { partitions } });
    expect(await valuesOf(uri)).toEqual(['a', 'b', 'c']);
    await ask('POST', `${uri}/positions/end`, { body: { partitions } });
    expect(await valuesOf(uri)).toEqual([]);
    const timestamps = [{ topic, partition: 0, timestamp: '2020-01-01T00:00:00Z' }];
    await ask('POST', `${uri}/positions`, { body: { timestamps } });
    expect(await valuesOf(uri)).toEqual(['a', 'b', 'c']);
    const both = await ask('POST', `${uri}/subscription`, { body: { topics: [topic] } });
    expect(both).toMatchObject(failure(409, 40903));
    expect((await ask('DELETE', `${uri}/subscription`)).status).toBe(204);
    expect((await ask('GET', `${uri}/assignments`)).json).toEqual({ partitions: [] });
  });

  it('can only be sought when they are ours', async () => {
    const uri = await subscribed(unique('unassigned'));
    const body = { partitions: [{ topic: 'elsewhere', partition: 0 }] };
    const answer = await ask('POST', `${uri}/positions/end`, { body });
    expect(answer).toMatchObject(failure(409, 40903));
    expect(answer.json.message).toBe(
      'Illegal state: No current assignment for partition elsewhere-0',
    );
  });

  it('with no offset, and none to fall back to, are an error', async () => {
    const topic = unique('none');
    await produce(topic, 'a');
    const uri = await create(unique('group'), { 'auto.offset.reset': 'none' });
    const body = { partitions: [{ topic, partition: 0 }] };
    await ask('POST', `${uri}/assignments`, { body });
    expect(await ask('GET', `${uri}/records`)).toMatchObject(failure(500, 50002));
  });
});

describe('what lasts', () => {
  it('an instance, its membership and its positions survive a restart', async () => {
    const topic = unique('restart');
    await produce(topic, 'a', 'b');
    const uri = await subscribed(topic, { 'auto.commit.enable': false });
    expect(await valuesOf(uri)).toEqual(['a', 'b']);
    await kedge.kill();
    await kedge.restart();
    await produce(topic, 'c');
    expect(await valuesOf(uri, 'timeout=5000')).toEqual(['c']);
  });

  it('an instance that nobody uses is forgotten, commits and leaves its group', async () => {
    const topic = unique('idle');
    await produce(topic, 'a');
    const group = unique('group');
    const first = await create(group, { 'consumer.instance.timeout.ms': 3_000 });
    await ask('POST', `${first}/subscription`, { body: { topics: [topic] } });
    expect(await valuesOf(first)).toEqual(['a']);
    const second = await create(group);
    await ask('POST', `${second}/subscription`, { body: { topics: [topic] } });
    const started = Date.now();
    // The session is longer than this: only leaving hands the partition over so soon.
    while ((await ask('GET', `${second}/assignments`)).json.partitions.length === 0) {
      await poll(second, 'timeout=100');
    }
    expect(Date.now() - started).toBeLessThan(20_000);
    expect(await ask('GET', `${first}/records`)).toMatchObject(failure(404, 40403));
    expect(await valuesOf(second)).toEqual([]);
  });
});
