import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { json, Producer } from '../../src/client/index.ts';
import { root } from '../cli/processes.ts';
import { type Bound, startBound } from '../clients/bound-workers.ts';
import { report } from '../push/report.ts';
import { until } from '../until.ts';
import { page } from './page.ts';

const docs = page('docs/push.md');

/** A kitchen that writes down what it is told. */
async function kitchenOf(heard: string[]) {
  return report((body, _request, response) => {
    heard.push(body);
    response.end();
  });
}

/** Runs a block of shell against another Kedge than the page's. */
async function shellAt(bound: Bound, block: string) {
  const [, path] = /subscriptions\/(\w+)/.exec(docs.code(block))!;
  const [, body] = /-d '([^']+)'/s.exec(docs.code(block))!;
  return fetch(`${bound.kedgeUrl}/push/subscriptions/${path}`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body,
  });
}

it('delivers to a Worker', async () => {
  const example = readFileSync(join(root, 'examples/push-consumer/wrangler.toml'), 'utf8');
  for (const line of docs.code('binding').trim().split('\n')) expect(example).toContain(line);
  const heard: string[] = [];
  await using kitchen = await kitchenOf(heard);
  await using bound = await startBound({
    worker: { text: docs.code('worker') },
    variables: { KITCHEN: kitchen.url },
    kedgeBindings: { PUSH_KITCHEN: 'Orders' },
  });
  await using producer = new Producer(bound.kedgeUrl, { value: json() });
  await producer.send('orders', { value: { item: 'tea' } });
  expect((await shellAt(bound, 'subscribe')).status).toBe(201);
  await until(() => expect(heard).toEqual(['orders-0@0: tea']));
});

it('takes over what was written for Cloudflare Queues', async () => {
  const [, service] = docs.code('queue').match(/entrypoint = "(\w+)"/)!;
  const heard: string[] = [];
  await using kitchen = await kitchenOf(heard);
  await using bound = await startBound({
    worker: { text: docs.code('queues') },
    variables: { KITCHEN: kitchen.url },
    bindings: { JOBS: { entrypoint: service, props: { topic: 'jobs', subscription: 'jobs' } } },
    kedgeBindings: { PUSH_JOBS: 'Jobs' },
  });
  await bound.fetch('/tea');
  const response = await fetch(`${bound.kedgeUrl}/push/subscriptions/jobs`, {
    method: 'PUT',
    body: JSON.stringify({
      topics: ['jobs'],
      target: { type: 'worker', binding: 'PUSH_JOBS' },
      order: 'key',
      max_batch_timeout_ms: 0,
    }),
  });
  expect(response.status).toBe(201);
  await until(() => expect(heard).toEqual(['jobs: {"path":"/tea"}', 'jobs: "later"']));
});

it('makes a webhook, looks at it, pauses it and deletes it', async () => {
  await using producer = new Producer(docs.kedge.url);
  await producer.partitionsFor('orders');
  const [made] = await docs.answers('webhook');
  expect(made).toMatchObject({ name: 'invoices', state: 'running', target: { secrets_count: 1 } });
  const [list, one] = await docs.answers('look');
  expect(list.subscriptions).toMatchObject([{ name: 'invoices', topics: ['orders'] }]);
  expect(one).toMatchObject({ name: 'invoices', lag: 0, in_flight: 0, last_error: null });
});

it('checks what a webhook brings, and answers', async () => {
  const heard: string[] = [];
  const sdk = join(root, 'src/client/index.ts');
  const received = docs
    .code('receive')
    .replaceAll("'kedge/client'", `'${sdk}'`)
    .replace('export default', 'const worker =');
  const program = docs.node('receive', `${received}\n${asking}`);
  expect([await program.ended, program.stderr()]).toEqual([0, '']);
  heard.push(...program.stdout().trim().split('\n'));
  expect(heard).toEqual([
    'orders-0-7 tea',
    '200 {"acks":[{"id":"orders-0-7"}],"retries":[]}',
    '401 no signature is right',
  ]);
});

/** Two requests to the webhook: one signed as it should be, and one not. */
const asking = `
import { createHmac } from 'node:crypto';
const message = { id: 'orders-0-7', offset: 7, attempts: 1, timestamp: 0, key: null, headers: [] };
const messages = [{ ...message, body: { item: 'tea' } }];
const body = JSON.stringify({ id: 'b', topic: 'orders', partition: 0, messages });
const at = Math.floor(Date.now() / 1000);
const key = Buffer.from(secret.slice(6), 'base64');
const signed = createHmac('sha256', key).update('b.' + at + '.' + body).digest('base64');
for (const signature of [signed, signed.replace(/^./, '_')]) {
  const headers = {
    'webhook-id': 'b',
    'webhook-timestamp': String(at),
    'webhook-signature': 'v1,' + signature,
  };
  const request = new Request('https://hook.test/', { method: 'POST', body, headers });
  const answer = await worker.fetch(request);
  console.log(answer.status, await answer.text());
}`;
