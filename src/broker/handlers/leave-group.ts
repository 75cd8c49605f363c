/**
 * LeaveGroup: members go, and the group does not wait for their sessions to end. The surprise: from
 * version 3 on this is also how an operator removes a static member, by its group instance id and
 * no member id.
 *
 * Behaviour
 * - To read in the group is asked for.
 * - Every member that is named has its own code; the others leave all the same.
 * - Up to version 2 one member leaves, and its code is the answer's.
 *
 * Versions
 * - 3: many members (KIP-345) · 4: flexible · 5: reason (KIP-800)
 */
import type { LeaveGroupRequest, LeaveGroupResponse } from '../../protocol/apis/leave-group.ts';
import { ErrorCode } from '../../protocol/errors.ts';
import type { Handler } from '../context.ts';
import { demand } from '../permissions.ts';

export const handleLeaveGroup: Handler<LeaveGroupRequest, LeaveGroupResponse> = async (
  { groupId, memberId, members },
  context,
) => {
  await demand(context, 'READ', 'GROUP', groupId);
  const { apiVersion, objects, watches } = context;
  const leaving = apiVersion < 3 ? [{ memberId, groupInstanceId: null }] : members;
  const reply = await objects.group(groupId).call('leaveGroup', {
    groupId,
    members: leaving.map(({ memberId, groupInstanceId }) => ({ memberId, groupInstanceId })),
  });
  for (const left of reply.members) {
    if (left.errorCode === ErrorCode.NONE) watches.members.hadNews(groupId, left.memberId);
  }
  if (apiVersion >= 3) return { throttleTimeMs: 0, ...reply, members: [...reply.members] };
  const errorCode = reply.errorCode || (reply.members[0]?.errorCode ?? ErrorCode.NONE);
  return { throttleTimeMs: 0, errorCode, members: [] };
};
