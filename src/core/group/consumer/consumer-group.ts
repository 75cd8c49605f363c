/**
 * A group of the consumer protocol (KIP-848) as data: its epochs, its members, and what each has
 * and is to have. The surprise: everything that clients see is kept, a row a member, so that a
 * coordinator that restarts goes on where it was; a heartbeat that changes nothing changes no row.
 */
import type { Partitions } from '../assignors/assignor.ts';
import type { MemberProtocol } from '../commands.ts';

/** Topic id → partition → the epoch at which the member got it. */
export type OwnedPartitions = Readonly<Record<string, Readonly<Record<number, number>>>>;

export type MemberState = 'STABLE' | 'UNREVOKED_PARTITIONS' | 'UNRELEASED_PARTITIONS';

/** The epochs that say something else than how far a member is. */
export const Epoch = { JOIN: 0, LEAVE: -1, LEAVE_STATIC: -2 } as const;

export interface ConsumerMember {
  readonly memberId: string;
  readonly groupInstanceId: string | null;
  readonly rackId: string | null;
  readonly clientId: string;
  readonly clientHost: string;
  readonly rebalanceTimeoutMs: number;
  readonly subscribedTopicNames: readonly string[];
  /** '' where there is none. */
  readonly subscribedTopicRegex: string;
  readonly serverAssignor: string | null;
  readonly memberEpoch: number;
  readonly previousMemberEpoch: number;
  readonly state: MemberState;
  readonly assigned: OwnedPartitions;
  readonly pendingRevocation: OwnedPartitions;
  /** What it is to have in the end. */
  readonly target: Partitions;
  /** By when it must have given up what it is to give up, in milliseconds since the epoch. */
  readonly revokeBy?: number;
  /** Of a member that speaks the classic protocol. */
  readonly classic: {
    readonly sessionTimeoutMs: number;
    readonly protocols: readonly MemberProtocol[];
  } | null;
}

/** What is kept of the group itself. */
export interface ConsumerGroupCheckpoint {
  readonly groupEpoch: number;
  /** The group epoch for which the targets were made. */
  readonly assignmentEpoch: number;
  /** When they were, in milliseconds since the epoch. */
  readonly assignedAtMs: number;
  /** Stands for the topics that members read, with their ids and partitions. */
  readonly topicsHash: string;
  /** When the group epoch last changed. */
  readonly changedAtMs: number;
}

export type ConsumerGroupState = 'Empty' | 'Assigning' | 'Reconciling' | 'Stable';

export const newConsumerGroup: ConsumerGroupCheckpoint = {
  groupEpoch: 0,
  assignmentEpoch: 0,
  assignedAtMs: 0,
  topicsHash: '',
  changedAtMs: 0,
};

export function newMember(memberId: string): ConsumerMember {
  return {
    memberId,
    groupInstanceId: null,
    rackId: null,
    clientId: '',
    clientHost: '',
    rebalanceTimeoutMs: -1,
    subscribedTopicNames: [],
    subscribedTopicRegex: '',
    serverAssignor: null,
    memberEpoch: 0,
    previousMemberEpoch: 0,
    state: 'STABLE',
    assigned: {},
    pendingRevocation: {},
    target: {},
    classic: null,
  };
}

/** What is asked of a group, be it as it stands or as it will be. */
export interface ConsumerGroupView {
  readonly checkpoint: ConsumerGroupCheckpoint;
  readonly memberCount: number;
  member(memberId: string): ConsumerMember | undefined;
  members(): Iterable<ConsumerMember>;
}

export function stateOf(group: ConsumerGroupView): ConsumerGroupState {
  const { groupEpoch, assignmentEpoch } = group.checkpoint;
  if (group.memberCount === 0) return 'Empty';
  if (groupEpoch > assignmentEpoch) return 'Assigning';
  for (const member of group.members()) {
    if (!isReconciled(member, assignmentEpoch)) return 'Reconciling';
  }
  return 'Stable';
}

export function isReconciled(member: ConsumerMember, assignmentEpoch: number): boolean {
  return member.state === 'STABLE' && member.memberEpoch === assignmentEpoch;
}

/** Whether two members, or parts of them, are the same. */
export function same(left: unknown, right: unknown): boolean {
  if (left === right) return true;
  if (typeof left !== 'object' || typeof right !== 'object' || !left || !right) return false;
  const keys = Object.keys(left);
  if (keys.length !== Object.keys(right).length) return false;
  const [one, other] = [left as Record<string, unknown>, right as Record<string, unknown>];
  return keys.every((key) => Object.hasOwn(other, key) && same(one[key], other[key]));
}
