/**
 * Fetch: record batches of many partitions, now or as soon as there are enough. The surprise: a
 * consumer that waits at the end of its partitions asks them nothing, poll after poll; see
 * `long-poll.ts`.
 *
 * Behaviour
 * - Fetch sessions (KIP-227): what a client reads is kept with its connection; an answer within a
 *   session has what has records, has moved or fails.
 * - To read the topic is asked for.
 * - A replica id is never taken for a follower. Rack and cluster id are ignored.
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
import { type AskedPartition, AskedPartitions } from '../fetch-sessions.ts';
import type { Wanted } from '../long-poll.ts';
import { exists, longPoll, wanted } from '../long-poll.ts';
import { TopicRoute } from '../routing.ts';

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
  const { quotas, fetchSessions } = context;
  const byId = context.apiVersion >= 13;
  const session = fetchSessions.next(request, byId);
  if (typeof session === 'number') return answer(session, 0, []);
  const throttleTimeMs = await quotas.owedMs(QuotaType.FETCH, context);
  if (throttleTimeMs > 0) {
    return { ...answer(ErrorCode.NONE, session?.id ?? 0, []), throttleTimeMs };
  }
  const partitions = session?.partitions ?? new AskedPartitions(byId, request.topics);
  const polled = wantedOf(partitions, context);
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
    await longPoll(polled, limits, context, claim);
  } finally {
    claim.release();
  }
  const isNews = newsOf(partitions, polled, session === undefined);
  const responses = inOrder(isNews, request.isolationLevel);
  return answer(ErrorCode.NONE, session?.id ?? fetchSessions.open(request, partitions), responses);
};

function answer(
  errorCode: number,
  sessionId: number,
  responses: FetchResponse['responses'],
): FetchResponse {
  return { throttleTimeMs: 0, errorCode, sessionId, responses, nodeEndpoints: [] };
}

/** What is asked of each partition, in their order. */
function wantedOf(partitions: AskedPartitions, context: RequestContext): Wanted[] {
  const routes = new Map<string, TopicRoute>();
  return Array.from(partitions, (one) => {
    const { topic: name, topicId, partition, fetchOffset, partitionMaxBytes } = one;
    const topic = partitions.byId ? topicId : name;
    let route = routes.get(topic);
    if (route === undefined) {
      route = new TopicRoute(context, partitions.byId ? { topicId } : { name }, 'READ');
      routes.set(topic, route);
    }
    const currentLeaderEpoch = Math.max(-1, one.currentLeaderEpoch);
    return wanted({ route, partition, fetchOffset, partitionMaxBytes, currentLeaderEpoch });
  });
}

interface Polled {
  readonly asked: AskedPartition;
  readonly one: Wanted;
}

/** What is to be told: all of them, or what the client does not know yet. */
function newsOf(partitions: AskedPartitions, polled: readonly Wanted[], all: boolean): Polled[] {
  const news: Polled[] = [];
  let index = 0;
  for (const asked of partitions) {
    const one = polled[index++];
    if (partitions.isNews(asked, one.reply, one.bytes) || all) news.push({ asked, one });
  }
  if (all) return news;
  for (const { asked, one } of news) if (one.bytes > 0) partitions.goesLast(asked);
  return news;
}

/**
 * The answers in the order of the request, but those of partitions that do not exist come last.
 * Neighbours of one topic share an entry.
 */
function inOrder(news: readonly Polled[], isolationLevel: number): TopicAnswer[] {
  const responses: TopicAnswer[] = [];
  const add = (areThere: boolean): void => {
    for (const { asked, one } of news) {
      if (exists(one) !== areThere) continue;
      const { topic, topicId } = asked;
      let last = responses.at(-1);
      if (last === undefined || last.topic !== topic || last.topicId !== topicId) {
        last = { topic, topicId, partitions: [] };
        responses.push(last);
      }
      last.partitions.push(answerPartition(one, isolationLevel));
    }
  };
  add(true);
  add(false);
  return responses;
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
