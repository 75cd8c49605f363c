import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { takeOrder } from '../../examples/produce-by-http/orders.ts';
import { Consumer, json } from '../../src/client/index.ts';
import { startBound } from '../clients/bound-workers.ts';
import { type Kedge, spawnKedge } from '../kedge-process.ts';

let kedge: Kedge;
beforeAll(async () => {
  kedge = await spawnKedge({ env: { KEDGE_TOKEN: 'secret' } });
});
afterAll(() => kedge.stop());

const order = { customer: 'ada', item: 'tea' };
const post = () =>
  new Request('http://orders.test', { method: 'POST', body: JSON.stringify(order) });

it('examples/produce-by-http writes what it is sent, as a function of any platform', async () => {
  const settings = { KEDGE_URL: kedge.url, KEDGE_TOKEN: 'secret' };
  const response = await takeOrder(post(), settings);
  expect([response.status, await response.json()]).toEqual([201, { partition: 0, offset: 0 }]);
  const refused = await takeOrder(post(), { ...settings, KEDGE_TOKEN: 'guess' });
  expect([refused.status, await refused.json()]).toEqual([
    500,
    { error: 'SASL_AUTHENTICATION_FAILED' },
  ]);
});

it('examples/produce-by-http writes what it is sent, as a Worker', async () => {
  const path = join(import.meta.dirname, '../../examples/produce-by-http/worker.ts');
  const variables = { KEDGE_URL: kedge.url, KEDGE_TOKEN: 'secret' };
  await using bound = await startBound({ worker: { path }, variables });
  const response = await bound.fetch('/', { method: 'POST', body: JSON.stringify(order) });
  expect([response.status, await response.json()]).toEqual([201, { partition: 0, offset: 1 }]);
  await using consumer = new Consumer(kedge.url, { token: 'secret', value: json() });
  const { records } = await consumer.fetch({ topic: 'orders', partition: 0, offset: 0 });
  expect(records.map(({ key, value }) => [key, value])).toEqual([
    ['ada', order],
    ['ada', order],
  ]);
});
