/**
 * Acquires records of the partitions of a share session for one ShareFetch, and waits while there
 * are none. The surprise: a partition that had nothing is not asked again until its watch tells of
 * records that were appended or given back, or a lock ends; so an idle member makes no call.
 *
 * Partitions are asked in order, for all the room there is: one, and while they have nothing two,
 * then four and so on at the same time, which share the room.
 */
import type { PartitionsById } from '../core/group/commands.ts';
import type {
  AcquiredRecords,
  ShareCalls,
  ShareFetchReply,
  ShareSettings,
} from '../core/group/share-partition/calls.ts';
import { ErrorCode } from '../protocol/errors.ts';
import { eachBounded } from '../runtime/each-bounded.ts';
import type { AnswerClaim } from './answer-memory.ts';
import { Bell, pause } from './bell.ts';
import type { RequestContext, WatchedPartition } from './context.ts';
import { failureCode } from './failures.ts';
import { isOutOfReach, type PartitionRoute, TopicRoute } from './routing.ts';
import { codeOnly, type ShareAcknowledgements } from './share-acknowledgements.ts';
import type { Quiet, SessionPartition, ShareSession } from './share-sessions.ts';
import { statesOf } from './share-states.ts';

export interface ShareFetchLimits {
  readonly maxWaitMs: number;
  readonly minBytes: number;
  readonly maxBytes: number;
  readonly maxRecords: number;
  readonly batchSize: number;
  readonly acquireMode: number;
}

/** What one ShareFetch is about. */
export interface Sharing {
  readonly session: ShareSession;
  readonly limits: ShareFetchLimits;
  /** The epoch of the session in the request. */
  readonly epoch: number;
  readonly acknowledgements: ShareAcknowledgements;
  /** How the group is set; asked only when a partition is. */
  settings(): Promise<ShareSettings>;
}

/** What a partition had to say that was asked. */
export interface ShareFetched {
  readonly of: SessionPartition;
  readonly errorCode: number;
  readonly errorMessage: string | null;
  readonly records: readonly Uint8Array[];
  readonly acquired: readonly AcquiredRecords[];
}

const mostAtOnce = 8;
const watchedAtOnce = 100;
const watchesPerRequest = 2;
/** Clocks differ: a partition that says to ask later is not asked again before that. */
const leastPauseMs = 50;

export class SharePoll {
  readonly #session: ShareSession;
  readonly #limits: ShareFetchLimits;
  readonly #acknowledgements: ShareAcknowledgements;
  readonly #settings: () => Promise<ShareSettings>;
  readonly #context: RequestContext;
  readonly #claim: AnswerClaim;
  readonly #partitions: readonly SessionPartition[];
  readonly #routes = new Map<string, TopicRoute>();
  /** How often a watch was opened for this request: a line that keeps breaking is left alone. */
  readonly #watches = new Map<SessionPartition, number>();
  readonly #answers = new Map<SessionPartition, ShareFetched>();
  #bytes = 0;
  #records = 0;
  /** What the group's coordinator knows of it, asked at most once a round. */
  #states: Promise<PartitionsById> | undefined;
  /** There was no memory for records. */
  #withheld = false;

  constructor(sharing: Sharing, context: RequestContext, claim: AnswerClaim) {
    const { session, limits, epoch, acknowledgements, settings } = sharing;
    this.#session = session;
    this.#limits = limits;
    this.#acknowledgements = acknowledgements;
    this.#settings = settings;
    this.#context = context;
    this.#claim = claim;
    this.#partitions = rotated([...session.partitions.values()], epoch);
  }

