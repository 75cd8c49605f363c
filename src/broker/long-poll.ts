/**
 * Reads many partitions for one Fetch, and waits while they hold too little. The surprise: waiting
 * and polling again at the end of a partition makes no call to it. Its watch tells the connection
 * where the end is, so only a partition that has moved, or that nobody watches, is read.
 */
import type { ReadReply } from '../core/log/calls.ts';
import { ErrorCode } from '../protocol/errors.ts';
import type { RequestContext, WatchedPartition } from './context.ts';
import { failureCode } from './failures.ts';
import type { PartitionRoute, TopicRoute } from './routing.ts';

/** One partition of a Fetch: what is asked of it, and what it has answered so far. */
export interface Wanted {
  readonly route: TopicRoute;
  readonly partition: number;
  readonly fetchOffset: number;
  readonly partitionMaxBytes: number;
  readonly currentLeaderEpoch: number;
  /** The answer of the partition, or the code of why there is none. */
  reply: ReadReply | number;
  bytes: number;
  topicId: string;
  watched: WatchedPartition | undefined;
  /** How often a watch was opened for this request: a line that keeps breaking is left alone. */
  watches: number;
}

export interface FetchLimits {
  readonly maxWaitMs: number;
  readonly minBytes: number;
  readonly maxBytes: number;
  /** 0 read_uncommitted, 1 read_committed. */
  readonly isolationLevel: number;
}

type Question = 'route' | 'partition' | 'fetchOffset' | 'partitionMaxBytes' | 'currentLeaderEpoch';

export function wanted(question: Pick<Wanted, Question>): Wanted {
  const reply = ErrorCode.UNKNOWN_SERVER_ERROR;
  return { ...question, reply, bytes: 0, topicId: '', watched: undefined, watches: 0 };
}

/**
 * Fills in every reply: at once if there is enough or an error, else when there is or time is up.
 */
export async function longPoll(
  partitions: readonly Wanted[],
  limits: FetchLimits,
  context: RequestContext,
): Promise<void> {
  const poll = new LongPoll(partitions, limits, context);
  await poll.read(partitions);
  if (limits.maxWaitMs > 0 && !poll.satisfied) await poll.wait();
}

const watchesPerRequest = 2;

class LongPoll {
  readonly #partitions: readonly Wanted[];
  readonly #limits: FetchLimits;
  readonly #context: RequestContext;

  constructor(partitions: readonly Wanted[], limits: FetchLimits, context: RequestContext) {
    this.#partitions = partitions;
    this.#limits = limits;
    this.#context = context;
  }

