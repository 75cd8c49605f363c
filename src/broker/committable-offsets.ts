/**
 * What OffsetCommit and TxnOffsetCommit have in common. The surprise: offsets of partitions that do
 * not exist are refused here, each for itself; whether the member may commit at all is the group's
 * to say, for all the rest, and if nothing is left, it is not asked.
 */
import type { CommitReply, CommittingTopic } from '../core/group/commands.ts';
import type { OffsetCommitRequest, OffsetCommitResponse } from '../protocol/apis/offset-commit.ts';
import { ErrorCode } from '../protocol/errors.ts';
import type { MetadataCache } from './metadata-cache.ts';

type Topic = OffsetCommitRequest['topics'][number];
type Exists = (topic: Topic, partitionIndex: number) => boolean;

/** Has `commit` store what can be stored; answers for every partition that was asked for. */
export async function commitExisting(
  asked: readonly Topic[],
  metadata: MetadataCache,
  commit: (topics: readonly CommittingTopic[]) => Promise<CommitReply>,
): Promise<OffsetCommitResponse['topics']> {
  const names = new Set(asked.map(({ name }) => name));
  // No partition is asked that could say it is gone: an offset of an older topic of this name would
  // hide those of the new one.
  const views = await metadata.recent([...names]);
  const exists: Exists = (topic, partitionIndex) => {
    const partitions = views.get(topic.name)?.partitions ?? 0;
    return partitionIndex >= 0 && partitionIndex < partitions;
  };
  const topics = asked
    .map((topic) => committing(topic, views.get(topic.name)?.topicId ?? '', exists))
    .filter(({ partitions }) => partitions.length > 0);
  const nextCode = topics.length > 0 ? codesOf(await commit(topics)) : () => ErrorCode.NONE;
  return asked.map((topic) => ({
    name: topic.name,
    partitions: topic.partitions.map(({ partitionIndex }) => ({
      partitionIndex,
      errorCode: exists(topic, partitionIndex) ? nextCode() : ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
    })),
  }));
}

function committing(topic: Topic, topicId: string, exists: Exists): CommittingTopic {
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

/** The codes of a reply, one partition after the other. */
function codesOf({ errorCode, topics }: CommitReply): () => number {
  if (errorCode !== ErrorCode.NONE) return () => errorCode;
  const codes = topics.flatMap(({ partitions }) => partitions.map((each) => each.errorCode));
  let next = 0;
  return () => codes[next++];
}
