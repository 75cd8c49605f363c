/**
 * Runs one partition's log: gathers appends into one write, answers calls, announces where it ends.
 * The surprise: an append waits for nothing but what was written before it (and the first of a
 * transaction for its coordinator), and those that wait together share a row.
 */
import type { ShareCalls } from '../core/group/share-partition/calls.ts';
import { shareDescribeRefused, shareFetchRefused } from '../core/group/share-partition/replies.ts';
import { SharePartitions } from '../core/group/share-partition/share-partitions.ts';
import type { AppendReply, PartitionCalls, PartitionSpec } from '../core/log/calls.ts';
import type { EnlistQuestion } from '../core/log/enlistments.ts';
import { type AppendCommand, refused } from '../core/log/flush.ts';
import { listOffsetRefused } from '../core/log/list-offsets.ts';
import {
  describeRefused,
  type LogSettings,
  PartitionLog,
  type WriteCommand,
} from '../core/log/partition-log.ts';
import { readRefused } from '../core/log/read.ts';
import type { LogStore, WaitingReader } from '../core/log/store.ts';
import type { StreamCalls } from '../core/stream/calls.ts';
import type { TransactionCalls } from '../core/transaction/calls.ts';
import type { Enlisted } from '../core/transaction-marker.ts';
import { ErrorCode, KafkaError } from '../protocol/errors.ts';
import { Enlisting } from './enlisting.ts';
import { Gathering } from './gathering.ts';
import type { Announced, StreamEnds, Stub } from './stubs.ts';
import { WaitingReaders, type Wake } from './waiting-readers.ts';
import { callsOf, type WaitingWrite, WaitingWrites } from './waiting-writes.ts';

/** Cleaning up that failed is tried again then. */
const afterFailureMs = 60_000;

export interface PartitionSurroundings {
  /** Where the log is: asked once, and again after a failure. */
  store(): LogStore;
  readonly settings: LogSettings;
  /** Milliseconds since the epoch. */
  now(): number;
  /** Settles when all that was written is durable; rejects when it never will be. */
  durable(): Promise<void>;
  /** Says where the log ends; `records`: all that is new, none if anything else happened to it. */
  announce(announcement: Announced, records: readonly Uint8Array[]): void;
  /** Asks the coordinator of a transaction. */
  enlist(
    transactionalId: string,
    question: TransactionCalls['enlist']['command'],
  ): Promise<Enlisted>;
  /** Wakes a reader that waits for the log to grow; may throw. */
  readonly wake: Wake;
  /** The log is gone: closes the watchers. */
  dropped(): void;
  /** Has the controller delete a topic, whose stream has ended. */
  deleteTopic(topicId: string): Promise<unknown>;
  /** When the alarm will ring; null: it is not set. */
  alarm(): Promise<number | null>;
  setAlarm(at: number): void;
  /** Lets everybody else have a turn, and so many milliseconds pass. */
  pause(ms?: number): Promise<void>;
}

export class PartitionHost implements Stub<PartitionCalls> {
  readonly #around: PartitionSurroundings;
  readonly #enlisting: Enlisting;
  readonly #readers: WaitingReaders;
  readonly #gathering: Gathering;
  readonly #answers = this.#newAnswers();
  #log: PartitionLog | undefined;
  /** They go with the log. */
  #shares: { readonly log: PartitionLog; readonly groups: SharePartitions } | undefined;
  readonly #waiting = new WaitingWrites();
  #flushing = false;
  /** Settles when what was flushed last is durable; undefined: nobody asked. */
  #written: Promise<void> | undefined = Promise.resolve();
  /** When the alarm will ring; undefined: nobody asked yet. */
  #alarm: number | null | undefined;

