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
  /** It is done. The first word on a message counts. */
  ack(): void;
  /** It is to come again; what comes after it in its partition (or of its key) waits for it. */
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

type Word = { readonly acked: true } | { readonly acked: false; readonly options: RetryOptions };

/** Lets a handler have a batch, and says what it said. Throws nothing. */
export async function verdictOf<Body>(
  batch: Batch,
  handle: (batch: PushBatch<Body>) => unknown,
): Promise<Verdict> {
  const words = new Map<string, Word>();
  let all: Word | undefined;
  const handed: PushBatch<Body> = {
    messages: batch.messages.map((message) => handedMessage<Body>(message, words)),
    queue: batch.topic,
    topic: batch.topic,
    partition: batch.partition,
    subscription: batch.subscription,
    metadata: { metrics: { backlogCount: batch.backlog, backlogBytes: 0 } },
    ackAll: () => {
      all ??= { acked: true };
    },
    retryAll: (options = {}) => {
      all ??= { acked: false, options };
    },
  };
  let error: string | undefined;
  try {
    await handle(handed);
  } catch (thrown) {
    error = thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : String(thrown);
  }
  return verdict(batch.messages, words, all, error);
}

function verdict(
  messages: readonly Message[],
  words: ReadonlyMap<string, Word>,
  all: Word | undefined,
  error: string | undefined,
): Verdict {
  const acks: { id: string }[] = [];
  const retries: { id: string; delaySeconds?: number }[] = [];
  for (const { id } of messages) {
    const word = words.get(id) ?? all ?? { acked: error === undefined, options: {} };
    if (word.acked) acks.push({ id });
    else retries.push({ id, ...word.options });
  }
  return error === undefined ? { acks, retries } : { acks, retries, error };
}

function handedMessage<Body>(message: Message, words: Map<string, Word>): PushMessage<Body> {
  const say = (word: Word) => {
    if (!words.has(message.id)) words.set(message.id, word);
  };
  return {
    ...message,
    body: message.body as Body,
    timestamp: new Date(message.timestamp),
    ack: () => say({ acked: true }),
    retry: (options = {}) => say({ acked: false, options }),
  };
}
