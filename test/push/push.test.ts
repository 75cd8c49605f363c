import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { Consumer } from '../../src/client/index.ts';
import { type Bound, startBound } from '../clients/bound-workers.ts';
import { until } from '../until.ts';
import { report } from './report.ts';

interface Seen {
  readonly number: number;
  readonly key: string;
  readonly attempts: number;
  readonly partition: number;
}

const path = join(import.meta.dirname, 'consumer-worker.ts');
const jsonType = { 'content-type': 'application/json' };

function start(reportTo: string, kedge: Readonly<Record<string, string>> = {}): Promise<Bound> {
  return startBound({
    worker: { path },
    kedge: { KEDGE_OPEN: 'true', KAFKA_NUM_PARTITIONS: '4', ...kedge },
    variables: { REPORT_TO: reportTo },
    bindings: { QUEUE: { entrypoint: 'Queue', props: { topic: 'jobs', subscription: 'jobs' } } },
    kedgeBindings: { PUSH_ORDERS: 'Orders', PUSH_QUEUED: 'Queued' },
  });
}

async function put(bound: Bound, name: string, body: object): Promise<Response> {
  const response = await fetch(`${bound.kedgeUrl}/push/subscriptions/${name}`, {
    method: 'PUT',
    headers: jsonType,
    body: JSON.stringify(body),
  });
  return response;
}

const describeIt = (bound: Bound, name: string) =>
  jsonOf(fetch(`${bound.kedgeUrl}/push/subscriptions/${name}`));

// biome-ignore lint/suspicious/noExplicitAny: what is answered is checked by the test itself
async function jsonOf(response: Promise<Response>): Promise<any> {
  return (await response).json();
}

async function makeTopic(bound: Bound, topic: string): Promise<void> {
  const [{ cluster_id: id }] = (await jsonOf(fetch(`${bound.kedgeUrl}/v3/clusters`))).data;
  const response = await fetch(`${bound.kedgeUrl}/v3/clusters/${id}/topics`, {
    method: 'POST',
    headers: jsonType,
    body: JSON.stringify({ topic_name: topic }),
  });
  expect(response.status).toBe(201);
}

const send = (bound: Bound, query: string) => bound.fetch(`/?${query}`, { method: 'POST' });

/** By key, each number where it was delivered first. */
function inOrder(seen: readonly Seen[]): Map<string, number[]> {
  const first = new Map<string, number[]>();
  const known = new Set<number>();
  for (const { key, number } of seen) {
    if (known.has(number)) continue;
    known.add(number);
    first.set(key, [...(first.get(key) ?? []), number]);
  }
  return first;
}

function expectOrder(seen: readonly Seen[], count: number): void {
  const keys = inOrder(seen);
  expect([...keys.values()].reduce((sum, { length }) => sum + length, 0)).toBe(count);
  for (const [key, numbers] of keys) {
    expect(numbers, key).toEqual([...numbers].sort((a, b) => a - b));
  }
}

describe('a producer Worker and a push consumer, both bound to Kedge', () => {
  it('has 10,000 records delivered, in order per key, but one, which ends as a dead letter', async () => {
    await using heard = await report<Seen>();
    await using bound = await start(heard.url);
    await makeTopic(bound, 'orders');
    const response = await put(bound, 'workshop', {
      topics: ['orders'],
      target: { type: 'worker', binding: 'PUSH_ORDERS' },
      max_batch_size: 100,
      max_batch_timeout_ms: 200,
      retry_delay_ms: 10,
    });
    expect(response.status).toBe(201);
    for (let first = 0; first < 10_000; first += 2_500) {
      await send(bound, `count=2500&first=${first}&poison=1234`);
    }
    await vi.waitFor(
      async () => {
        const { partitions } = await describeIt(bound, 'workshop');
        const done = partitions.reduce((sum: number, one: { position: number }) => {
          return sum + one.position;
        }, 0);
        expect(done).toBe(10_000);
      },
      { timeout: 50_000, interval: 200 },
    );
    expectOrder(heard.heard, 10_000);
    expect(heard.heard.filter(({ number }) => number === 1234).map((one) => one.attempts)).toEqual([
      1, 2, 3, 4,
    ]);
    expect(heard.heard.filter(({ attempts }) => attempts === 1)).toHaveLength(10_000);
    await using dead = new Consumer(bound.kedgeUrl);
    const found = [];
    for (const partition of [0, 1, 2, 3]) {
      const place = { topic: 'orders.dlq', partition, offset: 'earliest' } as const;
      found.push(...(await dead.fetch(place)).records);
    }
    expect(found.map(({ value }) => value)).toEqual(['{"number":1234,"isPoison":true}']);
    const headers = found[0].headers.map(({ key }) => key);
    expect(headers).toContain('__connect.errors.exception.message');
  });
});

describe('a Worker that was written for Cloudflare Queues', () => {
  it('sends and receives as before, by other bindings', async () => {
    await using heard = await report<{ body: unknown; attempts: number; queue: string }>();
    await using bound = await start(heard.url);
    await makeTopic(bound, 'jobs');
    await put(bound, 'jobs', {
      topics: ['jobs'],
      target: { type: 'worker', binding: 'PUSH_QUEUED' },
      order: 'key',
      max_batch_timeout_ms: 100,
    });
    const sentAt = Date.now();
    const { sent, metrics } = await jsonOf(bound.fetch('/queue'));
    expect(sent).toHaveLength(3);
    expect(metrics).toMatchObject({ backlogBytes: 0 });
    expect(metrics.backlogCount).toBeGreaterThan(0);
    await until(() => expect(heard.heard).toHaveLength(5));
    const seen = heard.heard.map(({ body, attempts }) => `${JSON.stringify(body)} ${attempts}`);
    expect([...seen].sort()).toEqual(
      ['"again" 1', '"again" 2', '"late" 1', '"text" 1', '{"text":"json"} 1'].sort(),
    );
    expect(heard.heardAt[seen.indexOf('"late" 1')] - sentAt).toBeGreaterThan(990);
    expect(heard.heard[0]).toMatchObject({ queue: 'jobs', isDate: true });
  });
});

describe('a push consumer', () => {
  it('gets each record at least once, in order, however often Kedge is killed', async () => {
    await using heard = await report<Seen>();
    await using bound = await start(heard.url);
    await makeTopic(bound, 'orders');
    await put(bound, 'workshop', {
      topics: ['orders'],
      target: { type: 'worker', binding: 'PUSH_ORDERS' },
      max_batch_size: 5,
      max_batch_timeout_ms: 50,
    });
    await send(bound, 'count=1500');
    for (const seen of [50, 300, 700]) {
      await until(() => expect(heard.heard.length).toBeGreaterThan(seen));
      bound.kill();
    }
    const all = () => new Set(heard.heard.map(({ number }) => number)).size;
    await until(() => expect(all()).toBe(1_500));
    expectOrder(heard.heard, 1_500);
    // And no wake-up was lost: what comes now is delivered, too.
    await until(() => send(bound, 'count=10&first=1500'));
    await until(() => expect(all()).toBe(1_510));
  });
});
