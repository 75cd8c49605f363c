/**
 * Heartbeat: a member says that it lives and hears whether the group is rebalancing. The surprise:
 * it is the most frequent call of all, and most often the group is not asked: see
 * `member-watches.ts`.
 *
 * Behaviour
 * - To read in the group is asked for.
 * - REBALANCE_IN_PROGRESS means: join again, you are still a member. ILLEGAL_GENERATION: the group
 *   went on without you. UNKNOWN_MEMBER_ID: you were taken for dead. FENCED_INSTANCE_ID: somebody
 *   else has your group instance id.
 *
 * Versions
 * - 3: static members (KIP-345) · 4: flexible
 */
import type { HeartbeatRequest, HeartbeatResponse } from '../../protocol/apis/heartbeat.ts';
import { ErrorCode } from '../../protocol/errors.ts';
import type { Handler } from '../context.ts';
import { demand } from '../permissions.ts';

export const handleHeartbeat: Handler<HeartbeatRequest, HeartbeatResponse> = async (
  { groupId, generationId, memberId, groupInstanceId },
  context,
) => {
  await demand(context, 'READ', 'GROUP', groupId);
  const { objects, watches, now } = context;
  const member = { protocol: 'classic', memberId, groupInstanceId, epoch: generationId } as const;
  if (await watches.members.answersFor(groupId, member)) {
    return { throttleTimeMs: 0, errorCode: ErrorCode.NONE };
  }
  const askedAt = now();
  const { errorCode } = await objects
    .group(groupId)
    .call('heartbeat', { groupId, generationId, memberId, groupInstanceId });
  if (errorCode === ErrorCode.NONE) watches.members.hadNothingNew(groupId, member, { askedAt });
  else watches.members.hadNews(groupId, memberId);
  return { throttleTimeMs: 0, errorCode };
};
