/**
 * Reads many partitions for one Fetch, and waits while they hold too little. The surprise: waiting
 * and polling again at the end of a partition makes no call to it. Its watch tells the connection
 * where the end is, and brings small batches with that, so only a partition that has grown by more,
 * or that nobody watches, is read.
 *
 * Partitions are read at the same time, each for its share of the room there is; what is left then
 * goes to those that have more, in the order of the request. Where there are many they are read
 * round by round, so that a share is worth a call; when the room is used up the others wait for
 * polls to come, and are answered by what they said last.
 */
import type { ReadReply } from '../core/log/calls.ts';
import { ErrorCode } from '../protocol/errors.ts';
import { recordBatches } from '../protocol/records/index.ts';
import { eachBounded } from '../runtime/each-bounded.ts';
import type { LogEnds, PartitionWatch } from '../runtime/stubs.ts';
import type { AnswerClaim } from './answer-memory.ts';
import { Bell, pause } from './bell.ts';
import type { PartitionState, RequestContext, WatchedPartition } from './context.ts';
import { failureCode } from './failures.ts';
import { isOutOfReach, type PartitionRoute, type TopicRoute } from './routing.ts';

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
  /** There are records, and there was no memory for any. */
  withheld: boolean;
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
  return {
    route: question.route,
    partition: question.partition,
    fetchOffset: question.fetchOffset,
    partitionMaxBytes: question.partitionMaxBytes,
    currentLeaderEpoch: question.currentLeaderEpoch,
    reply: ErrorCode.UNKNOWN_SERVER_ERROR,
    bytes: 0,
    withheld: false,
    topicId: '',
    watched: undefined,
    watches: 0,
  };
}

/**
 * Fills in every reply: at once if there is enough or an error, else when there is or time is up.
 * The claim is to be released when the answer is ready.
 */
export async function longPoll(
  partitions: readonly Wanted[],
  limits: FetchLimits,
  context: RequestContext,
  claim: AnswerClaim,
): Promise<void> {
  const poll = new LongPoll(partitions, limits, context, claim);
  await poll.read(partitions);
  if (limits.maxWaitMs > 0 && !poll.satisfied) await poll.wait();
  else poll.watchEnds();
}

/** How many partitions are asked at the same time, at most. */
const partitionsAtOnce = 100;
/** How many are read in the first round: all of them, for an ordinary consumer. */
const partitionsAtFirst = 32;
/** A round is at most so many times as wide as the one before. */
const widening = 8;
const watchesPerRequest = 2;
/** How often one answer's room is offered to partitions whose next batch does not fit in it. */
const readsInVain = 8;

class LongPoll {
  readonly #partitions: readonly Wanted[];
  readonly #limits: FetchLimits;
  readonly #context: RequestContext;
  readonly #claim: AnswerClaim;
  /** How many bytes the answer may have as it is read now. */
  #granted = 0;
  /** There is no memory for any records now. */
  #mayHaveNone = false;
  /** There was no room to read every partition. */
  #isFull = false;
  /** The signs of life that lines were asked for since this Fetch came. */
  readonly #proofs = new Map<PartitionWatch, Promise<boolean>>();

  constructor(
    partitions: readonly Wanted[],
    limits: FetchLimits,
    context: RequestContext,
    claim: AnswerClaim,
  ) {
    this.#partitions = partitions;
    this.#limits = limits;
    this.#context = context;
    this.#claim = claim;
  }

