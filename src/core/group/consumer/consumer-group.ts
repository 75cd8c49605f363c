/**
 * A group of the consumer protocol (KIP-848) as data: its epochs, its members, and what each has
 * and is to have. The surprise: everything that clients see is kept, a row a member, so that a
 * coordinator that restarts goes on where it was; a heartbeat that changes nothing changes no row.
 */
import type { MemberProtocol } from '../commands.ts';
import type { GroupEpochs, ModernGroup, ModernMember } from '../modern-group.ts';

/** Topic id → partition → the epoch at which the member got it. */
export type OwnedPartitions = Readonly<Record<string, Readonly<Record<number, number>>>>;

export type MemberState = 'STABLE' | 'UNREVOKED_PARTITIONS' | 'UNRELEASED_PARTITIONS';

export interface ConsumerMember extends ModernMember {
  readonly groupInstanceId: string | null;
  readonly rackId: string | null;
  readonly clientId: string;
  readonly clientHost: string;
  readonly rebalanceTimeoutMs: number;
  /** '' where there is none. */
  readonly subscribedTopicRegex: string;
  readonly serverAssignor: string | null;
  readonly previousMemberEpoch: number;
  readonly state: MemberState;
  readonly assigned: OwnedPartitions;
  readonly pendingRevocation: OwnedPartitions;
  /** By when it must have given up what it is to give up, in milliseconds since the epoch. */
  readonly revokeBy?: number;
  /** Of a member that speaks the classic protocol. */
  readonly classic: {
    readonly sessionTimeoutMs: number;
    readonly protocols: readonly MemberProtocol[];
  } | null;
}

export type ConsumerGroupState = 'Empty' | 'Assigning' | 'Reconciling' | 'Stable';

export const newConsumerGroup: GroupEpochs = {
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

export type ConsumerGroupView = ModernGroup<ConsumerMember>;

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
