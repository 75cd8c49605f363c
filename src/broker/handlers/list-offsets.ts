/**
 * ListOffsets: the offset that stands at a point in time, or at one of the special places of a log.
 * The surprise: negative timestamps are names of places, and each version of the API knows more of
 * them.
 *
 * Behaviour
 * - To describe the topic is asked for.
 * - A partition that a request names twice is answered once, with INVALID_REQUEST.
 * - A special timestamp that the version does not know yet: UNSUPPORTED_VERSION.
 * - A replica id is never taken for a follower: some consumers send 0.
 * - Isolation level 1 (read_committed): the latest offset is the last stable offset.
 *
 * Versions
 * - 1: one offset with its timestamp · 2: isolation level (KIP-98) · 4: leader epochs (KIP-320)
 * - 6: flexible · 7: -3 max timestamp (KIP-734) · 8: -4 earliest local (KIP-405)
 * - 9: -5 latest tiered (KIP-1005) · 10: timeout (KIP-1075) · 11: -6 earliest pending upload
 *   (KIP-1023)
 */
import type { ListOffsetsRequest, ListOffsetsResponse } from '../../protocol/apis/list-offsets.ts';
import { ErrorCode, KafkaError } from '../../protocol/errors.ts';
import { eachBounded } from '../../runtime/each-bounded.ts';
import type { Handler, RequestContext } from '../context.ts';
import { eachOnce } from '../each-once.ts';
import { TopicRoute } from '../routing.ts';

type Topic = ListOffsetsRequest['topics'][number];
type Partition = Topic['partitions'][number];
type PartitionAnswer = ListOffsetsResponse['topics'][number]['partitions'][number];

/** Special timestamp → the first version that knows it. */
const specialTimestamps = new Map([
  [-1, 1],
  [-2, 1],
  [-3, 7],
  [-4, 8],
  [-5, 9],
  [-6, 11],
]);

/** A consumer may ask about all of its partitions at the start: those are asked together. */
const partitionsAtOnce = 100;

const nowhere = { timestamp: -1, offset: -1, leaderEpoch: -1 };

export const handleListOffsets: Handler<ListOffsetsRequest, ListOffsetsResponse> = async (
  request,
  context,
) => {
  if (request.isolationLevel !== 0 && request.isolationLevel !== 1) {
    throw new KafkaError(ErrorCode.UNKNOWN_SERVER_ERROR);
  }
  const repeated = repeatedPartitions(request);
  const once = eachOnce(
    request.topics,
    ({ name }) => name,
    ({ partitions }) => partitions,
    ({ partitionIndex }) => partitionIndex,
  );
  const questions = once.flatMap(({ topic, partitions }) => {
    const route = new TopicRoute(context, { name: topic.name }, 'DESCRIBE');
    return partitions.map((partition) => ({ topic, route, partition }));
  });
  const answers = await eachBounded(
    questions,
    async ({ topic, route, partition }) => {
      if (await route.isForbidden()) return answer(partition, route.unknownTopic);
      return repeated.has(partitionKey(topic, partition))
        ? answer(partition, ErrorCode.INVALID_REQUEST)
        : answerPartition(partition, route, request.isolationLevel, context);
    },
    { atOnce: partitionsAtOnce },
  );
  let from = 0;
  const topics = once.map(({ topic: { name }, partitions: { length } }) => {
    const partitions = answers.slice(from, from + length);
    from += length;
    return { name, partitions };
  });
  return { throttleTimeMs: 0, topics };
};

async function answerPartition(
  wanted: Partition,
  route: TopicRoute,
  isolationLevel: number,
  context: RequestContext,
): Promise<PartitionAnswer> {
  const { timestamp, currentLeaderEpoch } = wanted;
  if (timestamp < 0 && context.apiVersion < (specialTimestamps.get(timestamp) ?? Infinity)) {
    return answer(wanted, ErrorCode.UNSUPPORTED_VERSION);
  }
  const reply = await route.ask(wanted.partitionIndex, ({ partition }) =>
    partition.call('listOffset', { timestamp, currentLeaderEpoch, isolationLevel }),
  );
  if (typeof reply === 'number') return answer(wanted, reply);
  if (reply.errorCode !== ErrorCode.NONE) return answer(wanted, reply.errorCode);
  const leaderEpoch = context.apiVersion < 4 ? -1 : reply.leaderEpoch;
  return answer(wanted, ErrorCode.NONE, { ...reply, leaderEpoch });
}

function answer(
  { partitionIndex }: Partition,
  errorCode: number,
  { timestamp, offset, leaderEpoch } = nowhere,
): PartitionAnswer {
  return { partitionIndex, errorCode, timestamp, offset, leaderEpoch };
}

function partitionKey(topic: Topic, partition: Partition): string {
  return `${partition.partitionIndex}:${topic.name}`;
}

function repeatedPartitions(request: ListOffsetsRequest): ReadonlySet<string> {
  const seen = new Set<string>();
  const repeated = new Set<string>();
  for (const topic of request.topics) {
    for (const partition of topic.partitions) {
      const key = partitionKey(topic, partition);
      if (seen.has(key)) repeated.add(key);
      seen.add(key);
    }
  }
  return repeated;
}
