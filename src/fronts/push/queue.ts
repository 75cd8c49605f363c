/**
 * A topic as a Worker that is bound to it sees it: a queue to send to. The surprise: which topic it
 * is stands in the binding (`props`), not in the Worker's code, as it is with a queue.
 */
import type { Principal } from '../../broker/authorizer.ts';
import type { Gateway } from '../../broker/gateway.ts';
import { type QueueMessageOptions, queueRecord } from '../../core/push/queue-message.ts';
import { timeNow } from '../../runtime/clock.ts';
import { KafkaPushClient } from './kafka-client.ts';

export type { QueueMessageOptions };

export interface QueueMessage extends QueueMessageOptions {
  readonly body: unknown;
  /** Messages of one key keep their order. */
  readonly key?: string | undefined;
}

export interface QueueAnswer {
  readonly metadata: {
    readonly metrics: { readonly backlogCount: number; readonly backlogBytes: number };
  };
}

/** What the binding says. */
interface QueueProps {
  readonly topic: string;
  /** The subscription whose backlog `metrics` tells; empty: none. */
  readonly subscription: string;
  readonly deliveryDelaySeconds: number;
}

/** Lets a bound Worker have its topic for the length of one call. */
export async function withQueue<T>(
  gateway: Gateway,
  principal: Principal,
  props: unknown,
  work: (queue: QueueTopic) => Promise<T>,
): Promise<T> {
  const client = new KafkaPushClient(gateway, principal);
  try {
    return await work(new QueueTopic(client, propsOf(props)));
  } finally {
    client.close();
  }
}

export class QueueTopic {
  readonly #client: KafkaPushClient;
  readonly #props: QueueProps;

  constructor(client: KafkaPushClient, props: QueueProps) {
    this.#client = client;
    this.#props = props;
  }

  /** Answers when all are stored. What the backlog is it does not look up: `metrics` does. */
  async send(messages: readonly QueueMessage[], delaySeconds?: number): Promise<QueueAnswer> {
    const now = timeNow();
    const usual = delaySeconds ?? this.#props.deliveryDelaySeconds;
    const records = messages.map(({ body, key, contentType, delaySeconds: own }) => ({
      ...queueRecord(body, { contentType, delaySeconds: own ?? usual }, now),
      key: key === undefined ? null : new TextEncoder().encode(key),
      timestamp: now,
    }));
    if (records.length === 0) throw new TypeError('sendBatch needs a message');
    await this.#client.produceAll(this.#props.topic, records);
    return { metadata: { metrics: { backlogCount: 0, backlogBytes: 0 } } };
  }

  async metrics(): Promise<QueueAnswer['metadata']['metrics']> {
    const { topic, subscription } = this.#props;
    return { backlogCount: await this.#client.backlog(topic, subscription), backlogBytes: 0 };
  }
}

function propsOf(props: unknown): QueueProps {
  const given = (typeof props === 'object' && props !== null ? props : {}) as Partial<QueueProps>;
  const { topic, subscription = '', deliveryDelaySeconds = 0 } = given;
  if (typeof topic !== 'string' || topic === '') {
    throw new Error('The props of the binding must name a topic, such as { "topic": "orders" }.');
  }
  return { topic, subscription: `${subscription}`, deliveryDelaySeconds };
}
