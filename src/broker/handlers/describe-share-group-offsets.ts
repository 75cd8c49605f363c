/**
 * DescribeShareGroupOffsets: from where on share groups have not read everything, and their lag.
 * The surprise: the group itself is asked only when all its partitions are wanted. What it has read
 * of them they know themselves, each for itself.
 *
 * Behaviour
 * - To describe the group is asked for, and to describe each topic; of everything topics are left
 *   out that the client may not describe.
 * - Offset -1: the group never read there, or there is no such topic, partition or group. None of
 *   these is an error.
 * - The lag is the number of records that are still to be delivered; -1 where there is no offset.
 *
 * Versions
 * - 1: lag (KIP-1226)
 */
import { ZERO_UUID } from '../../bytes/uuid.ts';
import type { GroupCalls } from '../../core/group/commands.ts';
import type {
  DescribeShareGroupOffsetsRequest,
  DescribeShareGroupOffsetsResponse,
} from '../../protocol/apis/describe-share-group-offsets.ts';
import { ErrorCode, errorInfo, KafkaError } from '../../protocol/errors.ts';
import { eachBounded } from '../../runtime/each-bounded.ts';
import type { Stub } from '../../runtime/stubs.ts';
import type { Handler, RequestContext } from '../context.ts';
import { failureCode } from '../failures.ts';
import { namedGroups } from '../named-groups.ts';
import { mayEach } from '../permissions.ts';
import { statesOf } from '../share-states.ts';

type Asked = DescribeShareGroupOffsetsRequest['groups'][number];
type AskedTopic = NonNullable<Asked['topics']>[number];
type Group = DescribeShareGroupOffsetsResponse['groups'][number];
type Partition = Group['topics'][number]['partitions'][number];

/** A topic as it is asked for: its partitions that exist, and those that do not. */
interface Wanted {
  readonly topicName: string;
  readonly topicId: string;
  readonly partitions: readonly number[];
  /** How many partitions it has; 0: there is no such topic. */
  readonly count: number;
}

/** A tool asks about everything a group reads: those are asked together. */
const partitionsAtOnce = 100;

export const handleDescribeShareGroupOffsets: Handler<
  DescribeShareGroupOffsetsRequest,
  DescribeShareGroupOffsetsResponse
> = async (request, context) => {
  const whole = request.groups.filter(({ topics }) => topics === null);
  const asked = request.groups.map(({ groupId }) => groupId);
  const mayDescribe = await mayEach(context, 'DESCRIBE', 'GROUP', asked);
  const groupIds = whole.map(({ groupId }) => groupId).filter(mayDescribe);
  const groupOf = await namedGroups(groupIds, context);
  const groups = await eachBounded(request.groups, async (group) =>
    mayDescribe(group.groupId) ? describe(group, groupOf, context) : forbiddenGroup(group),
  );
  return { throttleTimeMs: 0, groups };
};

function forbiddenGroup({ groupId }: Asked): Group {
  const errorCode = ErrorCode.GROUP_AUTHORIZATION_FAILED;
  return { groupId, topics: [], errorCode, errorMessage: null };
}

async function describe(
  { groupId, topics }: Asked,
  groupOf: (groupId: string) => Stub<GroupCalls>,
  context: RequestContext,
): Promise<Group> {
  try {
    if (topics === null) {
      const all = await everything(groupId, groupOf(groupId), context);
      const names = all.map(({ topicName }) => topicName);
      const mayList = await mayEach(context, 'DESCRIBE', 'TOPIC', names);
      const wanted = all.filter(({ topicName }) => mayList(topicName));
      return { ...fine, groupId, topics: await read(groupId, wanted, context) };
    }
    const names = topics.map(({ topicName }) => topicName);
    const mayDescribe = await mayEach(context, 'DESCRIBE', 'TOPIC', names);
    const allowed = topics.filter(({ topicName }) => mayDescribe(topicName));
    const answered = await read(groupId, await found(allowed, context), context);
    const refused = topics.filter(({ topicName }) => !mayDescribe(topicName)).map(forbiddenTopic);
    return { ...fine, groupId, topics: [...answered, ...refused] };
  } catch (error) {
    const errorCode = failureCode(error, ErrorCode.NOT_COORDINATOR);
    return { groupId, topics: [], errorCode, errorMessage: errorInfo(errorCode).message };
  }
}

