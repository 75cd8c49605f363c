/**
 * What OffsetCommit and TxnOffsetCommit have in common. The surprise: offsets of partitions that do
 * not exist, or may not be read, are refused here, each for itself; whether the member may commit
 * at all is the group's to say, for all the rest, and if nothing is left, it is not asked.
 */
import { ZERO_UUID } from '../bytes/uuid.ts';
import type { TopicView } from '../core/cluster/commands.ts';
import type { CommitReply, CommittingTopic } from '../core/group/commands.ts';
import type { OffsetCommitRequest, OffsetCommitResponse } from '../protocol/apis/offset-commit.ts';
import { ErrorCode } from '../protocol/errors.ts';
import type { RequestContext } from './context.ts';
import type { MetadataCache } from './metadata-cache.ts';
import { mayEach } from './permissions.ts';

type Topic = OffsetCommitRequest['topics'][number];
type Answered = OffsetCommitResponse['topics'][number];

/** A topic and which of its partitions. */
interface Named {
  readonly name: string;
  readonly topicId: string;
  readonly partitions: readonly { readonly partitionIndex: number }[];
}

/**
 * Has `commit` store what can be stored; answers for every partition that was asked for, as Kafka
 * does first for those that do not exist.
 */
export async function commitExisting(
  asked: readonly Topic[],
  context: Pick<RequestContext, 'authorizer' | 'metadata'>,
  commit: (topics: readonly CommittingTopic[]) => Promise<CommitReply>,
): Promise<readonly Answered[]> {
  const views = await viewsOf(asked, context.metadata);
  const nameOf = ({ name, topicId }: Topic) =>
    topicId === ZERO_UUID ? name : views.get(topicId)?.name;
  const names = asked.flatMap((topic) => nameOf(topic) ?? []);
  const mayRead = await mayEach(context, 'READ', 'TOPIC', names);
  const existing: (CommittingTopic & Named)[] = [];
  const missing: Answered[] = [];
  for (const topic of asked) {
    const { name: asName, topicId: asId, partitions } = topic;
    const forbidden = nameOf(topic);
    if (forbidden !== undefined && !mayRead(forbidden)) {
      const denied = ErrorCode.TOPIC_AUTHORIZATION_FAILED;
      missing.push(refused({ ...topic, name: forbidden }, denied));
      continue;
    }
    const view = views.get(asId === ZERO_UUID ? asName : asId);
    const { name = asName, topicId = asId, partitions: count = 0 } = view ?? {};
    const { known = [], unknown = [] } = Object.groupBy(partitions, ({ partitionIndex }) =>
      partitionIndex >= 0 && partitionIndex < count ? 'known' : 'unknown',
    );
    if (known.length > 0) existing.push({ name, topicId, partitions: known.map(committing) });
    const errorCode =
      view === undefined && asId !== ZERO_UUID
        ? ErrorCode.UNKNOWN_TOPIC_ID
        : ErrorCode.UNKNOWN_TOPIC_OR_PARTITION;
    const answer = refused({ name, topicId, partitions: unknown }, errorCode);
    if (unknown.length > 0) missing.push(answer);
  }
  if (existing.length === 0) return missing;
  const { errorCode, topics } = await commit(existing);
  const idOf = new Map(existing.map(({ name, topicId }) => [name, topicId]));
  const answers =
    errorCode === ErrorCode.NONE
      ? topics.map((topic) => ({ ...topic, topicId: idOf.get(topic.name)! }))
      : existing.map((topic) => refused(topic, errorCode));
  return missing.length === 0 ? answers : merged([...missing, ...answers]);
}

/**
 * The topics by what they were asked for with, a name or an id. They are looked up, since no
 * partition is asked that could say it is gone: an offset of an older topic of this name would hide
 * those of the new one.
 */
async function viewsOf(
  asked: readonly Topic[],
  metadata: MetadataCache,
): Promise<ReadonlyMap<string, TopicView>> {
  const ids = new Set(asked.map(({ topicId }) => topicId));
  ids.delete(ZERO_UUID);
  const names = new Set(
    asked.filter(({ topicId }) => topicId === ZERO_UUID).map(({ name }) => name),
  );
  const byName = names.size > 0 ? await metadata.recent([...names]) : new Map();
  const byId = ids.size > 0 ? await metadata.recentById([...ids]) : new Map();
  return new Map([...byName, ...byId]);
}

function committing({ committedMetadata, ...offset }: Topic['partitions'][number]) {
  return { ...offset, metadata: committedMetadata };
}

function refused({ name, topicId, partitions }: Named, errorCode: number): Answered {
  return {
    name,
    topicId,
    partitions: partitions.map(({ partitionIndex }) => ({ partitionIndex, errorCode })),
  };
}

/** Each topic once. */
function merged(answers: readonly Answered[]): Answered[] {
  return [...Map.groupBy(answers, ({ name, topicId }) => `${topicId} ${name}`).values()].map(
    (parts) => ({ ...parts[0], partitions: parts.flatMap(({ partitions }) => partitions) }),
  );
}
