/**
 * What a group coordinator keeps, and what it may be configured with. Three kinds of rows: the
 * group's checkpoint, one row a topic with all its committed offsets (a commit of many partitions
 * is one row written), and the members on probation.
 */
import type { Row, Ticket } from '../machine.ts';
import type { GroupCheckpoint } from './classic-group.ts';
import type { GroupReply } from './replies.ts';

/** One partition's committed offset. */
export interface StoredOffset {
  readonly offset: number;
  readonly leaderEpoch: number;
  readonly metadata: string;
  readonly commitTimestampMs: number;
  /** Only where the client asked for its own retention. */
  readonly expireTimestampMs?: number;
}

export interface TopicOffsets {
  /**
   * The incarnation these offsets belong to: a topic that is created again starts without offsets.
   */
  readonly topicId: string;
  readonly partitions: Readonly<Record<number, StoredOffset>>;
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
  | Row<`offsets/${string}`, TopicOffsets>;

/** Kafka's configs that bear on a group, named as in the broker's configuration. */
export interface GroupConfig {
  readonly groupInitialRebalanceDelayMs: number;
  readonly groupMinSessionTimeoutMs: number;
  readonly groupMaxSessionTimeoutMs: number;
  readonly groupMaxSize: number;
  readonly offsetMetadataMaxBytes: number;
  readonly offsetsRetentionMinutes: number;
}

/** What one decision adds up to. */
export interface Turn {
  readonly now: number;
  readonly rows: GroupRow[];
  readonly wake: Map<Ticket, GroupReply>;
}
