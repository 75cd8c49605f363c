/**
 * What can be asked of a group coordinator, as plain data: one entry a call, with its command and
 * its reply. The same shapes cross the RPC to the object and drive the pure machine in tests. The
 * surprise: joinGroup and syncGroup may be answered only when the rest of the group has acted, so
 * their callers wait.
 */
import type { Acl, Reader } from '../acl-rules.ts';
import type { Enlisted, TransactionMarker } from '../transaction-marker.ts';
import type { ShareGroupCalls } from './share/calls.ts';

/** `name` and `metadata` of one embedded protocol, in the member's order of preference. */
export interface MemberProtocol {
  readonly name: string;
  readonly metadata: Uint8Array;
}

export interface JoinGroupReply {
  readonly errorCode: number;
  /** -1 when the member is not in a generation. */
  readonly generationId: number;
  readonly protocolType: string | null;
  readonly protocolName: string | null;
  /** Member id of the leader; '' when there is none. */
  readonly leader: string;
  /** The leader must not compute an assignment: the group's stands. */
  readonly skipAssignment: boolean;
  readonly memberId: string;
  /** Every member for the leader, nobody for the others. */
  readonly members: readonly {
    readonly memberId: string;
    readonly groupInstanceId: string | null;
    readonly metadata: Uint8Array;
  }[];
}

export interface SyncGroupReply {
  readonly errorCode: number;
  readonly protocolType: string | null;
  readonly protocolName: string | null;
  readonly assignment: Uint8Array;
}

export interface LeavingMember {
  readonly memberId: string;
  readonly groupInstanceId: string | null;
}

export interface CommittedOffset {
  readonly partitionIndex: number;
  readonly committedOffset: number;
  /** -1: unknown. */
  readonly committedLeaderEpoch: number;
  readonly metadata: string;
}

export interface GroupDescription {
  /** '' for an error, else one of Kafka's names: Empty, Stable, Dead … */
  readonly groupState: string;
  readonly protocolType: string;
  /** The chosen protocol, known while the group is Stable. */
  readonly protocolData: string;
  readonly members: readonly {
    readonly memberId: string;
    readonly groupInstanceId: string | null;
    readonly clientId: string;
    readonly clientHost: string;
    /** Known while the group is Stable. */
    readonly memberMetadata: Uint8Array;
    readonly memberAssignment: Uint8Array;
  }[];
}

/** Who commits. */
export interface Committer {
  readonly groupId: string;
  /** Below 0 with an empty member id: a consumer that uses Kafka for its offsets alone. */
  readonly generationId: number;
  readonly memberId: string;
  readonly groupInstanceId: string | null;
}

export interface CommittingTopic {
  readonly name: string;
  readonly topicId: string;
  readonly partitions: readonly (Omit<CommittedOffset, 'metadata'> & {
    readonly metadata: string | null;
  })[];
}

/** A code that is not 0 refuses everything; then `topics` is empty. */
export interface CommitReply {
  readonly errorCode: number;
  readonly topics: readonly {
    readonly name: string;
    readonly partitions: readonly {
      readonly partitionIndex: number;
      readonly errorCode: number;
    }[];
  }[];
}

/** What the cluster has of the topics that a group asked for. */
export interface SeenTopics {
  /** When the question left, by the group's clock. */
  readonly askedAtMs: number;
  readonly asked: readonly string[] | 'all';
  /** What is set on the group itself, by Kafka name. */
  readonly configs?: Readonly<Record<string, string>>;
  readonly topics: readonly {
    readonly name: string;
    readonly topicId: string;
    readonly partitions: number;
  }[];
  /** The access control entries, where a member may not see every topic. */
  readonly acls?: readonly Acl[];
}

/** Partitions of topics by id, as heartbeats name them. */
export type PartitionsById = readonly {
  readonly topicId: string;
  readonly partitions: readonly number[];
}[];

