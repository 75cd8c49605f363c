/**
 * What a record batch from a client must be before the log takes it: Kafka's checks in Kafka's
 * order. The surprise: compressed batches stay closed, so of their records only what the batch
 * header says is checked.
 *
 * Behaviour:
 * - no whole batch, magic 0 or 1: INVALID_RECORD; an impossible length or magic: CORRUPT_MESSAGE
 * - a base offset other than 0: INVALID_RECORD; larger than `max.message.bytes`: MESSAGE_TOO_LARGE;
 *   wrong checksum or too short for a header: CORRUPT_MESSAGE; an unknown compression codec:
 *   UNKNOWN_SERVER_ERROR, as Kafka has it
 * - counts and offsets that disagree, control batches, a producer without a sequence:
 *   INVALID_RECORD
 * - uncompressed records that do not fill their batch, skip an offset (Kafka lets that pass), or
 *   have no key in a compacted topic: INVALID_RECORD
 * - timestamps out of `message.timestamp.before.max.ms` and `.after.max.ms` (KIP-937), or of type
 *   LogAppendTime in a topic that stamps them itself: INVALID_TIMESTAMP. A wrong latest timestamp
 *   in a header is put right
 */
import { ErrorCode, KafkaError } from '../../protocol/errors.ts';
import {
  noProducerId,
  noTimestamp,
  type RecordBatch,
  RecordCursor,
  recordBatches,
  TimestampType,
} from '../../protocol/records/index.ts';
import type { LogConfig } from './log-config.ts';

const highestCodec = 4;
/** So many refused records are named in an answer; the whole batch is refused in any case. */
const namedErrors = 1_000;

/** One record that was refused, by its index in the batch. */
export interface RecordError {
  readonly batchIndex: number;
  readonly batchIndexErrorMessage: string | null;
}

/** A refusal that names records. */
export class RecordRefusal extends KafkaError {
  readonly recordErrors: readonly RecordError[];

  constructor(code: number, message: string, recordErrors: readonly RecordError[]) {
    super(code, message);
    this.recordErrors = recordErrors;
  }
}

/** A batch the log may take, with the timestamp its stored form must carry. */
export interface ValidBatch {
  readonly batch: RecordBatch;
  readonly timestampType: number;
  readonly maxTimestamp: number;
}

/** All batches of one append, or the first refusal, thrown. */
export function validateBatches(
  records: Uint8Array,
  config: LogConfig,
  now: number,
): readonly ValidBatch[] {
  const batches = [...recordBatches(records)];
  if (batches.length === 0)
    throw new KafkaError(ErrorCode.INVALID_RECORD, 'there is no whole record batch');
  for (const batch of batches) {
    if (batch.magic !== 2) throw invalid(`magic ${batch.magic}`);
  }
  for (const batch of batches) checkBytes(batch, config);
  return batches.map((batch) => {
    checkHeader(batch);
    return withTimestamps(batch, config, now);
  });
}

function checkBytes(batch: RecordBatch, { maxMessageBytes }: LogConfig): void {
  if (batch.baseOffset !== 0) throw invalid(`base offset ${batch.baseOffset} instead of 0`);
  if (batch.sizeInBytes > maxMessageBytes) {
    throw new KafkaError(
      ErrorCode.MESSAGE_TOO_LARGE,
      `a record batch of ${batch.sizeInBytes} bytes; max.message.bytes is ${maxMessageBytes}`,
    );
  }
  if (!batch.isValid) {
    throw new KafkaError(ErrorCode.CORRUPT_MESSAGE, 'the checksum of a record batch is wrong');
  }
  if (batch.codec > highestCodec) {
    throw new KafkaError(ErrorCode.UNKNOWN_SERVER_ERROR, `compression codec ${batch.codec}`);
  }
}

function checkHeader(batch: RecordBatch): void {
  const { lastOffsetDelta, recordCount, producerId } = batch;
  if (lastOffsetDelta < 0) throw invalid(`an offset range that ends at ${lastOffsetDelta}`);
  if (recordCount <= 0) throw invalid(`${recordCount} records`);
  if (lastOffsetDelta + 1 !== recordCount) {
    throw invalid(`${recordCount} records on ${lastOffsetDelta + 1} offsets`);
  }
  if (batch.isControl) throw invalid('a control batch, which is for coordinators only');
  if (producerId > noProducerId && batch.baseSequence < 0) {
    throw invalid(`producer ${producerId} with sequence ${batch.baseSequence}`);
  }
  for (const value of [producerId, batch.baseTimestamp, batch.maxTimestamp]) {
    if (!Number.isSafeInteger(value)) throw invalid(`a number out of all bounds: ${value}`);
  }
}

