/**
 * A cluster in memory with subscriptions: the real broker, objects and machines; only the targets
 * are the test's own.
 */
import { createGateway, type Gateway } from '../../../src/broker/gateway.ts';
import { ZERO_UUID } from '../../../src/bytes/uuid.ts';
import type { SubscriptionDescription } from '../../../src/core/push/calls.ts';
import type { Batch, Message } from '../../../src/core/push/messages.ts';
import type { Subscription } from '../../../src/core/push/subscription.ts';
import { KafkaPushClient } from '../../../src/fronts/push/kafka-client.ts';
import { buildBatch, type NewRecord } from '../../../src/protocol/records/index.ts';
import { type BrokerConfig, defaultBrokerConfig } from '../../../src/runtime/config.ts';
import { MemoryObjects } from '../../../src/runtime/memory-objects.ts';
import type { Delivery, PushOutside } from '../../../src/runtime/push/outside.ts';

export const anybody = { type: 'User', name: 'ANONYMOUS' };

export const subscriptionOf = (change: Partial<Subscription> = {}): Subscription => ({
  name: 'push',
  topics: ['orders'],
  target: { type: 'worker', binding: 'PUSH_TEST' },
  body: 'text',
  maxBatchSize: 10,
  maxBatchTimeoutMs: 0,
  maxRetries: 3,
  retryDelayMs: 1,
  maxRetryDelayMs: 10,
  deadLetterTopic: '{topic}.dlq',
  order: 'partition',
  maxConcurrency: 5,
  partitionConcurrency: 1,
  principal: anybody,
  createdAt: 0,
  updatedAt: 0,
  ...change,
});

export const allAcked = ({ messages }: Batch): Delivery => ({
  outcomes: messages.map(() => ({ acked: true })),
});

export class PushCluster implements Disposable {
  readonly objects: MemoryObjects;
  readonly gateway: Gateway;
  readonly batches: Batch[] = [];
  /** What the target does; by default it takes everything. */
  deliver: (batch: Batch) => Delivery | Promise<Delivery> = allAcked;

  constructor(options: { readonly config?: Partial<BrokerConfig> } = {}) {
    const config = { ...defaultBrokerConfig, ...options.config };
    const outside: PushOutside = {
      client: ({ principal }) => new KafkaPushClient(this.gateway, principal),
      problemOf: ({ target }) => (target.type === 'worker' ? undefined : 'it is no Worker'),
      deliver: async (_, batch) => {
        this.batches.push(batch);
        return this.deliver(batch);
      },
      until: (at) => new Promise((resolve) => setTimeout(resolve, Math.max(at - Date.now(), 1))),
    };
    this.objects = new MemoryObjects({ config, push: () => outside });
    this.gateway = createGateway(this.objects, config, { open: true });
  }

  get messages(): Message[] {
    return this.batches.flatMap(({ messages }) => messages);
  }

  /** What was delivered, of one partition. */
  bodies(partition = 0): unknown[] {
    return this.messages.filter((one) => one.partition === partition).map(({ body }) => body);
  }

  async makeTopic(name = 'orders', partitions = 1): Promise<void> {
    const { topics } = await this.objects.controller().call('createTopics', {
      topics: [
        { name, numPartitions: partitions, replicationFactor: 1, assignments: [], configs: [] },
      ],
      validateOnly: false,
    });
    if (topics[0].errorCode !== 0) throw new Error(`${topics[0].errorMessage}`);
  }

  async addPartitions(name: string, count: number): Promise<void> {
    await this.objects.controller().call('createPartitions', {
      topics: [{ name, count, assignments: null }],
      validateOnly: false,
    });
  }

  async topicId(name: string): Promise<string> {
    const { topics } = await this.objects
      .controller()
      .call('getTopics', { names: [name], topicIds: null });
    return topics[0]?.topicId ?? ZERO_UUID;
  }

  async send(
    values: readonly (string | NewRecord)[],
    topic = 'orders',
    partition = 0,
  ): Promise<void> {
    const encoder = new TextEncoder();
    const records = values.map((value) =>
      typeof value === 'string' ? { value: encoder.encode(value), timestamp: Date.now() } : value,
    );
    const topicId = await this.topicId(topic);
    const { errorCode } = await this.objects.partition(topicId, partition).call('append', {
      spec: { topicId, topic, partition, configs: {} },
      records: buildBatch(records),
    });
    if (errorCode !== 0) throw new Error(`append: ${errorCode}`);
  }

  put(change: Partial<Subscription> = {}): Promise<{ errorCode: number; created: boolean }> {
    const subscription = subscriptionOf(change);
    return this.objects.subscription(subscription.name).call('put', { subscription });
  }

  async describe(name = 'push'): Promise<SubscriptionDescription> {
    const { description } = await this.objects.subscription(name).call('describe', {});
    return description!;
  }

  async committed(topic = 'orders', partition = 0, group = 'push'): Promise<number> {
    const client = new KafkaPushClient(this.gateway, anybody);
    const topicId = await this.topicId(topic);
    const [offset] = await client.committed(group, [{ topic, topicId, partition }]);
    client.close();
    return offset;
  }

  /** What lies in a topic's partition 0: values and the headers as text. */
  async read(topic: string): Promise<{ value: string; headers: Record<string, string> }[]> {
    const client = new KafkaPushClient(this.gateway, anybody);
    const topicId = await this.topicId(topic);
    const { records } = await client.fetch({ topic, topicId, partition: 0 }, 0);
    client.close();
    const text = (bytes: Uint8Array | null) => new TextDecoder().decode(bytes ?? undefined);
    return records.map(({ value, headers }) => ({
      value: text(value),
      headers: Object.fromEntries(headers.map((header) => [header.key, text(header.value)])),
    }));
  }

  [Symbol.dispose](): void {
    this.objects.close();
  }
}
