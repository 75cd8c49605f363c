/**
 * One producer as the log knows it, and what its batches and the ends of its transactions make of
 * it: Kafka's checks of epochs, sequences and transactions. The surprise: transactions have numbers
 * besides epochs (see `transaction-marker.ts`), and where both speak, the number decides: by it
 * alone is told what comes late or twice.
 */
import { ErrorCode, KafkaError } from '../../protocol/errors.ts';
import { addToSequence, type RecordBatch } from '../../protocol/records/index.ts';
import type { TransactionMarker } from '../transaction-marker.ts';

/** How many batches back a retry is recognised: what a client may have in flight. */
const rememberedBatches = 5;

/** One appended batch of a producer. */
export interface ProducerBatch {
  readonly baseSequence: number;
  readonly recordCount: number;
  readonly baseOffset: number;
  readonly maxTimestamp: number;
}

export interface OpenTransaction {
  readonly transactionNumber: number;
  readonly firstOffset: number;
}

export interface ProducerEntry {
  readonly epoch: number;
  /**
   * When it last appended: idle producers expire by this clock, not by their records' timestamps.
   */
  readonly appendedAt: number;
  /** Of its last batch or marker. */
  readonly lastTimestamp: number;
  /** The latest of this epoch, oldest first; empty when a marker brought the epoch. */
  readonly batches: readonly ProducerBatch[];
  readonly open: OpenTransaction | undefined;
  /** The highest number of a transaction whose end was written; 0: none. */
  readonly lastEnded: number;
  /** Of the last marker; -1: there was none. */
  readonly coordinatorEpoch: number;
}

/** A batch with the producer that appended it. */
export interface ProducerAppend extends ProducerBatch {
  readonly producerId: number;
  readonly epoch: number;
  /** Of the transaction it begins or goes on with; undefined: it is no part of one. */
  readonly transactionNumber: number | undefined;
}

/** The end of a producer's transaction. */
export interface ProducerMarker {
  readonly producerId: number;
  readonly epoch: number;
  readonly coordinatorEpoch: number;
  /** 0: an operator ended what was open, whatever it was. */
  readonly transactionNumber: number;
}

/** How a batch comes to be part of a transaction. */
export interface Membership {
  /** The coordinator's word on which transaction is open; undefined: it was not asked. */
  readonly transactionNumber?: number | undefined;
  /** The producer goes by transactions v2. */
  readonly addsPartition?: boolean | undefined;
  /** A batch behind the one that was to begin the transaction may not begin it. */
  readonly lowestSequence?: number | undefined;
}

/** The batch this one repeats, if it is among those that are remembered. */
export function repeatedBatch(
  entry: ProducerEntry | undefined,
  { producerEpoch, baseSequence, lastSequence }: RecordBatch,
): ProducerBatch | undefined {
  if (entry?.epoch !== producerEpoch) return undefined;
  return entry.batches.find(
    (b) => b.baseSequence === baseSequence && lastSequenceOf(b) === lastSequence,
  );
}

/** Whether the producer has a transaction open here that batches of this epoch belong to. */
export function isOpen(entry: ProducerEntry | undefined, epoch: number): boolean {
  return entry?.open !== undefined && entry.epoch === epoch;
}

/**
 * Throws why this batch, which is no repetition, may not follow what the producer did before:
 * INVALID_PRODUCER_EPOCH, INVALID_TXN_STATE or OUT_OF_ORDER_SEQUENCE_NUMBER.
 */
export function checkBatch(
  entry: ProducerEntry | undefined,
  batch: RecordBatch,
  membership: Membership = {},
): void {
  checkEpoch(entry, batch.producerId, batch.producerEpoch);
  const begins = batch.isTransactional && !isOpen(entry, batch.producerEpoch);
  const { transactionNumber, lowestSequence = batch.baseSequence } = membership;
  if (begins && transactionNumber === undefined) throw notPartOfTransaction(batch);
  if (batch.isTransactional && transactionNumber !== undefined) {
    checkNumber(entry, batch.producerId, transactionNumber);
  }
  if (begins && batch.baseSequence > lowestSequence) throw outOfOrder(batch, lowestSequence);
  checkSequence(entry, batch, begins && membership.addsPartition === true);
  if (entry?.open !== undefined && !batch.isTransactional) {
    throw new KafkaError(
      ErrorCode.INVALID_TXN_STATE,
      `producer ${batch.producerId} has a transaction open, and this batch is no part of it`,
    );
  }
}