  /** What was asked and had something to say, or was asked for the first time. */
  get answers(): readonly ShareFetched[] {
    return [...this.#answers.values()];
  }

  /** The claim is to be released when the answer is ready. */
  async run(): Promise<void> {
    const { minBytes, maxWaitMs } = this.#limits;
    const asked = this.#partitions.filter((one) => !this.#isQuiet(one));
    await this.#ask(asked, maxWaitMs > 0 ? minBytes : 0);
    await this.#acknowledge();
    if (maxWaitMs > 0 && !this.#isSatisfied) await this.#wait();
  }

  /** There are records, an error to tell, or nobody who could have any. */
  get #isSatisfied(): boolean {
    if (this.#records > 0) return true;
    const failed = this.answers.filter(({ errorCode }) => errorCode !== ErrorCode.NONE);
    const missing = failed.filter(({ errorCode }) => isOutOfReach(errorCode));
    return failed.length > missing.length || missing.length === this.#partitions.length;
  }

  /** Asks these, in order, until there is no room for more. */
  async #ask(partitions: readonly SessionPartition[], minBytes: number): Promise<void> {
    const waiting = [...partitions];
    if (waiting.length === 0) return;
    const settings = await this.#settings();
    this.#withheld = false;
    this.#states = undefined;
    for (let size = 1; waiting.length > 0; size = Math.min(2 * size, mostAtOnce)) {
      const records = this.#limits.maxRecords - this.#records;
      const bytes = this.#claimRoom();
      if (records <= 0 || bytes <= 0) break;
      const wave = waiting.splice(0, Math.min(size, records));
      const share = {
        minBytes,
        maxBytes: Math.floor(bytes / wave.length),
        maxRecords: Math.floor(records / wave.length),
        minOneBatch: this.#bytes === 0,
      };
      // What is said of others must not wait for these.
      const said = wave.map((one) => this.#acknowledgements.take(one));
      const others = this.#acknowledge();
      await Promise.all(wave.map((one, i) => this.#askOne(one, { ...share, settings }, said[i])));
      await others;
    }
    this.#claim.settle(this.#bytes);
  }

  /** Sends what is said of partitions that are not asked now. */
  async #acknowledge(): Promise<void> {
    if (this.#acknowledgements.areSent) return;
    await this.#acknowledgements.send({ ...this.#member, settings: await this.#settings() });
  }

  get #member() {
    const { groupId, memberId } = this.#session;
    return { groupId, memberId };
  }

  /** How many bytes the answer may still take. */
  #claimRoom(): number {
    this.#claim.settle(this.#bytes);
    const wanted = this.#limits.maxBytes - this.#bytes;
    if (wanted <= 0) return 0;
    const granted = this.#claim.extend(wanted);
    this.#withheld ||= granted === 0;
    return granted;
  }

  async #askOne(
    one: SessionPartition,
    share: {
      readonly settings: ShareSettings;
      readonly minBytes: number;
      readonly maxBytes: number;
      readonly maxRecords: number;
      readonly minOneBatch: boolean;
    },
    acknowledgements: ReturnType<ShareAcknowledgements['take']>,
  ): Promise<void> {
    const { settings, ...room } = share;
    const { batchSize, acquireMode } = this.#limits;
    const watched = this.#context.watches.get(one.topicId, one.partition);
    const sharedTimes = watched?.watch.sharedTimes(this.#session.groupId) ?? 0;
    const reply = await this.#reply(one, {
      ...this.#member,
      settings,
      acknowledgements,
      room: { ...room, batchSize, acquireMode },
      connection: this.#context.shareSessions.id,
      isAnew: one.isAnew,
    });
    if (acknowledgements.length > 0) {
      const { acknowledgeErrorCode: errorCode, acknowledgeErrorMessage: errorMessage } =
        typeof reply === 'number' ? unanswered(reply) : reply;
      this.#acknowledgements.tell(one, { errorCode, errorMessage });
    }
    if (typeof reply === 'number') return this.#failed(one, codeOnly(reply));
    if (reply.errorCode !== ErrorCode.NONE) return this.#failed(one, reply);
    one.isAnew = false;
    this.#take(one, reply);
    const { isolationLevel } = settings;
    one.quiet = this.#quietAfter(reply, watched, { isolationLevel, sharedTimes });
  }

