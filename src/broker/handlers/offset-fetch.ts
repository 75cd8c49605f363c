/**
 * OffsetFetch: how far groups have read. The surprise: what was never committed is no error, nor is
 * a group or a topic that does not exist: offset -1, empty metadata.
 *
 * Behaviour
 * - To describe the group is asked for, and to describe each topic; of everything that was
 *   committed topics are left out that the client may not describe.
 * - Null topics ask for everything that was committed.
 * - An id that no topic has: UNKNOWN_TOPIC_ID.
 * - Offsets belong to one incarnation of a topic: one that was deleted and created again starts
 *   without, for every gateway within a second.
 * - `requireStable`: partitions whose offsets an open transaction may change are
 *   UNSTABLE_OFFSET_COMMIT; who asks for everything hears of those that have an offset already.
 *
 * Versions
 * - 2: all topics, an error for the group (KIP-88) · 5: leader epoch (KIP-320) · 6: flexible
 * - 7: stable offsets only (KIP-447) · 8: many groups (KIP-709) · 9: member id and epoch (KIP-848):
 *   a consumer group answers its members at their epoch only, a classic group does not look at it
 * - 10: topics by id (KIP-848)
 */
import { ZERO_UUID } from '../../bytes/uuid.ts';
import type { GroupCalls } from '../../core/group/commands.ts';
import type { OffsetFetchRequest, OffsetFetchResponse } from '../../protocol/apis/offset-fetch.ts';
import { ErrorCode, KafkaError } from '../../protocol/errors.ts';
import { eachBounded } from '../../runtime/each-bounded.ts';
import type { Stub } from '../../runtime/stubs.ts';
import type { Handler, RequestContext } from '../context.ts';
import { failureCode } from '../failures.ts';
import { namedGroups } from '../named-groups.ts';
import { demand, mayEach } from '../permissions.ts';

/** One group, and what is asked of it. */
type Wanted = GroupCalls['fetchOffsets']['command'];
type Stored = GroupCalls['fetchOffsets']['reply']['topics'][number];
type Asked = Omit<Wanted, 'topics'> & { readonly topics: readonly AskedTopic[] | null };
type AskedTopic = NonNullable<OffsetFetchRequest['groups'][number]['topics']>[number];
type GroupTopic = OffsetFetchResponse['groups'][number]['topics'][number];

export const handleOffsetFetch: Handler<OffsetFetchRequest, OffsetFetchResponse> = async (
  request,
  context,
) => {
  const { requireStable } = request;
  if (context.apiVersion >= 8) {
    const groupIds = request.groups.map(({ groupId }) => groupId);
    const mayDescribe = await mayEach(context, 'DESCRIBE', 'GROUP', groupIds);
    const groupOf = await namedGroups(groupIds.filter(mayDescribe), context);
    const groups = await eachBounded(request.groups, async ({ groupId, topics, ...reader }) =>
      mayDescribe(groupId)
        ? answerGroup(
            { groupId, topics, requireStable, ...readerOf(reader) },
            groupOf(groupId),
            context,
          )
        : { groupId, topics: [], errorCode: ErrorCode.GROUP_AUTHORIZATION_FAILED },
    );
    return { throttleTimeMs: 0, errorCode: 0, topics: [], groups };
  }
  await demand(context, 'DESCRIBE', 'GROUP', request.groupId);
  const group = context.objects.group(request.groupId);
  const wanted = request.topics?.map((topic) => ({ ...topic, topicId: ZERO_UUID })) ?? null;
  const command = { groupId: request.groupId, topics: wanted, requireStable };
  const topics = await committed(command, group, context);
  return { throttleTimeMs: 0, errorCode: ErrorCode.NONE, topics, groups: [] };
};

/** Who names neither a member nor an epoch is none. */
function readerOf(asked: { memberId: string | null; memberEpoch: number }): Pick<Wanted, 'reader'> {
  const { memberId, memberEpoch } = asked;
  if (memberId === null && memberEpoch < 0) return {};
  return { reader: { memberId: memberId ?? '', memberEpoch } };
}

