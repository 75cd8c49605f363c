/**
 * Gathers appends that arrived together into as few rows as they need: group commit. The surprise:
 * nothing of the log changes here; what producers did is staged, and counts only once the rows are
 * stored.
 */
import { ErrorCode, KafkaError } from '../../protocol/errors.ts';
import {
  noProducerId,
  noTimestamp,
  RecordBatch,
  recordBatches,
  TimestampType,
} from '../../protocol/records/index.ts';
import type { AppendReply, PartitionCalls } from './calls.ts';
import { controlBatch } from './control-batch.ts';
import { leaderEpoch } from './leader-epoch.ts';
import { logConfigFrom } from './log-config.ts';
import {
  checkBatch,
  checkMarker,
  type Membership,
  type ProducerAppend,
  type ProducerBatch,
  type ProducerEntry,
  repeatedBatch,
  withBatch,
} from './producer.ts';
import { effectBytes, encodeEffects, type ProducerEffect } from './producer-codec.ts';
import { afterEffect } from './producer-state.ts';
import type { AbortedTransaction, LogRow } from './store.ts';
import { RecordRefusal, type ValidBatch, validateBatches } from './validate.ts';

/** With the coordinator's answer, where it was asked (see `PartitionLog.mustEnlist`). */
export type AppendCommand = PartitionCalls['append']['command'] &
  Membership & {
    /** Nobody else looks at the records: they may be stored where they lie. */
    readonly owned?: boolean | undefined;
  };
export type MarkerCommand = PartitionCalls['writeMarker']['command'];
export type MarkerReply = PartitionCalls['writeMarker']['reply'];

/**
 * A row of several batches stays below this, under the platform's 2 MB a row; a larger batch has a
 * row to itself.
 */
export const rowBytes = 1_900_000;

/** What a flush needs to know of the log it extends. */
export interface LogEnd {
  readonly logStartOffset: number;
  readonly nextOffset: number;
  readonly maxTimestampSoFar: number;
  /** Producer id → first offset of its open transaction. */
  readonly openTransactions: ReadonlyMap<number, number>;
  producer(producerId: number): ProducerEntry | undefined;
  /** The sequence that a transaction of this producer has to begin with, at the latest. */
  lowestSequence(producerId: number): number;
}

/** A batch with its place in the log. */
interface Placed extends ValidBatch {
  readonly baseOffset: number;
  readonly owned: boolean;
}

export class Flush {
  readonly rows: LogRow[] = [];
  /** Producers as they are once the rows are stored. */
  readonly producers = new Map<number, ProducerEntry>();
  nextOffset: number;
  /** Where the log starts from now on; undefined: where it did. */
  logStartOffset: number | undefined;
  maxTimestampSoFar: number;
  readonly #end: LogEnd;
  readonly #now: number;
  readonly #messageMaxBytes: number;
  /** The row being filled. */
  #placed: Placed[] = [];
  #effects: ProducerEffect[] = [];
  #aborted: AbortedTransaction[] = [];
  #size = 0;

  constructor(end: LogEnd, messageMaxBytes: number, now: number) {
    this.#end = end;
    this.#now = now;
    this.#messageMaxBytes = messageMaxBytes;
    this.nextOffset = end.nextOffset;
    this.maxTimestampSoFar = end.maxTimestampSoFar;
  }