/** A consumer group in ConsumerGroupDescribe, with topics by id. */
export interface ConsumerGroupDescription {
  readonly groupState: string;
  readonly groupEpoch: number;
  readonly assignmentEpoch: number;
  readonly assignorName: string;
  readonly members: readonly {
    readonly memberId: string;
    readonly groupInstanceId: string | null;
    readonly rackId: string | null;
    readonly memberEpoch: number;
    readonly clientId: string;
    readonly clientHost: string;
    readonly subscribedTopicNames: readonly string[];
    /** '' where there is none. */
    readonly subscribedTopicRegex: string;
    readonly assignment: PartitionsById;
    readonly targetAssignment: PartitionsById;
    /** It speaks the classic protocol. */
    readonly isClassic: boolean;
  }[];
}

/**
 * A member that a gateway vouches for: it answers the member's heartbeats as long as the group has
 * nothing new for it, and says when they stop. While somebody vouches, no session runs here.
 */
export interface VouchedMember {
  readonly protocol: 'classic' | 'consumer' | 'share';
  readonly memberId: string;
  readonly groupInstanceId: string | null;
  /** The generation, or member epoch, that its heartbeats name. */
  readonly epoch: number;
}

/** Every call to a group coordinator; named after Kafka's APIs. */
export interface GroupCalls extends ShareGroupCalls {
  joinGroup: {
    command: {
      readonly groupId: string;
      /** '' when the coordinator has not named this member yet. */
      readonly memberId: string;
      readonly groupInstanceId: string | null;
      readonly clientId: string;
      readonly clientHost: string;
      readonly sessionTimeoutMs: number;
      readonly rebalanceTimeoutMs: number;
      readonly protocolType: string;
      readonly protocols: readonly MemberProtocol[];
      /** A new dynamic member must come back with the id it is given (KIP-394). */
      readonly requiresKnownMemberId: boolean;
      /** The leader can be told to skip the assignment (KIP-814). */
      readonly supportsSkippingAssignment: boolean;
      /** Filled in by the group's host where the members are served by the consumer protocol. */
      readonly seen?: SeenTopics;
    };
    reply: JoinGroupReply;
  };
  syncGroup: {
    command: {
      readonly groupId: string;
      readonly generationId: number;
      readonly memberId: string;
      readonly groupInstanceId: string | null;
      /** null: not checked. */
      readonly protocolType: string | null;
      readonly protocolName: string | null;
      readonly assignments: readonly {
        readonly memberId: string;
        readonly assignment: Uint8Array;
      }[];
      readonly seen?: SeenTopics;
    };
    reply: SyncGroupReply;
  };
  heartbeat: {
    command: {
      readonly groupId: string;
      readonly generationId: number;
      readonly memberId: string;
      readonly groupInstanceId: string | null;
    };
    reply: { readonly errorCode: number };
  };
  /** KIP-848: joins, lives, reports, hears its assignment and leaves. */
  consumerGroupHeartbeat: {
    command: {
      readonly groupId: string;
      readonly memberId: string;
      /** 0 joins, -1 leaves, -2 leaves a static member's place to whoever comes next. */
      readonly memberEpoch: number;
      readonly groupInstanceId: string | null;
      readonly rackId: string | null;
      /** -1: as before. */
      readonly rebalanceTimeoutMs: number;
      /** Null: as before; so for all that follows. */
      readonly subscribedTopicNames: readonly string[] | null;
      readonly subscribedTopicRegex: string | null;
      /** Who asks, for a pattern to find only what that one may describe; absent: everything. */
      readonly reader?: Reader;
      readonly serverAssignor: string | null;
      readonly owned: PartitionsById | null;
      readonly clientId: string;
      readonly clientHost: string;
      /** When the gateway last noticed that topics are others than they were. */
      readonly topicsChangedAtMs: number;
      readonly seen?: SeenTopics;
    };
    reply: {
      readonly errorCode: number;
      readonly errorMessage: string | null;
      readonly memberId: string | null;
      readonly memberEpoch: number;
      readonly heartbeatIntervalMs: number;
      /** Null: as before. */
      readonly assignedPartitions: PartitionsById | null;
    };
  };
  describeConsumerGroup: {
    command: { readonly groupId: string };
    reply: {
      readonly errorCode: number;
      readonly errorMessage: string | null;
      readonly group: ConsumerGroupDescription | null;
    };
  };
  leaveGroup: {
    command: { readonly groupId: string; readonly members: readonly LeavingMember[] };
    reply: {
      readonly errorCode: number;
      readonly members: readonly (LeavingMember & { readonly errorCode: number })[];
    };
  };
  commitOffsets: {
    command: Committer & {
      /** -1: the broker's own retention. */
      readonly retentionTimeMs: number;
      /**
       * A group that does not exist is GROUP_ID_NOT_FOUND instead of ILLEGAL_GENERATION (from
       * version 9).
       */
      readonly namesMissingGroup: boolean;
      /**
       * The gateway that vouches for the member has this commit in mind; else it is told of it, as
       * of those of others.
       */
      readonly isKeptInMind?: boolean;
      readonly topics: readonly CommittingTopic[];
    };
    reply: CommitReply;
  };
  /** The same in a transaction, at the end of which the offsets stand, or are forgotten. */
  commitTransactionalOffsets: {
    command: Committer & {
      readonly transactionalId: string;
      readonly producerId: number;
      readonly producerEpoch: number;
      /** The group becomes a part of the transaction by it (transactions v2). */
      readonly addsGroup: boolean;
      /** What the transaction's coordinator says: filled in by the group's host, which asks it. */
      readonly enlisted?: Enlisted;
      readonly topics: readonly CommittingTopic[];
    };
    reply: CommitReply;
  };
  /** How a transaction ended. Safe to repeat, and fine for a group that does not exist. */
  endTransaction: {
    command: { readonly groupId: string; readonly marker: TransactionMarker };
    reply: { readonly errorCode: number };
  };
  /**
   * What was committed, of these topics or (null) of all; partitions without an offset are left
   * out.
   */
  fetchOffsets: {
    command: {
      readonly groupId: string;
      /** Absent: somebody who is no member, or does not say. */
      readonly reader?: { readonly memberId: string; readonly memberEpoch: number };
      readonly topics:
        | readonly { readonly name: string; readonly partitionIndexes: readonly number[] }[]
        | null;
      /** What an open transaction may change is UNSTABLE_OFFSET_COMMIT. */
      readonly requireStable: boolean;
    };
    reply: {
      readonly errorCode: number;
      readonly topics: readonly {
        readonly name: string;
        /** The incarnation of the topic these offsets belong to. */
        readonly topicId: string;
        readonly partitions: readonly (CommittedOffset & { readonly errorCode: number })[];
      }[];
    };
  };
  /**
   * Forgets committed offsets, but for topics that members of the group read: those are named in
   * the reply. A group with members of another kind than consumers is NON_EMPTY_GROUP.
   */
  deleteOffsets: {
    command: {
      readonly groupId: string;
      readonly topics: readonly {
        readonly name: string;
        readonly partitionIndexes: readonly number[];
      }[];
    };
    reply: { readonly errorCode: number; readonly subscribedTopics: readonly string[] };
  };
  /** A group that does not exist is described as Dead, with GROUP_ID_NOT_FOUND. */
  describeGroup: {
    command: { readonly groupId: string };
    reply: { readonly errorCode: number; readonly group: GroupDescription };
  };
  /** null when there is no such group. */
  listGroup: {
    command: { readonly groupId: string };
    reply: {
      readonly errorCode: number;
      readonly group: {
        /** classic, consumer, share … */
        readonly groupType: string;
        readonly groupState: string;
        readonly protocolType: string;
      } | null;
    };
  };
  deleteGroup: {
    command: { readonly groupId: string };
    reply: {
      readonly errorCode: number;
      /**
       * Partitions that must forget the group first, as for `forgetSharePartitions`; then it is to
       * be asked again.
       */
      readonly toForget: PartitionsById;
    };
  };
}
