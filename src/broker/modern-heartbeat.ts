/**
 * A heartbeat of the newer protocols, whose answer says all that a member is to know. The surprise:
 * one that says nothing, and would be told nothing, is answered here, without the group.
 */
import type { GroupCalls, VouchedMember } from '../core/group/commands.ts';
import { ErrorCode } from '../protocol/errors.ts';
import type { RequestContext } from './context.ts';

/** What a member is told: those of consumers and of share consumers hear the same. */
export type ModernReply = GroupCalls['consumerGroupHeartbeat']['reply'];

interface Asked {
  readonly reply: ModernReply;
  /** The group has more to do: it is to be asked again. */
  readonly isUnsettled?: boolean;
}

/** `routine`: the member, if it says no more than that it lives. */
export async function answerHeartbeat(
  { groupId, memberId }: { readonly groupId: string; readonly memberId: string },
  routine: VouchedMember | undefined,
  { watches: { members, controller }, now }: RequestContext,
  ask: () => Promise<Asked>,
) {
  const known = routine && (await members.replyFor(groupId, routine, controller.unchangedSince));
  if (known) return answer(known);
  const askedAt = now();
  const { reply, isUnsettled = false } = await ask();
  if (routine && !isUnsettled && saysNothingNew(reply, routine)) {
    controller.follow();
    members.hadNothingNew(groupId, routine, { askedAt, reply });
  } else members.hadNews(groupId, memberId);
  return answer(reply);
}

function answer({ assignedPartitions, ...reply }: ModernReply) {
  const assignment = assignedPartitions && { topicPartitions: assignedPartitions };
  return { ...reply, throttleTimeMs: 0, assignment };
}

function saysNothingNew(reply: ModernReply, member: VouchedMember): boolean {
  const { errorCode, memberEpoch, assignedPartitions } = reply;
  const isAsBefore = memberEpoch === member.epoch && assignedPartitions === null;
  return errorCode === ErrorCode.NONE && isAsBefore;
}

/** Whether a text is there and says nothing. */
export function isBlank(text: string | null): boolean {
  return text?.trim() === '';
}
