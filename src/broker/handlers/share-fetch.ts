/**
 * ShareFetch: records for a member of a share group, now or as soon as there are some, and what
 * became of those it has. The surprise: a member that polls partitions without records asks them
 * nothing; see `share-poll.ts`.
 *
 * Behaviour
 * - To read in the group is asked for, and to read each topic, at every request of a session.
 * - A session belongs to its connection: elsewhere it is SHARE_SESSION_NOT_FOUND. One that lost its
 *   connection gives back what it held; so does one that is closed with epoch -1.
 * - A partition that does not know the group asks nobody: this gateway asks the group's coordinator
 *   whether it is to begin there, which it is once a member has joined that reads the topic. Else
 *   the partition is UNKNOWN_SERVER_ERROR, and nothing is left of the request.
 * - What is acknowledged takes effect before anything is acquired.
 * - An answer within a session names the partitions with records, with errors, that were added by
 *   this request or acknowledged.
 * - One answer holds at most 8 MiB, or one batch that is larger, and less while the isolate's
 *   memory is full of answers that were not sent yet.
 * - Who has a quota gets no more at once than comes in its window, and is told how long to wait.
 * - `minBytes` is waited for in each partition by itself; after `maxWaitMs` there is what there is.
 * - A request that renews locks fetches nothing, and must say so.
 *
 * Versions
 * - 1: the first (KIP-932)
 * - 2: acquire mode (KIP-1206), locks that are renewed (KIP-1222)
 */
import { AcquireMode } from '../../core/group/share-partition/acquire.ts';
import type { ShareFetchRequest, ShareFetchResponse } from '../../protocol/apis/share-fetch.ts';
import { ErrorCode, KafkaError } from '../../protocol/errors.ts';
import type { Handler, RequestContext } from '../context.ts';
import { ShareAcknowledgements } from '../share-acknowledgements.ts';
import { type ShareFetched, SharePoll } from '../share-poll.ts';
import {
  byTopic,
  invalidRequest,
  lockDurationOf,
  memberOf,
  noLeader,
  settingsOf,
} from '../share-request.ts';
import { finalEpoch, keyOf, type PartitionName, type ShareSession } from '../share-sessions.ts';

type PartitionAnswer = ShareFetchResponse['responses'][number]['partitions'][number];

/** What one answer may hold at most: every connection of an isolate shares its memory. */
const largestAnswer = 8 * 1024 * 1024;
const acquireModes: readonly number[] = Object.values(AcquireMode);

export const handleShareFetch: Handler<ShareFetchRequest, ShareFetchResponse> = async (
  request,
  context,
) => {
  const { groupId, memberId } = await memberOf(request, context);
  if (request.isRenewAck && !asksForNothing(request)) throw invalidRequest();
  const session = await sessionFor(request, { groupId, memberId }, context);
  const acknowledgements = new ShareAcknowledgements(request, context);
  const closes = request.shareSessionEpoch === finalEpoch;
  let fetched: readonly ShareFetched[] = [];
  if (!closes && mayFetch(request) && session.partitions.size > 0) {
    fetched = await poll(session, request, acknowledgements, context);
  }
  if (!acknowledgements.areSent) {
    const settings = await settingsOf(groupId, context);
    await acknowledgements.send({ groupId, memberId, settings });
  }
  if (closes) await context.shareSessions.close(session);
  return {
    throttleTimeMs: 0,
    errorCode: ErrorCode.NONE,
    errorMessage: null,
    acquisitionLockTimeoutMs: await lockDurationOf(groupId, context),
    responses: answersOf(told(fetched, request.shareSessionEpoch), acknowledgements),
    nodeEndpoints: [],
  };
};

function asksForNothing(request: ShareFetchRequest): boolean {
  const { maxBytes, minBytes, maxRecords, maxWaitMs } = request;
  return maxBytes === 0 && minBytes === 0 && maxRecords === 0 && maxWaitMs === 0;
}

function mayFetch({ maxBytes, maxRecords, isRenewAck }: ShareFetchRequest): boolean {
  return !isRenewAck && maxBytes > 0 && maxRecords > 0;
}

