/**
 * What a subscription needs of the world, as ports: the cluster as a Kafka client sees it, and the
 * target. The surprise: it has no rights of its own. Its client acts as whoever made the
 * subscription, so what that user may not read any more is not delivered any more.
 */
import type { Batch } from '../../core/push/messages.ts';
import type { Subscription } from '../../core/push/subscription.ts';
import type { Outcome } from '../../core/push/window.ts';
import type { DecodedRecord } from '../../protocol/records/index.ts';

export interface TopicPartition {
  readonly topic: string;
  readonly topicId: string;
  readonly partition: number;
}

export interface FetchedRecords {
  readonly records: readonly DecodedRecord[];
  /** One past the last that was read; where nothing was, the offset that was asked for. */
  readonly nextOffset: number;
  /** Nothing lies beyond it yet. */
  readonly lastStableOffset: number;
}

/** A Kafka client. What is refused is thrown as KafkaError. */
export interface PushClient {
  /** The partitions of those of the topics that there are. */
  partitions(topics: readonly string[]): Promise<readonly TopicPartition[]>;
  /** What the group has committed, in the order of the partitions; -1: nothing. */
  committed(group: string, partitions: readonly TopicPartition[]): Promise<readonly number[]>;
  /** Committed records, as many as one answer holds. */
  fetch(partition: TopicPartition, offset: number): Promise<FetchedRecords>;
  /** The first offset that can be read from this one on; the end at most. */
  readableFrom(partition: TopicPartition, offset: number): Promise<number>;
  commit(
    group: string,
    offsets: readonly (TopicPartition & { readonly offset: number })[],
  ): Promise<void>;
  /** Makes the topic where there is none, if that is allowed. */
  produce(topic: string, record: DecodedRecord): Promise<void>;
  close(): void;
}

/** What came of handing over a batch. */
export type Delivery =
  | { readonly outcomes: readonly Outcome[] }
  /** It could not even be tried: nobody's fault but of how the subscription is set up. */
  | { readonly misconfigured: string };

export interface PushOutside {
  client(subscription: Subscription): PushClient;
  /** Why it cannot deliver to its target, as things are; undefined: it can. */
  problemOf(subscription: Subscription): string | undefined;
  deliver(subscription: Subscription, batch: Batch): Promise<Delivery>;
  /** Settles at that time, in milliseconds since the epoch, or some time earlier. */
  until(at: number): Promise<void>;
}

/** Where nothing leads to. */
export const nowhere: PushOutside = {
  client: () => {
    throw new Error('subscriptions deliver nothing here');
  },
  problemOf: () => undefined,
  deliver: async () => ({ misconfigured: 'subscriptions deliver nothing here' }),
  until: async () => {},
};
