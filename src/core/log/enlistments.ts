/**
 * Which appends begin a transaction here, so that the coordinator must be asked first (KIP-890).
 * The surprise: it remembers the lowest sequence that was to begin one, for a batch that is sent
 * behind one that failed must not be taken in its place.
 */
import { ErrorCode, KafkaError } from '../../protocol/errors.ts';
import { batchOverhead, noProducerId, recordBatches } from '../../protocol/records/index.ts';
import type { PartitionCalls } from './calls.ts';
import { checkEpoch, isOpen } from './producer.ts';
import type { ProducerStates } from './producer-state.ts';

const highestSequence = 0x7fffffff;
/** Of so many producers at a time: some of them are never heard of again. */
const mostRemembered = 1_000;

/** What a partition asks its coordinator, but for naming itself. */
export interface EnlistQuestion {
  readonly transactionalId: string;
  readonly producerId: number;
  readonly producerEpoch: number;
  readonly adds: boolean;
}

interface TransactionalWrite {
  readonly producerId: number;
  readonly producerEpoch: number;
  readonly baseSequence: number;
}

export class Enlistments {
  readonly #producers: ProducerStates;
  /** Producer id → what would begin a transaction, until something of it is in the log. */
  readonly #lowest = new Map<number, { readonly epoch: number; readonly sequence: number }>();

  constructor(producers: ProducerStates) {
    this.#producers = producers;
  }

  /**
   * What to ask before the append is written; undefined: nothing. Throws INVALID_PRODUCER_EPOCH,
   * and INVALID_PRODUCER_ID_MAPPING for batches of several producers.
   */
  question(command: PartitionCalls['append']['command'], now: number): EnlistQuestion | undefined {
    const write = transactionalWrite(command.records);
    if (write === undefined || command.transactionalId === undefined) return undefined;
    const { producerId, producerEpoch } = write;
    const entry = this.#producers.get(producerId, now);
    checkEpoch(entry, producerId, producerEpoch);
    if (isOpen(entry, producerEpoch)) return undefined;
    this.#remember(write);
    const { transactionalId, addsPartition: adds = false } = command;
    return { transactionalId, producerId, producerEpoch, adds };
  }

  /** The sequence that a transaction of this producer has to begin with, at the latest. */
  lowestSequence(producerId: number): number {
    return this.#lowest.get(producerId)?.sequence ?? highestSequence;
  }

  /** Something of this producer is in the log. */
  settled(producerId: number): void {
    this.#lowest.delete(producerId);
  }

  #remember({ producerId, producerEpoch: epoch, baseSequence }: TransactionalWrite): void {
    const known = this.#lowest.get(producerId);
    if (known !== undefined && known.epoch > epoch) return;
    const before = known?.epoch === epoch ? known.sequence : highestSequence;
    this.#lowest.set(producerId, { epoch, sequence: Math.min(before, baseSequence) });
    if (this.#lowest.size <= mostRemembered) return;
    const [oldest] = this.#lowest.keys();
    this.#lowest.delete(oldest);
  }
}

/** The first transactional batch, which speaks for all. */
function transactionalWrite(records: Uint8Array): TransactionalWrite | undefined {
  let first: TransactionalWrite | undefined;
  for (const batch of recordBatches(records)) {
    if (batch.magic !== 2 || batch.sizeInBytes < batchOverhead) continue;
    const { isTransactional, producerId, producerEpoch, baseSequence } = batch;
    if (!isTransactional || producerId <= noProducerId) continue;
    first ??= { producerId, producerEpoch, baseSequence };
    if (first.producerId === producerId && first.producerEpoch === producerEpoch) continue;
    throw new KafkaError(
      ErrorCode.INVALID_PRODUCER_ID_MAPPING,
      'transactional records of more than one producer',
    );
  }
  return first;
}

/** Answers that older producers cannot deal with, but where they repeat what they sent. */
const passing: readonly number[] = [
  ErrorCode.CONCURRENT_TRANSACTIONS,
  ErrorCode.NETWORK_EXCEPTION,
  ErrorCode.COORDINATOR_LOAD_IN_PROGRESS,
  ErrorCode.COORDINATOR_NOT_AVAILABLE,
  ErrorCode.NOT_COORDINATOR,
];

/** What a producer is told when the coordinator answers with this code. */
export function enlistRefusal(errorCode: number): KafkaError {
  if (passing.includes(errorCode)) {
    return new KafkaError(
      ErrorCode.NOT_ENOUGH_REPLICAS,
      `the coordinator cannot say yet that the partition takes part: ${errorCode}`,
    );
  }
  if (errorCode === ErrorCode.PRODUCER_FENCED) {
    return new KafkaError(ErrorCode.INVALID_PRODUCER_EPOCH);
  }
  const { INVALID_TXN_STATE, TRANSACTION_ABORTABLE } = ErrorCode;
  return errorCode === INVALID_TXN_STATE || errorCode === TRANSACTION_ABORTABLE
    ? new KafkaError(errorCode, 'the partition is no part of the transaction')
    : new KafkaError(errorCode);
}
