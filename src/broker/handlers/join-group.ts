/**
 * JoinGroup: a consumer enters its group and waits for the generation to form. The surprise: the
 * answer may be minutes away (the rebalance timeout), and holds up whatever else its connection has
 * asked meanwhile, as in Kafka.
 *
 * Behaviour
 * - To read in the group is asked for.
 * - Version 0 has no rebalance timeout: the session timeout stands for it.
 * - A new dynamic member is sent away with its id (MEMBER_ID_REQUIRED) from version 4 on; before,
 *   it joins at once.
 * - An answer without a protocol has an empty one up to version 6.
 *
 * Versions
 * - 1: rebalance timeout (KIP-62) · 4: MEMBER_ID_REQUIRED (KIP-394) · 5: static members (KIP-345) ·
 *   6: flexible
 * - 7: protocol type in the answer (KIP-559) · 8: reason (KIP-800) · 9: a leader may skip the
 *   assignment (KIP-814)
 */
import type { JoinGroupRequest, JoinGroupResponse } from '../../protocol/apis/join-group.ts';
import type { Handler } from '../context.ts';
import { demand } from '../permissions.ts';
import { untilGone } from '../until-gone.ts';

export const handleJoinGroup: Handler<JoinGroupRequest, JoinGroupResponse> = async (
  request,
  context,
) => {
  const { groupId, sessionTimeoutMs } = request;
  await demand(context, 'READ', 'GROUP', groupId);
  const { apiVersion, clientId, clientHost, objects, signal } = context;
  const joined = objects.group(groupId).call('joinGroup', {
    groupId,
    memberId: request.memberId,
    groupInstanceId: request.groupInstanceId,
    clientId: clientId ?? '',
    clientHost,
    sessionTimeoutMs,
    rebalanceTimeoutMs: apiVersion === 0 ? sessionTimeoutMs : request.rebalanceTimeoutMs,
    protocolType: request.protocolType,
    protocols: request.protocols,
    requiresKnownMemberId: apiVersion >= 4,
    supportsSkippingAssignment: apiVersion >= 9,
  });
  const reply = await untilGone(joined, signal);
  return {
    throttleTimeMs: 0,
    errorCode: reply.errorCode,
    generationId: reply.generationId,
    protocolType: reply.protocolType,
    protocolName: reply.protocolName ?? (apiVersion < 7 ? '' : null),
    leader: reply.leader,
    skipAssignment: reply.skipAssignment,
    memberId: reply.memberId,
    members: [...reply.members],
  };
};
