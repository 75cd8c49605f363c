/**
 * What can be asked of a subscription, as plain data: one entry a call. The surprise: partitions
 * ask too. One that has grown wakes the subscription, and the answer says what to wait for next.
 */
import type { Subscription, SubscriptionState } from './subscription.ts';

/** A partition, by the incarnation of its topic. */
export interface Place {
  readonly topicId: string;
  readonly partition: number;
}

export function placeName({ topicId, partition }: Place): string {
  return `${topicId}:${partition}`;
}

/** How one partition is getting on. */
export interface PartitionProgress extends Place {
  readonly topic: string;
  /** Below it all is acknowledged or dead-lettered. */
  readonly position: number;
  /** Handed to the target and not answered yet. */
  readonly inFlight: number;
  /** Acknowledged beyond the position, where something before is held up. */
  readonly settledBeyond: number;
  /** Records that wait for another attempt. */
  readonly waitingForRetry: number;
  /** When it goes on, in milliseconds since the epoch; null: now, or when something comes. */
  readonly dueAt: number | null;
  readonly lastError: LastError | null;
}

export interface LastError {
  readonly at: number;
  readonly message: string;
}

export interface SubscriptionDescription {
  readonly subscription: Subscription;
  readonly state: SubscriptionState;
  readonly partitions: readonly PartitionProgress[];
  readonly lastError: LastError | null;
}

interface Answer {
  readonly errorCode: number;
}

export interface SubscriptionCalls {
  /** Makes it or takes its place; what was read stays read. */
  put: {
    command: { subscription: Subscription };
    reply: Answer & { errorMessage: string | null; created: boolean };
  };
  pause: { command: Record<never, never>; reply: Answer };
  /** Goes on from the offsets its group has committed. */
  resume: { command: Record<never, never>; reply: Answer };
  delete: { command: Record<never, never>; reply: Answer };
  /** Null: there is none. */
  describe: {
    command: Record<never, never>;
    reply: { description: SubscriptionDescription | null };
  };
  /** A partition has grown that was asked to say so. */
  wake: {
    command: { place: string; lastStableOffset: number };
    /** Beyond which offset it is to say so again; null: not until it is asked. */
    reply: { above: number | null };
  };
  /** A topic came, went or has more partitions. */
  topicsChanged: { command: Record<never, never>; reply: Answer };
}
