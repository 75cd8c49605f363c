/**
 * A cluster in memory for tests of the broker: real partitions, real metadata cache, a controller
 * that knows its topics, and a list of every call that reached an object.
 */

import { anonymous } from '../../src/broker/authorizer.ts';
import type { RequestContext } from '../../src/broker/context.ts';
import { clientContext, createGateway } from '../../src/broker/gateway.ts';
import type { TopicView } from '../../src/core/cluster/commands.ts';
import { buildBatch } from '../../src/protocol/records/index.ts';
import { type BrokerConfig, defaultBrokerConfig } from '../../src/runtime/config.ts';
import { memoryPartition } from '../../src/runtime/memory-partition.ts';
import type { ControllerStub, GroupStub, Objects, PartitionStub } from '../../src/runtime/stubs.ts';
import { MemoryWatches } from '../../src/runtime/watch.ts';

export const topicIdOf = (number: number): string => `${String(number).padStart(21, '0')}A`;

export class TestCluster {
  /** `read orders:0`, `watch orders:0`, `getTopics`, … in the order they were made. */
  readonly calls: string[] = [];
  readonly topics = new Map<string, TopicView>();
  /** What is set on every group. */
  groupConfigs: Record<string, string> = {};
  /** Thrown by every call whose text starts with the key. */
  readonly storms = new Map<string, Error>();
  /** Whether members have joined the share group that reads all topics. */
  isShared = true;
  /** The controller's watchers. */
  readonly changes = new MemoryWatches();
  readonly #partitions = new Map<string, PartitionStub>();
  readonly #names = new Map<string, string>();
  #created = 0;

  readonly objects: Objects = {
    partition: (topicId, partition) => this.#counted(topicId, partition),
    group: () =>
      ({
        call: async (kind: 'listSharePartitions') => {
          this.#note(kind);
          const topics = this.isShared ? [...this.topics.values()] : [];
          return {
            errorCode: 0,
            topics: topics.map(({ topicId, partitions }) => {
              return { topicId, partitions: [...Array(partitions).keys()] };
            }),
          };
        },
      }) as unknown as GroupStub,
    transaction: () => {
      throw new Error('no transactions here');
    },
    subscription: () => {
      throw new Error('no subscriptions here');
    },
    controller: () =>
      ({
        call: async (
          kind: string,
          command: { names?: string[] | null; topicIds?: string[] | null },
        ) => {
          this.#note(kind);
          const all = [...this.topics.values()];
          const { names = [], topicIds = [] } = command;
          const topics = all.filter(
            ({ name, topicId }) =>
              (names === null && topicIds === null) ||
              names?.includes(name) ||
              topicIds?.includes(topicId),
          );
          return { clusterId: 'test', topics, quotas: 0, configs: [this.groupConfigs] };
        },
        watch: async () => this.changes.open('watching'),
      }) as unknown as ControllerStub,
  };

  create(name: string, partitions = 1, configs: Record<string, string> = {}): TopicView {
    const topic = { name, topicId: topicIdOf(++this.#created), partitions, configs };
    this.topics.set(name, topic);
    this.#names.set(topic.topicId, name);
    return topic;
  }

  async delete(name: string): Promise<void> {
    const topic = this.topics.get(name)!;
    this.topics.delete(name);
    for (let i = 0; i < topic.partitions; i++) {
      await this.partition(topic.topicId, i).call('drop', {});
    }
  }

  /** The partition itself, past the count of calls. */
  partition(topicId: string, partition: number): PartitionStub {
    const key = `${topicId}:${partition}`;
    const known = this.#partitions.get(key);
    if (known) return known;
    const settings = { messageMaxBytes: 1_048_588, producerIdExpirationMs: 86_400_000 };
    const enlist = async () => ({ errorCode: 0, transactionNumber: 1 });
    const made = memoryPartition({ settings, now: () => Date.now(), enlist });
    this.#partitions.set(key, made);
    return made;
  }

  /** Appends one batch of these values, past the count of calls. */
  async append(name: string, partition: number, ...values: string[]): Promise<void> {
    const { topicId, configs } = this.topics.get(name)!;
    const spec = { topicId, topic: name, partition, configs };
    const stub = this.partition(topicId, partition);
    const reply = await stub.call('append', { spec, records: batchOf(...values) });
    if (reply.errorCode !== 0) throw new Error(`append failed: ${reply.errorCode}`);
  }

  /** A client of a gateway of this cluster: its contexts share one connection. */
  client(config: Partial<BrokerConfig> = {}) {
    const gone = new AbortController();
    const base = clientContext(
      createGateway(this.objects, { ...defaultBrokerConfig, ...config }, { open: true }),
      {
        principal: anonymous,
        clientHost: '/127.0.0.1',
        dialled: { host: 'localhost', port: 9092 },
        signal: gone.signal,
      },
    );
    const context = (apiVersion: number): RequestContext => ({
      ...base,
      apiVersion,
      clientId: 'test',
    });
    return { ...base, context, gone };
  }

  /** The calls so far, and forgets them. */
  takeCalls(): string[] {
    return this.calls.splice(0);
  }

  #note(call: string): void {
    this.calls.push(call);
    for (const [start, error] of this.storms) if (call.startsWith(start)) throw error;
  }

  #counted(topicId: string, partition: number): PartitionStub {
    const place = `${this.#names.get(topicId)}:${partition}`;
    return {
      call: async (kind, command) => {
        this.#note(`${kind} ${place}`);
        return this.partition(topicId, partition).call(kind, command);
      },
      watch: async (withRecords) => {
        this.#note(`watch ${place}`);
        return this.partition(topicId, partition).watch(withRecords);
      },
    };
  }
}

/** One record batch of these values. */
export function batchOf(...values: string[]): Uint8Array {
  return buildBatch(values.map((value) => recordOf(value)));
}

function recordOf(value: string) {
  return {
    key: null,
    value: new TextEncoder().encode(value),
    timestamp: 1_700_000_000_000,
    headers: [],
  };
}
