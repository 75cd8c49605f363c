/**
 * One topic-partition's ordered log: what may be appended, what a reader gets, where a moment lies.
 * The surprise: its memory is a few numbers and the recent producers, all rebuilt from rows, so
 * throwing it away and loading again is always right.
 */
import { ErrorCode, KafkaError } from '../../protocol/errors.ts';
import { noTimestamp } from '../../protocol/records/index.ts';
import { latestAlarm } from '../latest-alarm.ts';
import type { StreamAbsence, StreamCalls, StreamReadReply } from '../stream/calls.ts';
import { PartitionStream } from '../stream/partition-stream.ts';
import type { StreamDraft } from '../stream/stream-draft.ts';
import { viewOf } from '../stream/stream-state.ts';
import {
  absent,
  refusalOfProducers,
  type StreamWrite,
  type StreamWriteReply,
  writeStream,
} from '../stream/stream-writes.ts';
import type {
  AppendReply,
  DescribeReply,
  PartitionCalls,
  PartitionSpec,
  ReadCommand,
  ReadReply,
} from './calls.ts';
import { Cleanup } from './cleanup.ts';
import { cleanupConfigFrom } from './cleanup-config.ts';
import { Enlistments, type EnlistQuestion } from './enlistments.ts';
import {
  type AppendCommand,
  Flush,
  type MarkerCommand,
  type MarkerReply,
  refused,
} from './flush.ts';
import { LastRow } from './last-row.ts';
import { type ListOffsetReply, listOffset, listOffsetRefused } from './list-offsets.ts';
import { logConfigFrom } from './log-config.ts';
import { firstState, isNewer, type LogMemory, nothingCounted } from './log-memory.ts';
import { lastSequenceOf } from './producer.ts';
import { ProducerStates } from './producer-state.ts';
import { type LogBounds, noticeReplacement, readLog, readRefused } from './read.ts';
import type { LogState, LogStore, Snapshot } from './store.ts';

export interface LogSettings {
  /** `message.max.bytes`: what `max.message.bytes` is where a topic does not say. */
  readonly messageMaxBytes: number;
  /** `producer.id.expiration.ms` */
  readonly producerIdExpirationMs: number;
}

/**
 * A snapshot of producers is written once in so many flushes, which bounds what loading looks at:
 * the more producers there are, the more it costs, so the rarer it is.
 */
export function rowsPerSnapshot(producers: number): number {
  return Math.min(100 + producers, 1_000);
}

type DeleteRecords = PartitionCalls['deleteRecords'];
type DescribeProducersReply = PartitionCalls['describeProducers']['reply'];

export type WriteCommand = AppendCommand | MarkerCommand | StreamWrite;
export function isAppend(command: WriteCommand): command is AppendCommand {
  return 'records' in command;
}

type ReplyTo<C extends WriteCommand> = C extends MarkerCommand
  ? MarkerReply
  : C extends StreamWrite
    ? StreamWriteReply
    : AppendReply;

export class PartitionLog {
  readonly #store: LogStore;
  readonly #settings: LogSettings;
  readonly #producers: ProducerStates;
  readonly #enlistments: Enlistments;
  readonly #memory: LogMemory;
  readonly #cleanup: Cleanup;
  readonly #stream: PartitionStream;
  readonly #lastRow = new LastRow();
  /** Milliseconds since the epoch, as it was said last. */
  #now = 0;
  #maxTimestampSoFar = noTimestamp;
  #rowsSinceSnapshot = 0;
  /** Rows that were appended and that nobody took yet. */
  #appended: readonly Uint8Array[] = [];

  /** Loads what the store holds; writes nothing. */
  constructor(store: LogStore, settings: LogSettings) {
    this.#store = store;
    this.#settings = settings;
    this.#producers = new ProducerStates(settings.producerIdExpirationMs);
    this.#enlistments = new Enlistments(this.#producers);
    const state = store.state();
    const last = store.floor(Number.MAX_SAFE_INTEGER);
    const logStartOffset = state?.logStartOffset ?? store.from(0, 1).at(0)?.baseOffset ?? 0;
    const nextOffset = last?.nextOffset ?? logStartOffset;
    this.#maxTimestampSoFar = last?.maxTimestampSoFar ?? noTimestamp;
    const snapshot = store.snapshot();
    if (snapshot !== undefined) this.#producers.restore(snapshot.bytes);
    const snapshotOffset = snapshot?.nextOffset ?? 0;
    for (const row of store.producerRows(snapshotOffset)) this.#producers.replay(row);
    this.#rowsSinceSnapshot = store.count(snapshotOffset);
    const counted = state?.counted ?? nothingCounted;
    const sizeInBytes = counted.sizeInBytes + store.totals(counted.nextOffset).bytes;
    this.#memory = { state, logStartOffset, nextOffset, snapshotOffset, sizeInBytes };
    this.#cleanup = new Cleanup(store, this.#memory, this.#producers);
    this.#stream = new PartitionStream(store, last?.appendedAt ?? -1);
  }

