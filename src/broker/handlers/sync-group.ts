/**
 * SyncGroup: members of a new generation collect what the leader assigned to them. The surprise:
 * all wait for the leader, who sends the assignment of everybody with its own request.
 *
 * Behaviour
 * - From version 5 on both protocol type and name are asked for, and must be the group's:
 *   INCONSISTENT_GROUP_PROTOCOL.
 * - To read in the group is asked for.
 * - What a member is assigned is opaque bytes; a member the leader forgot gets none.
 *
 * Versions
 * - 3: static members (KIP-345) · 4: flexible · 5: protocol type and name (KIP-559)
 */
import type { SyncGroupRequest, SyncGroupResponse } from '../../protocol/apis/sync-group.ts';
import { ErrorCode, KafkaError } from '../../protocol/errors.ts';
import type { Handler } from '../context.ts';
import { demand } from '../permissions.ts';
import { untilGone } from '../until-gone.ts';

export const handleSyncGroup: Handler<SyncGroupRequest, SyncGroupResponse> = async (
  request,
  context,
) => {
  const { apiVersion, objects, signal } = context;
  const { groupId, generationId, memberId, groupInstanceId } = request;
  const { protocolType, protocolName, assignments } = request;
  if (apiVersion >= 5 && (protocolType === null || protocolName === null)) {
    throw new KafkaError(ErrorCode.INCONSISTENT_GROUP_PROTOCOL);
  }
  await demand(context, 'READ', 'GROUP', groupId);
  const synced = objects.group(groupId).call('syncGroup', {
    groupId,
    generationId,
    memberId,
    groupInstanceId,
    protocolType,
    protocolName,
    assignments,
  });
  return { throttleTimeMs: 0, ...(await untilGone(synced, signal)) };
};