  constructor(surroundings: PartitionSurroundings) {
    this.#around = surroundings;
    this.#enlisting = new Enlisting({
      question: (command) => this.#question(command),
      ask: (question, command) => this.#ask(question, command),
      write: (command) => this.#write(command, failed),
    });
    this.#gathering = new Gathering({
      now: () => surroundings.now(),
      wait: (ms) => surroundings.pause(ms),
      turn: () => surroundings.durable(),
    });
    this.#readers = new WaitingReaders({
      store: () => surroundings.store(),
      wake: surroundings.wake,
      lastStableOffset: () => this.#loaded().lastStableOffset,
      now: () => surroundings.now(),
      durable: () => surroundings.durable(),
      armed: () => this.#schedule(this.#readers.retryAt),
      relaxed: () => this.#relax(),
    });
  }

  /** What watchers are told; 0 of a log that is gone. */
  get ends(): StreamEnds {
    const { highWatermark, lastStableOffset, closed } = this.#loaded();
    return { highWatermark, lastStableOffset, ...(closed && { closed }) };
  }

  async call<K extends keyof PartitionCalls>(
    kind: K,
    command: PartitionCalls[K]['command'],
  ): Promise<PartitionCalls[K]['reply']> {
    return this.#answers[kind](command);
  }

  #newAnswers(): Answers<keyof PartitionCalls> {
    return {
      append: (append) => this.#append(append),
      appendAll: (command) => this.#appendAll(command),
      read: (read) => this.#guard(() => this.#loaded().read(read), readRefused),
      listOffset: (list) => this.#guard(() => this.#loaded().listOffset(list), listOffsetRefused),
      deleteRecords: (deletion) => this.#deleteRecords(deletion),
      configure: ({ spec }) => this.#configure(spec),
      describe: () => this.#guard(() => this.#loaded().describe(), describeRefused),
      writeMarker: (marker) => this.#write(marker, (errorCode) => ({ errorCode })),
      describeProducers: () =>
        this.#guard(
          () => this.#loaded().describeProducers(this.#around.now()),
          (errorCode) => ({ errorCode, producers: [] }),
        ),
      ...this.#newShareAnswers(),
      ...this.#newStreamAnswers(),
      awaitGrowth: (reader) =>
        this.#guard(
          () => this.#awaitGrowth(reader),
          (errorCode) => ({ errorCode, isWaiting: false, lastStableOffset: -1 }),
        ),
      drop: () =>
        this.#guard(
          () => this.#drop(),
          (errorCode) => ({ errorCode }),
        ),
    };
  }

  #newShareAnswers(): Answers<keyof ShareCalls> {
    const now = () => this.#around.now();
    const failed = (errorCode: number) => ({ errorCode });
    return {
      shareFetch: (fetch) =>
        this.#guard(() => this.#sharing().acquire(fetch, now()), shareFetchRefused),
      shareAcknowledge: (acknowledgement) =>
        this.#guard(
          () => this.#sharing().acknowledge(acknowledgement, now()),
          (errorCode) => ({ errorCode, errorMessage: null }),
        ),
      shareRelease: (member) => this.#guard(() => this.#sharing().release(member, now()), failed),
      shareDescribe: (group) =>
        this.#guard(() => this.#sharing().describe(group, now()), shareDescribeRefused),
      shareAlter: (change) => this.#guard(() => this.#sharing().alter(change), failed),
      shareDelete: (group) => this.#guard(() => this.#sharing().delete(group), failed),
    };
  }

  #newStreamAnswers(): Answers<keyof StreamCalls> {
    const failed = (errorCode: number) => ({
      errorCode,
      errorMessage: null,
      outcome: 'refused' as const,
    });
    return {
      streamCreate: (write) => this.#write({ kind: 'streamCreate', write }, failed),
      streamAppend: (write) => this.#write({ kind: 'streamAppend', write }, failed),
      streamCopy: (write) => this.#write({ kind: 'streamCopy', write }, failed),
      streamRead: (read) =>
        this.#guard<StreamCalls['streamRead']['reply']>(
          () => this.#loaded().readStream(read),
          (errorCode) => ({ ...readRefused(errorCode), outcome: 'read', offset: -1 }),
        ),
      streamDescribe: () =>
        this.#guard<StreamCalls['streamDescribe']['reply']>(
          () => this.#loaded().describeStream(),
          (errorCode) => ({ ...failed(errorCode), forks: [], declared: false, logStartOffset: -1 }),
        ),
      streamForks: (change) =>
        this.#guard<StreamCalls['streamForks']['reply']>(
          () => this.#loaded().noteForks(change),
          failed,
        ),
      streamHide: () => this.#hideStream(failed),
    };
  }

  async #hideStream(
    failed: (errorCode: number) => StreamCalls['streamHide']['reply'],
  ): Promise<StreamCalls['streamHide']['reply']> {
    await this.#knowAlarm();
    return this.#guard(() => {
      const reply = this.#loaded().hideStream();
      this.#schedule();
      this.#around.dropped();
      return reply;
    }, failed);
  }

  /**
   * What the alarm does: cleans up in slices, between which everybody else has a turn, and ends a
   * stream whose time has come.
   */
  async ring(): Promise<void> {
    this.#alarm = null;
    if (!this.#around.store().dropped) await this.#readers.tell();
    const ended = await this.#endStream();
    let more = this.#cleanUp();
    while (more === true) {
      await this.#around.pause();
      more = this.#cleanUp();
    }
    // Nothing else depends on it, so there is time.
    const mustWait = more === undefined || ended;
    this.#schedule(mustWait ? this.#afterFailure() : this.#cleanUpAt());
    if (this.#readers.retryAt !== undefined) this.#schedule(this.#readers.retryAt);
  }

  /** Whether the stream has ended; its topic is deleted then, or this is tried again. */
  async #endStream(): Promise<boolean> {
    const topicId = this.#guard<string | undefined>(
      () => this.#loaded().endedTopic(),
      () => undefined,
    );
    if (topicId === undefined) return false;
    await this.#around.deleteTopic(topicId).catch((error) => {
      console.error('partition could not have its topic deleted', error);
    });
    return true;
  }

  /** Whether there is more to do; undefined: it failed. */
  #cleanUp(): boolean | undefined {
    return this.#guard<boolean | undefined>(
      () => this.#announcing((log) => log.cleanUp(this.#around.now())),
      () => undefined,
    );
  }

  /**
   * Before anything is written: the alarm is set in one turn with what it is for, or a crash could
   * come between, and nobody would ever clean up.
   */
  async #knowAlarm(): Promise<void> {
    if (this.#alarm !== undefined) return;
    const alarm = await this.#around.alarm();
    // It may have rung meanwhile.
    if (this.#alarm === undefined) this.#alarm = alarm;
  }

  /**
   * Sets the alarm when there will be something to clean up. One that rings too early does no harm,
   * so it is only set to ring earlier.
   */
  #schedule(at = this.#cleanUpAt()): void {
    const alarm = this.#alarm ?? undefined;
    if (at === undefined || (alarm !== undefined && alarm <= at)) return;
    this.#alarm = at;
    this.#around.setAlarm(at);
  }

  #cleanUpAt(): number | undefined {
    return this.#guard<number | undefined>(
      () => this.#loaded().cleanUpAt(this.#around.now()),
      () => this.#afterFailure(),
    );
  }

  /** Nobody has to be told of anything: what is left to ring for is later. */
  #relax(): void {
    const at = this.#cleanUpAt();
    if (at === undefined || at === this.#alarm) return;
    this.#alarm = at;
    this.#around.setAlarm(at);
  }

  #afterFailure(): number {
    return this.#around.now() + afterFailureMs;
  }

  async #deleteRecords(command: PartitionCalls['deleteRecords']['command']) {
    await this.#knowAlarm();
    return this.#guard(
      () => {
        const reply = this.#announcing((log) => log.deleteRecords(command, this.#around.now()));
        this.#schedule();
        return reply;
      },
      (errorCode) => ({ errorCode, lowWatermark: -1 }),
    );
  }

  async #configure(spec: PartitionSpec): Promise<{ errorCode: number }> {
    await this.#knowAlarm();
    return this.#guard(
      () => {
        const reply = this.#loaded().configure(spec);
        this.#schedule();
        return reply;
      },
      (errorCode) => ({ errorCode }),
    );
  }

  #append(command: AppendCommand, calls: 0 | 1 = 1): Promise<AppendReply> {
    const { transactionalId } = command;
    return transactionalId === undefined
      ? this.#write(command, failed, calls)
      : this.#enlisting.append(command);
  }

  async #appendAll({
    spec,
    records: all,
    appends,
  }: PartitionCalls['appendAll']['command']): Promise<PartitionCalls['appendAll']['reply']> {
    let end = 0;
    const replies = appends.map(({ byteCount, ...append }, i) => {
      const records = all.subarray(end, end + byteCount);
      end += byteCount;
      return this.#append({ ...append, spec, records, owned: true }, i === 0 ? 1 : 0);
    });
    return { replies: await Promise.all(replies) };
  }

  #question(command: AppendCommand): EnlistQuestion | AppendReply | undefined {
    return this.#guard<EnlistQuestion | AppendReply | undefined>(
      () => this.#loaded().mustEnlist(command, this.#around.now()),
      failed,
    );
  }

  #ask(question: EnlistQuestion, { spec }: AppendCommand): Promise<Enlisted> {
    const { topicId, topic, partition } = spec;
    const participant = { topicId, topic, partition };
    return this.#around.enlist(question.transactionalId, { ...question, participant });
  }

  /** Resolves with the answer that belongs to the command. */
  #write<Answer extends { readonly errorCode: number }>(
    command: WriteCommand,
    refuse: (errorCode: number) => Answer,
    calls: 0 | 1 = 1,
  ): Promise<Answer> {
    return new Promise((resolve) => {
      this.#waiting.add({
        command,
        calls,
        answer: (reply) => resolve(reply as Answer),
        fail: (errorCode) => resolve(refuse(errorCode)),
      });
      this.#gathering.came(this.#waiting.count);
      if (!this.#flushing) void this.#flushAll();
    });
  }

  /** Waiting for what was written before gives the others who are on their way the time to join. */
  async #flushAll(): Promise<void> {
    this.#flushing = true;
    while (!this.#waiting.isEmpty) {
      try {
        await (this.#written ?? this.#around.durable());
        await this.#knowAlarm();
        await this.#gathering.gathered(() => this.#waiting);
        const taken = this.#waiting.take();
        this.#flush(taken);
        this.#written = this.#gathering.looks ? this.#around.durable() : undefined;
        if (this.#written) this.#gathering.wrote(callsOf(taken), this.#written);
      } catch (error) {
        this.#fail(error);
      }
    }
    this.#flushing = false;
  }

  /**
   * What was written before is lost, and with it what memory says: Durable Objects are restarted by
   * the platform then.
   */
  #fail(error: unknown): void {
    console.error('partition lost a write', error);
    this.#written = Promise.resolve();
    this.#log = undefined;
    this.#readers.reload();
    for (const { fail } of this.#waiting.takeAll()) fail(ErrorCode.KAFKA_STORAGE_ERROR);
  }

  #flush(taken: readonly WaitingWrite[]): void {
    const commands = taken.map(({ command }) => command);
    this.#guard(
      () => {
        const replies = this.#announcing((log) => log.append(commands, this.#around.now()));
        for (const [i, { answer }] of taken.entries()) answer(replies[i]);
      },
      (errorCode) => {
        for (const { fail } of taken) fail(errorCode);
      },
    );
    this.#schedule();
  }

  /** Tells the watchers if the log begins or ends elsewhere after this. */
  #announcing<T>(act: (log: PartitionLog) => T): T {
    const log = this.#loaded();
    const { highWatermark, lastStableOffset, logStartOffset, closed } = log;
    const result = act(log);
    const records = log.takeAppended();
    const moved = log.highWatermark !== highWatermark || log.lastStableOffset !== lastStableOffset;
    const isCut = log.logStartOffset !== logStartOffset;
    const isOther = moved || isCut || log.closed !== closed;
    if (isOther) this.#around.announce(this.ends, isCut ? [] : records);
    if (moved) this.#readers.grew();
    return result;
  }

  #awaitGrowth(reader: WaitingReader): PartitionCalls['awaitGrowth']['reply'] {
    if (this.#around.store().dropped) {
      const errorCode = ErrorCode.UNKNOWN_TOPIC_OR_PARTITION;
      return { errorCode, isWaiting: false, lastStableOffset: -1 };
    }
    const { lastStableOffset } = this.#loaded();
    const isWaiting = this.#readers.add(reader);
    return { errorCode: ErrorCode.NONE, isWaiting, lastStableOffset };
  }

  #drop(): { errorCode: number } {
    this.#loaded().drop();
    this.#around.dropped();
    return { errorCode: ErrorCode.NONE };
  }

  #loaded(): PartitionLog {
    this.#log ??= new PartitionLog(this.#around.store(), this.#around.settings);
    this.#log.at(this.#around.now());
    return this.#log;
  }

  /** The share groups of the log. */
  #sharing(): SharePartitions {
    const log = this.#loaded();
    if (this.#shares?.log !== log) {
      const announce = (groupId: string) => this.#around.announce({ ...this.ends, groupId }, []);
      this.#shares = { log, groups: new SharePartitions(this.#around.store(), log, announce) };
    }
    return this.#shares.groups;
  }

  /** A failure is a bug or a broken store: memory is thrown away, to be rebuilt from rows. */
  #guard<Reply>(act: () => Reply, refuse: (errorCode: number) => Reply): Reply {
    try {
      return act();
    } catch (error) {
      console.error('partition failed', { highWatermark: this.#log?.highWatermark }, error);
      this.#log = undefined;
      this.#readers.reload();
      return refuse(error instanceof KafkaError ? error.code : ErrorCode.UNKNOWN_SERVER_ERROR);
    }
  }
}

function failed(errorCode: number): AppendReply {
  return refused(new KafkaError(errorCode), -1);
}

type Answer<C extends keyof PartitionCalls> = (
  command: PartitionCalls[C]['command'],
) => PartitionCalls[C]['reply'] | Promise<PartitionCalls[C]['reply']>;
type Answers<Kinds extends keyof PartitionCalls> = { readonly [C in Kinds]: Answer<C> };