/** Throws INVALID_PRODUCER_EPOCH for an epoch of the past. */
export function checkEpoch(
  entry: ProducerEntry | undefined,
  producerId: number,
  epoch: number,
): void {
  if (entry === undefined || epoch >= entry.epoch) return;
  throw new KafkaError(
    ErrorCode.INVALID_PRODUCER_EPOCH,
    `producer ${producerId} has epoch ${entry.epoch}, this has ${epoch}`,
  );
}

/** The end of the transaction must not have come before a write of it. */
function checkNumber(
  entry: ProducerEntry | undefined,
  producerId: number,
  transactionNumber: number,
): void {
  if (transactionNumber > endedUpTo(entry)) return;
  throw new KafkaError(
    ErrorCode.INVALID_TXN_STATE,
    `transaction ${transactionNumber} of producer ${producerId} has ended`,
  );
}

/** The number up to which all transactions of the producer are over, as far as is known here. */
function endedUpTo(entry: ProducerEntry | undefined): number {
  if (entry?.open !== undefined) return entry.open.transactionNumber - 1;
  return entry?.lastEnded ?? 0;
}

function notPartOfTransaction({ producerId }: RecordBatch): KafkaError {
  return new KafkaError(
    ErrorCode.INVALID_TXN_STATE,
    `producer ${producerId} has no transaction open here`,
  );
}

function checkSequence(
  entry: ProducerEntry | undefined,
  batch: RecordBatch,
  mustBeginAt0: boolean,
): void {
  if (entry === undefined && !mustBeginAt0) return;
  const last = entry?.epoch === batch.producerEpoch ? entry.batches.at(-1) : undefined;
  const expected = last === undefined ? 0 : addToSequence(lastSequenceOf(last), 1);
  if (batch.baseSequence !== expected) throw outOfOrder(batch, expected);
}

function outOfOrder({ producerId, baseSequence }: RecordBatch, expected: number): KafkaError {
  return new KafkaError(
    ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER,
    `producer ${producerId} sent sequence ${baseSequence} instead of ${expected}`,
  );
}

export function lastSequenceOf({ baseSequence, recordCount }: ProducerBatch): number {
  return addToSequence(baseSequence, recordCount - 1);
}

/** The entry once this batch is in the log. */
export function withBatch(
  entry: ProducerEntry | undefined,
  append: ProducerAppend,
  appendedAt: number,
): ProducerEntry {
  const { epoch, baseSequence, recordCount, baseOffset, maxTimestamp, transactionNumber } = append;
  const batch = { baseSequence, recordCount, baseOffset, maxTimestamp };
  const before = entry?.epoch === epoch ? entry.batches.slice(1 - rememberedBatches) : [];
  return {
    epoch,
    appendedAt,
    lastTimestamp: maxTimestamp,
    batches: [...before, batch],
    open:
      transactionNumber === undefined
        ? entry?.open
        : { transactionNumber, firstOffset: entry?.open?.firstOffset ?? baseOffset },
    lastEnded: entry?.lastEnded ?? 0,
    coordinatorEpoch: entry?.coordinatorEpoch ?? -1,
  };
}

/**
 * Whether a marker tells something new; false: it was heard before. Throws INVALID_PRODUCER_EPOCH
 * or TRANSACTION_COORDINATOR_FENCED for one of the past.
 */
export function checkMarker(entry: ProducerEntry | undefined, marker: TransactionMarker): boolean {
  if (entry === undefined) return true;
  const { transactionNumber, producerId, coordinatorEpoch } = marker;
  if (transactionNumber !== undefined && transactionNumber <= endedUpTo(entry)) return false;
  checkEpoch(entry, producerId, marker.producerEpoch);
  if (marker.raisesEpoch && entry.open !== undefined && marker.producerEpoch === entry.epoch) {
    throw new KafkaError(
      ErrorCode.INVALID_PRODUCER_EPOCH,
      `producer ${producerId} has epoch ${entry.epoch} and a transaction open that is to raise it`,
    );
  }
  if (coordinatorEpoch >= entry.coordinatorEpoch) return true;
  throw new KafkaError(
    ErrorCode.TRANSACTION_COORDINATOR_FENCED,
    `producer ${producerId} heard of a coordinator of epoch ${entry.coordinatorEpoch}`,
  );
}

/** The entry once this marker is in the log. */
export function withMarker(
  entry: ProducerEntry | undefined,
  { epoch, coordinatorEpoch, transactionNumber }: ProducerMarker,
  at: number,
): ProducerEntry {
  const ended = Math.max(transactionNumber, entry?.open?.transactionNumber ?? 0);
  return {
    epoch,
    appendedAt: at,
    lastTimestamp: at,
    batches: entry?.epoch === epoch ? entry.batches : [],
    open: undefined,
    lastEnded: Math.max(entry?.lastEnded ?? 0, ended),
    coordinatorEpoch,
  };
}
