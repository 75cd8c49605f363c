/** Resets and the clock, for those who are outside of Kafka's wire: HTTP, the SDK, webhooks. */
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { Admin } from '../../../src/client/admin/admin.ts';
import { Consumer } from '../../../src/client/consumer/consumer.ts';
import { Producer } from '../../../src/client/producer/producer.ts';
import { report } from '../../push/report.ts';
import { until } from '../../until.ts';
import { startUnderTest, type UnderTest } from './under-test.ts';

let under: UnderTest;
beforeAll(async () => {
  const variables = { KEDGE_OPEN: 'true', KEDGE_PUSH_PRIVATE_HOSTS: '127.0.0.1' };
  under = await startUnderTest({ variables });
});
afterAll(() => under.kedge.stop());
beforeEach(() => under.control('POST', '/reset'));

const seed = (...values: readonly string[]) =>
  under.control('POST', '/seed', {
    topics: [{ name: 'orders' }],
    records: values.map((value) => ({ topic: 'orders', value })),
  });

it('seeds what is text, bytes and JSON, with keys, headers, times and places', async () => {
  await under.control('POST', '/seed', {
    topics: [{ name: 'orders', partitions: 3, configs: { 'retention.ms': -1 } }],
    records: [
      { topic: 'orders', key: 'k', value: { a: 1 }, partition: 2, timestamp: 5 },
      { topic: 'orders', value: { base64: '/w==' }, headers: { h: 'x' }, partition: 2 },
      { topic: 'orders', key: null, value: null, headers: [['h', null]], partition: 2 },
    ],
  });
  await using consumer = new Consumer(under.url);
  const { records } = await consumer.fetch({ topic: 'orders', partition: 2, offset: 'earliest' });
  expect(records.map(({ key, value, timestamp }) => [key, value, timestamp === 5])).toEqual([
    ['k', '{"a":1}', true],
    [null, '\ufffd', false],
    [null, null, false],
  ]);
  const wrong = { records: [{ topic: 'orders', value: 1, partition: 3 }] };
  expect((await under.ask('POST', '/test/seed', wrong)).status).toBe(404);
});

it('leaves the SDK its connections', async () => {
  await using producer = new Producer(under.url);
  await using admin = new Admin(under.url);
  for (const life of ['one', 'two', 'three']) {
    await under.control('POST', '/seed', { topics: [{ name: 'sent' }] });
    const { offset } = await producer.send('sent', { value: life });
    expect(offset).toBe(0);
    expect(await admin.listTopics()).toEqual(['sent']);
    await under.control('POST', '/reset');
    expect(await admin.listTopics()).toEqual([]);
  }
});

it('ends streams over HTTP, which come again to what is then', async () => {
  await seed('a');
  const open = () => fetch(`${under.url}/sse/orders?from=earliest`);
  const response = await open();
  expect(response.status).toBe(200);
  const reader = response.body!.getReader();
  await reader.read();
  await under.control('POST', '/reset');
  while (!(await reader.read().catch(() => ({ done: true }))).done);
  expect((await open()).status).toBe(404);
});

it('forgets consumers of the REST Proxy', async () => {
  await seed('a');
  const type = { 'content-type': 'application/vnd.kafka.v2+json' };
  const made = await under.ask('POST', '/rest/consumers/g', { name: 'one', format: 'json' }, type);
  expect(made.status).toBe(200);
  await under.control('POST', '/reset');
  const path = '/rest/consumers/g/instances/one';
  expect((await under.ask('DELETE', path, undefined, type)).status).toBe(404);
});

it('pushes again what is due again, and nothing of an earlier life', async () => {
  let status = 500;
  const got: string[] = [];
  await using hook = await report((body, _request, response) => {
    got.push(body);
    response.writeHead(status, { connection: 'close' }).end();
  });
  const url = `${hook.url}/`;
  await seed('a');
  const subscription = {
    topics: ['orders'],
    target: { type: 'webhook', url, secrets: [`whsec_${btoa('a'.repeat(32))}`] },
    ...{ max_batch_timeout_ms: 0, retry_delay_ms: 3_600_000, max_retry_delay_ms: 3_600_000 },
    body: 'text',
  };
  const made = await under.ask('PUT', '/push/subscriptions/hook', subscription);
  expect(made.status, made.text).toBeLessThan(300);
  // The failure is noted when it was answered.
  await until(async () => {
    const { json } = await under.ask('GET', '/push/subscriptions/hook');
    expect([got.length, json.last_error]).toEqual([1, expect.anything()]);
  });
  status = 200;
  await under.control('POST', '/clock', { advanceMs: 3_700_000 });
  expect(got).toHaveLength(2);
  await under.control('POST', '/reset');
  await seed('b');
  await delay(300);
  expect(got).toHaveLength(2);
  expect((await under.ask('GET', '/push/subscriptions/hook')).status).toBe(404);
});
