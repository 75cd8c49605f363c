/**
 * Gathers appends that arrived together into as few rows as they need: group commit. The surprise:
 * nothing of the log changes here; what producers did is staged, and counts only once the rows are
 * stored.
 */
import { ErrorCode, KafkaError } from '../../protocol/errors.ts';
import { noProducerId, noTimestamp, RecordBatch } from '../../protocol/records/index.ts';
import type { AppendReply, PartitionCalls } from './calls.ts';
import { leaderEpoch } from './leader-epoch.ts';
import { logConfigFrom } from './log-config.ts';
import {
  appendBytes,
  checkSequence,
  encodeAppends,
  type ProducerAppend,
  type ProducerBatch,
  type ProducerEntry,
  withBatch,
} from './producer-state.ts';
import type { LogRow } from './store.ts';
import { RecordRefusal, type ValidBatch, validateBatches } from './validate.ts';

export type AppendCommand = PartitionCalls['append']['command'];

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
  producer(producerId: number, now: number): ProducerEntry | undefined;
}

/** A batch with its place in the log. */
interface Placed extends ValidBatch {
  readonly baseOffset: number;
}

export class Flush {
  readonly rows: LogRow[] = [];
  /** Producers as they are once the rows are stored. */
  readonly producers = new Map<number, ProducerEntry>();
  nextOffset: number;
  maxTimestampSoFar: number;
  readonly #end: LogEnd;
  readonly #now: number;
  readonly #messageMaxBytes: number;
  /** The row being filled. */
  #placed: Placed[] = [];
  #appends: ProducerAppend[] = [];
  #size = 0;

  constructor(end: LogEnd, messageMaxBytes: number, now: number) {
    this.#end = end;
    this.#now = now;
    this.#messageMaxBytes = messageMaxBytes;
    this.nextOffset = end.nextOffset;
    this.maxTimestampSoFar = end.maxTimestampSoFar;
  }

  /** Takes all batches of one append or none. The reply holds once the rows are stored. */
  add({ spec, records }: AppendCommand): AppendReply {
    try {
      const config = logConfigFrom(spec.configs, this.#messageMaxBytes);
      const batches = validateBatches(records, config, this.#now);
      const retried = this.#checkProducers(batches);
      if (retried !== undefined) return this.#accepted(retried.baseOffset, retried.maxTimestamp);
      const baseOffset = this.nextOffset;
      for (const batch of batches) this.#place(batch);
      return this.#accepted(baseOffset, config.logAppendTime ? this.#now : noTimestamp);
    } catch (error) {
      if (error instanceof KafkaError) return refused(error, this.#end.logStartOffset);
      throw error;
    }
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
      producers: this.#appends.length === 0 ? null : encodeAppends(this.#appends, baseOffset),
      bytes: join(this.#placed),
    });
    this.#placed = [];
    this.#appends = [];
    this.#size = 0;
  }

  /**
   * The batch an append repeats, or undefined when all of it is new. Throws the refusal of a
   * producer.
   */
  #checkProducers(batches: readonly ValidBatch[]): ProducerBatch | undefined {
    const staged = new Map<number, ProducerEntry>();
    const retried: ProducerBatch[] = [];
    let nextOffset = this.nextOffset;
    for (const { batch, maxTimestamp } of batches) {
      const { producerId } = batch;
      const entry = staged.get(producerId) ?? this.#producer(producerId);
      const known = producerId > noProducerId ? checkSequence(entry, batch) : undefined;
      if (known === undefined && batch.isTransactional) {
        throw new KafkaError(
          ErrorCode.INVALID_TXN_STATE,
          `producer ${producerId} has no transaction open here`,
        );
      }
      if (known !== undefined) retried.push(known);
      else if (producerId > noProducerId) {
        const append = producerAppend({ batch, maxTimestamp, baseOffset: nextOffset });
        staged.set(producerId, withBatch(entry, append, this.#now));
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
    return this.producers.get(producerId) ?? this.#end.producer(producerId, this.#now);
  }

  #place(valid: ValidBatch): void {
    const { batch } = valid;
    const idempotent = batch.producerId > noProducerId;
    const size = batch.sizeInBytes + (idempotent ? appendBytes : 0);
    if (this.#size > 0 && this.#size + size > rowBytes) this.finish();
    const placed = { ...valid, baseOffset: this.nextOffset };
    this.#placed.push(placed);
    this.#size += size;
    this.nextOffset += batch.recordCount;
    if (!idempotent) return;
    const append = producerAppend(placed);
    this.#appends.push(append);
    const entry = withBatch(this.#producer(batch.producerId), append, this.#now);
    this.producers.set(batch.producerId, entry);
  }

  #accepted(baseOffset: number, logAppendTimeMs: number): AppendReply {
    const { logStartOffset } = this.#end;
    return {
      errorCode: ErrorCode.NONE,
      errorMessage: null,
      baseOffset,
      logAppendTimeMs,
      logStartOffset,
      recordErrors: [],
    };
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

function producerAppend({ batch, baseOffset, maxTimestamp }: Omit<Placed, 'timestampType'>) {
  return {
    producerId: batch.producerId,
    epoch: batch.producerEpoch,
    baseSequence: batch.baseSequence,
    recordCount: batch.recordCount,
    baseOffset,
    maxTimestamp,
  };
}

/** One copy of all batches, each with its place written into the copy. */
function join(placed: readonly Placed[]): Uint8Array {
  const bytes = new Uint8Array(placed.reduce((sum, { batch }) => sum + batch.sizeInBytes, 0));
  let start = 0;
  for (const { batch, baseOffset, timestampType, maxTimestamp } of placed) {
    const end = start + batch.sizeInBytes;
    bytes.set(batch.bytes, start);
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
