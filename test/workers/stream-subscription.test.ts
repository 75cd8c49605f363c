import { evictDurableObject, runDurableObjectAlarm } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { expect, it } from 'vitest';
import { partitionSpec } from '../../src/core/cluster/partition-spec.ts';
import type { DefinedSubscription } from '../../src/core/stream-subscription/calls.ts';
import { streamSubscription } from '../../src/runtime/stream-subscription/host.ts';
import { type Env, workerObjects } from '../../src/runtime/worker-objects.ts';
import { batch } from '../core/log/samples.ts';

const bindings = env as unknown as Env;
const objects = workerObjects(bindings);

async function newTopic(name: string) {
  const topic = { name, numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] };
  const command = { topics: [topic], validateOnly: false };
  const created = await objects.controller().call('createTopics', command);
  return partitionSpec(created.topics[0].topic!, 0);
}

const subscription = (id: string, streams: string[]): DefinedSubscription => ({
  id,
  type: 'pull-wake',
  pattern: null,
  streams,
  webhookUrl: null,
  wakeStream: 'none',
  leaseTtlMs: 60_000,
  description: null,
  base: 'http://kedge.test/streams/v1/stream/',
  principal: { type: 'User', name: 'admin' },
  createdAt: 0,
});

it('goes on after an eviction where it was, and its workers too', async () => {
  const spec = await newTopic('watched-stream');
  const object = streamSubscription(objects, 'evicted');
  await object.call('define', { subscription: subscription('evicted', ['watched-stream']) });
  const records = batch(['a', 'b']);
  await objects.partition(spec.topicId, 0).call('append', { spec, records });
  const claimed = await object.call('claim', { worker: 'w' });
  if (claimed.outcome !== 'claimed') throw new Error(claimed.outcome);
  const { wakeId, generation, token, links } = claimed.wake;
  expect(links).toMatchObject([{ path: 'watched-stream', acked: 0, tail: 2 }]);
  const namespace = bindings.STREAM_SUBSCRIPTION;
  const stub = namespace.get(namespace.idFromName('__ds/evicted'));
  await evictDurableObject(stub);
  expect((await object.call('claim', { worker: 'v' })).outcome).toBe('held');
  const acks = [{ path: 'watched-stream', offset: 2 }];
  const command = { by: 'pull-wake', token, wakeId, generation, acks, done: true } as const;
  const done = await object.call('acknowledge', command);
  expect(done).toEqual({ outcome: 'done', nextWake: false });
  await evictDurableObject(stub);
  await objects.partition(spec.topicId, 0).call('append', { spec, records });
  await expect
    .poll(async () => (await object.call('look', {})).found?.links)
    .toMatchObject([{ acked: 2, tail: 4 }]);
  await runDurableObjectAlarm(stub);
  expect((await object.call('claim', { worker: 'v' })).outcome).toBe('claimed');
});
