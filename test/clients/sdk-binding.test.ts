/**
 * `kedge/client` in a Worker that is bound to Kedge, both in one workerd; and who may do what then.
 */
import { expect, it } from 'vitest';
import { Admin, Consumer, type KedgeBinding, Producer } from '../../src/client/index.ts';
import type { Kedge } from '../../src/worker.ts';
import { startBound } from './bound-workers.ts';

const producerWorker = `
import { Consumer, Producer } from 'kedge/client';

const partitions = [0, 1, 2];

export default {
  async fetch(request, env) {
    const { pathname, searchParams } = new URL(request.url);
    try {
      if (pathname === '/produce') return await produce(env, Number(searchParams.get('count')));
      return await count(env);
    } catch ({ name, message, code, retriable }) {
      return Response.json({ name, message, code, retriable }, { status: 500 });
    }
  },
};

async function produce(env, count) {
  await using producer = new Producer(env.KEDGE, { batchBytes: 20_000 });
  const sent = [];
  for (let n = 0; n < count; n++) {
    sent.push(producer.send('bound', { key: 'k' + (n % 10), value: String(n) }));
  }
  return Response.json((await Promise.all(sent)).length);
}

async function count(env) {
  const consumer = new Consumer(env.KEDGE, { autoOffsetReset: 'earliest', maxWaitMs: 200 });
  await using closing = consumer;
  await consumer.assign(partitions.map((partition) => ({ topic: 'bound', partition })));
  const counts = {};
  for (;;) {
    const records = await consumer.poll();
    if (records.length === 0) return Response.json(counts);
    for (const { value } of records) counts[value] = (counts[value] ?? 0) + 1;
  }
}
`;

async function ask(bound: Awaited<ReturnType<typeof startBound>>, path: string) {
  const response = await bound.fetch(path);
  return { status: response.status, json: (await response.json()) as Record<string, unknown> };
}

it.each([
  ['that last', {}],
  ['that are spent after 20 requests', { KEDGE_REQUESTS_PER_CONNECTION: '20' }],
  ['that are spent after 30 calls', { KEDGE_CALLS_PER_CONNECTION: '30' }],
])('10,000 records go over connections %s, each once', async (_, limits) => {
  const kedge = { KEDGE_OPEN: 'true', KAFKA_NUM_PARTITIONS: '3', ...limits };
  await using bound = await startBound({ worker: { text: producerWorker }, kedge });
  expect(await ask(bound, '/produce?count=10000')).toEqual({ status: 200, json: 10_000 });
  const { json } = await ask(bound, '/count');
  expect(Object.keys(json)).toHaveLength(10_000);
  expect(new Set(Object.values(json))).toEqual(new Set([1]));
});

it('lets in nobody who is not known, and says how to be', async () => {
  const kedge = { KEDGE_TOKEN: 'owner' };
  await using bound = await startBound({ worker: { text: producerWorker }, kedge });
  const { status, json } = await ask(bound, '/produce?count=1');
  expect(status).toBe(500);
  expect(json).toMatchObject({ name: 'CLUSTER_AUTHORIZATION_FAILED', retriable: false });
  expect(json.message).toContain('KEDGE_TRUST_BINDINGS');
});

it('is who its props say, and may do what that principal may', async () => {
  const kedge = { KEDGE_TOKEN: 'owner', KEDGE_TRUST_BINDINGS: 'true' };
  const props = { principal: 'User:orders' };
  await using bound = await startBound({ worker: { text: producerWorker }, kedge, props });
  await using admin = new Admin(bound.kedgeUrl, { token: 'owner' });
  await admin.createTopics([{ name: 'bound', partitions: 3 }]);
  const { json } = await ask(bound, '/produce?count=1');
  expect(json).toMatchObject({ name: 'TOPIC_AUTHORIZATION_FAILED', retriable: false });
  const line = { principal: 'User:orders', resourceType: 'TOPIC', resourceName: 'bound' } as const;
  await admin.createAcls([{ ...line, operation: 'WRITE' }]);
  expect(await admin.describeAcls({ principal: 'User:orders' })).toEqual([
    { ...line, operation: 'WRITE', host: '*', permission: 'ALLOW', pattern: 'LITERAL' },
  ]);
  expect(await ask(bound, '/produce?count=10')).toEqual({ status: 200, json: 10 });
  // Others are asked for credentials.
  await using stranger = new Producer(bound.kedgeUrl);
  await expect(stranger.send('bound', { value: 'x' })).rejects.toMatchObject({
    name: 'SASL_AUTHENTICATION_FAILED',
  });
  await using consumer = new Consumer(bound.kedgeUrl, { token: 'owner' });
  const { records } = await consumer.fetch({ topic: 'bound', partition: 0, offset: 'earliest' });
  expect(records.length).toBeGreaterThan(0);
  expect(await admin.deleteAcls({ principal: 'User:orders' })).toHaveLength(1);
});

it('takes a binding as Workers type theirs', () => {
  const typed = (binding: Service<typeof Kedge>): KedgeBinding => binding;
  expect(typed).toBeTypeOf('function');
});