  /** Says what time it is: a stream may have ended since. */
  at(now: number): void {
    this.#now = now;
  }

  /** Nothing more may be written. */
  get closed(): boolean {
    return this.#stream.closed;
  }

  /** Why there is nothing to be read or written; undefined: there is. */
  get #absence(): StreamAbsence | undefined {
    return this.#store.dropped ? 'unknown' : this.#stream.absence(this.#now);
  }

  get #gone(): boolean {
    return this.#absence !== undefined;
  }

  /** One past the last record. All that is stored may be read. */
  get highWatermark(): number {
    return this.#memory.nextOffset;
  }

  get logStartOffset(): number {
    return this.#memory.logStartOffset;
  }

  /**
   * Below it every transaction has ended, and all that was not aborted may be read by those who
   * read what is committed.
   */
  get lastStableOffset(): number {
    const first = Math.min(this.highWatermark, this.#producers.firstOpenOffset);
    return Math.max(first, this.logStartOffset);
  }

  /**
   * What the coordinator must be asked before this append may be written, if it begins a
   * transaction here; or the refusal of one that need not be asked about.
   */
  mustEnlist(command: AppendCommand, now: number): EnlistQuestion | AppendReply | undefined {
    if (this.#gone || this.closed) return undefined;
    try {
      return this.#enlistments.question(command, now);
    } catch (error) {
      if (error instanceof KafkaError) return refused(error, -1);
      throw error;
    }
  }

  /**
   * Appends and markers that arrived together: each is taken or refused by itself, and all that are
   * taken are stored at once.
   */
  append<C extends WriteCommand>(commands: readonly C[], now: number): ReplyTo<C>[] {
    const flush = new Flush(
      {
        ...this.#bounds(),
        nextOffset: this.#memory.nextOffset,
        maxTimestampSoFar: this.#maxTimestampSoFar,
        openTransactions: this.#producers.openTransactions,
        producer: (producerId) => this.#producers.get(producerId, now),
        lowestSequence: (producerId) => this.#enlistments.lowestSequence(producerId),
      },
      this.#settings.messageMaxBytes,
      now,
    );
    const draft = this.#stream.draft();
    const replies = commands.map((command) => this.#add(flush, draft, command, now));
    flush.finish();
    const spec = lastSpec(commands);
    const learned = spec && this.#learned(spec);
    if (flush.rows.length > 0 || draft.isChanged) this.#commit(flush, draft, learned, now);
    return replies as ReplyTo<C>[];
  }

  #add(
    flush: Flush,
    draft: StreamDraft,
    command: WriteCommand,
    now: number,
  ): AppendReply | MarkerReply | StreamWriteReply {
    const absence = this.#absence;
    if ('kind' in command) return writeStream(command, draft, flush, { absence, now });
    if (isAppend(command)) {
      const refusal = absence === undefined ? refusalOfProducers(draft) : unknownPartition();
      return refusal === undefined ? flush.add(command) : refused(refusal, -1);
    }
    if (absence !== undefined) return { errorCode: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION };
    const { configs } = this.#memory.state?.spec ?? { configs: {} };
    const { logAppendTime } = logConfigFrom(configs, this.#settings.messageMaxBytes);
    return flush.end(command.marker, logAppendTime);
  }

  /** What was appended since this was asked last, whole batches in order. */
  takeAppended(): readonly Uint8Array[] {
    const appended = this.#appended;
    this.#appended = [];
    return appended;
  }

  describeProducers(now: number): DescribeProducersReply {
    if (this.#gone) {
      return { errorCode: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, producers: [] };
    }
    const producers = [...this.#producers.all(now)].map(([producerId, entry]) => ({
      producerId,
      producerEpoch: entry.epoch,
      lastSequence: entry.batches.length === 0 ? -1 : lastSequenceOf(entry.batches.at(-1)!),
      lastTimestamp: entry.lastTimestamp,
      coordinatorEpoch: entry.coordinatorEpoch,
      currentTxnStartOffset: entry.open?.firstOffset ?? -1,
    }));
    return { errorCode: ErrorCode.NONE, producers };
  }

  read(command: ReadCommand): ReadReply {
    if (this.#gone) return readRefused(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION);
    return readLog(this.#store, this.#bounds(), command);
  }

  listOffset(command: PartitionCalls['listOffset']['command']): ListOffsetReply {
    if (this.#gone) return listOffsetRefused(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION);
    return listOffset(this.#store, this.#bounds(), command);
  }

  deleteRecords({ spec, offset }: DeleteRecords['command'], now: number): DeleteRecords['reply'] {
    const refuse = (errorCode: number) => ({ errorCode, lowWatermark: -1 });
    if (this.#gone) return refuse(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION);
    const { deletes, compacts } = cleanupConfigFrom(spec.configs);
    if (compacts && !deletes) return refuse(ErrorCode.POLICY_VIOLATION);
    const to = offset === -1 ? this.highWatermark : offset;
    if (to > this.highWatermark) noticeReplacement(this.#store);
    if (to < 0 || to > this.highWatermark) return refuse(ErrorCode.OFFSET_OUT_OF_RANGE);
    if (to > this.logStartOffset) this.#cleanup.deleteBelow(to, spec, now);
    return { errorCode: ErrorCode.NONE, lowWatermark: this.logStartOffset };
  }

  /** A partition without a record learns its configs with the first. */
  configure(spec: PartitionSpec): { errorCode: number } {
    if (this.#store.dropped) return { errorCode: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION };
    const learned = this.#learned(spec);
    const opened = this.#memory.state !== undefined || this.highWatermark > 0;
    if (opened && learned !== undefined) this.#cleanup.keep(learned);
    return { errorCode: ErrorCode.NONE };
  }

  describe(): DescribeReply {
    const { logStartOffset, highWatermark } = this;
    if (this.#gone) return describeRefused(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION);
    const { sizeInBytes } = this.#memory;
    return { errorCode: ErrorCode.NONE, sizeInBytes, logStartOffset, highWatermark };
  }

  /** When `cleanUp` has something to do or the stream ends, as things are; undefined: never. */
  cleanUpAt(now: number): number | undefined {
    if (this.#store.dropped) return undefined;
    const at = Math.min(
      this.#cleanup.dueAt(now) ?? latestAlarm,
      this.#stream.endsAt ?? latestAlarm,
    );
    return at < latestAlarm ? at : undefined;
  }

  /** A slice of what retention and compaction have to do; true when there may be more of it. */
  cleanUp(now: number): boolean {
    return !this.#store.dropped && this.#cleanup.work(now);
  }

  readStream({ from, maxBytes }: StreamCalls['streamRead']['command']): StreamReadReply {
    const absence = this.#absence;
    if (absence !== undefined) {
      const { errorCode, outcome } = absent(absence);
      return { ...readRefused(errorCode), outcome, offset: -1 };
    }
    this.#stream.used(this.#now);
    const { highWatermark, logStartOffset } = this;
    const offset = from === 'start' ? logStartOffset : from === 'now' ? highWatermark : from;
    const found = this.read({
      fetchOffset: offset,
      currentLeaderEpoch: -1,
      maxBytes,
      minOneBatch: maxBytes > 0,
      isolationLevel: 1,
    });
    return { ...found, outcome: 'read', stream: viewOf(this.#stream.state, highWatermark), offset };
  }

  describeStream(): StreamCalls['streamDescribe']['reply'] {
    const { state } = this.#stream;
    const { logStartOffset, highWatermark } = this;
    const absence = this.#absence;
    const answer =
      absence === undefined
        ? { errorCode: ErrorCode.NONE, errorMessage: null, outcome: 'described' as const }
        : absent(absence);
    const stream = absence === undefined ? viewOf(state, highWatermark) : undefined;
    const { forks = [], forkedFrom, declared = false } = state ?? {};
    return { ...answer, stream, forks, forkedFrom, declared, logStartOffset };
  }

  noteForks(command: StreamCalls['streamForks']['command']): StreamCalls['streamForks']['reply'] {
    const absence = this.#absence;
    const mayNote = absence === undefined || (absence === 'gone' && command.add === undefined);
    if (!mayNote) return absent(absence);
    this.#stream.forks(command, this.#now);
    return { errorCode: ErrorCode.NONE, errorMessage: null, outcome: 'noted' };
  }

  /** The records go at once, or with `cleanUp` if they are many. */
  hideStream(): StreamCalls['streamHide']['reply'] {
    if (this.#store.dropped) return absent('unknown');
    this.#stream.hide(this.#now);
    const spec = this.#memory.state?.spec;
    if (spec !== undefined && this.highWatermark > this.logStartOffset) {
      this.#cleanup.deleteBelow(this.highWatermark, spec, this.#now);
    }
    return { errorCode: ErrorCode.NONE, errorMessage: null, outcome: 'hidden' };
  }

  /** The topic of a stream that has ended: to be deleted. One that has forks is hidden instead. */
  endedTopic(): string | undefined {
    const endsAt = this.#store.dropped ? undefined : this.#stream.endsAt;
    if (endsAt === undefined || endsAt > this.#now) return undefined;
    if (this.#absence !== 'gone') return this.#memory.state?.spec.topicId;
    this.hideStream();
    return undefined;
  }

  /** Forgets the log for good. */
  drop(): void {
    this.#store.drop();
    this.#memory.logStartOffset = 0;
    this.#memory.nextOffset = 0;
  }

  #bounds(): LogBounds {
    const { logStartOffset, highWatermark, lastStableOffset } = this;
    return { logStartOffset, highWatermark, lastStableOffset };
  }

  /** The state to be written because a caller says what was not known; mostly undefined. */
  #learned(spec: PartitionSpec): LogState | undefined {
    const { state, logStartOffset } = this.#memory;
    if (state === undefined) return firstState(spec, logStartOffset);
    return isNewer(spec, state.spec) ? { ...state, spec } : undefined;
  }

  /**
   * Memory follows the store, never the other way round, but for a snapshot, which is the state
   * after this flush.
   */
  #commit(flush: Flush, draft: StreamDraft, learned: LogState | undefined, now: number): void {
    const rowsSinceSnapshot = this.#rowsSinceSnapshot + flush.rows.length;
    const due = rowsSinceSnapshot >= rowsPerSnapshot(this.#producers.size);
    const bytes = flush.rows.reduce((sum, row) => sum + row.bytes.length, 0);
    const sizeInBytes = this.#memory.sizeInBytes + bytes;
    const logStartOffset = flush.logStartOffset ?? this.logStartOffset;
    const begun = flush.logStartOffset === undefined ? learned : { ...learned!, logStartOffset };
    const state = due ? this.#countedAfter(flush, begun, sizeInBytes) : begun;
    const snapshot = due ? this.#snapshotAfter(flush, now) : undefined;
    const rows = this.#lastRow.joinedBy(flush.rows, this.#cleanup.growth, now);
    this.#store.append(rows, snapshot, state, draft.rows());
    this.#lastRow.stored(rows, now);
    this.#stream.stored(draft, now);
    for (const [producerId, entry] of flush.producers) {
      this.#producers.set(producerId, entry);
      this.#enlistments.settled(producerId);
    }
    this.#memory.logStartOffset = logStartOffset;
    this.#memory.nextOffset = flush.nextOffset;
    this.#memory.sizeInBytes = sizeInBytes;
    if (state !== undefined) this.#memory.state = state;
    if (due) this.#memory.snapshotOffset = flush.nextOffset;
    this.#maxTimestampSoFar = flush.maxTimestampSoFar;
    this.#rowsSinceSnapshot = due ? 0 : rowsSinceSnapshot;
    this.#appended = flush.rows.map((row) => row.bytes);
    this.#cleanup.appended(rows);
  }

  #countedAfter(
    { nextOffset }: Flush,
    learned: LogState | undefined,
    sizeInBytes: number,
  ): LogState | undefined {
    const state = learned ?? this.#memory.state;
    // Markers may come before anybody says which partition this is.
    if (state === undefined) return undefined;
    const { cleanBytes } = state.counted ?? nothingCounted;
    return { ...state, counted: { nextOffset, sizeInBytes, cleanBytes } };
  }

  #snapshotAfter(flush: Flush, now: number): Snapshot {
    const after = new ProducerStates(this.#settings.producerIdExpirationMs);
    after.restore(this.#producers.encode());
    for (const [producerId, entry] of flush.producers) after.set(producerId, entry);
    after.expire(now);
    this.#producers.expire(now);
    return { nextOffset: flush.nextOffset, bytes: after.encode() };
  }
}

/** What was said last of the topic: markers say nothing of it. */
function lastSpec(commands: readonly WriteCommand[]): PartitionSpec | undefined {
  const specs = commands.map((command) => {
    if ('kind' in command) return command.write.spec;
    return isAppend(command) ? command.spec : undefined;
  });
  return specs.findLast((spec) => spec !== undefined);
}

/** No log, no numbers. */
export function describeRefused(errorCode: number): DescribeReply {
  return { errorCode, sizeInBytes: -1, logStartOffset: -1, highWatermark: -1 };
}

function unknownPartition(): KafkaError {
  return new KafkaError(
    ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
    'the topic of this partition is gone',
  );
}