  /** Whether the answer may go: enough bytes, an error to report, or nothing that could grow. */
  get satisfied(): boolean {
    const { minBytes, maxBytes } = this.#limits;
    if (this.#bytes >= Math.min(minBytes, maxBytes)) return true;
    const growing = this.#partitions.filter(canGrow);
    return growing.length === 0 || growing.some(({ reply }) => codeOf(reply) !== ErrorCode.NONE);
  }

  get #bytes(): number {
    return this.#partitions.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  /**
   * Reads these partitions, as many at a time as the answer has room for. When there is room for
   * none of the batches, the first of them comes whole all the same (KIP-74).
   */
  async read(partitions: readonly Wanted[]): Promise<void> {
    for (const one of partitions) one.bytes = 0;
    const { maxBytes } = this.#limits;
    for (let next = 0; next < partitions.length; ) {
      const read = this.#bytes;
      const full = read >= maxBytes && read > 0;
      const wave: Promise<void>[] = [];
      let room = Math.max(0, maxBytes - read);
      do {
        const one = partitions[next++];
        const share = Math.max(0, Math.min(one.partitionMaxBytes, room));
        room -= share;
        wave.push(this.#readOne(one, share, read === 0 && wave.length === 0));
      } while (next < partitions.length && (room > 0 || full));
      await Promise.all(wave);
    }
    if (this.#bytes > 0) return;
    const cramped = partitions.find((one) => holdsMore(one, this.#limits.isolationLevel));
    if (cramped) await this.#readOne(cramped, Math.min(cramped.partitionMaxBytes, maxBytes), true);
  }

  async #readOne(one: Wanted, maxBytes: number, minOneBatch: boolean): Promise<void> {
    const ask = async ({ partition, topic }: PartitionRoute): Promise<ReadReply> => {
      one.topicId = topic.topicId;
      one.watched = this.#context.watches.get(topic.topicId, one.partition);
      const atEnd = one.watched && replyAtEnd(one, one.watched);
      if (atEnd) return atEnd;
      const { fetchOffset, currentLeaderEpoch } = one;
      const { isolationLevel } = this.#limits;
      return partition.call('read', {
        fetchOffset,
        currentLeaderEpoch,
        maxBytes,
        minOneBatch,
        isolationLevel,
      });
    };
    one.reply = await one.route.ask(one.partition, ask);
    if (codeOf(one.reply) !== ErrorCode.NONE) return;
    remember(one);
    const { records } = one.reply as ReadReply;
    one.bytes = records.reduce((sum, piece) => sum + piece.byteLength, 0);
  }

  /** Waits for announcements, and reads what they are about, until satisfied or time is up. */
  async wait(): Promise<void> {
    const { signal } = this.#context;
    const growing = this.#partitions.filter(canGrow);
    const bell = new Bell();
    const abandon = () => bell.ring(true);
    const timer = setTimeout(abandon, this.#limits.maxWaitMs);
    signal.addEventListener('abort', abandon);
    if (signal.aborted) abandon();
    const stops: (() => void)[] = [];
    try {
      await this.#watch(growing, bell, stops);
      while (!bell.last) {
        const moved = growing.filter(hasMoved);
        if (moved.length === 0) {
          await bell.rung();
          continue;
        }
        await this.read(moved);
        if (this.satisfied) return;
        await this.#watch(moved, bell, stops);
      }
      const unwatched = growing.filter(({ watched }) => watched === undefined);
      if (!signal.aborted && unwatched.length > 0) await this.read(unwatched);
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', abandon);
      for (const stop of stops) stop();
    }
  }

  /** Sees to it that a watch is open for each, and rings the bell for it. */
  async #watch(partitions: readonly Wanted[], bell: Bell, stops: (() => void)[]): Promise<void> {
    const open = async (one: Wanted): Promise<void> => {
      if (one.watches > 0 && one.watched !== undefined) return;
      if (one.watches >= watchesPerRequest) return;
      one.watches++;
      try {
        one.watched = await this.#context.watches.open(one.topicId, one.partition);
        remember(one);
        stops.push(one.watched.listen(() => bell.ring()));
      } catch (error) {
        // Weather: without a watch the partition is read again when the time is up.
        failureCode(error);
      }
    };
    await Promise.all(partitions.map(open));
  }
}

/** Rings for announcements; the last ring says that the wait is over. */
class Bell {
  #ringing = Promise.withResolvers<void>();
  last = false;

  ring(last = false): void {
    this.last ||= last;
    this.#ringing.resolve();
  }

  /** Resolves at the next ring, or at once for one that nobody has waited for. */
  async rung(): Promise<void> {
    await this.#ringing.promise;
    this.#ringing = Promise.withResolvers<void>();
  }
}

function codeOf(reply: ReadReply | number): number {
  return typeof reply === 'number' ? reply : reply.errorCode;
}

/** A topic or partition that does not exist neither grows nor ends the wait of the others. */
function canGrow({ reply }: Wanted): boolean {
  const code = codeOf(reply);
  return code !== ErrorCode.UNKNOWN_TOPIC_OR_PARTITION && code !== ErrorCode.UNKNOWN_TOPIC_ID;
}

/** Whether the partition holds batches for this reader that it was not given. */
function holdsMore({ reply, fetchOffset }: Wanted, isolationLevel: number): boolean {
  if (typeof reply === 'number' || reply.errorCode !== ErrorCode.NONE) return false;
  return (isolationLevel === 1 ? reply.lastStableOffset : reply.highWatermark) > fetchOffset;
}

/** Whether the partition announced a new end since it was read, or its watch closed. */
function hasMoved({ reply, watched }: Wanted): boolean {
  if (watched === undefined || typeof reply === 'number') return false;
  return !watched.watch.open || watched.watch.highWatermark > reply.highWatermark;
}

/** Keeps what the partition said of itself with its watch, for polls to come. */
function remember({ reply, watched, currentLeaderEpoch }: Wanted): void {
  if (watched === undefined || typeof reply === 'number') return;
  const { highWatermark, lastStableOffset, logStartOffset } = reply;
  const leaderEpoch = currentLeaderEpoch;
  watched.state = { highWatermark, lastStableOffset, logStartOffset, leaderEpoch };
}

/** The answer of a partition that has not moved since it was read, for a reader at its end. */
function replyAtEnd(one: Wanted, { watch, state }: WatchedPartition): ReadReply | undefined {
  if (state === undefined || state.leaderEpoch !== one.currentLeaderEpoch) return undefined;
  if (state.highWatermark !== watch.highWatermark) return undefined;
  if (state.highWatermark !== one.fetchOffset) return undefined;
  return { errorCode: ErrorCode.NONE, ...state, abortedTransactions: [], records: [] };
}
