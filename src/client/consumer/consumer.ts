/**
 * Reads records: alone from partitions of its choice, or with others as a member of a group. The
 * surprise: a record counts as processed when the program asks for the next one. So what a program
 * was at when it failed is read again, by itself or by another, and nothing is skipped.
 */
import { ErrorCode, KafkaError } from '../../protocol/errors.ts';
import type { DecodedRecord } from '../../protocol/records/index.ts';
import type { Link } from '../link.ts';
import { offsetsAt, type PlaceOffset } from '../offsets.ts';
import { type Cancellable, linkTo } from '../options.ts';
import type { GroupMetadata } from '../producer/transaction.ts';
import { type Deserializer, text } from '../serdes.ts';
import { isUnknown, type Topic, Topics } from '../topics.ts';
import type { Connection } from '../transport.ts';
import { isRetriable, persistently, sleep, within } from '../waiting.ts';
import { Fetcher } from './fetcher.ts';
import { type Assignment, Member } from './member.ts';
import type {
  ConsumerBatch,
  ConsumerOptions,
  ConsumerRecord,
  PartitionRead,
  Start,
  TopicPartition,
} from './options.ts';
import { Progress } from './progress.ts';
import { type Chunk, isCurrent, placeOf, Reading } from './reading.ts';

/** How long to try what must succeed before reading goes on. */
const patienceMs = 60_000;
const nobody = 'A consumer needs a groupId for that.';

export class Consumer<K = string, V = string> implements AsyncDisposable {
  readonly #options: ConsumerOptions<K, V>;
  /** Fetches wait on a line of their own, so that nothing waits behind them. */
  readonly #link: Link;
  readonly #control: Link;
  readonly #topics: Topics;
  readonly #fetcher: Fetcher;
  readonly #progress: Progress;
  readonly #closing = new AbortController();
  #readings: Reading[] = [];
  #member: Member | undefined;
  /** Fetched and not given out. */
  #chunks: Chunk[] = [];
  /** What `poll` gave out last. */
  #polled: Chunk | undefined;
  #commitAt = 0;
  /** Ends a wait for something to read. */
  #wake = () => {};