/** One of many groups: what is wrong with it is its own error. */
async function answerGroup(
  wanted: Asked,
  group: Stub<GroupCalls>,
  context: RequestContext,
): Promise<OffsetFetchResponse['groups'][number]> {
  const { groupId } = wanted;
  try {
    const { named, strangers } = await withNames(wanted.topics, context);
    const topics = await committed({ ...wanted, topics: named }, group, context);
    return { groupId, topics: [...topics, ...strangers], errorCode: ErrorCode.NONE };
  } catch (error) {
    return { groupId, topics: [], errorCode: failureCode(error, ErrorCode.NOT_COORDINATOR) };
  }
}

/** Looks up the names of topics that are asked for by id; those of nobody are refused. */
async function withNames(
  asked: readonly AskedTopic[] | null,
  { metadata }: RequestContext,
): Promise<{ named: Asked['topics']; strangers: readonly GroupTopic[] }> {
  const ids = new Set(asked?.map(({ topicId }) => topicId));
  ids.delete(ZERO_UUID);
  if (asked === null || ids.size === 0) return { named: asked, strangers: [] };
  const found = await metadata.recentById([...ids]);
  const isKnown = ({ topicId }: AskedTopic) => topicId === ZERO_UUID || found.has(topicId);
  const named = asked.filter(isKnown).map((topic) => ({
    ...topic,
    name: found.get(topic.topicId)?.name ?? topic.name,
  }));
  const strangers = asked
    .filter((topic) => !isKnown(topic))
    .map((topic) => refusedTopic(topic, UNKNOWN_TOPIC_ID));
  return { named, strangers };
}

async function committed(
  asked: Asked,
  group: Stub<GroupCalls>,
  context: RequestContext,
): Promise<GroupTopic[]> {
  const { metadata } = context;
  const names = asked.topics?.map(({ name }) => name) ?? [];
  const mayDescribe = await mayEach(context, 'DESCRIBE', 'TOPIC', names);
  const wanted = asked.topics?.filter(({ name }) => mayDescribe(name)) ?? null;
  const reply = await group.call('fetchOffsets', { ...asked, topics: wanted });
  if (reply.errorCode !== ErrorCode.NONE) throw new KafkaError(reply.errorCode);
  const living = await metadata.recent([...new Set(reply.topics.map(({ name }) => name))]);
  const lives = ({ name, topicId }: Stored): boolean => living.get(name)?.topicId === topicId;
  const stored = reply.topics.filter(lives);
  if (wanted === null) {
    const names = stored.map(({ name }) => name);
    const mayList = await mayEach(context, 'DESCRIBE', 'TOPIC', names);
    return stored.filter(({ name }) => mayList(name));
  }
  // By topic: a request may name a topic twice.
  const byTopic = Map.groupBy(stored, ({ name }) => name);
  const forbidden = asked.topics!.filter(({ name }) => !mayDescribe(name));
  const refused = forbidden.map((topic) => refusedTopic(topic, TOPIC_AUTHORIZATION_FAILED));
  const answered = wanted.map(({ name, topicId, partitionIndexes }) => {
    const known = (byTopic.get(name) ?? [])
      .filter((topic) => topicId === ZERO_UUID || topicId === topic.topicId)
      .flatMap(({ partitions }) => partitions);
    const byIndex = new Map(known.map((each) => [each.partitionIndex, each]));
    return {
      name,
      topicId,
      partitions: partitionIndexes.map((index) => byIndex.get(index) ?? none(index)),
    };
  });
  return [...answered, ...refused];
}

const { TOPIC_AUTHORIZATION_FAILED, UNKNOWN_TOPIC_ID } = ErrorCode;

function refusedTopic(
  { name, topicId, partitionIndexes }: AskedTopic,
  errorCode: number,
): GroupTopic {
  const partitions = partitionIndexes.map((index) => ({ ...none(index), errorCode }));
  return { name, topicId, partitions };
}

function none(partitionIndex: number): GroupTopic['partitions'][number] {
  const errorCode: number = ErrorCode.NONE;
  return { partitionIndex, committedOffset: -1, committedLeaderEpoch: -1, metadata: '', errorCode };
}
