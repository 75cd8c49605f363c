/**
 * What a subscription is: which topics it reads, to whom it delivers, and how. The surprise: it is
 * a consumer group of its own name, so what has been delivered stands where every Kafka tool looks
 * for it, as committed offsets.
 */

/** A Worker, by the name of a binding of Kedge's own Worker. */
export interface WorkerTarget {
  readonly type: 'worker';
  readonly binding: string;
}

export interface WebhookTarget {
  readonly type: 'webhook';
  readonly url: string;
  /** `whsec_…`; the first is the one to stay, the others are on their way out. Never shown. */
  readonly secrets: readonly string[];
  /** How long an answer may take. */
  readonly timeoutMs: number;
}

export type Target = WorkerTarget | WebhookTarget;

/** How a record's value becomes a message's body, where no header says it. */
export type BodyFormat = 'json' | 'text' | 'bytes';

export type SubscriptionState = 'running' | 'paused';

export interface Subscription {
  readonly name: string;
  readonly topics: readonly string[];
  readonly target: Target;
  readonly body: BodyFormat;
  readonly maxBatchSize: number;
  /** How long a batch may wait to become full. */
  readonly maxBatchTimeoutMs: number;
  /** After the first attempt. */
  readonly maxRetries: number;
  /** Before the first retry; each further one waits twice as long, up to the longest. */
  readonly retryDelayMs: number;
  readonly maxRetryDelayMs: number;
  /** `<topic>.dlq`, unless it was said. Null: what failed too often is gone. */
  readonly deadLetterTopic: string | null;
  /** What a record that is held up holds up with it: its partition, or its key. */
  readonly order: 'partition' | 'key';
  /** Batches on their way at the same time, in all. */
  readonly maxConcurrency: number;
  /** Batches of one partition on their way at the same time; 1 with order `partition`. */
  readonly partitionConcurrency: number;
  /** As whom it reads, commits and writes dead letters: who made it, or changed it last. */
  readonly principal: { readonly type: string; readonly name: string };
  readonly createdAt: number;
  readonly updatedAt: number;
}

/** In a dead-letter topic's name, the topic that the record comes from. */
export const topicPlaceholder = '{topic}';
export const defaultDeadLetterTopic = `${topicPlaceholder}.dlq`;

export function deadLetterTopicOf(
  { deadLetterTopic }: Pick<Subscription, 'deadLetterTopic'>,
  topic: string,
): string | null {
  return deadLetterTopic?.replaceAll(topicPlaceholder, topic) ?? null;
}

/** What a subscription may ask for. */
export const limits = {
  batchSize: { default: 10, most: 100 },
  batchTimeoutMs: { default: 5_000, most: 60_000 },
  retries: { default: 3, most: 100 },
  retryDelayMs: { default: 1_000, most: 43_200_000 },
  maxRetryDelayMs: { default: 300_000, most: 43_200_000 },
  concurrency: { default: 5, most: 50 },
  partitionConcurrency: { default: 1, most: 10 },
  webhookTimeoutMs: { default: 30_000, most: 120_000 },
  topics: 100,
  nameLength: 200,
  /** Keys and values of one batch; a larger record is alone in its batch. */
  batchBytes: 1_048_576,
} as const;
