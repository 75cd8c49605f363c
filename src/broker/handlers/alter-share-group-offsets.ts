/**
 * AlterShareGroupOffsets: sets where a share group begins to read in some partitions. The surprise:
 * offset -1 is no offset but lets the group begin where its configs say.
 *
 * Behaviour
 * - To read in the group is asked for, and to read each topic.
 * - Partitions that do not exist: UNKNOWN_TOPIC_OR_PARTITION, each by itself.
 * - A group with members: NON_EMPTY_GROUP. One of another kind: GROUP_ID_NOT_FOUND. One that does
 *   not exist is made, if a partition is left to set.
 * - The group says first whether it may be; what fails after that has a code and may be repeated.
 *
 * Versions
 * - 0 only
 */
import { ZERO_UUID } from '../../bytes/uuid.ts';
import type {
  AlterShareGroupOffsetsRequest,
  AlterShareGroupOffsetsResponse,
} from '../../protocol/apis/alter-share-group-offsets.ts';
import { ErrorCode, errorInfo, KafkaError } from '../../protocol/errors.ts';
import { eachBounded } from '../../runtime/each-bounded.ts';
import type { PartitionStub } from '../../runtime/stubs.ts';
import type { Handler } from '../context.ts';
import { eachOnce } from '../each-once.ts';
import { failureCode } from '../failures.ts';
import { demand, mayEach } from '../permissions.ts';

type AnsweredPartition = AlterShareGroupOffsetsResponse['responses'][number]['partitions'][number];

/** The group begins where its configs say. */
const asConfigured = -1;

export const handleAlterShareGroupOffsets: Handler<
  AlterShareGroupOffsetsRequest,
  AlterShareGroupOffsetsResponse
> = async ({ groupId, topics }, context) => {
  const { metadata, objects } = context;
  await demand(context, 'READ', 'GROUP', groupId);
  const names = topics.map(({ topicName }) => topicName);
  const mayRead = await mayEach(context, 'READ', 'TOPIC', names);
  if (groupId === '') throw new KafkaError(ErrorCode.INVALID_GROUP_ID);
  const living = await metadata.recent(names);
  const once = eachOnce(
    topics,
    ({ topicName }) => topicName,
    ({ partitions }) => partitions,
    ({ partitionIndex }) => partitionIndex,
  ).map(({ topic: { topicName }, partitions }) => {
    const { topicId = ZERO_UUID, partitions: count = 0 } = living.get(topicName) ?? {};
    const exists = ({ partitionIndex }: { partitionIndex: number }): boolean =>
      mayRead(topicName) && partitionIndex >= 0 && partitionIndex < count;
    return { topicName, topicId, partitions, exists };
  });
  const known = once.map(({ topicName, topicId, partitions, exists }) => ({
    name: topicName,
    topicId,
    partitions: partitions.filter(exists).map(({ partitionIndex }) => partitionIndex),
  }));
  const { errorCode, errorMessage } = await objects.group(groupId).call('alterShareOffsets', {
    groupId,
    topics: known.filter(({ partitions }) => partitions.length > 0),
  });
  if (errorCode !== ErrorCode.NONE) {
    throw new KafkaError(errorCode, errorMessage ?? errorInfo(errorCode).message);
  }
  const responses = await Promise.all(
    once.map(async ({ topicName, topicId, partitions, exists }) => ({
      topicName,
      topicId,
      partitions: await eachBounded(partitions, async (partition) => {
        const { partitionIndex, startOffset } = partition;
        if (!mayRead(topicName)) return answer(partitionIndex, forbidden);
        if (!exists(partition)) return answer(partitionIndex, unknown);
        const stub = objects.partition(topicId, partitionIndex);
        return answer(partitionIndex, await set(groupId, startOffset, stub));
      }),
    })),
  );
  return { throttleTimeMs: 0, errorCode: ErrorCode.NONE, errorMessage: null, responses };
};

const { UNKNOWN_TOPIC_OR_PARTITION: unknown, TOPIC_AUTHORIZATION_FAILED: forbidden } = ErrorCode;

async function set(
  groupId: string,
  startOffset: number,
  partition: PartitionStub,
): Promise<number> {
  try {
    const reply =
      startOffset === asConfigured
        ? await partition.call('shareDelete', { groupId })
        : await partition.call('shareAlter', { groupId, startOffset });
    return reply.errorCode;
  } catch (error) {
    return failureCode(error);
  }
}

function answer(partitionIndex: number, errorCode: number): AnsweredPartition {
  const errorMessage = errorCode === ErrorCode.NONE ? null : errorInfo(errorCode).message;
  return { partitionIndex, errorCode, errorMessage };
}