function forbiddenTopic({ topicName, partitions }: AskedTopic): Group['topics'][number] {
  const errorCode = ErrorCode.TOPIC_AUTHORIZATION_FAILED;
  const errorMessage = errorInfo(errorCode).message;
  const nothing = { startOffset: -1, leaderEpoch: 0, lag: -1, errorCode, errorMessage };
  return {
    topicName,
    topicId: ZERO_UUID,
    partitions: partitions.map((partitionIndex) => ({ partitionIndex, ...nothing })),
  };
}

const fine = { errorCode: ErrorCode.NONE, errorMessage: null };

/** All that has a state of the group; nothing of a group that does not exist. */
async function everything(
  groupId: string,
  group: Stub<GroupCalls>,
  { metadata }: RequestContext,
): Promise<Wanted[]> {
  const topics = await statesOf(groupId, group);
  const living = await metadata.recentById(topics.map(({ topicId }) => topicId));
  return topics.flatMap(({ topicId, partitions }) => {
    const topic = living.get(topicId);
    if (!topic) return [];
    return [{ topicName: topic.name, topicId, partitions, count: topic.partitions }];
  });
}

/** Topics that exist, and after them the others. */
async function found(
  topics: NonNullable<Asked['topics']>,
  { metadata }: RequestContext,
): Promise<Wanted[]> {
  const living = await metadata.recent(topics.map(({ topicName }) => topicName));
  const wanted = topics.map(({ topicName, partitions }): Wanted => {
    const { topicId = ZERO_UUID, partitions: count = 0 } = living.get(topicName) ?? {};
    return { topicName, topicId, partitions, count };
  });
  return wanted.sort((one, other) => Number(one.count === 0) - Number(other.count === 0));
}

async function read(
  groupId: string,
  wanted: readonly Wanted[],
  context: RequestContext,
): Promise<Group['topics']> {
  const slots = wanted.flatMap((topic) => topic.partitions.map((index) => ({ topic, index })));
  const answers = await eachBounded(
    slots,
    ({ topic, index }) => readPartition(groupId, topic, index, context),
    { atOnce: partitionsAtOnce },
  );
  let from = 0;
  return wanted.map(({ topicName, topicId, partitions: { length } }) => {
    const partitions = answers.slice(from, from + length);
    from += length;
    return { topicName, topicId, partitions };
  });
}

async function readPartition(
  groupId: string,
  { topicId, count }: Wanted,
  partitionIndex: number,
  { objects }: RequestContext,
): Promise<Partition> {
  const nothing = { ...fine, partitionIndex, startOffset: -1, leaderEpoch: 0, lag: -1 };
  if (partitionIndex < 0 || partitionIndex >= count) return nothing;
  try {
    const partition = objects.partition(topicId, partitionIndex);
    const { errorCode, ...state } = await partition.call('shareDescribe', { groupId });
    if (errorCode === ErrorCode.UNKNOWN_TOPIC_OR_PARTITION) return nothing;
    if (errorCode !== ErrorCode.NONE) throw new KafkaError(errorCode);
    const { startOffset, leaderEpoch, deliveryCompleteCount, highWatermark } = state;
    if (startOffset === -1) return nothing;
    const lag = highWatermark - startOffset - deliveryCompleteCount;
    return { ...nothing, startOffset, leaderEpoch, lag };
  } catch (error) {
    const errorCode = failureCode(error);
    return { ...nothing, errorCode, errorMessage: errorInfo(errorCode).message };
  }
}
