/**
 * One consumer instance of the REST Proxy as plain data: what its object keeps, and what can be
 * asked of that object. The surprise: the object never talks to Kafka while somebody polls; a door
 * takes the state out under a lease, does what a consumer does, and puts the state back.
 */

/** How keys and values are embedded in JSON. */
export type EmbeddedFormat = 'binary' | 'json' | 'text';

export type OffsetReset = 'earliest' | 'latest' | 'none';

/** What an instance was created with. */
export interface RestConsumerConfig {
  readonly format: EmbeddedFormat;
  /** `auto.offset.reset` */
  readonly offsetReset: OffsetReset;
  /** `auto.commit.enable` */
  readonly autoCommit: boolean;
  /** `auto.commit.interval.ms`; absent: 5,000. */
  readonly autoCommitIntervalMs?: number;
  /** `fetch.min.bytes`; -1: whatever is there. */
  readonly fetchMinBytes: number;
  /** `consumer.request.timeout.ms`; null: not given. */
  readonly requestTimeoutMs: number | null;
  /** `consumer.instance.timeout.ms`: idle for so long, the instance is forgotten. */
  readonly instanceTimeoutMs: number;
  /** `isolation.level` as in Fetch: 0 read_uncommitted, 1 read_committed. */
  readonly isolationLevel: number;
}

/** What was subscribed to; `assigned`: partitions by hand, without group membership. */
export type Subscription =
  | { readonly kind: 'none' }
  | { readonly kind: 'topics'; readonly topics: readonly string[] }
  | { readonly kind: 'pattern'; readonly pattern: string }
  | { readonly kind: 'assigned' };

/** The instance as a member of its group. */
export interface Membership {
  /** Empty: not known to the coordinator (any more). */
  readonly memberId: string;
  /** -1: must join before anything else. */
  readonly generationId: number;
  /** The topics the last join subscribed to. */
  readonly topics: readonly string[];
  /** As leader: every topic of the group and the partitions it had when they were assigned. */
  readonly led: Readonly<Record<string, number>> | null;
}

/** Where a partition is read next: an offset, or what decides it at the next poll. */
export type Position = number | 'committed' | 'earliest' | 'latest';

export interface ConsumedPartition {
  readonly topic: string;
  readonly partition: number;
  readonly position: Position;
  /** The position last committed by this instance or found committed; -1: none. */
  readonly committed: number;
}

export interface RestConsumerState {
  /** The consumer group it was created in. */
  readonly group: string;
  readonly config: RestConsumerConfig;
  readonly subscription: Subscription;
  readonly member: Membership | null;
  readonly partitions: readonly ConsumedPartition[];
  /** When offsets were last committed by themselves, in milliseconds since the epoch. */
  readonly autoCommittedAtMs: number;
}

/** A state that was taken out, to be put back with what it was taken out under. */
export interface CheckedOut {
  readonly state: RestConsumerState;
  /** Names the holder. */
  readonly lease: number;
  /** How often the state has been put back: nobody overwrites what they have not seen. */
  readonly revision: number;
}

export interface RestConsumerCalls {
  /** Refused with `created: false` when the instance exists. */
  create: {
    command: { readonly state: RestConsumerState };
    reply: { readonly created: boolean };
  };
  /** Waits until nobody else holds the state, or their lease ran out. Null: no such instance. */
  checkOut: {
    command: { readonly leaseMs: number };
    reply: { readonly out: CheckedOut | null };
  };
  /** A null state forgets the instance. `kept: false`: somebody else has changed it meanwhile. */
  checkIn: {
    command: {
      readonly lease: number;
      readonly revision: number;
      readonly state: RestConsumerState | null;
    };
    reply: { readonly kept: boolean };
  };
}
