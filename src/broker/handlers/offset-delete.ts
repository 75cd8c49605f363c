/**
 * OffsetDelete: makes a group forget offsets (KIP-496). The surprise: to delete an offset that was
 * never committed succeeds, as long as there is such a partition.
 *
 * Behaviour
 * - Partitions that do not exist: UNKNOWN_TOPIC_OR_PARTITION. The group is asked all the same: one
 *   that does not exist is GROUP_ID_NOT_FOUND for the whole request.
 * - Topics that a member of the group reads: GROUP_SUBSCRIBED_TO_TOPIC. A group whose members are
 *   no consumers: NON_EMPTY_GROUP, until they have left.
 *
 * Versions
 * - 0 only
 */
import type {
  OffsetDeleteRequest,
  OffsetDeleteResponse,
} from '../../protocol/apis/offset-delete.ts';
import { ErrorCode } from '../../protocol/errors.ts';
import type { Handler } from '../context.ts';

type Partition = OffsetDeleteRequest['topics'][number]['partitions'][number];

export const handleOffsetDelete: Handler<OffsetDeleteRequest, OffsetDeleteResponse> = async (
  { groupId, topics },
  { metadata, objects },
) => {
  const views = await metadata.recent([...new Set(topics.map(({ name }) => name))]);
  const exists = (name: string, { partitionIndex }: Partition): boolean =>
    partitionIndex >= 0 && partitionIndex < (views.get(name)?.partitions ?? 0);
  const command = topics.map(({ name, partitions }) => ({
    name,
    partitionIndexes: partitions
      .filter((partition) => exists(name, partition))
      .map(({ partitionIndex }) => partitionIndex),
  }));
  const reply = await objects.group(groupId).call('deleteOffsets', { groupId, topics: command });
  if (reply.errorCode !== ErrorCode.NONE) {
    return { errorCode: reply.errorCode, throttleTimeMs: 0, topics: [] };
  }
  const subscribed = new Set(reply.subscribedTopics);
  const code = (name: string, partition: Partition): number => {
    if (!exists(name, partition)) return ErrorCode.UNKNOWN_TOPIC_OR_PARTITION;
    return subscribed.has(name) ? ErrorCode.GROUP_SUBSCRIBED_TO_TOPIC : ErrorCode.NONE;
  };
  return {
    errorCode: ErrorCode.NONE,
    throttleTimeMs: 0,
    topics: topics.map(({ name, partitions }) => ({
      name,
      partitions: partitions.map((partition) => ({
        partitionIndex: partition.partitionIndex,
        errorCode: code(name, partition),
      })),
    })),
  };
};
