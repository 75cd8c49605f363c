import { join } from 'node:path';
import { expect, it } from 'vitest';
import { Consumer, json } from '../../src/client/index.ts';
import { startBound } from '../clients/bound-workers.ts';

it('examples/produce-by-binding writes what it is sent', async () => {
  const path = join(import.meta.dirname, '../../examples/produce-by-binding/worker.ts');
  await using bound = await startBound({ worker: { path } });
  for (const offset of [0, 1]) {
    const order = { customer: 'ada', item: `tea ${offset}` };
    const response = await bound.fetch('/', { method: 'POST', body: JSON.stringify(order) });
    expect([response.status, await response.json()]).toEqual([201, { partition: 0, offset }]);
  }
  await using consumer = new Consumer(bound.kedgeUrl, { value: json() });
  const { records } = await consumer.fetch({ topic: 'orders', partition: 0, offset: 'earliest' });
  expect(records.map(({ key, value }) => [key, value])).toEqual([
    ['ada', { customer: 'ada', item: 'tea 0' }],
    ['ada', { customer: 'ada', item: 'tea 1' }],
  ]);
});
