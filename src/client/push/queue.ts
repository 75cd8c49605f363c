/**
 * A topic in the shape of a queue of Cloudflare's, for what sends. The surprise: nobody consumes it
 * away. What a queue has and a log does not is kept by the subscription that delivers the records:
 * attempts, delays, dead letters.
 */
import {
  type QueueContentType,
  type QueueMessageOptions,
  queueRecord,
} from '../../core/push/queue-message.ts';
import { committedOffsets, offsetsAt } from '../offsets.ts';
import { linkTo } from '../options.ts';
import type { ProducerOptions } from '../producer/options.ts';
import { Producer } from '../producer/producer.ts';
import { bytes } from '../serdes.ts';
import { Topics } from '../topics.ts';
import type { Connection } from '../transport.ts';

export interface QueueMetrics {
  /** Records that the subscription has not finished; without one, all there are. */
  backlogCount: number;
  /** Always 0: nobody adds up the bytes of a backlog. */
  backlogBytes: number;
}

export interface QueueResponse {
  /** What `metrics()` told last: to send asks nothing besides. */
  readonly metadata: { readonly metrics: QueueMetrics };
}

export interface SendOptions extends QueueMessageOptions {
  /** Messages of one key keep their order. Cloudflare's queues have none. */
  readonly key?: string | undefined;
}

export interface SendRequest<Body> extends SendOptions {
  readonly body: Body;
}

export interface QueueOptions
  extends Omit<ProducerOptions<Uint8Array, Uint8Array>, 'key' | 'value'> {
  /** Whose backlog `metrics` tells. */
  readonly subscription?: string;
  /** Of messages that say nothing else. */
  readonly deliveryDelaySeconds?: number;
}

const nothingKnown: QueueMetrics = { backlogCount: 0, backlogBytes: 0 };

export class Queue<Body = unknown> implements AsyncDisposable {
  readonly #connection: Connection;
  readonly #topic: string;
  readonly #options: QueueOptions;
  readonly #producer: Producer<Uint8Array, Uint8Array>;
  #metrics = nothingKnown;

  constructor(connection: Connection, topic: string, options: QueueOptions = {}) {
    this.#connection = connection;
    this.#topic = topic;
    this.#options = options;
    this.#producer = new Producer(connection, { ...options, key: bytes, value: bytes });
  }

  /** Settles when it is stored. */
  send(body: Body, options: SendOptions = {}): Promise<QueueResponse> {
    return this.sendBatch([{ ...options, body }]);
  }

  /** Settles when all are stored; those of one key in this order. */
  async sendBatch(
    messages: Iterable<SendRequest<Body>>,
    { delaySeconds = this.#options.deliveryDelaySeconds }: { readonly delaySeconds?: number } = {},
  ): Promise<QueueResponse> {
    const now = Date.now();
    const records = [...messages].map(({ body, key, ...options }) => {
      const { value, headers } = queueRecord(body, { delaySeconds, ...defined(options) }, now);
      return {
        key: key === undefined ? null : new TextEncoder().encode(key),
        value,
        headers: headers.map((header) => [header.key, header.value] as const),
      };
    });
    if (records.length === 0) throw new TypeError('sendBatch needs a message');
    await this.#producer.send(this.#topic, records);
    return { metadata: { metrics: this.#metrics } };
  }

  async metrics(): Promise<QueueMetrics> {
    const link = linkTo(this.#connection, this.#options);
    try {
      const topics = new Topics(link);
      const { partitions } = await topics.named(this.#topic);
      const places = (at: 'earliest' | 'latest') =>
        Array.from({ length: partitions }, (_, partition) => ({
          topic: this.#topic,
          partition,
          at,
        }));
      const [starts, ends] = await Promise.all([
        offsetsAt(link, places('earliest'), 1),
        offsetsAt(link, places('latest'), 1),
      ]);
      const { subscription: groupId } = this.#options;
      const finished =
        groupId === undefined ? [] : await committedOffsets(link, topics, { groupId }, starts);
      let backlogCount = 0;
      for (const [index, { partition, offset: end }] of ends.entries()) {
        const done = finished.find((one) => one.partition === partition)?.offset ?? 0;
        backlogCount += Math.max(0, end - Math.max(done, starts[index].offset));
      }
      this.#metrics = { backlogCount, backlogBytes: 0 };
      return this.#metrics;
    } finally {
      link.close();
    }
  }

  close(): Promise<void> {
    return this.#producer.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

export type { QueueContentType };

/** Without what is there and says nothing. */
function defined(options: QueueMessageOptions): QueueMessageOptions {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}
