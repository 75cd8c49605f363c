/** Quotas over HTTP: 429 with Retry-After at the first step, and never in the middle of a thing. */
import { expect, test } from 'vitest';
import { anonymous } from '../../../src/broker/authorizer.ts';
import { dispatch } from '../../../src/broker/broker.ts';
import { concat } from '../../../src/bytes/writer.ts';
import { Kafka } from '../../../src/fronts/http/kafka.ts';
import { alterClientQuotas } from '../../../src/protocol/apis/alter-client-quotas.ts';
import { metadata } from '../../../src/protocol/apis/metadata.ts';
import { encodeRequestFrame } from '../../../src/protocol/header.ts';
import { defaultsOf } from '../../../src/protocol/schema.ts';
import { MemoryDoor, v2Binary } from './memory-door.ts';

/** Sets quotas of who is asked for no name, at the gateway behind the door. */
async function limit(kedge: MemoryDoor, values: Readonly<Record<string, number>>): Promise<void> {
  const request = new Request('http://kedge.test/');
  const kafka = new Kafka(kedge.door.gateway, request, { principal: anonymous });
  const ops = Object.entries(values).map(([key, value]) => ({ key, value, remove: false }));
  const entity = [{ entityType: 'user', entityName: 'ANONYMOUS' }];
  const asked = { entries: [{ entity, ops }], validateOnly: false };
  const answer = await dispatch(alterClientQuotas, asked, { ...kafka.context, apiVersion: 1 });
  expect(answer.entries[0].errorCode).toBe(0);
}

const value = (bytes: number) => Buffer.alloc(bytes).toString('base64');

function produceBytes(kedge: MemoryDoor, bytes: number) {
  const body = { records: [{ value: value(bytes) }] };
  return kedge.ask('POST', '/rest/topics/t', { type: v2Binary, body });
}

const consume = '/rest/topics/t/partitions/0/records?offset=0';

test('who has produced more than the quota is told to come later, by every door', async () => {
  await using kedge = new MemoryDoor();
  await produceBytes(kedge, 10);
  await limit(kedge, { producer_byte_rate: 1_000 });
  expect((await produceBytes(kedge, 15_000)).status).toBe(200);
  const refused = await produceBytes(kedge, 10);
  expect(refused.status).toBe(429);
  expect(refused.json).toEqual({
    error_code: 42901,
    message: 'The quota is used up for now.',
  });
  const after = Number(refused.headers.get('retry-after'));
  expect(after).toBeGreaterThan(3);
  expect(after).toBeLessThan(8);
  const cluster = (await kedge.ask('GET', '/v3/clusters')).json.data[0].cluster_id;
  const doors: readonly [path: string, type: string, body: unknown][] = [
    [`/v3/clusters/${cluster}/topics/t/records`, 'application/json', {}],
    ['/upstash/produce', 'application/json', { topic: 't', value: 'x' }],
  ];
  for (const [path, type, body] of doors) {
    const answer = await kedge.ask('POST', path, { type, body });
    expect([path, answer.status, answer.headers.get('retry-after')]).toEqual([
      path,
      429,
      expect.stringMatching(/^\d+$/),
    ]);
  }
  // Reading is another quota.
  expect((await kedge.ask('GET', consume, { accept: v2Binary })).status).toBe(200);
});

test('who has read more than the quota is told to come later; a stream waits', async () => {
  await using kedge = new MemoryDoor();
  await produceBytes(kedge, 15_000);
  await limit(kedge, { consumer_byte_rate: 1_000 });
  const first = await kedge.ask('GET', consume, { accept: v2Binary });
  expect([first.status, first.json.length]).toEqual([200, 1]);
  const refused = await kedge.ask('GET', consume, { accept: v2Binary });
  expect([refused.status, refused.json.error_code]).toEqual([429, 42901]);
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(3);
  const stream = await kedge.ask('GET', '/sse/t?offset=earliest&maxAgeMs=50');
  expect(stream.status).toBe(200);
  expect(stream.text).not.toContain('data:');
  expect(stream.text).not.toContain('event: error');
});

