/**
 * Heartbeat: a member says that it lives and hears whether the group is rebalancing. The surprise:
 * it is the most frequent call of all and writes nothing, neither a row nor an alarm.
 *
 * Behaviour
 * - REBALANCE_IN_PROGRESS means: join again, you are still a member. ILLEGAL_GENERATION: the group
 *   went on without you. UNKNOWN_MEMBER_ID: you were taken for dead. FENCED_INSTANCE_ID: somebody
 *   else has your group instance id.
 *
 * Versions
 * - 3: static members (KIP-345) · 4: flexible
 */
import type { HeartbeatRequest, HeartbeatResponse } from '../../protocol/apis/heartbeat.ts';
import type { Handler } from '../context.ts';

export const handleHeartbeat: Handler<HeartbeatRequest, HeartbeatResponse> = async (
  { groupId, generationId, memberId, groupInstanceId },
  { objects },
) => {
  const { errorCode } = await objects
    .group(groupId)
    .call('heartbeat', { groupId, generationId, memberId, groupInstanceId });
  return { throttleTimeMs: 0, errorCode };
};
