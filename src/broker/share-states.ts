/**
 * What a gateway does in partitions for the coordinator of a share group: states of it begin and
 * are forgotten. The surprise: a partition that is gone has forgotten everything.
 */
import type { GroupCalls, PartitionsById } from '../core/group/commands.ts';
import { ErrorCode, KafkaError } from '../protocol/errors.ts';
import { eachBounded } from '../runtime/each-bounded.ts';
import type { Objects, PartitionStub, Stub } from '../runtime/stubs.ts';
import { failureCode } from './failures.ts';
import { byTopic } from './share-request.ts';
import type { PartitionName } from './share-sessions.ts';

interface Done extends PartitionName {
  readonly errorCode: number;
}

/** Asks each of these partitions; what goes wrong with one is its code. */
async function askEach(
  topics: PartitionsById,
  objects: Objects,
  ask: (partition: PartitionStub) => Promise<{ readonly errorCode: number }>,
): Promise<Done[]> {
  const slots = topics.flatMap(({ topicId, partitions }) =>
    partitions.map((partition) => ({ topicId, partition })),
  );
  return eachBounded(slots, async ({ topicId, partition }) => {
    try {
      const { errorCode } = await ask(objects.partition(topicId, partition));
      return { topicId, partition, errorCode };
    } catch (error) {
      return { topicId, partition, errorCode: failureCode(error) };
    }
  });
}

/** Which partitions are to have a state of the group: none where there is no such share group. */
export async function statesOf(groupId: string, group: Stub<GroupCalls>): Promise<PartitionsById> {
  const { errorCode, topics } = await group.call('listSharePartitions', { groupId });
  if (errorCode === ErrorCode.GROUP_ID_NOT_FOUND) return [];
  if (errorCode !== ErrorCode.NONE) throw new KafkaError(errorCode);
  return topics;
}

/**
 * Lets a group begin at the first record of partitions that a topic gained, and tells its
 * coordinator. What fails is to be done at the next heartbeat.
 */
export async function startPartitions(
  groupId: string,
  toStart: PartitionsById,
  objects: Objects,
): Promise<void> {
  const command = { groupId, startOffset: 0, onlyIfNew: true };
  const done = await askEach(toStart, objects, (partition) =>
    partition.call('shareAlter', command),
  );
  const topics = byTopic(done.filter(({ errorCode }) => errorCode === ErrorCode.NONE));
  if (topics.length === 0) return;
  try {
    await objects.group(groupId).call('startSharePartitions', { groupId, topics });
  } catch (error) {
    failureCode(error);
  }
}

/**
 * Lets partitions forget a group, and tells its coordinator which are done. Answers a code of each
 * topic of which some are not. Throws as the coordinator does.
 */
export async function forgetPartitions(
  groupId: string,
  toForget: PartitionsById,
  objects: Objects,
): Promise<ReadonlyMap<string, number>> {
  const done = await askEach(toForget, objects, (partition) =>
    partition.call('shareDelete', { groupId }),
  );
  const isForgotten = ({ errorCode }: Done): boolean =>
    errorCode === ErrorCode.NONE || errorCode === ErrorCode.UNKNOWN_TOPIC_OR_PARTITION;
  const topics = byTopic(done.filter(isForgotten));
  if (topics.length > 0) {
    await objects.group(groupId).call('forgetSharePartitions', { groupId, topics });
  }
  const failed = done.filter((one) => !isForgotten(one));
  return new Map(failed.map(({ topicId, errorCode }) => [topicId, errorCode]));
}
