/**
 * OffsetCommit: remembers how far a group has read. The surprise: a commit for a topic or partition
 * that does not exist is refused here, for that partition alone; whether the member may commit at
 * all is the group's to say, for all the rest.
 *
 * Behaviour
 * - Partitions that do not exist: UNKNOWN_TOPIC_OR_PARTITION. If none is left, the group is not
 *   asked.
 * - Generation -1 without a member id is a consumer that assigned its partitions itself; it may
 *   commit while the group has no members.
 *
 * Versions
 * - 2 to 4: retention time · 6: leader epoch (KIP-320) · 7: static members (KIP-345) · 8: flexible
 * - 9: a missing group is GROUP_ID_NOT_FOUND (KIP-848)
 */
import type { TopicView } from '../../core/cluster/commands.ts';
import type { GroupCalls } from '../../core/group/commands.ts';
import type {
  OffsetCommitRequest,
  OffsetCommitResponse,
} from '../../protocol/apis/offset-commit.ts';
import { ErrorCode } from '../../protocol/errors.ts';
import type { Handler, RequestContext } from '../context.ts';

type Topic = OffsetCommitRequest['topics'][number];
type Exists = (topic: Topic, partitionIndex: number) => boolean;

export const handleOffsetCommit: Handler<OffsetCommitRequest, OffsetCommitResponse> = async (
  request,
  context,
) => {
  const names = new Set(request.topics.map(({ name }) => name));
  const views = new Map<string, TopicView | undefined>();
  await Promise.all(
    [...names].map(async (name) => views.set(name, await context.metadata.topic(name))),
  );
  const exists: Exists = (topic, partitionIndex) => {
    const partitions = views.get(topic.name)?.partitions ?? 0;
    return partitionIndex >= 0 && partitionIndex < partitions;
  };
  const nextCode = await commit(request, views, exists, context);
  return {
    throttleTimeMs: 0,
    topics: request.topics.map((topic) => ({
      name: topic.name,
      partitions: topic.partitions.map(({ partitionIndex }) => ({
        partitionIndex,
        errorCode: exists(topic, partitionIndex)
          ? nextCode()
          : ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
      })),
    })),
  };
};

/** Asks the group to store what can be stored, and answers its codes, one after the other. */
async function commit(
  request: OffsetCommitRequest,
  views: ReadonlyMap<string, TopicView | undefined>,
  exists: Exists,
  { apiVersion, objects }: RequestContext,
): Promise<() => number> {
  const topics = request.topics
    .map((topic) => commandTopic(topic, views.get(topic.name)?.topicId ?? '', exists))
    .filter(({ partitions }) => partitions.length > 0);
  if (topics.length === 0) return () => ErrorCode.UNKNOWN_TOPIC_OR_PARTITION;
  const { groupId, memberId, groupInstanceId, retentionTimeMs } = request;
  const reply = await objects.group(groupId).call('commitOffsets', {
    groupId,
    generationId: request.generationIdOrMemberEpoch,
    memberId,
    groupInstanceId,
    retentionTimeMs,
    namesMissingGroup: apiVersion >= 9,
    topics,
  });
  if (reply.errorCode !== ErrorCode.NONE) return () => reply.errorCode;
  const codes = reply.topics.flatMap(({ partitions }) =>
    partitions.map(({ errorCode }) => errorCode),
  );
  let next = 0;
  return () => codes[next++];
}

function commandTopic(
  topic: Topic,
  topicId: string,
  exists: Exists,
): GroupCalls['commitOffsets']['command']['topics'][number] {
  const partitions = topic.partitions
    .filter(({ partitionIndex }) => exists(topic, partitionIndex))
    .map(({ partitionIndex, committedOffset, committedLeaderEpoch, committedMetadata }) => ({
      partitionIndex,
      committedOffset,
      committedLeaderEpoch,
      metadata: committedMetadata,
    }));
  return { name: topic.name, topicId, partitions };
}