  /** Takes all batches of one append or none. The reply holds once the rows are stored. */
  add({ spec, records, owned = false, ...membership }: AppendCommand): AppendReply {
    try {
      const config = logConfigFrom(spec.configs, this.#messageMaxBytes);
      const batches = validateBatches(records, config, this.#now);
      const retried = this.#checkProducers(batches, membership);
      if (retried !== undefined) return this.#accepted(retried.baseOffset, retried.maxTimestamp);
      const baseOffset = this.nextOffset;
      for (const batch of batches) this.#place(batch, membership, owned);
      return this.#accepted(baseOffset, config.logAppendTime ? this.#now : noTimestamp);
    } catch (error) {
      if (error instanceof KafkaError) return refused(error, this.#end.logStartOffset);
      throw error;
    }
  }

  /** Takes the end of a transaction; one that was heard before changes nothing. */
  end(marker: MarkerCommand['marker'], logAppendTime: boolean): MarkerReply {
    const { producerId, producerEpoch, coordinatorEpoch, transactionNumber = 0 } = marker;
    // No producer has such an id or epoch; Kafka cannot build the batch.
    if (producerId < 0 || producerEpoch < 0) return { errorCode: ErrorCode.UNKNOWN_SERVER_ERROR };
    const entry = this.#producer(producerId);
    try {
      if (!checkMarker(entry, marker)) return { errorCode: ErrorCode.NONE };
    } catch (error) {
      if (error instanceof KafkaError) return { errorCode: error.code };
      throw error;
    }
    const timestampType = logAppendTime ? TimestampType.LOG_APPEND_TIME : TimestampType.CREATE_TIME;
    const batch = controlBatch(marker, this.#now);
    const effect = { producerId, epoch: producerEpoch, coordinatorEpoch, transactionNumber };
    const lastOffset = this.#put({ batch, timestampType, maxTimestamp: this.#now }, effect, true);
    if (entry?.open !== undefined && !marker.committed) {
      const lastStableOffset = Math.min(lastOffset + 1, ...this.#openOffsets());
      const { firstOffset } = entry.open;
      this.#aborted.push({ producerId, firstOffset, lastOffset, lastStableOffset });
    }
    return { errorCode: ErrorCode.NONE };
  }

  /** Has a log that nothing was written to yet begin at this offset. */
  beginAt(offset: number): void {
    this.nextOffset = this.logStartOffset = offset;
  }

  /** Takes batches as they stand in another log, and goes on from `nextOffset`. */
  copy(bytes: Uint8Array, nextOffset: number): void {
    this.finish();
    const batches = [...recordBatches(bytes)];
    const maxTimestamp = batches.reduce((max, b) => Math.max(max, b.maxTimestamp), noTimestamp);
    this.maxTimestampSoFar = Math.max(this.maxTimestampSoFar, maxTimestamp);
    this.nextOffset = nextOffset;
    if (batches.length === 0) return;
    this.rows.push({
      baseOffset: batches[0].baseOffset,
      nextOffset,
      maxTimestamp,
      maxTimestampSoFar: this.maxTimestampSoFar,
      appendedAt: this.#now,
      producers: null,
      bytes,
    });
  }

  /** Closes the last row. */
  finish(): void {
    if (this.#placed.length === 0) return;
    const [{ baseOffset }] = this.#placed;
    const maxTimestamp = this.#placed.reduce(
      (max, p) => Math.max(max, p.maxTimestamp),
      noTimestamp,
    );
    this.maxTimestampSoFar = Math.max(this.maxTimestampSoFar, maxTimestamp);
    this.rows.push({
      baseOffset,
      nextOffset: this.nextOffset,
      maxTimestamp,
      maxTimestampSoFar: this.maxTimestampSoFar,
      appendedAt: this.#now,
      producers: this.#effects.length === 0 ? null : encodeEffects(this.#effects, baseOffset),
      bytes: join(this.#placed),
      aborted: this.#aborted,
    });
    this.#placed = [];
    this.#effects = [];
    this.#aborted = [];
    this.#size = 0;
  }

  /**
   * The batch an append repeats, or undefined when all of it is new. Throws the refusal of a
   * producer.
   */
  #checkProducers(
    batches: readonly ValidBatch[],
    membership: Membership,
  ): ProducerBatch | undefined {
    const staged = new Map<number, ProducerEntry>();
    const retried: ProducerBatch[] = [];
    let nextOffset = this.nextOffset;
    for (const { batch, maxTimestamp } of batches) {
      const { producerId } = batch;
      const entry = staged.get(producerId) ?? this.#producer(producerId);
      const known = repeatedBatch(entry, batch);
      if (known !== undefined) retried.push(known);
      else {
        const lowestSequence = this.#end.lowestSequence(producerId);
        checkBatch(entry, batch, { ...membership, lowestSequence });
        const append = producerAppend({ batch, maxTimestamp, baseOffset: nextOffset }, membership);
        if (producerId > noProducerId) staged.set(producerId, withBatch(entry, append, this.#now));
      }
      nextOffset += batch.recordCount;
    }
    if (retried.length !== 0 && retried.length !== batches.length) {
      throw new KafkaError(
        ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER,
        'new batches amid repeated ones',
      );
    }
    return retried[0];
  }

  #producer(producerId: number): ProducerEntry | undefined {
    if (producerId <= noProducerId) return undefined;
    return this.producers.get(producerId) ?? this.#end.producer(producerId);
  }

  /** Where transactions begin that are open as things stand. */
  *#openOffsets(): Generator<number> {
    for (const [producerId, firstOffset] of this.#end.openTransactions) {
      if (!this.producers.has(producerId)) yield firstOffset;
    }
    for (const { open } of this.producers.values()) if (open !== undefined) yield open.firstOffset;
  }

  #place(valid: ValidBatch, membership: Membership, owned: boolean): void {
    const { batch, maxTimestamp } = valid;
    const idempotent = batch.producerId > noProducerId;
    const place = { batch, maxTimestamp, baseOffset: this.nextOffset };
    this.#put(valid, idempotent ? producerAppend(place, membership) : undefined, owned);
  }

  /** Puts a batch, and what it does to its producer, behind the others; answers where. */
  #put(valid: ValidBatch, effect: ProducerEffect | undefined, owned: boolean): number {
    const { batch } = valid;
    const size = batch.sizeInBytes + (effect === undefined ? 0 : effectBytes);
    if (this.#size > 0 && this.#size + size > rowBytes) this.finish();
    const baseOffset = this.nextOffset;
    this.#placed.push({ ...valid, baseOffset, owned });
    this.#size += size;
    this.nextOffset += batch.recordCount;
    if (effect !== undefined) {
      const entry = afterEffect(this.#producer(effect.producerId), effect, this.#now);
      this.#effects.push(effect);
      this.producers.set(effect.producerId, entry);
    }
    return baseOffset;
  }

  #accepted(baseOffset: number, logAppendTimeMs: number): AppendReply {
    const { logStartOffset } = this.#end;
    return { errorCode: ErrorCode.NONE, baseOffset, logAppendTimeMs, logStartOffset };
  }
}

/** Refusals that Kafka answers without a log start offset. */
const saysNothing: readonly number[] = [
  ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
  ErrorCode.MESSAGE_TOO_LARGE,
  ErrorCode.CORRUPT_MESSAGE,
  ErrorCode.KAFKA_STORAGE_ERROR,
];

/** The answer to an append the log does not take. */
export function refused(error: KafkaError, logStartOffset: number): AppendReply {
  return {
    errorCode: error.code,
    errorMessage: error.message,
    baseOffset: -1,
    logAppendTimeMs: noTimestamp,
    logStartOffset: saysNothing.includes(error.code) ? -1 : logStartOffset,
    recordErrors: error instanceof RecordRefusal ? error.recordErrors : [],
  };
}

function producerAppend(
  { batch, baseOffset, maxTimestamp }: Omit<Placed, 'timestampType' | 'owned'>,
  { transactionNumber }: Membership,
): ProducerAppend {
  return {
    producerId: batch.producerId,
    epoch: batch.producerEpoch,
    baseSequence: batch.baseSequence,
    recordCount: batch.recordCount,
    baseOffset,
    maxTimestamp,
    transactionNumber: batch.isTransactional ? transactionNumber : undefined,
  };
}

/** All batches one after the other, each with its place written into it. */
function join(placed: readonly Placed[]): Uint8Array {
  const bytes = adjoining(placed) ?? copied(placed);
  let start = 0;
  for (const { batch, baseOffset, timestampType, maxTimestamp } of placed) {
    const end = start + batch.sizeInBytes;
    const stored = new RecordBatch(bytes.subarray(start, end));
    stored.baseOffset = baseOffset;
    stored.partitionLeaderEpoch = leaderEpoch;
    if (stored.timestampType !== timestampType || stored.maxTimestamp !== maxTimestamp) {
      stored.setMaxTimestamp(timestampType, maxTimestamp);
    }
    start = end;
  }
  return bytes;
}

function copied(placed: readonly Placed[]): Uint8Array {
  const bytes = new Uint8Array(placed.reduce((sum, { batch }) => sum + batch.sizeInBytes, 0));
  let end = 0;
  for (const { batch } of placed) {
    bytes.set(batch.bytes, end);
    end += batch.sizeInBytes;
  }
  return bytes;
}

/** The bytes of all of these, if they lie one after the other already and nobody needs them. */
function adjoining(placed: readonly Placed[]): Uint8Array | undefined {
  const { buffer, byteOffset } = placed[0].batch.bytes;
  let end = byteOffset;
  for (const { batch, owned } of placed) {
    const { bytes } = batch;
    if (!owned || bytes.buffer !== buffer || bytes.byteOffset !== end) return undefined;
    end += bytes.length;
  }
  return new Uint8Array(buffer, byteOffset, end - byteOffset);
}