  /** Nothing is asked, and no connection opened, before it is needed. */
  constructor(connection: Connection, options: ConsumerOptions<K, V> = {}) {
    this.#options = options;
    this.#link = linkTo(connection, options);
    this.#control = linkTo(connection, options);
    this.#topics = new Topics(this.#control);
    this.#fetcher = new Fetcher(this.#link, this.#topics, options);
    this.#progress = new Progress(this.#control, this.#topics, {
      committer: () => this.groupMetadata,
      refresh: () => this.#member?.refresh(),
    });
  }

  /**
   * Joins the group to read its share of these topics, by name or by a pattern (in RE2's syntax, as
   * the broker has it). Partitions come with the first look for records.
   */
  subscribe(topics: string | readonly string[] | { readonly pattern: string }): void {
    this.#checkOpen();
    if (this.#readings.length > 0 || this.#member !== undefined) {
      throw new Error('This consumer reads something already.');
    }
    const { options, list, pattern } = { ...subscriptionOf(topics), options: this.#options };
    if (options.groupId === undefined) throw new TypeError(nobody);
    this.#member = new Member(this.#control, {
      groupId: options.groupId,
      instanceId: options.groupInstanceId ?? null,
      rackId: options.rackId ?? null,
      topics: list,
      pattern,
      assignor: options.assignor ?? null,
      maxPollIntervalMs: options.maxPollIntervalMs ?? 300_000,
      changed: () => this.#wake(),
    });
  }

  /**
   * Reads these partitions, and no others. `offset`: where to begin; left out: where the group has
   * come to, or where `autoOffsetReset` says.
   */
  async assign(
    partitions: readonly (TopicPartition & { readonly offset?: Start })[],
  ): Promise<void> {
    this.#checkOpen();
    if (this.#member !== undefined) throw new Error('A member of a group is told what to read.');
    const readings = await Promise.all(
      partitions.map(async ({ topic, partition, offset }) => {
        const reading = new Reading(await this.#topics.named(topic), partition, offset);
        if (typeof offset === 'number') reading.moveTo(offset);
        return reading;
      }),
    );
    for (const reading of this.#readings) reading.drop();
    this.#readings = readings;
  }

  /** What it reads at the moment. */
  get assignment(): readonly TopicPartition[] {
    return this.#readings.map(placeOf);
  }

  /** Every record, one after the other, until the consumer is closed. */
  [Symbol.asyncIterator](): AsyncGenerator<ConsumerRecord<K, V>, void, undefined> {
    return this.records();
  }

  /** The same, until `signal` is aborted, which rejects with its reason. */
  async *records({
    signal,
  }: Cancellable = {}): AsyncGenerator<ConsumerRecord<K, V>, void, undefined> {
    for await (const chunk of this.#chunksUntil(signal)) {
      const { reading } = chunk;
      for (const decoded of chunk.records) {
        if (!this.#mayGiveOut(chunk)) break;
        const record = this.#recordOf(reading, decoded);
        reading.position = decoded.offset + 1;
        this.#member?.poll(false);
        yield record;
        if (isCurrent(chunk)) reading.doneBefore(decoded.offset + 1);
        if (this.#isDue) await this.#attend(signal);
      }
      if (this.#mayGiveOut(chunk)) reading.passTo(chunk.nextOffset);
    }
  }

  /** Records as they came together: all count as processed when the next batch is asked for. */
  async *batches({
    signal,
  }: Cancellable = {}): AsyncGenerator<ConsumerBatch<K, V>, void, undefined> {
    for await (const chunk of this.#chunksUntil(signal)) {
      const { reading, nextOffset, highWatermark } = chunk;
      const records = chunk.records.map((decoded) => this.#recordOf(reading, decoded));
      reading.position = nextOffset;
      this.#member?.poll(false);
      yield { ...placeOf(reading), records, highWatermark };
      if (isCurrent(chunk)) reading.passTo(nextOffset);
      if (this.#isDue) await this.#attend(signal);
    }
  }

  /**
   * The records that come next, of one partition; none when there are none within `maxWaitMs`. They
   * count as processed with the next call.
   */
  async poll({
    signal,
    maxWaitMs,
  }: Cancellable & { readonly maxWaitMs?: number } = {}): Promise<ConsumerRecord<K, V>[]> {
    this.#checkOpen();
    if (this.#polled && isCurrent(this.#polled)) {
      this.#polled.reading.passTo(this.#polled.nextOffset);
    }
    this.#polled = undefined;
    const chunk = await this.#next(maxWaitMs, signal);
    this.#member?.poll(false);
    if (chunk === undefined) return [];
    this.#polled = chunk;
    const records = chunk.records.map((decoded) => this.#recordOf(chunk.reading, decoded));
    chunk.reading.position = chunk.nextOffset;
    return records;
  }

  /** One look at one partition, for who keeps no consumer: nothing is joined or committed. */
  async fetch(
    { topic, partition, offset }: TopicPartition & { readonly offset: Start },
    { maxWaitMs = 0, signal }: Cancellable & { readonly maxWaitMs?: number } = {},
  ): Promise<PartitionRead<K, V>> {
    this.#checkOpen();
    const look = async () => {
      const reading = new Reading(await this.#topics.named(topic), partition);
      if (typeof offset === 'number') reading.moveTo(offset);
      else await this.#fetcher.reset(reading, offset, signal);
      const found = await this.#fetcher.look(reading, maxWaitMs, signal);
      const records = found.records.map((decoded) => this.#recordOf(reading, decoded));
      return { ...found, records };
    };
    const lookAgain = () =>
      look().catch((error) => {
        // It may have been made anew, with another id.
        if (error instanceof KafkaError && isUnknown(error.code)) this.#topics.forget(topic);
        throw error;
      });
    return persistently(lookAgain, { signal, timeoutMs: patienceMs });
  }

  /** Reads on from another place. What was fetched already is dropped. */
  seek({ topic, partition, offset }: TopicPartition & { readonly offset: Start }): void {
    this.#readingOf({ topic, partition }).seek(offset);
  }

  /** Gives out no records of these partitions, and keeps them, until they are resumed. */
  pause(partitions: readonly TopicPartition[]): void {
    for (const place of partitions) this.#readingOf(place).pause();
  }

  resume(partitions: readonly TopicPartition[]): void {
    for (const place of partitions) this.#readingOf(place).isPaused = false;
  }

  /** The offset of the next record to be given out; undefined: not known before the first look. */
  position(place: TopicPartition): number | undefined {
    return this.#readingOf(place).position;
  }

  /** How far the group has read these partitions; undefined: never. */
  async committed(
    { topic, partition }: TopicPartition,
    { signal }: Cancellable = {},
  ): Promise<number | undefined> {
    const places = [{ topic, partition }];
    const [found] = await this.#progress.committed(places, signal);
    return found?.offset;
  }

  /** An end of a partition, or the first offset not older than a time; -1: none is so late. */
  async offsetAt(
    { topic, partition }: TopicPartition,
    at: 'earliest' | 'latest' | number,
    { signal }: Cancellable = {},
  ): Promise<number> {
    const { isolationLevel } = this.#fetcher;
    const places = [{ topic, partition, at }];
    const look = () => offsetsAt(this.#control, places, isolationLevel, { signal });
    const [{ offset }] = await persistently(look, { signal, timeoutMs: patienceMs });
    return offset;
  }

  /**
   * Commits how far the group has read: up to this record and with it, up to these offsets (each
   * the next one to be read), or everything that was given out.
   */
  async commit(
    what?: ConsumerRecord<K, V> | readonly PlaceOffset[],
    { signal }: Cancellable = {},
  ): Promise<void> {
    this.#checkOpen();
    if (what === undefined) {
      return this.#progress.commitUpTo(({ position }) => position, this.#readings, signal);
    }
    const offsets = isOffsets(what) ? what : [{ ...what, offset: what.offset + 1 }];
    await this.#progress.commit(offsets, signal);
    for (const one of offsets) this.#find(one)?.commitTo(one.offset);
  }

  /** As what it commits: for `producer.sendOffsets`. */
  get groupMetadata(): GroupMetadata {
    const { groupId, groupInstanceId = null } = this.#options;
    if (groupId === undefined) throw new TypeError(nobody);
    if (this.#member === undefined) return { groupId };
    const { memberId, epoch } = this.#member;
    return { groupId, memberId, memberEpoch: epoch, groupInstanceId };
  }

  /**
   * Ends what reads, commits what was processed (if `autoCommit`), and leaves the group; what
   * cannot be said within `timeoutMs` (30,000) is left unsaid.
   */
  async close({ timeoutMs = 30_000 }: { readonly timeoutMs?: number } = {}): Promise<void> {
    if (this.#closing.signal.aborted) return;
    this.#closing.abort();
    this.#wake();
    try {
      await within(this.#sayGoodbye(), { timeoutMs });
    } catch (error) {
      if (!isRetriable(error)) throw error;
    } finally {
      for (const reading of this.#readings) reading.drop();
      this.#readings = [];
      this.#link.close();
      this.#control.close();
    }
  }

  async #sayGoodbye(): Promise<void> {
    try {
      if (this.#commitsByItself) await this.#progress.tryToCommit(this.#readings);
    } finally {
      await this.#member?.leave();
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  // What comes next

  async *#chunksUntil(signal: AbortSignal | undefined): AsyncGenerator<Chunk, void, undefined> {
    while (!this.#closing.signal.aborted) {
      signal?.throwIfAborted();
      const chunk = await this.#next(undefined, signal);
      if (chunk !== undefined) yield chunk;
    }
  }

  /** Undefined: nothing came in time, or the consumer was closed. */
  async #next(maxWaitMs: number | undefined, signal?: AbortSignal): Promise<Chunk | undefined> {
    const { maxWaitMs: usualMs = 500 } = this.#options;
    const stop = signal ? AbortSignal.any([signal, this.#closing.signal]) : this.#closing.signal;
    try {
      await this.#attend(stop);
      const ready = this.#takeReady();
      if (ready !== undefined) return ready;
      await this.#position(stop);
      const readable = this.#readings.filter(({ isReadable }) => isReadable);
      if (readable.length === 0) await this.#somethingToRead(maxWaitMs ?? usualMs, stop);
      else this.#chunks = await this.#fetcher.fetch(readable, maxWaitMs ?? usualMs, stop);
      return this.#takeReady();
    } catch (error) {
      if (this.#closing.signal.aborted) return undefined;
      if (!isRetriable(error)) throw error;
      await sleep(Math.min(100, maxWaitMs ?? usualMs), stop).catch(() => {});
      return undefined;
    }
  }

  #mayGiveOut(chunk: Chunk): boolean {
    return isCurrent(chunk) && !this.#closing.signal.aborted;
  }

  #takeReady(): Chunk | undefined {
    let chunk = this.#chunks.shift();
    while (chunk !== undefined && !isCurrent(chunk)) chunk = this.#chunks.shift();
    return chunk;
  }

  /** Waits for partitions, or for news of them. */
  async #somethingToRead(maxWaitMs: number, stop: AbortSignal): Promise<void> {
    if (this.#readings.length === 0 && this.#member === undefined) {
      throw new Error('There is nothing to read: subscribe, or assign.');
    }
    if (this.#member?.hasNews) return;
    const woken = new AbortController();
    this.#wake = () => woken.abort();
    await sleep(maxWaitMs, AbortSignal.any([stop, woken.signal])).catch(() => {});
    this.#wake = () => {};
    stop.throwIfAborted();
  }

  /** Finds where to begin what has no position yet. */
  async #position(signal: AbortSignal): Promise<void> {
    const lost = this.#readings.filter(({ position }) => position === undefined);
    if (lost.length === 0) return;
    const { groupId, autoOffsetReset = 'latest' } = this.#options;
    const asked = lost.filter(({ start }) => start === undefined);
    if (groupId !== undefined && asked.length > 0) {
      const found = await this.#progress.committed(asked.map(placeOf), signal);
      for (const { topic, partition, offset } of found) {
        const reading = this.#find({ topic, partition });
        reading?.moveTo(offset);
        reading?.commitTo(offset);
      }
    }
    for (const reading of lost.filter(({ position }) => position === undefined)) {
      const to = reading.start ?? autoOffsetReset;
      if (to === 'none' || typeof to === 'number') throw noOffset(reading);
      await this.#fetcher.reset(reading, to, signal);
    }
  }

  #recordOf({ topic: { name }, partition }: Reading, decoded: DecodedRecord): ConsumerRecord<K, V> {
    const by = this.#options;
    try {
      return {
        topic: name,
        partition,
        offset: decoded.offset,
        timestamp: decoded.timestamp,
        key: deserialized(decoded.key, by.key ?? (text as unknown as Deserializer<K>)),
        value: deserialized(decoded.value, by.value ?? (text as unknown as Deserializer<V>)),
        headers: decoded.headers,
      };
    } catch (cause) {
      const where = `${name}-${partition} at offset ${decoded.offset}`;
      const message = `The record of ${where} cannot be read: ${(cause as Error).message}`;
      throw new KafkaError(ErrorCode.INVALID_RECORD, message, { cause });
    }
  }

  // The group

  get #commitsByItself(): boolean {
    const { groupId, autoCommit = groupId !== undefined } = this.#options;
    return autoCommit;
  }

  /** Whether there is more to do between two records than to give out the next one. */
  get #isDue(): boolean {
    return (
      this.#closing.signal.aborted ||
      this.#member?.hasNews === true ||
      (this.#commitsByItself && Date.now() >= this.#commitAt)
    );
  }

  /** Hears what the group has decided, and commits what is due. */
  async #attend(signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    if (this.#closing.signal.aborted) return;
    this.#member?.poll(true);
    if (this.#member?.takeFenced()) await this.#replace([], this.#readings);
    const target = this.#member?.target;
    if (target !== undefined) await this.#reconcile(target);
    if (!this.#commitsByItself || Date.now() < this.#commitAt) return;
    const { autoCommitIntervalMs = 5_000 } = this.#options;
    const isFirst = this.#commitAt === 0;
    this.#commitAt = Date.now() + autoCommitIntervalMs;
    if (!isFirst) await this.#progress.tryToCommit(this.#readings);
  }

  /** Gives up what is not ours any more, takes what is, and says so. */
  async #reconcile(target: Assignment): Promise<void> {
    const wanted: Reading[] = [];
    for (const { topicId, partitions } of target) {
      const topic = await this.#topicOf(topicId);
      for (const partition of topic === undefined ? [] : partitions) {
        const known = this.#readings.find(
          (one) => one.topic.topicId === topicId && one.partition === partition,
        );
        wanted.push(known ?? new Reading(topic!, partition));
      }
    }
    const revoked = this.#readings.filter((reading) => !wanted.includes(reading));
    if (this.#commitsByItself) await this.#progress.tryToCommit(revoked);
    await this.#replace(wanted, revoked);
    const owned = [...Map.groupBy(wanted, ({ topic }) => topic.topicId)].map(([topicId, all]) => ({
      topicId,
      partitions: all.map(({ partition }) => partition),
    }));
    this.#member?.has(owned, target);
  }

  /** Undefined: it was deleted since, and the group will hear of that. */
  async #topicOf(topicId: string): Promise<Topic | undefined> {
    try {
      return await this.#topics.withId(topicId);
    } catch (error) {
      if (error instanceof KafkaError && isUnknown(error.code)) return undefined;
      throw error;
    }
  }

  async #replace(wanted: readonly Reading[], revoked: readonly Reading[]): Promise<void> {
    const assigned = wanted.filter((reading) => !this.#readings.includes(reading));
    if (revoked.length > 0) await this.#options.onRevoked?.(revoked.map(placeOf));
    for (const reading of revoked) reading.drop();
    this.#readings = [...wanted];
    if (assigned.length > 0) await this.#options.onAssigned?.(assigned.map(placeOf));
  }

  #readingOf(place: TopicPartition): Reading {
    const found = this.#find(place);
    if (found !== undefined) return found;
    throw new Error(`This consumer does not read ${place.topic}-${place.partition}.`);
  }

  #find({ topic, partition }: TopicPartition): Reading | undefined {
    return this.#readings.find((one) => one.topic.name === topic && one.partition === partition);
  }

  #checkOpen(): void {
    if (this.#closing.signal.aborted) throw new Error('The consumer is closed.');
  }
}

function subscriptionOf(topics: string | readonly string[] | { readonly pattern: string }): {
  readonly list: readonly string[];
  readonly pattern: string | null;
} {
  if (typeof topics === 'string') return { list: [topics], pattern: null };
  if ('pattern' in topics) return { list: [], pattern: topics.pattern };
  return { list: topics, pattern: null };
}

function isOffsets<T>(what: T | readonly PlaceOffset[]): what is readonly PlaceOffset[] {
  return Array.isArray(what);
}

function deserialized<T>(bytes: Uint8Array | null, by: Deserializer<T>): T | null {
  return bytes === null ? null : by.deserialize(bytes);
}

function noOffset(reading: Reading): KafkaError {
  const { topic, partition } = placeOf(reading);
  return new KafkaError(
    ErrorCode.OFFSET_OUT_OF_RANGE,
    `Nothing says where to begin with ${topic}-${partition}: no committed offset, and no default.`,
  );
}
