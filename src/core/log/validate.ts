/**
 * What a record batch from a client must be before the log takes it: Kafka's checks in Kafka's
 * order. The surprise: compressed batches are opened too, as in Kafka, since a batch whose records
 * nobody can read must not be stored; what is stored is the bytes as they came, unless the topic
 * has a codec of its own.
 *
 * Behaviour:
 * - no whole batch, magic 0 or 1: INVALID_RECORD; an impossible length or magic: CORRUPT_MESSAGE
 * - a base offset other than 0: INVALID_RECORD; larger than `max.message.bytes`, as it comes or as
 *   it would be stored: MESSAGE_TOO_LARGE; wrong checksum or too short for a header:
 *   CORRUPT_MESSAGE; an unknown compression codec or bytes that are not of the codec:
 *   UNKNOWN_SERVER_ERROR, as Kafka has it
 * - counts and offsets that disagree, control batches, a producer without a sequence:
 *   INVALID_RECORD
 * - records that do not fill their batch or their own length, have no key in a compacted topic, or
 *   are larger than `max.decompressed.message.bytes` (in a compressed batch): INVALID_RECORD
 * - records that skip an offset: INVALID_RECORD, unless they are recompressed and so put in order
 * - records that come to more than 32 MiB once decompressed: MESSAGE_TOO_LARGE, at which Java's
 *   producer splits the batch
 * - timestamps out of `message.timestamp.before.max.ms` and `.after.max.ms` (KIP-937), or of type
 *   LogAppendTime in a topic that stamps them itself: INVALID_TIMESTAMP. A wrong latest timestamp
 *   in a header is put right
 */
import { CompressionError, decompress } from '../../bytes/compression.ts';
import { ErrorCode, KafkaError } from '../../protocol/errors.ts';
import {
  noProducerId,
  noTimestamp,
  type RecordBatch,
  RecordCursor,
  recordBatches,
  TimestampType,
} from '../../protocol/records/index.ts';
import { type LogConfig, largestInflatedBytes } from './log-config.ts';
import { recompress } from './recompress.ts';

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
  /** As it is to be stored, but for its place in the log. */
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
    return withRecords(batch, config, now);
  });
}

function checkBytes(batch: RecordBatch, config: LogConfig): void {
  if (batch.baseOffset !== 0) throw invalid(`base offset ${batch.baseOffset} instead of 0`);
  checkSize(batch, config);
  if (!batch.isValid) {
    throw new KafkaError(ErrorCode.CORRUPT_MESSAGE, 'the checksum of a record batch is wrong');
  }
  if (batch.codec > highestCodec) {
    throw new KafkaError(ErrorCode.UNKNOWN_SERVER_ERROR, `compression codec ${batch.codec}`);
  }
}