  /** A topic that is gone is looked for once a session, not at every poll. */
  async #reply(
    one: SessionPartition,
    command: ShareCalls['shareFetch']['command'],
  ): Promise<ShareFetchReply | number> {
    if (one.isGone) return ErrorCode.UNKNOWN_TOPIC_ID;
    const route = this.#routeOf(one);
    const ask = async ({ partition }: PartitionRoute): Promise<ShareFetchReply> => {
      const reply = await partition.call('shareFetch', command);
      if (reply.errorCode !== ErrorCode.GROUP_ID_NOT_FOUND) return reply;
      const begins = await this.#begins(one);
      if (begins) return partition.call('shareFetch', { ...command, begins });
      return { ...reply, errorCode: ErrorCode.UNKNOWN_SERVER_ERROR };
    };
    const reply = await route.ask(one.partition, ask);
    one.isGone = reply === ErrorCode.UNKNOWN_TOPIC_ID;
    return reply;
  }

  /** Whether the group is to read this partition: a straggler brings back none that was deleted. */
  async #begins({ topicId, partition }: SessionPartition): Promise<boolean> {
    const { groupId } = this.#session;
    this.#states ??= statesOf(groupId, this.#context.objects.group(groupId));
    return (await this.#states).some(
      (topic) => topic.topicId === topicId && topic.partitions.includes(partition),
    );
  }

  #failed(one: SessionPartition, { errorCode, errorMessage }: ReturnType<typeof codeOnly>): void {
    one.quiet = undefined;
    this.#answers.set(one, { of: one, errorCode, errorMessage, records: [], acquired: [] });
  }

  #take(one: SessionPartition, { records, acquired }: ShareFetchReply): void {
    const before = this.#answers.get(one);
    if (before !== undefined && before.acquired.length > 0 && acquired.length === 0) return;
    const good = { errorCode: ErrorCode.NONE, errorMessage: null };
    this.#answers.set(one, { of: one, ...good, records, acquired });
    if (acquired.length === 0) return;
    this.#session.acquired(one);
    this.#bytes += records.reduce((sum, { byteLength }) => sum + byteLength, 0);
    for (const { firstOffset, lastOffset } of acquired)
      this.#records += lastOffset - firstOffset + 1;
  }

  /** Undefined when there may be more, or nobody would tell of it. */
  #quietAfter(
    reply: ShareFetchReply,
    watched: WatchedPartition | undefined,
    { isolationLevel, sharedTimes }: Pick<Quiet, 'isolationLevel' | 'sharedTimes'>,
  ): SessionPartition['quiet'] {
    if (reply.acquired.length > 0 || watched === undefined) return undefined;
    const { availableAt, full, withheld, highWatermark, lastStableOffset } = reply;
    const end = isolationLevel === 1 ? lastStableOffset : highWatermark;
    const askAt =
      availableAt === null ? null : Math.max(availableAt, this.#context.now() + leastPauseMs);
    // What is appended helps nobody while too many records are held.
    const until = full ? Number.POSITIVE_INFINITY : end;
    const but = withheld ? this : undefined;
    return { watched, end: until, isolationLevel, sharedTimes, but, askAt };
  }

  /** Whether it is known to have nothing for the member. */
  #isQuiet(one: SessionPartition): boolean {
    const { quiet } = one;
    if (quiet === undefined || this.#acknowledgements.has(one)) return false;
    if (quiet.but !== undefined && quiet.but !== this) return false;
    const { watch } = quiet.watched;
    const end = quiet.isolationLevel === 1 ? watch.lastStableOffset : watch.highWatermark;
    if (this.#context.watches.get(one.topicId, one.partition) !== quiet.watched) return false;
    if (watch.sharedTimes(this.#session.groupId) !== quiet.sharedTimes) return false;
    if (end > quiet.end) return false;
    return quiet.askAt === null || this.#context.now() < quiet.askAt;
  }

  /** Waits for announcements, and asks those they are about, until satisfied or time is up. */
  async #wait(): Promise<void> {
    const { signal } = this.#context;
    const bell = new Bell();
    const abandon = () => bell.ring(true);
    const timer = setTimeout(abandon, this.#limits.maxWaitMs);
    signal.addEventListener('abort', abandon);
    if (signal.aborted) abandon();
    const stops: (() => void)[] = [];
    try {
      await this.#listen(bell, stops);
      while (!bell.last) {
        if (this.#withheld) await pause();
        const asked = this.#growing.filter((one) => this.#isWatched(one) && !this.#isQuiet(one));
        if (asked.length === 0) await this.#rung(bell);
        else await this.#ask(asked, this.#limits.minBytes);
        if (this.#isSatisfied) return;
        await this.#listen(bell, stops);
      }
      if (!signal.aborted) await this.#askLast();
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', abandon);
      for (const stop of stops) stop();
    }
  }

  /** Those that nobody watches, and those that had too few bytes before. */
  async #askLast(): Promise<void> {
    const waited = this.#limits.minBytes > 1;
    await this.#ask(
      this.#growing.filter((one) => waited || !this.#isWatched(one)),
      0,
    );
  }

  /** A topic or partition that does not exist will have nothing. */
  get #growing(): readonly SessionPartition[] {
    return this.#partitions.filter((one) => {
      const answer = this.#answers.get(one);
      return answer === undefined || !isOutOfReach(answer.errorCode);
    });
  }

  #isWatched({ topicId, partition }: SessionPartition): boolean {
    return this.#context.watches.get(topicId, partition) !== undefined;
  }

  /** Waits for the bell, or for the first lock that ends. */
  async #rung(bell: Bell): Promise<void> {
    let first: number | undefined;
    for (const one of this.#growing) {
      // Who lost its watch is not asked before the end, whatever it said.
      const askAt = this.#isWatched(one) ? (one.quiet?.askAt ?? null) : null;
      if (askAt !== null && (first === undefined || askAt < first)) first = askAt;
    }
    const inMs = first === undefined ? undefined : Math.max(0, first - this.#context.now());
    const timer = inMs === undefined ? undefined : setTimeout(() => bell.ring(), inMs);
    await bell.rung();
    clearTimeout(timer);
  }

  /** Sees to it that each is watched; who is watched from now on is to be asked once more. */
  async #listen(bell: Bell, stops: (() => void)[]): Promise<void> {
    const listen = async (one: SessionPartition): Promise<void> => {
      const times = this.#watches.get(one) ?? 0;
      if ((times > 0 && this.#isWatched(one)) || times >= watchesPerRequest) return;
      this.#watches.set(one, times + 1);
      try {
        const watched = await this.#context.watches.open(one.topicId, one.partition);
        stops.push(watched.listen(() => bell.ring()));
      } catch (error) {
        failureCode(error);
      }
    };
    await eachBounded(this.#growing, listen, { atOnce: watchedAtOnce });
  }

  #routeOf({ topicId }: SessionPartition): TopicRoute {
    const route = this.#routes.get(topicId) ?? new TopicRoute(this.#context, { topicId }, 'READ');
    this.#routes.set(topicId, route);
    return route;
  }
}

/** A partition that did not answer took no acknowledgement. */
function unanswered(errorCode: number) {
  return { acknowledgeErrorCode: errorCode, acknowledgeErrorMessage: null };
}

/** Another one comes first each time. */
function rotated<T>(items: readonly T[], epoch: number): readonly T[] {
  const at = epoch < 1 || items.length === 0 ? 0 : epoch % items.length;
  return [...items.slice(at), ...items.slice(0, at)];
}
