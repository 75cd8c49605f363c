/**
 * A share group (KIP-932) as data. The surprise: nobody gives anything up before somebody else may
 * have it. Members share partitions, so each goes to its new assignment at once.
 */
import type { Partitions } from '../assignors/assignor.ts';
import {
  type GroupEpochs,
  listedPartitions,
  type ModernGroup,
  type ModernMember,
} from '../modern-group.ts';
import type { ShareGroupDescription } from './calls.ts';

export interface ShareMember extends ModernMember {
  readonly rackId: string | null;
  readonly clientId: string;
  readonly clientHost: string;
  readonly previousMemberEpoch: number;
  readonly assigned: Partitions;
}

export type ShareGroupState = 'Empty' | 'Stable';

export const newShareGroup: GroupEpochs = {
  groupEpoch: 1,
  assignmentEpoch: 1,
  assignedAtMs: 0,
  topicsHash: '',
  changedAtMs: 0,
};

export function newShareMember(memberId: string): ShareMember {
  return {
    memberId,
    rackId: null,
    clientId: '',
    clientHost: '',
    subscribedTopicNames: [],
    memberEpoch: 0,
    previousMemberEpoch: -1,
    assigned: {},
    target: {},
  };
}

export function stateOf({ memberCount }: ModernGroup<ShareMember>): ShareGroupState {
  return memberCount === 0 ? 'Empty' : 'Stable';
}

export function described(group: ModernGroup<ShareMember>): ShareGroupDescription {
  const { groupEpoch, assignmentEpoch } = group.checkpoint;
  return {
    groupState: stateOf(group),
    groupEpoch,
    assignmentEpoch,
    assignorName: 'simple',
    members: [...group.members()].map((member) => ({
      memberId: member.memberId,
      rackId: member.rackId,
      memberEpoch: member.memberEpoch,
      clientId: member.clientId,
      clientHost: member.clientHost,
      subscribedTopicNames: member.subscribedTopicNames,
      assignment: listedPartitions(member.assigned),
    })),
  };
}