/** Opens the session, or goes on with it. */
async function sessionFor(
  request: ShareFetchRequest,
  { groupId, memberId }: { readonly groupId: string; readonly memberId: string },
  { shareSessions, signal }: RequestContext,
): Promise<ShareSession> {
  const epoch = request.shareSessionEpoch;
  const names = namesIn(request);
  if (epoch === finalEpoch) return shareSessions.get(groupId, memberId);
  if (epoch > 0) {
    const session = shareSessions.next(groupId, memberId, epoch);
    shareSessions.add(session, names);
    session.forget(forgottenIn(request));
    return session;
  }
  if (epoch < 0) throw new KafkaError(noSession(shareSessions, groupId, memberId));
  if (acknowledges(request)) throw invalidRequest();
  try {
    return shareSessions.open(groupId, memberId, names);
  } catch (error) {
    // A client that may not have a session asks for one again at once.
    await passed(request.maxWaitMs, signal);
    throw error;
  }
}

/** What is wrong with an epoch that no session has. */
function noSession(
  sessions: RequestContext['shareSessions'],
  groupId: string,
  memberId: string,
): number {
  sessions.get(groupId, memberId);
  return ErrorCode.INVALID_SHARE_SESSION_EPOCH;
}

function acknowledges({ topics }: ShareFetchRequest): boolean {
  return topics.some(({ partitions }) =>
    partitions.some(({ acknowledgementBatches }) => acknowledgementBatches.length > 0),
  );
}

function namesIn({ topics }: ShareFetchRequest): PartitionName[] {
  return topics.flatMap(({ topicId, partitions }) =>
    partitions.map(({ partitionIndex }) => ({ topicId, partition: partitionIndex })),
  );
}

function forgottenIn({ forgottenTopicsData }: ShareFetchRequest): PartitionName[] {
  return forgottenTopicsData.flatMap(({ topicId, partitions }) =>
    partitions.map((partition) => ({ topicId, partition })),
  );
}

function passed(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const over = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', over);
      resolve();
    };
    const timer = setTimeout(over, signal.aborted ? 0 : ms);
    signal.addEventListener('abort', over);
  });
}

async function poll(
  session: ShareSession,
  request: ShareFetchRequest,
  acknowledgements: ShareAcknowledgements,
  context: RequestContext,
): Promise<readonly ShareFetched[]> {
  const { shareSessionEpoch: epoch, shareAcquireMode: acquireMode, ...asked } = request;
  if (!acquireModes.includes(acquireMode)) {
    throw new KafkaError(ErrorCode.UNKNOWN_SERVER_ERROR);
  }
  const { maxWaitMs, minBytes, maxRecords, batchSize } = asked;
  const most = Math.min(context.config.fetchMaxBytes, largestAnswer);
  const maxBytes = Math.min(asked.maxBytes, most, await context.quotas.mostToFetch(context));
  const limits = { maxWaitMs, minBytes, maxBytes, maxRecords, batchSize, acquireMode };
  const settings = () => settingsOf(session.groupId, context);
  const claim = context.answers.claim();
  try {
    const sharing = { session, limits, epoch, acknowledgements, settings };
    const polled = new SharePoll(sharing, context, claim);
    await polled.run();
    return polled.answers;
  } finally {
    claim.release();
  }
}

/** Those that are worth a word: to the first request of a session all that were asked are. */
function told(fetched: readonly ShareFetched[], epoch: number): readonly ShareFetched[] {
  return fetched.filter(({ of, errorCode, acquired }) => {
    const mustAnswer = epoch === 0 || of.mustAnswer;
    of.mustAnswer = errorCode !== ErrorCode.NONE;
    return mustAnswer || of.mustAnswer || acquired.length > 0;
  });
}

function answersOf(
  fetched: readonly ShareFetched[],
  { results }: ShareAcknowledgements,
): ShareFetchResponse['responses'] {
  const answers = new Map<string, { topicId: string; partition: PartitionAnswer }>();
  for (const { of, errorCode, records, acquired } of fetched) {
    const { topicId, partition } = of;
    answers.set(keyOf(of), {
      topicId,
      partition: { ...nothing(partition), errorCode, records, acquiredRecords: acquired },
    });
  }
  for (const [key, { topicId, partition, result }] of results) {
    const answer = answers.get(key)?.partition ?? nothing(partition);
    const { errorCode: acknowledgeErrorCode, errorMessage: acknowledgeErrorMessage } = result;
    answers.set(key, {
      topicId,
      partition: { ...answer, acknowledgeErrorCode, acknowledgeErrorMessage },
    });
  }
  return byTopic([...answers.values()]);
}

function nothing(partitionIndex: number): PartitionAnswer {
  return {
    partitionIndex,
    errorCode: ErrorCode.NONE,
    errorMessage: null,
    acknowledgeErrorCode: ErrorCode.NONE,
    acknowledgeErrorMessage: null,
    currentLeader: noLeader,
    records: [],
    acquiredRecords: [],
  };
}
