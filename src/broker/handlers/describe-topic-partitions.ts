/**
 * DescribeTopicPartitions: topics with their partitions, no more of them than fit one page. The
 * surprise: a topic that does not exist takes no room on a page, and a page that is full names the
 * topic that comes next even when there is none of that name.
 *
 * Behaviour
 * - To describe the topic is asked for; of all topics those are left out that may not be described.
 * - No names mean every topic. Names come back once, sorted; what may be done is always told.
 * - A page has at least one partition and at most 2000, whatever is asked for.
 * - A cursor must name one of the topics, unless all are asked for, and a partition from 0 on.
 *
 * Versions
 * - 0: KIP-966
 */
import type { TopicView } from '../../core/cluster/commands.ts';
import { isInternalTopic, topicNameProblem } from '../../core/cluster/topic-names.ts';
import type {
  DescribeTopicPartitionsRequest,
  DescribeTopicPartitionsResponse,
} from '../../protocol/apis/describe-topic-partitions.ts';
import { describeTopicPartitions } from '../../protocol/apis/describe-topic-partitions.ts';
import { ErrorCode, KafkaError } from '../../protocol/errors.ts';
import { defaultsOf } from '../../protocol/schema.ts';
import { authorizedOperations } from '../authorized-operations.ts';
import type { Handler, RequestContext } from '../context.ts';
import { mayEach } from '../permissions.ts';

type Answer = DescribeTopicPartitionsResponse['topics'][number];

/** Kafka's `max.request.partition.size.limit`. */
const largestPage = 2_000;

export const handleDescribeTopicPartitions: Handler<
  DescribeTopicPartitionsRequest,
  DescribeTopicPartitionsResponse
> = async (request, context) => {
  const { cursor } = request;
  const found = await topicsAsked(request, context);
  const asked = [...found.keys()].sort().filter((name) => name >= (cursor?.topicName ?? ''));
  checkCursor(request, asked);
  const mayDescribe = await mayEach(context, 'DESCRIBE', 'TOPIC', asked);
  const forbidden = request.topics.length === 0 ? [] : asked.filter((name) => !mayDescribe(name));
  const page = paged(found, asked.filter(mayDescribe), request, context);
  const operations = page.topics.map(async (topic) => ({
    ...topic,
    topicAuthorizedOperations: await authorizedOperations(context, 'TOPIC', topic.name!),
  }));
  return { ...page, topics: [...(await Promise.all(operations)), ...forbidden.map(refused)] };
};

/** As much of these topics as there is room for. */
function paged(
  found: ReadonlyMap<string, TopicView | undefined>,
  names: readonly string[],
  request: DescribeTopicPartitionsRequest,
  context: RequestContext,
): DescribeTopicPartitionsResponse {
  const { cursor } = request;
  const response = { ...defaultsOf(describeTopicPartitions.response.fields), topics: [] };
  const topics: Answer[] = [];
  let room = Math.max(Math.min(request.responsePartitionLimit, largestPage), 1);
  for (const topicName of names) {
    if (room === 0) return { ...response, topics, nextCursor: { topicName, partitionIndex: 0 } };
    const topic = found.get(topicName);
    const from = topicName === cursor?.topicName ? cursor.partitionIndex : 0;
    const next = Math.min(from + room, topic?.partitions ?? 0);
    topics.push(topic ? described(topic, from, next, context) : missing(topicName));
    if (next < (topic?.partitions ?? 0)) {
      return { ...response, topics, nextCursor: { topicName, partitionIndex: next } };
    }
    room -= Math.max(next - from, 0);
  }
  return { ...response, topics };
}

/** By name: the topics that are asked for; undefined where there is none. */
async function topicsAsked(
  { topics }: DescribeTopicPartitionsRequest,
  { metadata }: RequestContext,
): Promise<ReadonlyMap<string, TopicView | undefined>> {
  if (topics.length === 0) {
    return new Map((await metadata.topics()).map((topic) => [topic.name, topic]));
  }
  const names = topics.map(({ name }) => name);
  const known = await metadata.recent(names.filter((name) => topicNameProblem(name) === undefined));
  return new Map(names.map((name) => [name, known.get(name)]));
}

function checkCursor(
  { topics, cursor }: DescribeTopicPartitionsRequest,
  names: readonly string[],
): void {
  if (cursor === null) return;
  if (topics.length > 0 && !names.includes(cursor.topicName)) {
    const message = `The topics asked for must contain that of the cursor: ${cursor.topicName}`;
    throw new KafkaError(ErrorCode.INVALID_REQUEST, message);
  }
  if (cursor.partitionIndex < 0) {
    const message = `The cursor has a partition that cannot be: ${cursor.partitionIndex}`;
    throw new KafkaError(ErrorCode.INVALID_REQUEST, message);
  }
}

function described(
  { name, topicId }: TopicView,
  from: number,
  next: number,
  { config: { nodeId } }: RequestContext,
): Answer {
  const partitions = Array.from({ length: Math.max(next - from, 0) }, (_, i) => ({
    errorCode: ErrorCode.NONE,
    partitionIndex: from + i,
    leaderId: nodeId,
    leaderEpoch: 0,
    replicaNodes: [nodeId],
    isrNodes: [nodeId],
    eligibleLeaderReplicas: [],
    lastKnownElr: [],
    offlineReplicas: [],
  }));
  const isInternal = isInternalTopic(name);
  return { ...blank, errorCode: ErrorCode.NONE, name, topicId, isInternal, partitions };
}

const { element } = describeTopicPartitions.response.fields.topics.spec;
const blank = defaultsOf(element!.spec.fields!) as Answer;

function refused(name: string): Answer {
  return { ...blank, errorCode: ErrorCode.TOPIC_AUTHORIZATION_FAILED, name };
}

function missing(name: string): Answer {
  return {
    ...blank,
    errorCode:
      topicNameProblem(name) === undefined
        ? ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
        : ErrorCode.INVALID_TOPIC_EXCEPTION,
    name,
    isInternal: isInternalTopic(name),
  };
}