function withTimestamps(batch: RecordBatch, config: LogConfig, now: number): ValidBatch {
  const errors = new RecordErrors();
  const timestamps = timestampRule(batch, config, now);
  const latest =
    batch.codec === 0
      ? checkRecords(batch, config.compacted, timestamps, errors)
      : checkClosed(batch, timestamps, errors);
  errors.throwIfAny();
  return config.logAppendTime
    ? { batch, timestampType: TimestampType.LOG_APPEND_TIME, maxTimestamp: now }
    : { batch, timestampType: TimestampType.CREATE_TIME, maxTimestamp: latest };
}

/** What is wrong with a timestamp, if anything. */
type TimestampRule = (timestamp: number) => string | undefined;

function timestampRule(batch: RecordBatch, config: LogConfig, now: number): TimestampRule {
  if (config.logAppendTime) {
    const claimed = batch.timestampType === TimestampType.LOG_APPEND_TIME;
    return () => (claimed ? 'LogAppendTime is not for producers to claim' : undefined);
  }
  const earliest = now - config.timestampBeforeMaxMs;
  const latest = now + config.timestampAfterMaxMs;
  return (timestamp) =>
    timestamp !== noTimestamp && (timestamp < earliest || timestamp > latest)
      ? `timestamp ${timestamp} is not within [${earliest}, ${latest}]`
      : undefined;
}

/** Of compressed records only the latest timestamp is known. */
function checkClosed(batch: RecordBatch, timestamps: TimestampRule, errors: RecordErrors): number {
  const wrong = timestamps(batch.maxTimestamp);
  if (wrong !== undefined) errors.add(0, ErrorCode.INVALID_TIMESTAMP, wrong);
  return batch.maxTimestamp;
}

/** Walks uncompressed records; returns their latest timestamp. */
function checkRecords(
  batch: RecordBatch,
  compacted: boolean,
  timestamps: TimestampRule,
  errors: RecordErrors,
): number {
  const { baseTimestamp, recordCount } = batch;
  const cursor = new RecordCursor(batch.recordBytes);
  let latest = noTimestamp;
  for (let index = 0; index < recordCount; index++) {
    cursor.next();
    if (cursor.offsetDelta !== index) throw invalid(`record ${index} at ${cursor.offsetDelta}`);
    const timestamp = baseTimestamp + cursor.timestampDelta;
    if (timestamp > latest) latest = timestamp;
    if (compacted && cursor.keyLength < 0) {
      errors.add(index, ErrorCode.INVALID_RECORD, 'a record of a compacted topic needs a key');
      continue;
    }
    const wrong = timestamps(timestamp);
    if (wrong !== undefined) errors.add(index, ErrorCode.INVALID_TIMESTAMP, wrong);
  }
  if (!cursor.atEnd) throw invalid('more bytes than its records fill');
  return latest;
}

/**
 * Collects what is wrong with single records; one wrong timestamp decides the code, as in Kafka.
 */
class RecordErrors {
  readonly #errors: RecordError[] = [];
  #code: number = ErrorCode.INVALID_RECORD;

  add(batchIndex: number, code: number, batchIndexErrorMessage: string): void {
    if (code === ErrorCode.INVALID_TIMESTAMP) this.#code = code;
    if (this.#errors.length < namedErrors)
      this.#errors.push({ batchIndex, batchIndexErrorMessage });
  }

  throwIfAny(): void {
    if (this.#errors.length === 0) return;
    const [{ batchIndex, batchIndexErrorMessage }] = this.#errors;
    const message = `record ${batchIndex} was refused: ${batchIndexErrorMessage}`;
    throw new RecordRefusal(this.#code, message, this.#errors);
  }
}

function invalid(what: string): KafkaError {
  return new KafkaError(ErrorCode.INVALID_RECORD, `the record batch has ${what}`);
}
