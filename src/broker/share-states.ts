/**
 * What a gateway does in partitions for the coordinator of a share group: states of it begin and
 * are forgotten. The surprise: a partition that is gone has forgotten everything.
 */
import type { PartitionsById } from '../core/group/commands.ts';
import { ErrorCode } from '../protocol/errors.ts';
import { eachBounded } from '../runtime/each-bounded.ts';
import type { Objects, PartitionStub } from '../runtime/stubs.ts';
import { failureCode } from './failures.ts';

interface Done {
  readonly topicId: string;
  readonly partition: number;
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
  const started = done.filter(({ errorCode }) => errorCode === ErrorCode.NONE);
  if (started.length === 0) return;
  const topics = started.map(({ topicId, partition }) => ({ topicId, partitions: [partition] }));
  try {
    await objects.group(groupId).call('startSharePartitions', { groupId, topics });
  } catch (error) {
    failureCode(error);
  }
}

/**
 * Lets partitions forget a group, and tells its coordinator which topics are done. Answers the code
 * of each topic that is not. Throws as the coordinator does.
 */
export async function forgetPartitions(
  groupId: string,
  toForget: PartitionsById,
  objects: Objects,
): Promise<ReadonlyMap<string, number>> {
  const done = await askEach(toForget, objects, (partition) =>
    partition.call('shareDelete', { groupId }),
  );
  const failed = new Map<string, number>();
  for (const { topicId, errorCode } of done) {
    const isForgotten =
      errorCode === ErrorCode.NONE || errorCode === ErrorCode.UNKNOWN_TOPIC_OR_PARTITION;
    if (!isForgotten) failed.set(topicId, errorCode);
  }
  const topicIds = toForget.map(({ topicId }) => topicId).filter((id) => !failed.has(id));
  if (topicIds.length > 0) {
    await objects.group(groupId).call('forgetShareTopics', { groupId, topicIds });
  }
  return failed;
}
