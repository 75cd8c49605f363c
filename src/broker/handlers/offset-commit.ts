/**
 * OffsetCommit: remembers how far a group has read. The surprise: a commit for a topic or partition
 * that does not exist is refused here, for that partition alone; whether the member may commit at
 * all is the group's to say, for all the rest.
 *
 * Behaviour
 * - Partitions that do not exist: UNKNOWN_TOPIC_OR_PARTITION. An id that no topic
 *   has: UNKNOWN_TOPIC_ID. If no partition is left, the group is not asked.
 * - Which topic bears a name is known from at most a second ago: no partition says that it is gone,
 *   and an offset that was committed for the old one would hide those of the new one.
 * - Generation -1 without a member id is a consumer that assigned its partitions itself; it may
 *   commit while the group has no members.
 *
 * Versions
 * - 2 to 4: retention time · 6: leader epoch (KIP-320) · 7: static members (KIP-345) · 8: flexible
 * - 9: a missing group is GROUP_ID_NOT_FOUND (KIP-848) · 10: topics by id (KIP-848)
 */
import type {
  OffsetCommitRequest,
  OffsetCommitResponse,
} from '../../protocol/apis/offset-commit.ts';
import { commitExisting } from '../committable-offsets.ts';
import type { Handler } from '../context.ts';

export const handleOffsetCommit: Handler<OffsetCommitRequest, OffsetCommitResponse> = async (
  { groupId, generationIdOrMemberEpoch, memberId, groupInstanceId, retentionTimeMs, topics },
  { apiVersion, metadata, objects },
) => {
  const answers = await commitExisting(topics, metadata, (existing) =>
    objects.group(groupId).call('commitOffsets', {
      groupId,
      generationId: generationIdOrMemberEpoch,
      memberId,
      groupInstanceId,
      retentionTimeMs,
      namesMissingGroup: apiVersion >= 9,
      topics: existing,
    }),
  );
  return { throttleTimeMs: 0, topics: answers };
};
