/**
 * What can be asked of the coordinator of a share group, as plain data. The surprise: the
 * coordinator asks no partition. It remembers which partitions keep a state of the group, and tells
 * gateways which of them are to begin, or to forget it; a gateway that dies half way leaves what a
 * repetition finishes.
 */
import type { PartitionsById, SeenTopics } from '../commands.ts';

/** A share group in ShareGroupDescribe, with topics by id. */
export interface ShareGroupDescription {
  readonly groupState: string;
  readonly groupEpoch: number;
  readonly assignmentEpoch: number;
  readonly assignorName: string;
  readonly members: readonly {
    readonly memberId: string;
    readonly rackId: string | null;
    readonly memberEpoch: number;
    readonly clientId: string;
    readonly clientHost: string;
    readonly subscribedTopicNames: readonly string[];
    readonly assignment: PartitionsById;
  }[];
}

interface Refusable {
  readonly errorCode: number;
  readonly errorMessage: string | null;
}

/** Of a topic that is to be forgotten: what is wrong, or who has a state of it. */
export interface ForgettableTopic extends Refusable {
  readonly name: string;
  /** Null: there is no such topic. */
  readonly topicId: string | null;
  readonly partitions: readonly number[];
}

export interface ShareGroupCalls {
  /** KIP-932: joins, lives, hears its assignment and leaves. */
  shareGroupHeartbeat: {
    command: {
      readonly groupId: string;
      readonly memberId: string;
      /** 0 joins, -1 leaves. */
      readonly memberEpoch: number;
      /** Null: as before; so for what follows. */
      readonly rackId: string | null;
      readonly subscribedTopicNames: readonly string[] | null;
      readonly clientId: string;
      readonly clientHost: string;
      /** When the gateway last noticed that topics are others than they were. */
      readonly topicsChangedAtMs: number;
      readonly seen?: SeenTopics;
    };
    reply: Refusable & {
      readonly memberId: string | null;
      readonly memberEpoch: number;
      readonly heartbeatIntervalMs: number;
      /** Null: as before. */
      readonly assignedPartitions: PartitionsById | null;
      /** What topics gained: to begin at offset 0, before `startSharePartitions` says so. */
      readonly toStart: PartitionsById;
    };
  };
  describeShareGroup: {
    command: { readonly groupId: string };
    reply: Refusable & { readonly group: ShareGroupDescription | null };
  };
  /** The group began in these partitions. Safe to repeat. */
  startSharePartitions: {
    command: { readonly groupId: string; readonly topics: PartitionsById };
    reply: { readonly errorCode: number };
  };
  /** Partitions that have a state of the group, or are to; none of what is no share group. */
  listSharePartitions: {
    command: { readonly groupId: string };
    reply: { readonly errorCode: number; readonly topics: PartitionsById };
  };
  /** Whether offsets may be set: a group with nobody in it is made where there is none. */
  alterShareOffsets: {
    command: {
      readonly groupId: string;
      readonly topics: readonly {
        readonly name: string;
        readonly topicId: string;
        readonly partitions: readonly number[];
      }[];
    };
    reply: Refusable;
  };
  /** Which partitions are to forget the group, before `forgetSharePartitions` says they did. */
  deleteShareOffsets: {
    command: {
      readonly groupId: string;
      readonly topics: readonly { readonly name: string; readonly topicId: string | null }[];
    };
    reply: Refusable & { readonly topics: readonly ForgettableTopic[] };
  };
  /** Nothing is left of the group in these partitions. Safe to repeat. */
  forgetSharePartitions: {
    command: { readonly groupId: string; readonly topics: PartitionsById };
    reply: { readonly errorCode: number };
  };
}
