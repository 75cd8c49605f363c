/**
 * What can be asked of a transaction coordinator, as plain data: one entry a call, with its command
 * and its reply. There is one coordinator for each transactional id. The surprise: it is asked not
 * only by producers but by partitions and groups, which check before the first write of a
 * transaction that they are part of it (KIP-890).
 */
import type { Enlisted } from '../transaction-marker.ts';

/** Partitions of one incarnation of a topic. */
export interface TopicPartitions {
  readonly topicId: string;
  readonly topic: string;
  readonly partitions: readonly number[];
}

/** Kafka's names, as DescribeTransactions and ListTransactions give them. */
export type TransactionState =
  | 'Empty'
  | 'Ongoing'
  | 'PrepareCommit'
  | 'PrepareAbort'
  | 'CompleteCommit'
  | 'CompleteAbort'
  | 'Dead'
  | 'PrepareEpochFence';

export interface TransactionDescription {
  readonly state: TransactionState;
  readonly timeoutMs: number;
  /** Of the last transaction, complete or not; -1: there was none since the producer started. */
  readonly startTimeMs: number;
  readonly producerId: number;
  readonly producerEpoch: number;
  readonly topics: readonly TopicPartitions[];
  /** Kafka shows these as partitions of `__consumer_offsets`. */
  readonly groupIds: readonly string[];
}

/** Who asks, in every request of a producer. */
interface Producer {
  readonly transactionalId: string;
  readonly producerId: number;
  readonly producerEpoch: number;
}

export interface ProducerIdReply {
  readonly errorCode: number;
  /** -1 beside an error, like the epoch. */
  readonly producerId: number;
  readonly producerEpoch: number;
}

/** Every call to a transaction coordinator. */
export interface TransactionCalls {
  /**
   * Starts a producer, or a new life of it: the epoch rises and what the old one left open is
   * aborted, during which the answer is CONCURRENT_TRANSACTIONS.
   */
  initProducerId: {
    command: Producer & {
      /** -1 for both id and epoch: the producer does not know any (before KIP-360 none did). */
      readonly transactionTimeoutMs: number;
      /** An unused producer id, should one be needed. */
      readonly newProducerId: number;
    };
    reply: ProducerIdReply;
  };
  /** Adds partitions before they are written to: transactions v1. */
  addPartitions: {
    command: Producer & { readonly topics: readonly TopicPartitions[] };
    reply: { readonly errorCode: number };
  };
  /** Adds a group before offsets are committed to it: transactions v1. */
  addGroup: {
    command: Producer & { readonly groupId: string };
    reply: { readonly errorCode: number };
  };
  /**
   * A participant asks before the first write of a transaction whether it is part of it, or
   * (`adds`, transactions v2) makes itself a part of it.
   */
  enlist: {
    command: Producer & {
      readonly participant:
        | { readonly topicId: string; readonly topic: string; readonly partition: number }
        | { readonly groupId: string };
      readonly adds: boolean;
    };
    reply: Enlisted;
  };
  /**
   * Decides, and is answered once every participant heard of it or some could not be reached, which
   * are then told later.
   */
  endTxn: {
    command: Producer & {
      readonly committed: boolean;
      /** 2: the epoch rises with the end (EndTxn from version 5 on), else 0 or 1. */
      readonly transactionVersion: number;
      /** An unused producer id where epochs may have run out, else -1. */
      readonly newProducerId: number;
    };
    /** Id and epoch to go on with, for transactions v2. */
    reply: ProducerIdReply;
  };
  /** TRANSACTIONAL_ID_NOT_FOUND, with null, when there is none. */
  describeTransaction: {
    command: { readonly transactionalId: string };
    reply: { readonly errorCode: number; readonly transaction: TransactionDescription | null };
  };
}
