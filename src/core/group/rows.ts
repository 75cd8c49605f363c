/**
 * What a group coordinator keeps, and what it may be configured with. Four kinds of rows: the
 * group's checkpoint, one row a topic with all its committed offsets (a commit of many partitions
 * is one row written), one row a producer with all that its open transaction would commit, and the
 * members on probation.
 */
import type { Row, Ticket } from '../machine.ts';
import type { GroupCheckpoint } from './classic-group.ts';
import type { ConsumerMember } from './consumer/consumer-group.ts';
import type { GroupEpochs } from './modern-group.ts';
import type { GroupReply } from './replies.ts';
import type { ShareMember } from './share/share-group.ts';
import type { ShareTopics } from './share/share-topics.ts';

/** One partition's committed offset. */
export interface StoredOffset {
  readonly offset: number;
  readonly leaderEpoch: number;
  readonly metadata: string;
  readonly commitTimestampMs: number;
  /** Only where the client asked for its own retention. */
  readonly expireTimestampMs?: number;
  /**
   * Its place among the commits for its topic, counted from 1. Only those have one that are pending
   * or were made while others were pending: all others came first.
   */
  readonly position?: number;
}

export interface TopicOffsets {
  /**
   * The incarnation these offsets belong to: a topic that is created again starts without offsets.
   */
  readonly topicId: string;
  readonly partitions: Readonly<Record<number, StoredOffset>>;
}

export interface PendingTopic extends TopicOffsets {
  readonly name: string;
}

/** What a producer's open transaction would commit. */
export interface OpenTransaction {
  /** See `Enlisted`. */
  readonly transactionNumber: number;
  readonly producerEpoch: number;
  readonly topics: readonly PendingTopic[];
}

/**
 * Member id → when it is taken for dead. Only members that were silent when an alarm woke the
 * coordinator are here: an object that sleeps between alarms would otherwise give them a fresh
 * session for ever.
 */
export type Probation = Readonly<Record<string, number>>;

export type GroupRow =
  | Row<'group', GroupCheckpoint>
  | Row<'probation', Probation>
  | Row<'consumer/group', GroupEpochs>
  | Row<`consumer/member/${string}`, ConsumerMember>
  | Row<'consumer/probation', Probation>
  | Row<'share/group', GroupEpochs>
  | Row<`share/member/${string}`, ShareMember>
  | Row<'share/topics', ShareTopics>
  | Row<'share/probation', Probation>
  | Row<`offsets/${string}`, TopicOffsets>
  | Row<`pending/${number}`, OpenTransaction>;

/** Kafka's configs that bear on a group, named as in the broker's configuration. */
export interface GroupConfig {
  readonly groupInitialRebalanceDelayMs: number;
  readonly groupMinSessionTimeoutMs: number;
  readonly groupMaxSessionTimeoutMs: number;
  readonly groupMaxSize: number;
  readonly groupConsumerSessionTimeoutMs: number;
  readonly groupConsumerHeartbeatIntervalMs: number;
  readonly groupConsumerAssignmentIntervalMs: number;
  readonly groupConsumerMaxSize: number;
  /** Which way groups may change their protocol while they are used. */
  readonly groupConsumerMigrationPolicy: string;
  readonly groupShareSessionTimeoutMs: number;
  readonly groupShareHeartbeatIntervalMs: number;
  readonly groupShareAssignmentIntervalMs: number;
  readonly groupShareMaxSize: number;
  readonly offsetMetadataMaxBytes: number;
  readonly offsetsRetentionMinutes: number;
}

/** What one decision adds up to. */
export interface Turn {
  readonly now: number;
  readonly rows: GroupRow[];
  readonly wake: Map<Ticket, GroupReply>;
}
