/**
 * A batch as a handler gets it, in the shape of Cloudflare Queues with Kafka's fields beside. The
 * surprise: `ack` and `retry` call nobody. What was said is gathered and goes back as the answer of
 * `consume`, so a batch is one call however much is said of its messages.
 */
import type { Batch, Message } from '../../core/push/messages.ts';
import type { Verdict } from '../../core/push/verdict.ts';

/** The batch that crosses the binding, and what is answered to it. */
export type { Batch, Message, Verdict };

export interface RetryOptions {
  /** At most 43,200 (12 hours). Default: as the subscription says. */
  readonly delaySeconds?: number;
}

/** `Message` of Cloudflare Queues, and where the record lies. */
export interface PushMessage<Body = unknown> {
  /** The same for every attempt, and for nothing else. */
  readonly id: string;
  readonly timestamp: Date;
  readonly body: Body;
  /** 1 for the first. */
  readonly attempts: number;
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  /** Text, or bytes where it is none. */
  readonly key: string | Uint8Array | null;
  readonly headers: readonly { readonly key: string; readonly value: string | Uint8Array | null }[];
  /** It is done, unless `retry`, or something of the whole batch, was said before. */
  ack(): void;
  /**
   * It is to come again, and what comes after it in its partition (or of its key) waits for it;
   * unless `ack` or `ackAll` was said before.
   */
  retry(options?: RetryOptions): void;
}

/** `MessageBatch` of Cloudflare Queues, and where it comes from. */
export interface PushBatch<Body = unknown> {
  readonly messages: readonly PushMessage<Body>[];
  /** The topic: what the queue's name is to a handler of queues. */
  readonly queue: string;
  readonly topic: string;
  readonly partition: number;
  readonly subscription: string;
  readonly metadata: { readonly metrics: { backlogCount: number; backlogBytes: number } };
  /** Of those of which nothing was said yet. */
  ackAll(): void;
  retryAll(options?: RetryOptions): void;
}

/** What was said of messages, by Cloudflare's rules: most words after the first change nothing. */
class Words {
  readonly #acked = new Set<string>();
  readonly #retried = new Map<string, RetryOptions>();
  #all:
    | { readonly acked: true }
    | { readonly acked: false; readonly options: RetryOptions }
    | null = null;

  ack(id: string): void {
    if (this.#all === null && !this.#retried.has(id)) this.#acked.add(id);
  }

  /** Once more: with another delay. */
  retry(id: string, options: RetryOptions = {}): void {
    if (this.#all?.acked || this.#acked.has(id)) return;
    this.#retried.set(id, { ...this.#retried.get(id), ...options });
  }

  ackAll(): void {
    this.#all ??= { acked: true };
  }

  retryAll(options: RetryOptions = {}): void {
    this.#all ??= { acked: false, options };
  }

  /** Of that of which nothing was said, what is thrown takes nothing, and what returns all. */
  verdict(messages: readonly Message[], error: string | undefined): Verdict {
    const acks: { id: string }[] = [];
    const retries: { id: string; delaySeconds?: number }[] = [];
    const rest = this.#all ?? { acked: error === undefined, options: {} };
    for (const { id } of messages) {
      const again = this.#retried.get(id);
      if (again !== undefined) retries.push({ id, ...again });
      else if (this.#acked.has(id) || rest.acked) acks.push({ id });
      else retries.push({ id, ...rest.options });
    }
    return error === undefined ? { acks, retries } : { acks, retries, error };
  }
}

/** Lets a handler have a batch, and says what it said. Throws nothing. */
export async function verdictOf<Body>(
  batch: Batch,
  handle: (batch: PushBatch<Body>) => unknown,
): Promise<Verdict> {
  const words = new Words();
  const handed: PushBatch<Body> = {
    messages: batch.messages.map((message) => ({
      ...message,
      body: message.body as Body,
      timestamp: new Date(message.timestamp),
      ack: () => words.ack(message.id),
      retry: (options) => words.retry(message.id, options),
    })),
    queue: batch.topic,
    topic: batch.topic,
    partition: batch.partition,
    subscription: batch.subscription,
    metadata: { metrics: { backlogCount: batch.backlog, backlogBytes: 0 } },
    ackAll: () => words.ackAll(),
    retryAll: (options) => words.retryAll(options),
  };
  let error: string | undefined;
  try {
    await handle(handed);
  } catch (thrown) {
    error = thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : String(thrown);
  }
  return words.verdict(batch.messages, error);
}
