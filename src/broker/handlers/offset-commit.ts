/**
 * OffsetCommit: remembers how far a group has read. The surprise: a commit for a topic or partition
 * that does not exist is refused here, for that partition alone; whether the member may commit at
 * all is the group's to say, for all the rest.
 *
 * Behaviour
 * - To read in the group is asked for, and to read each topic.
 * - Partitions that do not exist: UNKNOWN_TOPIC_OR_PARTITION. An id that no topic
 *   has: UNKNOWN_TOPIC_ID. If no partition is left, the group is not asked.
 * - Which topic bears a name is known from at most a second ago: no partition says that it is gone,
 *   and an offset that was committed for the old one would hide those of the new one.
 * - Who commits again what it has committed, and what nobody has changed since, is answered here:
 *   many consumers do so every few seconds, for ever.
 * - Generation -1 without a member id is a consumer that assigned its partitions itself; it may
 *   commit while the group has no members.
 *
 * Versions
 * - 2 to 4: retention time · 6: leader epoch (KIP-320) · 7: static members (KIP-345) · 8: flexible
 * - 9: a missing group is GROUP_ID_NOT_FOUND (KIP-848) · 10: topics by id (KIP-848)
 */
import { ZERO_UUID } from '../../bytes/uuid.ts';
import type {
  OffsetCommitRequest,
  OffsetCommitResponse,
} from '../../protocol/apis/offset-commit.ts';
import { ErrorCode } from '../../protocol/errors.ts';
import { commitExisting } from '../committable-offsets.ts';
import type { Handler } from '../context.ts';
import type { Commits } from '../member-watches.ts';
import type { MetadataCache } from '../metadata-cache.ts';
import { demand, mayEach } from '../permissions.ts';

/**
 * How often the group is told of an offset that is committed again and again: twice a day, where
 * retention is a week.
 */
const renewalsPerRetention = 14;

export const handleOffsetCommit: Handler<OffsetCommitRequest, OffsetCommitResponse> = async (
  request,
  context,
) => {
  const { apiVersion, config, metadata, now, objects, watches } = context;
  const { groupId, memberId, groupInstanceId, retentionTimeMs, topics } = request;
  await demand(context, 'READ', 'GROUP', groupId);
  const generationId = request.generationIdOrMemberEpoch;
  const committer = { memberId, groupInstanceId, epoch: generationId };
  const { members } = watches;
  const standing = topics.map(({ name, topicId }) =>
    topicId === ZERO_UUID ? name : (metadata.standing(topicId)?.name ?? ''),
  );
  const mayRead = await mayEach(context, 'READ', 'TOPIC', standing);
  const commits = standing.every(mayRead) ? commitsOf(request, metadata) : undefined;
  const since = now() - (config.offsetsRetentionMinutes * 60_000) / renewalsPerRetention;
  if (commits && (await members.repeats(groupId, committer, commits, since))) {
    members.hasCommitted(groupId, committer);
    return { throttleTimeMs: 0, topics: topics.map(committed) };
  }
  const nowStands = commits && members.committing(groupId, committer, commits);
  const answers = await commitExisting(topics, context, (existing) =>
    objects.group(groupId).call('commitOffsets', {
      groupId,
      generationId,
      memberId,
      groupInstanceId,
      retentionTimeMs,
      namesMissingGroup: apiVersion >= 9,
      isKeptInMind: nowStands !== undefined,
      topics: existing,
    }),
  );
  const codes = answers.flatMap(({ partitions }) => partitions.map(({ errorCode }) => errorCode));
  if (codes.includes(ErrorCode.NONE)) members.hasCommitted(groupId, committer);
  if (codes.every((code) => code === ErrorCode.NONE)) nowStands?.();
  return { throttleTimeMs: 0, topics: answers };
};

type Topic = OffsetCommitRequest['topics'][number];

/**
 * What would stand after this commit, if all of its topics are known to be what they were; else
 * they are to be looked up.
 */
function commitsOf(
  { memberId, retentionTimeMs, topics }: OffsetCommitRequest,
  metadata: MetadataCache,
): Commits | undefined {
  if (memberId === '' || retentionTimeMs >= 0) return undefined;
  const commits = new Map<string, string>();
  for (const { name: asName, topicId: asId, partitions } of topics) {
    const topic = metadata.standing(asId === ZERO_UUID ? asName : asId);
    if (topic === undefined) return undefined;
    for (const partition of partitions) {
      const { partitionIndex, committedOffset, committedLeaderEpoch } = partition;
      const said = [topic.topicId, committedOffset, committedLeaderEpoch];
      commits.set(
        `${topic.name}:${partitionIndex}`,
        JSON.stringify([...said, partition.committedMetadata]),
      );
    }
  }
  return commits;
}

function committed({ name, topicId, partitions }: Topic) {
  const errorCode = ErrorCode.NONE;
  return {
    name,
    topicId,
    partitions: partitions.map(({ partitionIndex }) => ({ partitionIndex, errorCode })),
  };
}
