/**
 * One topic-partition's ordered log: what may be appended, what a reader gets, where a moment lies.
 * The surprise: its memory is a few numbers and the recent producers, all rebuilt from rows, so
 * throwing it away and loading again is always right.
 */
import { ErrorCode, KafkaError } from '../../protocol/errors.ts';
import { noTimestamp } from '../../protocol/records/index.ts';
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
 * A snapshot of producers is written once in so many rows, which bounds what loading looks at:
 * the more producers there are, the more it costs, so the rarer it is.
 */
export function rowsPerSnapshot(producers: number): number {
  return Math.min(100 + producers, 1_000);
}

type DeleteRecords = PartitionCalls['deleteRecords'];
type DescribeProducersReply = PartitionCalls['describeProducers']['reply'];

export type WriteCommand = AppendCommand | MarkerCommand;
export function isAppend(command: WriteCommand): command is AppendCommand {
  return 'records' in command;
}

type ReplyTo<C extends WriteCommand> = C extends MarkerCommand ? MarkerReply : AppendReply;

export class PartitionLog {
  readonly #store: LogStore;
  readonly #settings: LogSettings;
  readonly #producers: ProducerStates;
  readonly #enlistments: Enlistments;
  readonly #memory: LogMemory;
  readonly #cleanup: Cleanup;
  #maxTimestampSoFar = noTimestamp;
  #rowsSinceSnapshot = 0;

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
    if (this.#store.dropped) return undefined;
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
    const replies = commands.map((command) => this.#add(flush, command));
    flush.finish();
    const spec = lastSpec(commands);
    if (flush.rows.length > 0) this.#commit(flush, spec && this.#learned(spec), now);
    return replies as ReplyTo<C>[];
  }

  #add(flush: Flush, command: WriteCommand): AppendReply | MarkerReply {
    if (isAppend(command)) {
      return this.#store.dropped ? refused(unknownPartition(), -1) : flush.add(command);
    }
    if (this.#store.dropped) return { errorCode: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION };
    const { configs } = this.#memory.state?.spec ?? { configs: {} };
    const { logAppendTime } = logConfigFrom(configs, this.#settings.messageMaxBytes);
    return flush.end(command.marker, logAppendTime);
  }

  describeProducers(now: number): DescribeProducersReply {
    if (this.#store.dropped) {
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
    if (this.#store.dropped) return readRefused(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION);
    return readLog(this.#store, this.#bounds(), command);
  }

  listOffset(command: PartitionCalls['listOffset']['command']): ListOffsetReply {
    if (this.#store.dropped) return listOffsetRefused(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION);
    return listOffset(this.#store, this.#bounds(), command);
  }

  deleteRecords({ spec, offset }: DeleteRecords['command'], now: number): DeleteRecords['reply'] {
    const refuse = (errorCode: number) => ({ errorCode, lowWatermark: -1 });
    if (this.#store.dropped) return refuse(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION);
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
    if (this.#store.dropped) return describeRefused(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION);
    const { sizeInBytes } = this.#memory;
    return { errorCode: ErrorCode.NONE, sizeInBytes, logStartOffset, highWatermark };
  }

  /** When `cleanUp` has something to do, as things are; undefined: never. */
  cleanUpAt(now: number): number | undefined {
    return this.#store.dropped ? undefined : this.#cleanup.dueAt(now);
  }

  /** A slice of what retention and compaction have to do; true when there may be more of it. */
  cleanUp(now: number): boolean {
    return !this.#store.dropped && this.#cleanup.work(now);
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
  #commit(flush: Flush, learned: LogState | undefined, now: number): void {
    const rowsSinceSnapshot = this.#rowsSinceSnapshot + flush.rows.length;
    const due = rowsSinceSnapshot >= rowsPerSnapshot(this.#producers.size);
    const bytes = flush.rows.reduce((sum, row) => sum + row.bytes.length, 0);
    const sizeInBytes = this.#memory.sizeInBytes + bytes;
    const state = due ? this.#countedAfter(flush, learned, sizeInBytes) : learned;
    this.#store.append(flush.rows, due ? this.#snapshotAfter(flush, now) : undefined, state);
    for (const [producerId, entry] of flush.producers) {
      this.#producers.set(producerId, entry);
      this.#enlistments.settled(producerId);
    }
    this.#memory.nextOffset = flush.nextOffset;
    this.#memory.sizeInBytes = sizeInBytes;
    if (state !== undefined) this.#memory.state = state;
    if (due) this.#memory.snapshotOffset = flush.nextOffset;
    this.#maxTimestampSoFar = flush.maxTimestampSoFar;
    this.#rowsSinceSnapshot = due ? 0 : rowsSinceSnapshot;
    this.#cleanup.appended(flush.rows);
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
  return commands.filter(isAppend).at(-1)?.spec;
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
