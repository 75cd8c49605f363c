/**
 * ListOffsets: the offset that stands at a point in time, or at one of the special places of a log.
 * The surprise: places of tiered storage are answered without asking the partition, as Kafka answers
 * them for a topic that has none.
 *
 * Behaviour
 * - A partition that a request names twice is refused with INVALID_REQUEST wherever it stands.
 * - A special timestamp that the version does not know yet: UNSUPPORTED_VERSION.
 * - A replica id is never taken for a follower: some consumers send 0.
 * - Isolation level 1 (read_committed): the latest offset is the last stable offset.
 *
 * Versions
 * - 1: one offset with its timestamp · 2: isolation level (KIP-98) · 4: leader epochs (KIP-320)
 * - 6: flexible · 7: -3 max timestamp (KIP-734) · 8: -4 earliest local (KIP-405)
 * - 9: -5 latest tiered (KIP-1005) · 10: timeout (KIP-1075) · 11: -6 earliest pending upload (KIP-1023)
 */
import type { ListOffsetsRequest, ListOffsetsResponse } from '../../protocol/apis/list-offsets.ts';
import { ErrorCode } from '../../protocol/errors.ts';
import type { Handler, RequestContext } from '../context.ts';
import type { PartitionRoute } from '../routing.ts';
import { TopicRoute } from '../routing.ts';

type Topic = ListOffsetsRequest['topics'][number];
type Partition = Topic['partitions'][number];
type PartitionAnswer = ListOffsetsResponse['topics'][number]['partitions'][number];

const earliest = -2;
const earliestLocal = -4;
const latestTiered = -5;
const earliestPendingUpload = -6;

/** Special timestamp → the first version that knows it. */
const specialTimestamps = new Map([
  [-1, 1],
  [earliest, 1],
  [-3, 7],
  [earliestLocal, 8],
  [latestTiered, 9],
  [earliestPendingUpload, 11],
]);

const nowhere = { timestamp: -1, offset: -1, leaderEpoch: -1 };

export const handleListOffsets: Handler<ListOffsetsRequest, ListOffsetsResponse> = async (
  request,
  context,
) => {
  const repeated = repeatedPartitions(request);
  const answerTopic = async (topic: Topic) => {
    const route = new TopicRoute(context, { name: topic.name });
    const partitions = await Promise.all(
      topic.partitions.map((partition) =>
        repeated.has(partitionKey(topic, partition))
          ? { ...nowhere, ...refused(partition, ErrorCode.INVALID_REQUEST) }
          : answerPartition(partition, route, request.isolationLevel, context),
      ),
    );
    return { name: topic.name, partitions };
  };
  return { throttleTimeMs: 0, topics: await Promise.all(request.topics.map(answerTopic)) };
};

async function answerPartition(
  wanted: Partition,
  route: TopicRoute,
  isolationLevel: number,
  context: RequestContext,
): Promise<PartitionAnswer> {
  const { timestamp, currentLeaderEpoch } = wanted;
  if (timestamp < 0 && context.apiVersion < (specialTimestamps.get(timestamp) ?? Infinity)) {
    return { ...nowhere, ...refused(wanted, ErrorCode.UNSUPPORTED_VERSION) };
  }
  const ask = async ({ partition }: PartitionRoute) => {
    if (timestamp === latestTiered || timestamp === earliestPendingUpload) {
      return { errorCode: ErrorCode.NONE, ...nowhere };
    }
    return partition.call('listOffset', {
      timestamp: timestamp === earliestLocal ? earliest : timestamp,
      currentLeaderEpoch,
      isolationLevel,
    });
  };
  const reply = await route.ask(wanted.partitionIndex, ask);
  if (typeof reply === 'number') return { ...nowhere, ...refused(wanted, reply) };
  if (reply.errorCode !== ErrorCode.NONE)
    return { ...nowhere, ...refused(wanted, reply.errorCode) };
  const { offset } = reply;
  const leaderEpoch = context.apiVersion < 4 ? -1 : reply.leaderEpoch;
  return { ...refused(wanted, ErrorCode.NONE), timestamp: reply.timestamp, offset, leaderEpoch };
}

function refused({ partitionIndex }: Partition, errorCode: number) {
  return { partitionIndex, errorCode };
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
