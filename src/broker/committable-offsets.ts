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
type Answered = OffsetCommitResponse['topics'][number];

/** A topic and which of its partitions. */
interface Named {
  readonly name: string;
  readonly partitions: readonly { readonly partitionIndex: number }[];
}

/**
 * Has `commit` store what can be stored; answers for every partition that was asked for, as Kafka
 * does first for those that do not exist.
 */
export async function commitExisting(
  asked: readonly Topic[],
  metadata: MetadataCache,
  commit: (topics: readonly CommittingTopic[]) => Promise<CommitReply>,
): Promise<readonly Answered[]> {
  // No partition is asked that could say it is gone: an offset of an older topic of this name would
  // hide those of the new one.
  const views = await metadata.recent([...new Set(asked.map(({ name }) => name))]);
  const existing: CommittingTopic[] = [];
  const missing: Answered[] = [];
  for (const { name, partitions } of asked) {
    const { topicId = '', partitions: count = 0 } = views.get(name) ?? {};
    const { known = [], unknown = [] } = Object.groupBy(partitions, ({ partitionIndex }) =>
      partitionIndex >= 0 && partitionIndex < count ? 'known' : 'unknown',
    );
    if (known.length > 0) existing.push({ name, topicId, partitions: known.map(committing) });
    const answer = refused({ name, partitions: unknown }, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION);
    if (unknown.length > 0) missing.push(answer);
  }
  if (existing.length === 0) return missing;
  const { errorCode, topics } = await commit(existing);
  const answers =
    errorCode === ErrorCode.NONE ? topics : existing.map((topic) => refused(topic, errorCode));
  return missing.length === 0 ? answers : merged([...missing, ...answers]);
}

function committing({ committedMetadata, ...offset }: Topic['partitions'][number]) {
  return { ...offset, metadata: committedMetadata };
}

function refused({ name, partitions }: Named, errorCode: number): Answered {
  return {
    name,
    partitions: partitions.map(({ partitionIndex }) => ({ partitionIndex, errorCode })),
  };
}

/** Each topic once. */
function merged(answers: readonly Answered[]): Answered[] {
  return [...Map.groupBy(answers, ({ name }) => name)].map(([name, parts]) => ({
    name,
    partitions: parts.flatMap(({ partitions }) => partitions),
  }));
}
