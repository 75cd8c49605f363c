import { evictDurableObject, reset, runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Batch } from '../../src/core/push/messages.ts';
import { buildBatch } from '../../src/protocol/records/index.ts';
import { type Env, workerObjects } from '../../src/runtime/worker-objects.ts';
import { subscriptionOf } from '../runtime/push/push-cluster.ts';
import { until } from '../until.ts';

const bindings = env as unknown as Env & Record<string, unknown>;
const objects = () => workerObjects(bindings);
const stub = () => bindings.SUBSCRIPTION.get(bindings.SUBSCRIPTION.idFromName('push'));
const bodies: unknown[] = [];

/** A Worker that is bound to Kedge, as an object sees it. */
const consumer = {
  consume: async ({ messages }: Batch) => {
    bodies.push(...messages.map(({ body }) => body));
  },
};
const bind = () =>
  runInDurableObject(stub(), (instance) => {
    Object.assign(Reflect.get(instance, 'env') as object, { PUSH_TEST: consumer });
  });

/** The Worker is closed here, as it is where nobody has said otherwise. */
const owner = { type: 'User', name: 'admin' };
let topicId = '';

beforeEach(async () => {
  bodies.length = 0;
  const topic = { name: 'orders', numPartitions: 1, replicationFactor: 1 };
  const { topics } = await objects()
    .controller()
    .call('createTopics', {
      topics: [{ ...topic, assignments: [], configs: [] }],
      validateOnly: false,
    });
  topicId = topics[0].topic!.topicId;
});
afterEach(reset);

async function send(value: string): Promise<void> {
  const spec = { topicId, topic: 'orders', partition: 0, configs: {} };
  const bytes = new TextEncoder().encode(value);
  const records = buildBatch([{ value: bytes, timestamp: Date.now() }]);
  const { errorCode } = await objects().partition(topicId, 0).call('append', { spec, records });
  expect(errorCode).toBe(0);
}

const describeIt = async () =>
  (await objects().subscription('push').call('describe', {})).description!;
const position = async () => (await describeIt()).partitions.at(0)?.position;

describe('a subscription in a Durable Object', () => {
  it('is woken by its partition, also out of its sleep', async () => {
    await bind();
    const subscription = subscriptionOf({ principal: owner });
    const made = await objects().subscription('push').call('put', { subscription });
    expect(made).toMatchObject({ errorCode: 0, created: true });
    await send('a');
    await until(() => expect(bodies).toEqual(['a']));
    await until(async () => expect(await position()).toBe(1));
    await evictDurableObject(stub());
    await bind();
    expect(await describeIt()).toMatchObject({ state: 'running', partitions: [{ position: 1 }] });
    await send('b');
    await until(() => expect(bodies).toEqual(['a', 'b']));
    const partition = bindings.PARTITION.get(bindings.PARTITION.idFromName(`${topicId}:0`));
    await until(async () => expect(await position()).toBe(2));
    await evictDurableObject(partition);
    await send('c');
    await until(() => expect(bodies).toEqual(['a', 'b', 'c']));
  });

  it('writes nothing for being asked about a subscription that does not exist', async () => {
    expect(await describeIt()).toBeNull();
    const news = { place: 'x:0', lastStableOffset: 3 };
    expect(await objects().subscription('push').call('wake', news)).toEqual({ above: null });
    const tables = await runInDurableObject(stub(), (_, { storage }) =>
      storage.sql.exec("SELECT name FROM sqlite_master WHERE name = 'rows'").toArray(),
    );
    expect(tables).toEqual([]);
  });

  it('is not made for a binding that is not there, or not meant for it', async () => {
    for (const binding of ['PUSH_NOBODY', 'PARTITION', 'constructor']) {
      const target = { type: 'worker', binding } as const;
      const subscription = subscriptionOf({ target });
      const answer = await objects().subscription('push').call('put', { subscription });
      expect(answer).toMatchObject({ created: false, errorMessage: expect.any(String) });
    }
    expect(await describeIt()).toBeNull();
  });
});