function checkSize({ sizeInBytes }: RecordBatch, { maxMessageBytes }: LogConfig): void {
  if (sizeInBytes <= maxMessageBytes) return;
  throw new KafkaError(
    ErrorCode.MESSAGE_TOO_LARGE,
    `a record batch of ${sizeInBytes} bytes; max.message.bytes is ${maxMessageBytes}`,
  );
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

function withRecords(batch: RecordBatch, config: LogConfig, now: number): ValidBatch {
  const recordBytes = plainRecords(batch);
  const codec = config.codec ?? batch.codec;
  const { maxTimestamp, canonical, inOrder } = checkRecords(batch, recordBytes, config, now);
  const kept = codec === batch.codec;
  if (kept && !inOrder) throw invalid('records at offsets that are not in order');
  const level = config.compressionLevel;
  const stored = kept ? batch : recompress(batch, recordBytes, canonical, { codec, level });
  checkSize(stored, config);
  return config.logAppendTime
    ? { batch: stored, timestampType: TimestampType.LOG_APPEND_TIME, maxTimestamp: now }
    : { batch: stored, timestampType: TimestampType.CREATE_TIME, maxTimestamp };
}

function plainRecords({ codec, recordBytes }: RecordBatch): Uint8Array {
  try {
    return decompress(codec, recordBytes, largestInflatedBytes);
  } catch (error) {
    if (!(error instanceof CompressionError)) throw error;
    const tooLarge = error.reason === 'too large';
    const code = tooLarge ? ErrorCode.MESSAGE_TOO_LARGE : ErrorCode.UNKNOWN_SERVER_ERROR;
    throw new KafkaError(code, `the records of a batch: ${error.message}`);
  }
}

/** Which timestamps are refused, and why. */
interface TimestampRule {
  refuses(timestamp: number): boolean;
  reason(timestamp: number): string;
}

function timestampRule(claimed: boolean, config: LogConfig, now: number): TimestampRule {
  const wrongType = 'LogAppendTime is not for producers to claim';
  if (config.logAppendTime) return { refuses: () => claimed, reason: () => wrongType };
  const earliest = now - config.timestampBeforeMaxMs;
  // Beyond it nobody could be told of it, whatever the topic allows.
  const latest = Math.min(now + config.timestampAfterMaxMs, Number.MAX_SAFE_INTEGER);
  return {
    refuses: (at) => (at === noTimestamp ? claimed : at < earliest || at > latest),
    reason: (at) => {
      if (at === noTimestamp) return wrongType;
      return at < earliest
        ? `timestamp ${at} is before ${earliest}`
        : `timestamp ${at} is after ${latest}`;
    },
  };
}

interface Walked {
  readonly maxTimestamp: number;
  /** Every record has the offset of its place. */
  readonly inOrder: boolean;
  /** The records are as they would be written anew. */
  readonly canonical: boolean;
}

const noKey = () => 'a record of a compacted topic needs a key';

/** Walks all records and throws what is wrong with them. */
function checkRecords(
  batch: RecordBatch,
  recordBytes: Uint8Array,
  config: LogConfig,
  now: number,
): Walked {
  const { baseTimestamp, recordCount } = batch;
  const claimed = batch.timestampType === TimestampType.LOG_APPEND_TIME;
  const claimedTimestamp = batch.maxTimestamp;
  const largest = batch.codec === 0 ? Number.MAX_VALUE : config.maxRecordBytes;
  const timestamps = timestampRule(claimed, config, now);
  const errors = new RecordErrors();
  const cursor = new RecordCursor(recordBytes);
  let maxTimestamp = noTimestamp;
  let inOrder = true;
  let canonical = !claimed;
  for (let index = 0; index < recordCount; index++) {
    cursor.next();
    if (cursor.length > largest) throw invalid(`a record of ${cursor.length} bytes`);
    if (cursor.offsetDelta !== index) inOrder = false;
    if (index === 0 && cursor.timestampDelta !== 0) canonical = false;
    const timestamp = claimed ? claimedTimestamp : baseTimestamp + cursor.timestampDelta;
    if (timestamp > maxTimestamp) maxTimestamp = timestamp;
    if (config.compacted && cursor.keyLength < 0) {
      errors.add(index, ErrorCode.INVALID_RECORD, noKey, timestamp);
    } else if (timestamps.refuses(timestamp)) {
      errors.add(index, ErrorCode.INVALID_TIMESTAMP, timestamps.reason, timestamp);
    }
  }
  if (!cursor.atEnd) throw invalid('more bytes than its records fill');
  errors.throwIfAny();
  return { maxTimestamp, inOrder, canonical: canonical && inOrder };
}

/**
 * Collects what is wrong with single records; one wrong timestamp decides the code, as in Kafka.
 */
class RecordErrors {
  readonly #errors: RecordError[] = [];
  #code: number = ErrorCode.INVALID_RECORD;

  /** The reason is put into words only for those that are named. */
  add(
    batchIndex: number,
    code: number,
    reason: (timestamp: number) => string,
    timestamp: number,
  ): void {
    if (code === ErrorCode.INVALID_TIMESTAMP) this.#code = code;
    if (this.#errors.length === namedErrors) return;
    this.#errors.push({ batchIndex, batchIndexErrorMessage: reason(timestamp) });
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
