/**
 * Who may commit and read offsets in a consumer group. The surprise: a commit at an epoch that is
 * over counts for partitions that the member has had since then or longer (KIP-1251): nobody else
 * can have read them meanwhile.
 */
import { ErrorCode, KafkaError } from '../../../protocol/errors.ts';
import type { Committer, GroupCalls } from '../commands.ts';
import type { CommitForm } from '../group-kind.ts';
import { unknownMember } from '../modern-group.ts';
import type { ConsumerGroupView, ConsumerMember } from './consumer-group.ts';

/** Throws UNKNOWN_MEMBER_ID, UNSUPPORTED_VERSION, and where an epoch is over. */
export function checkCommitter(
  committer: Committer,
  { inTransaction, namesMissingGroup, topics }: CommitForm,
  group: ConsumerGroupView,
): void {
  const { generationId, memberId, groupInstanceId } = committer;
  if (generationId < 0 && group.memberCount === 0) return;
  const saysNothing = generationId === -1 && memberId === '' && groupInstanceId === null;
  if (inTransaction && saysNothing) return;
  const member = group.member(memberId);
  if (!member) throw unknownMember(committer);
  if (!inTransaction && member.classic === null && !namesMissingGroup) {
    throw new KafkaError(ErrorCode.UNSUPPORTED_VERSION);
  }
  if (generationId === member.memberEpoch) return;
  const stale = staleEpoch(member);
  if (generationId > member.memberEpoch) throw stale;
  for (const { topicId, partitions } of topics) {
    for (const { partitionIndex } of partitions) {
      const since =
        member.assigned[topicId]?.[partitionIndex] ??
        member.pendingRevocation[topicId]?.[partitionIndex];
      if (since === undefined || generationId < since) throw stale;
    }
  }
}

/** Throws UNKNOWN_MEMBER_ID, and where an epoch is over. */
export function checkReader(
  { groupId, reader }: GroupCalls['fetchOffsets']['command'],
  group: ConsumerGroupView,
): void {
  if (!reader) return;
  const { memberId, memberEpoch } = reader;
  const member = group.member(memberId);
  if (!member) throw unknownMember({ groupId, memberId });
  if (memberEpoch !== member.memberEpoch) throw staleEpoch(member);
}

function staleEpoch({ classic }: ConsumerMember): KafkaError {
  return new KafkaError(classic ? ErrorCode.ILLEGAL_GENERATION : ErrorCode.STALE_MEMBER_EPOCH);
}
