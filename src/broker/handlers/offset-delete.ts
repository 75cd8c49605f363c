/**
 * OffsetDelete: makes a group forget offsets (KIP-496). The surprise: to delete an offset that was
 * never committed succeeds, as long as there is such a partition.
 *
 * Behaviour
 * - To delete the group is asked for, and to read each topic.
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
import { demand, mayEach } from '../permissions.ts';

type Partition = OffsetDeleteRequest['topics'][number]['partitions'][number];

export const handleOffsetDelete: Handler<OffsetDeleteRequest, OffsetDeleteResponse> = async (
  { groupId, topics },
  context,
) => {
  await demand(context, 'DELETE', 'GROUP', groupId);
  const { metadata, objects } = context;
  const names = [...new Set(topics.map(({ name }) => name))];
  const mayRead = await mayEach(context, 'READ', 'TOPIC', names);
  const views = await metadata.recent(names.filter(mayRead));
  const exists = (name: string, { partitionIndex }: Partition): boolean =>
    partitionIndex >= 0 && partitionIndex < (views.get(name)?.partitions ?? 0);
  const readable = topics.filter(({ name }) => mayRead(name));
  const forbidden = topics.filter(({ name }) => !mayRead(name));
  const command = readable.map(({ name, partitions }) => ({
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
    if (!mayRead(name)) return ErrorCode.TOPIC_AUTHORIZATION_FAILED;
    if (!exists(name, partition)) return ErrorCode.UNKNOWN_TOPIC_OR_PARTITION;
    return subscribed.has(name) ? ErrorCode.GROUP_SUBSCRIBED_TO_TOPIC : ErrorCode.NONE;
  };
  return {
    errorCode: ErrorCode.NONE,
    throttleTimeMs: 0,
    topics: [...forbidden, ...readable].map(({ name, partitions }) => ({
      name,
      partitions: partitions.map((partition) => ({
        partitionIndex: partition.partitionIndex,
        errorCode: code(name, partition),
      })),
    })),
  };
};
