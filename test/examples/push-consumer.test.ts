import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import { json, Producer } from '../../src/client/index.ts';
import { startBound } from '../clients/bound-workers.ts';
import { report } from '../push/report.ts';

it('examples/push-consumer hears of each order, in order', async () => {
  const heard: string[] = [];
  let isOpen = false;
  await using kitchen = await report((body, _request, response) => {
    heard.push(body);
    response.writeHead(isOpen ? 200 : 503).end();
    isOpen = true;
  });
  const path = join(import.meta.dirname, '../../examples/push-consumer/worker.ts');
  await using bound = await startBound({
    worker: { path },
    variables: { KITCHEN: kitchen.url },
    kedgeBindings: { PUSH_KITCHEN: 'Orders' },
  });
  await using producer = new Producer(bound.kedgeUrl, { value: json() });
  const orders = ['tea', 'milk'].map((item) => ({ value: { customer: 'ada', item } }));
  await producer.send('orders', orders);
  const response = await fetch(`${bound.kedgeUrl}/push/subscriptions/kitchen`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      topics: ['orders'],
      target: { type: 'worker', binding: 'PUSH_KITCHEN' },
      max_batch_timeout_ms: 0,
    }),
  });
  expect(response.status).toBe(201);
  await vi.waitFor(
    () =>
      expect(heard).toEqual([
        'tea for ada, attempt 1',
        'tea for ada, attempt 2',
        'milk for ada, attempt 2',
      ]),
    { timeout: 20_000 },
  );
});
