/**
 * Fetch: record batches of many partitions, now or as soon as there are enough. The surprise: a
 * consumer that waits at the end of its partitions asks them nothing, poll after poll; see
 * `long-poll.ts`.
 *
 * Behaviour
 * - No fetch sessions (KIP-227): every request is full, every answer has session 0 and every
 *   partition asked for; to go on with a session is FETCH_SESSION_ID_NOT_FOUND.
 * - To read the topic is asked for.
 * - A replica id is never taken for a follower. Forgotten topics, rack and cluster id are ignored.
 * - Partitions that do not exist, or may not be read, are answered after all others.
 * - A partition that is named twice is read and answered once, as it was named last.
 * - One answer holds at most 8 MiB, or one batch that is larger (KIP-74); less while the isolate's
 *   memory is full of answers that were not sent yet.
 * - Who fetched more than its quota gets nothing, and is told for how long.
 * - Isolation level 1 (read_committed): nothing from the last stable offset on; what was aborted is
 *   listed, by its first offset. Control batches are sent to everybody.
 *
 * Versions
 * - 4: isolation level (KIP-98) · 5: log start offset · 7: sessions (KIP-227)
 * - 9: leader epochs (KIP-320) · 10: zstd (KIP-110) · 11: preferred replica (KIP-392), always -1
 * - 12: flexible; last fetched epoch (KIP-595) · 13: topic ids (KIP-516) · 15: replica state
 *   (KIP-903)
 * - 16: leader hints (KIP-951), never given · 17: directory ids (KIP-853)
 */
import { QuotaType } from '../../core/quota/quota-rules.ts';
import type { FetchRequest, FetchResponse } from '../../protocol/apis/fetch.ts';
import { ErrorCode, KafkaError } from '../../protocol/errors.ts';
import type { Handler, RequestContext } from '../context.ts';
import type { Wanted } from '../long-poll.ts';
import { exists, longPoll, wanted } from '../long-poll.ts';
import { TopicRoute } from '../routing.ts';

type Topic = FetchRequest['topics'][number];
type TopicAnswer = Omit<FetchResponse['responses'][number], 'partitions'> & {
  readonly partitions: PartitionAnswer[];
};
type PartitionAnswer = FetchResponse['responses'][number]['partitions'][number];

/** What one answer may hold at most: every connection of an isolate shares its memory. */
const largestAnswer = 8 * 1024 * 1024;

export const handleFetch: Handler<FetchRequest, FetchResponse> = async (request, context) => {
  if (request.isolationLevel !== 0 && request.isolationLevel !== 1) {
    throw new KafkaError(ErrorCode.UNKNOWN_SERVER_ERROR);
  }
  if (request.sessionEpoch > 0) return answer(ErrorCode.FETCH_SESSION_ID_NOT_FOUND, []);
  const { quotas } = context;
  const throttleTimeMs = await quotas.owedMs(QuotaType.FETCH, context);
  if (throttleTimeMs > 0) return { ...answer(ErrorCode.NONE, []), throttleTimeMs };
  const topics = wantedTopics(request, context);
  const partitions = topics.flatMap((topic) => topic.partitions);
  const maxBytes = Math.min(
    request.maxBytes,
    context.config.fetchMaxBytes,
    largestAnswer,
    await quotas.mostToFetch(context),
  );
  const limits = {
    maxWaitMs: request.maxWaitMs,
    minBytes: Math.min(request.minBytes, maxBytes),
    maxBytes,
    isolationLevel: request.isolationLevel,
  };
  const claim = context.answers.claim();
  try {
    await longPoll(partitions, limits, context, claim);
  } finally {
    claim.release();
  }
  return answer(ErrorCode.NONE, inOrder(topics, request.isolationLevel));
};

type WantedTopic = ReturnType<typeof wantedTopics>[number];

/**
 * The answers in the order of the request, but those of partitions that do not exist come last.
 * Neighbours of one topic share an entry.
 */
function inOrder(topics: readonly WantedTopic[], isolationLevel: number): TopicAnswer[] {
  const responses: TopicAnswer[] = [];
  const add = ({ topic, topicId, partitions }: WantedTopic, areThere: boolean): void => {
    for (const one of partitions) {
      if (exists(one) !== areThere) continue;
      let last = responses.at(-1);
      if (last === undefined || last.topic !== topic || last.topicId !== topicId) {
        last = { topic, topicId, partitions: [] };
        responses.push(last);
      }
      last.partitions.push(answerPartition(one, isolationLevel));
    }
  };
  for (const topic of topics) add(topic, true);
  for (const topic of topics) add(topic, false);
  return responses;
}

function answer(errorCode: number, responses: FetchResponse['responses']): FetchResponse {
  return { throttleTimeMs: 0, errorCode, sessionId: 0, responses, nodeEndpoints: [] };
}

/** Each partition once: where it stands first, as it stands last. */
function wantedTopics({ topics }: FetchRequest, context: RequestContext) {
  const byId = context.apiVersion >= 13;
  const keyOf = (topic: Topic) => (byId ? topic.topicId : topic.topic);
  const last = new Map<string, Map<number, Topic['partitions'][number]>>();
  for (const topic of topics) {
    const named = last.get(keyOf(topic)) ?? new Map();
    last.set(keyOf(topic), named);
    for (const partition of topic.partitions) named.set(partition.partition, partition);
  }
  return topics.map((topic) => {
    const key = byId ? { topicId: topic.topicId } : { name: topic.topic };
    const route = new TopicRoute(context, key, 'READ');
    const named = last.get(keyOf(topic))!;
    const partitions: Wanted[] = [];
    for (const { partition } of topic.partitions) {
      const question = named.get(partition);
      if (question === undefined) continue;
      named.delete(partition);
      const { fetchOffset, partitionMaxBytes } = question;
      const currentLeaderEpoch = Math.max(-1, question.currentLeaderEpoch);
      partitions.push(
        wanted({ route, partition, fetchOffset, partitionMaxBytes, currentLeaderEpoch }),
      );
    }
    return { topic: topic.topic, topicId: topic.topicId, partitions };
  });
}

function answerPartition(one: Wanted, isolationLevel: number): PartitionAnswer {
  const { partition, reply } = one;
  const good = typeof reply !== 'number' && reply.errorCode === ErrorCode.NONE;
  const committed = good && isolationLevel === 1 ? [...(reply.abortedTransactions ?? [])] : null;
  const aborted = exists(one) ? committed : []; // Kafka has a list where it cannot matter
  return {
    partitionIndex: partition,
    errorCode: typeof reply === 'number' ? reply : reply.errorCode,
    highWatermark: good ? reply.highWatermark : -1,
    lastStableOffset: good ? reply.lastStableOffset : -1,
    logStartOffset: good ? reply.logStartOffset : -1,
    divergingEpoch: { epoch: -1, endOffset: -1 },
    currentLeader: { leaderId: -1, leaderEpoch: -1 },
    snapshotId: { endOffset: -1, epoch: -1 },
    abortedTransactions: aborted,
    preferredReadReplica: -1,
    records: good ? reply.records : [],
  };
}
