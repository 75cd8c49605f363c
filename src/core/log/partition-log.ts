/**
 * One topic-partition's ordered log: what may be appended, what a reader gets, where a moment lies.
 * The surprise: its memory is a few numbers and the recent producers, all rebuilt from rows, so
 * throwing it away and loading again is always right.
 */
import { ErrorCode, KafkaError } from '../../protocol/errors.ts';
import { noTimestamp } from '../../protocol/records/index.ts';
import type { AppendReply, PartitionCalls, ReadCommand, ReadReply } from './calls.ts';
import { type AppendCommand, Flush, refused } from './flush.ts';
import { type ListOffsetReply, listOffset, listOffsetRefused } from './list-offsets.ts';
import { ProducerStates } from './producer-state.ts';
import { type LogBounds, readLog, readRefused } from './read.ts';
import type { LogStore } from './store.ts';

export interface LogSettings {
  /** `message.max.bytes`: what `max.message.bytes` is where a topic does not say. */
  readonly messageMaxBytes: number;
  /** `producer.id.expiration.ms` */
  readonly producerIdExpirationMs: number;
}

/** A snapshot of producers is written once in so many rows, which bounds what loading replays. */
export const rowsPerSnapshot = 1_000;

export class PartitionLog {
  readonly #store: LogStore;
  readonly #settings: LogSettings;
  readonly #producers: ProducerStates;
  #logStartOffset = 0;
  #nextOffset = 0;
  #maxTimestampSoFar = noTimestamp;
  #rowsSinceSnapshot = 0;

  /** Loads what the store holds; writes nothing. */
  constructor(store: LogStore, settings: LogSettings) {
    this.#store = store;
    this.#settings = settings;
    this.#producers = new ProducerStates(settings.producerIdExpirationMs);
    const last = store.floor(Number.MAX_SAFE_INTEGER);
    if (last === undefined) return;
    this.#logStartOffset = store.from(0, 1)[0].baseOffset;
    this.#nextOffset = last.nextOffset;
    this.#maxTimestampSoFar = last.maxTimestampSoFar;
    const snapshot = store.snapshot();
    if (snapshot !== undefined) this.#producers.restore(snapshot.bytes);
    const replayFrom = snapshot?.nextOffset ?? 0;
    for (const row of store.producerRows(replayFrom)) this.#producers.replay(row);
    this.#rowsSinceSnapshot = store.count(replayFrom);
  }

  /** One past the last record. All that is stored may be read. */
  get highWatermark(): number {
    return this.#nextOffset;
  }

  get logStartOffset(): number {
    return this.#logStartOffset;
  }

  /**
   * Appends that arrived together: each is taken or refused by itself, and all that are taken are
   * stored at once.
   */
  append(commands: readonly AppendCommand[], now: number): AppendReply[] {
    if (this.#store.dropped) return commands.map(() => refused(unknownPartition(), -1));
    const flush = new Flush(
      {
        ...this.#bounds(),
        nextOffset: this.#nextOffset,
        maxTimestampSoFar: this.#maxTimestampSoFar,
        producer: (producerId) => this.#producers.get(producerId, now),
      },
      this.#settings.messageMaxBytes,
      now,
    );
    const replies = commands.map((command) => flush.add(command));
    flush.finish();
    if (flush.rows.length > 0) this.#commit(flush, now);
    return replies;
  }

  read(command: ReadCommand): ReadReply {
    if (this.#store.dropped) return readRefused(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION);
    return readLog(this.#store, this.#bounds(), command);
  }

  listOffset(command: PartitionCalls['listOffset']['command']): ListOffsetReply {
    if (this.#store.dropped) return listOffsetRefused(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION);
    return listOffset(this.#store, this.#bounds(), command);
  }

  /** Forgets the log for good. */
  drop(): void {
    this.#store.drop();
    this.#logStartOffset = 0;
    this.#nextOffset = 0;
  }

  #bounds(): LogBounds {
    return { logStartOffset: this.#logStartOffset, highWatermark: this.#nextOffset };
  }

  /**
   * Memory follows the store, never the other way round, but for a snapshot, which is the state
   * after this flush.
   */
  #commit(flush: Flush, now: number): void {
    const rowsSinceSnapshot = this.#rowsSinceSnapshot + flush.rows.length;
    const due = rowsSinceSnapshot >= rowsPerSnapshot;
    this.#store.append(flush.rows, due ? this.#snapshotAfter(flush, now) : undefined);
    for (const [producerId, entry] of flush.producers) this.#producers.set(producerId, entry);
    this.#nextOffset = flush.nextOffset;
    this.#maxTimestampSoFar = flush.maxTimestampSoFar;
    this.#rowsSinceSnapshot = due ? 0 : rowsSinceSnapshot;
  }

  #snapshotAfter(flush: Flush, now: number) {
    const after = new ProducerStates(this.#settings.producerIdExpirationMs);
    after.restore(this.#producers.encode());
    for (const [producerId, entry] of flush.producers) after.set(producerId, entry);
    after.expire(now);
    this.#producers.expire(now);
    return { nextOffset: flush.nextOffset, bytes: after.encode() };
  }
}

function unknownPartition(): KafkaError {
  return new KafkaError(
    ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
    'the topic of this partition is gone',
  );
}