test('a durable stream counts as what it is: records written and read', async () => {
  await using kedge = new MemoryDoor();
  const path = '/streams/v1/stream/s';
  const type = 'text/plain';
  expect((await kedge.ask('PUT', path, { type })).status).toBe(201);
  await limit(kedge, { producer_byte_rate: 1_000, consumer_byte_rate: 1_000 });
  const body = 'x'.repeat(15_000);
  expect((await kedge.ask('POST', path, { type, body })).status).toBe(204);
  const refused = await kedge.ask('POST', path, { type, body: 'y' });
  expect(refused.status).toBe(429);
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(3);
  expect((await kedge.ask('GET', `${path}?offset=-1`)).text).toBe(body);
  expect((await kedge.ask('GET', `${path}?offset=-1`)).status).toBe(429);
  // To ask what it is reads nothing.
  expect((await kedge.ask('HEAD', path)).status).toBe(200);
});

test('one request is carried out whole, whatever it is', async () => {
  await using kedge = new MemoryDoor({ messageMaxBytes: 2_000 });
  await produceBytes(kedge, 10);
  await limit(kedge, { producer_byte_rate: 100 });
  // Too much for one batch: three are sent one after the other.
  const records = [1, 2, 3, 4, 5].map(() => ({ value: value(1_500), partition: 0 }));
  const answer = await kedge.ask('POST', '/rest/topics/t', { type: v2Binary, body: { records } });
  expect(answer.json.offsets.map(({ offset }: { offset: number }) => offset)).toEqual([
    1, 2, 3, 4, 5,
  ]);
  expect((await produceBytes(kedge, 1)).status).toBe(429);
});

test('too many requests, and too many new topics, are 429 as well', async () => {
  await using kedge = new MemoryDoor();
  const cluster = (await kedge.ask('GET', '/v3/clusters')).json.data[0].cluster_id;
  const topics = `/v3/clusters/${cluster}/topics`;
  const create = (topic_name: string, partitions_count: number) => {
    const body = { topic_name, partitions_count };
    return kedge.ask('POST', topics, { type: 'application/json', body });
  };
  await limit(kedge, { controller_mutation_rate: 1 });
  expect((await create('a', 20)).status).toBe(201);
  const refused = await create('b', 1);
  expect([refused.status, refused.json.error_code]).toEqual([429, 42901]);
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(3);
  await limit(kedge, { request_percentage: 0.001 });
  let last = await kedge.ask('GET', topics);
  for (let time = 0; time < 20 && last.status !== 429; time++) {
    last = await kedge.ask('GET', topics);
  }
  expect([last.status, last.headers.get('retry-after')]).toEqual([429, '1']);
});

test("a frame of Kafka's own is refused before it is looked at", async () => {
  await using kedge = new MemoryDoor();
  await produceBytes(kedge, 10);
  const request = { ...defaultsOf(metadata.request.fields), topics: [] };
  const frame = encodeRequestFrame(metadata, 12, { correlationId: 1, clientId: 'c' }, request);
  const ask = () => {
    const type = 'application/vnd.kedge.kafka';
    return kedge.ask('POST', '/kafka', { type, body: concat(frame).slice(4) });
  };
  expect((await ask()).status).toBe(200);
  await limit(kedge, { request_percentage: 0.001 });
  let answer = await ask();
  for (let time = 0; time < 20 && answer.status === 200; time++) answer = await ask();
  expect([answer.status, answer.headers.get('retry-after')]).toEqual([429, '1']);
});

test('a consumer that is refused has lost nothing, and goes on where it was', async () => {
  await using kedge = new MemoryDoor();
  await produceBytes(kedge, 15_000);
  await produceBytes(kedge, 10);
  const body = { name: 'i', format: 'binary', 'auto.offset.reset': 'earliest' };
  await kedge.ask('POST', '/rest/consumers/g', { body });
  const path = '/rest/consumers/g/instances/i';
  await kedge.ask('POST', `${path}/subscription`, { body: { topics: ['t'] } });
  const poll = () => kedge.ask('GET', `${path}/records?max_bytes=1`, { accept: v2Binary });
  await limit(kedge, { consumer_byte_rate: 1_000 });
  const offsets: number[] = [];
  while (offsets.length === 0) {
    offsets.push(...(await poll()).json.map(({ offset }: { offset: number }) => offset));
  }
  expect(offsets).toEqual([0]);
  expect((await poll()).status).toBe(429);
  expect((await poll()).status).toBe(429);
  await limit(kedge, { consumer_byte_rate: 1e9 });
  expect((await poll()).json).toMatchObject([{ offset: 1 }]);
});