  /** Whether the answer may go: enough bytes, an error to report, or nothing that could grow. */
  get satisfied(): boolean {
    const enough = Math.min(this.#limits.minBytes, this.#limits.maxBytes);
    if (this.#bytes >= enough || this.#isFull) return true;
    if (this.#partitions.reduce((sum, one) => sum + this.#heldFor(one), 0) >= enough) return true;
    const growing = this.#partitions.filter(exists);
    return growing.length === 0 || growing.some(({ reply }) => codeOf(reply) !== ErrorCode.NONE);
  }

  /**
   * How many bytes there are for this reader, if they count up to what a partition may give at a
   * time: a batch that did not fit is there as well.
   */
  #heldFor({ reply, bytes, partitionMaxBytes }: Wanted): number {
    if (bytes === 0 || typeof reply === 'number') return bytes;
    const goesOn = nextOffsetOf(reply.records) < this.#endOf(reply);
    return goesOn ? Math.max(bytes, partitionMaxBytes) : bytes;
  }

  get #bytes(): number {
    return this.#partitions.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  /**
   * Reads these partitions. When there is room for none of the batches, the first of them comes
   * whole all the same (KIP-74).
   */
  async read(partitions: readonly Wanted[]): Promise<void> {
    for (const one of partitions) {
      one.bytes = 0;
      one.withheld = false;
    }
    const routes = new Set(partitions.map(({ route }) => route));
    await Promise.all(Array.from(routes, (route) => route.found()));
    const others = partitions.filter((one) => !this.#isAtEnd(one));
    const asked = others.some(hasHeld) ? await this.#readHeld(others) : others;
    if (asked.length > 0) {
      this.#claimRoom();
      await this.#readInRoom(asked);
    }
    this.#claim.settle(this.#bytes);
  }

  /** False: there is none for any records. */
  #claimRoom(): boolean {
    const before = this.#bytes;
    this.#claim.settle(before);
    const wanted = Math.max(0, this.#limits.maxBytes - before);
    const granted = this.#claim.extend(wanted);
    this.#granted = before + granted;
    this.#mayHaveNone = granted === 0 && wanted > 0;
    return !this.#mayHaveNone;
  }

  /** Reads as many as there is room for, in rounds. */
  async #readInRoom(asked: readonly Wanted[]): Promise<void> {
    let width = this.#mayHaveNone ? asked.length : partitionsAtFirst;
    let read = 0;
    while (read < asked.length && width > 0) {
      const round = asked.slice(read, read + width);
      const before = this.#bytes;
      await this.#readRound(round);
      read += round.length;
      width = this.#widthAfter(round, this.#bytes - before);
    }
    if (read === asked.length) return;
    this.#isFull = true;
    const leaveOut = (one: Wanted): Promise<void> => this.#leaveOut(one);
    await eachBounded(asked.slice(read), leaveOut, { atOnce: partitionsAtOnce });
  }

  /** How many more there is room for, if they have as much as those that were read last. */
  #widthAfter(round: readonly Wanted[], bytes: number): number {
    const fitting = bytes === 0 ? Infinity : (this.#room * round.length) / bytes;
    return Math.floor(Math.min(fitting, widening * round.length));
  }

  /** Reads all of these, each for its share; then what there is room for goes to the others. */
  async #readRound(round: readonly Wanted[]): Promise<void> {
    const share = Math.floor(this.#room / round.length);
    const nothingYet = this.#bytes === 0 && !this.#mayHaveNone;
    const readShare = (one: Wanted, index: number): Promise<void> =>
      this.#readOne(one, share, nothingYet && index === 0);
    await eachBounded(round, readShare, { atOnce: partitionsAtOnce });
    if (this.#mayHaveNone) return;
    const nothing = this.#bytes === 0;
    const short = round.filter((one) => this.#wasCutShort(one, share, nothing));
    let vain = 0;
    while (short.length > 0) {
      const isFirst = this.#bytes === 0;
      if (!isFirst && (this.#room < Math.max(1, share) || vain >= readsInVain)) return;
      const fitting = isFirst ? 1 : Math.floor(this.#room / short[0].partitionMaxBytes);
      const together = short.splice(0, Math.max(1, fitting));
      const more = Math.floor(this.#room / together.length);
      const readMore = async (one: Wanted): Promise<void> => {
        const before = one.bytes;
        await this.#readOne(one, more + before, isFirst);
        if (one.bytes === before) vain++;
      };
      await Promise.all(together.map(readMore));
    }
  }

  /** There is no room for anything of it: it is asked for no more than where it ends, if that. */
  async #leaveOut(one: Wanted): Promise<void> {
    const topicId = one.route.topic?.topicId;
    const state = topicId && this.#context.watches.recall(topicId, one.partition);
    const isKnown =
      state &&
      state.leaderEpoch === one.currentLeaderEpoch &&
      state.logStartOffset <= one.fetchOffset &&
      one.fetchOffset <= this.#endOf(state);
    if (!isKnown) return this.#readOne(one, 0, false);
    const watched = this.#context.watches.get(topicId!, one.partition);
    Object.assign(one, { topicId, watched, reply: replyWithout(state, state.logStartOffset) });
  }

  /** How many bytes the answer may still take. */
  get #room(): number {
    return Math.max(0, this.#granted - this.#bytes);
  }

  /** Whether the partition could probably have given more than it did for its share. */
  #wasCutShort(one: Wanted, share: number, nothing: boolean): boolean {
    const { reply, fetchOffset, partitionMaxBytes, bytes } = one;
    if (typeof reply === 'number' || reply.errorCode !== ErrorCode.NONE) return false;
    if (this.#endOf(reply) <= fetchOffset) return false;
    if (bytes === 0) return nothing || share < partitionMaxBytes;
    return share < partitionMaxBytes && bytes > share / 2;
  }

  /** Where a partition ends for this reader: those who read what is committed go less far. */
  #endOf({ highWatermark, lastStableOffset }: LogEnds): number {
    return this.#limits.isolationLevel === 1 ? lastStableOffset : highWatermark;
  }

  /** Answers for a partition whose watch says that the reader is at its end. */
  #isAtEnd(one: Wanted): boolean {
    const { topic } = one.route;
    if (topic === undefined) return false;
    const watched = this.#context.watches.get(topic.topicId, one.partition);
    one.topicId = topic.topicId;
    one.watched = watched;
    const reply = watched && this.#replyAtEnd(one, watched);
    if (reply === undefined) return false;
    one.reply = reply;
    return true;
  }

  /**
   * Answers for those whose watches have brought what comes next; the others are left. What was
   * deleted before this request came must not be given: its line is asked, which is no call,
   * whether it has said so meanwhile.
   */
  async #readHeld(partitions: readonly Wanted[]): Promise<Wanted[]> {
    const holding = partitions.filter(hasHeld);
    await Promise.all(holding.map(({ watched }) => this.#proven(watched!.watch)));
    const asked = partitions.filter((one) => {
      const reply = one.watched && this.#replyFromHeld(one, one.watched);
      if (reply === undefined) return true;
      one.reply = reply;
      this.#take(one, reply);
      remember(one);
      return false;
    });
    // What needs no asking is not to take the room of the others every time.
    if (asked.length === 0 || 2 * this.#bytes <= this.#limits.maxBytes) return asked;
    for (const one of partitions) one.bytes = 0;
    return [...partitions];
  }

  /** Settles when all has been heard that was announced before this Fetch came: asked only once. */
  #proven(watch: PartitionWatch): Promise<boolean> {
    const proof = this.#proofs.get(watch) ?? watch.prove();
    this.#proofs.set(watch, proof);
    return proof;
  }

  /** So that what will be brought, to those who were brought something before, need not wait. */
  #proveAhead(partitions: readonly Wanted[]): void {
    for (const { watched } of partitions) {
      if (watched?.held.takeNews()) void this.#proven(watched.watch);
    }
  }

  async #readOne(one: Wanted, maxBytes: number, minOneBatch: boolean): Promise<void> {
    const { fetchOffset, partitionMaxBytes, currentLeaderEpoch } = one;
    let voids: number | undefined;
    const ask = ({ partition, topic }: PartitionRoute): Promise<ReadReply> => {
      one.topicId = topic.topicId;
      one.watched = this.#context.watches.get(topic.topicId, one.partition);
      voids = one.watched?.voids;
      return partition.call('read', {
        fetchOffset,
        currentLeaderEpoch,
        maxBytes: Math.max(0, Math.min(partitionMaxBytes, maxBytes)),
        minOneBatch,
        isolationLevel: this.#limits.isolationLevel,
      });
    };
    one.reply = await one.route.ask(one.partition, ask);
    if (codeOf(one.reply) !== ErrorCode.NONE) return;
    if (this.#partitions.length > partitionsAtFirst) this.#keepInMind(one);
    const reply = one.reply as ReadReply;
    this.#take(one, reply);
    // What was announced meanwhile may be newer than the answer.
    if (one.watched?.voids === voids) remember(one);
    one.withheld = this.#mayHaveNone && one.bytes === 0 && this.#endOf(reply) > fetchOffset;
  }

  #take(one: Wanted, { records }: ReadReply): void {
    one.bytes = records.reduce((sum, piece) => sum + piece.byteLength, 0);
  }

  /**
   * Opens watches, for polls to come, on partitions at whose end this client was before: it goes on
   * reading others and would ask these in vain every time.
   */
  watchEnds(): void {
    const { watches } = this.#context;
    for (const one of this.#partitions) {
      if (one.watched !== undefined || typeof one.reply === 'number') continue;
      if (one.reply.errorCode !== ErrorCode.NONE) continue;
      if (this.#endOf(one.reply) !== one.fetchOffset) continue;
      if (watches.isAtEndAgain(one.topicId, one.partition)) void this.#openWatch(one);
    }
  }

  /** Waits for announcements, and reads what they are about, until satisfied or time is up. */
  async wait(): Promise<void> {
    const { signal } = this.#context;
    const growing = this.#partitions.filter(exists);
    const bell = new Bell();
    const abandon = () => bell.ring(true);
    const timer = setTimeout(abandon, this.#limits.maxWaitMs);
    signal.addEventListener('abort', abandon);
    if (signal.aborted) abandon();
    const stop = this.#context.watches.listen(() => bell.ring());
    try {
      this.#proveAhead(growing);
      await this.#watch(growing);
      while (!bell.last) {
        const moved = growing.filter((one) => this.#hasMoved(one));
        if (moved.length === 0) {
          await bell.rung();
          continue;
        }
        if (moved.every(({ withheld }) => withheld) && !this.#claimRoom()) {
          await pause();
          continue;
        }
        await this.read(moved);
        if (this.satisfied) return;
        await this.#watch(moved);
      }
      const unwatched = growing.filter(({ watched }) => watched === undefined);
      if (!signal.aborted && unwatched.length > 0) await this.read(unwatched);
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', abandon);
      stop();
    }
  }

  /** Sees to it that a watch is open for each. */
  async #watch(partitions: readonly Wanted[]): Promise<void> {
    const unwatched = partitions.filter((one) => {
      if (one.watched?.watch.open) one.watches ||= 1;
      else if (one.watches < watchesPerRequest) return true;
      return false;
    });
    const watch = (one: Wanted): Promise<void> => {
      one.watches++;
      return this.#openWatch(one);
    };
    if (unwatched.length > 0) await eachBounded(unwatched, watch, { atOnce: partitionsAtOnce });
  }

  /** Weather leaves the partition without a watch: it is read again instead. */
  async #openWatch(one: Wanted): Promise<void> {
    try {
      one.watched = await this.#context.watches.open(one.topicId, one.partition, true);
      remember(one);
    } catch (error) {
      failureCode(error);
    }
  }

  /**
   * Whether the partition announced a new end since it was read, or its watch closed, or there was
   * no memory for what it holds.
   */
  #hasMoved({ reply, watched, withheld }: Wanted): boolean {
    if (withheld) return true;
    if (watched === undefined || typeof reply === 'number') return false;
    return !watched.watch.open || this.#endOf(watched.watch) > this.#endOf(reply);
  }

  /** The answer of a partition whose end has not moved since it was read, for a reader there. */
  #replyAtEnd(one: Wanted, { watch, held, state }: WatchedPartition): ReadReply | undefined {
    if (state === undefined || state.leaderEpoch !== one.currentLeaderEpoch) return undefined;
    const end = this.#endOf(state);
    if (end !== one.fetchOffset || end !== this.#endOf(watch)) return undefined;
    if (end === watch.highWatermark) held.drop();
    return replyWithout(watch, state.logStartOffset);
  }

  /** The answer of a partition that has announced the records which the reader wants next. */
  #replyFromHeld(
    { fetchOffset, partitionMaxBytes, currentLeaderEpoch }: Wanted,
    { watch, held, state }: WatchedPartition,
  ): ReadReply | undefined {
    if (held.isEmpty || state?.leaderEpoch !== currentLeaderEpoch) return undefined;
    const records = held.from(fetchOffset, {
      maxBytes: Math.min(partitionMaxBytes, this.#limits.maxBytes - this.#bytes),
      end: this.#endOf(watch),
      committed: this.#limits.isolationLevel === 1,
    });
    return records && { ...replyWithout(watch, state.logStartOffset), records };
  }

  /** For polls that have no room for it. */
  #keepInMind(one: Wanted): void {
    const state = stateOf(one);
    if (state !== undefined) this.#context.watches.remember(one.topicId, one.partition, state);
  }
}

function hasHeld({ watched }: Wanted): boolean {
  return watched !== undefined && !watched.held.isEmpty;
}

/** The answer of a partition without any of its records. */
function replyWithout(
  { highWatermark, lastStableOffset }: LogEnds,
  logStartOffset: number,
): ReadReply {
  const ends = { highWatermark, lastStableOffset, logStartOffset };
  return { errorCode: ErrorCode.NONE, ...ends, abortedTransactions: [], records: [] };
}

/** One past the last offset of these batches. */
function nextOffsetOf(records: readonly Uint8Array[]): number {
  let nextOffset = 0;
  for (const batch of recordBatches(records.at(-1)!)) nextOffset = batch.nextOffset;
  return nextOffset;
}

function codeOf(reply: ReadReply | number): number {
  return typeof reply === 'number' ? reply : reply.errorCode;
}

/**
 * A topic or partition that does not exist, or that the client may not read, neither grows nor ends
 * the wait of the others.
 */
export function exists({ reply }: Wanted): boolean {
  return !isOutOfReach(codeOf(reply));
}

/** Keeps what the partition said of itself with its watch, for polls to come. */
function remember(one: Wanted): void {
  const state = stateOf(one);
  if (one.watched !== undefined && state !== undefined) one.watched.state = state;
}

function stateOf({ reply, currentLeaderEpoch }: Wanted): PartitionState | undefined {
  if (typeof reply === 'number') return undefined;
  const { highWatermark, lastStableOffset, logStartOffset } = reply;
  return { highWatermark, lastStableOffset, logStartOffset, leaderEpoch: currentLeaderEpoch };
}
