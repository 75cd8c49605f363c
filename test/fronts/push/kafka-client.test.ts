/** A subscription whose user has quotas: records wait, and what was done is still remembered. */
import { expect, it } from 'vitest';
import { anonymous } from '../../../src/broker/authorizer.ts';
import { createGateway } from '../../../src/broker/gateway.ts';
import { KafkaPushClient } from '../../../src/fronts/push/kafka-client.ts';
import { QueueTopic } from '../../../src/fronts/push/queue.ts';
import { ErrorCode } from '../../../src/protocol/errors.ts';
import { defaultBrokerConfig } from '../../../src/runtime/config.ts';
import { MemoryObjects } from '../../../src/runtime/memory-objects.ts';

const usedUp = { code: ErrorCode.THROTTLING_QUOTA_EXCEEDED };

/** `kedge-push` may do so much; known to the gateway as of its next look at topics. */
async function limited(values: Readonly<Record<string, number>>) {
  const objects = new MemoryObjects({ config: defaultBrokerConfig });
  const gateway = createGateway(objects, defaultBrokerConfig, { open: true });
  const ops = Object.entries(values).map(([key, value]) => ({ key, value, remove: false }));
  const alterations = [{ entity: { 'client-id': 'kedge-push' }, ops }];
  await objects.controller().call('alterClientQuotas', { alterations, validateOnly: false });
  return { objects, client: () => new KafkaPushClient(gateway, anonymous) };
}

const record = (bytes: number) => ({
  key: null,
  value: new Uint8Array(bytes),
  headers: [],
  timestamp: Date.now(),
});

it('reads no more than it may, and commits all the same', async () => {
  const { objects, client } = await limited({ consumer_byte_rate: 1_000, request_percentage: 50 });
  const first = client();
  await first.produceAll('t', [record(15_000)]);
  const [place] = await first.partitions(['t']);
  expect((await first.fetch(place, 0)).records).toHaveLength(1);
  await expect(first.fetch(place, 0)).rejects.toMatchObject(usedUp);
  first.close();
  // Not after the next alarm either, nor another subscription of the same client.
  const second = client();
  await expect(second.fetch(place, 0)).rejects.toMatchObject(usedUp);
  await second.commit('g', [{ ...place, offset: 1 }]);
  expect(await second.committed('g', [place])).toEqual([1]);
  second.close();
  objects.close();
});

it('sends no more to a queue than it may, and says so', async () => {
  const { objects, client } = await limited({ producer_byte_rate: 1_000 });
  const sender = client();
  const queue = new QueueTopic(sender, { topic: 'q', subscription: '', deliveryDelaySeconds: 0 });
  await queue.send([{ body: 'x'.repeat(15_000) }]);
  await expect(queue.send([{ body: 'y' }])).rejects.toMatchObject(usedUp);
  expect((await queue.metrics()).backlogCount).toBe(1);
  sender.close();
  objects.close();
});
