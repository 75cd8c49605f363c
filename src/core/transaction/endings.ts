/**
 * How a transaction ends: who may end it, and which epoch the producer has afterwards. The
 * surprise: since transactions v2 the epoch rises with each end, so that an EndTxn that is asked
 * again can be told from one that ends the next transaction (KIP-890); and a producer may abort
 * what it never began, for it cannot know whether its writes arrived.
 */
import { ErrorCode, KafkaError } from '../../protocol/errors.ts';
import type { ProducerIdReply, TransactionCalls } from './calls.ts';
import { epochsRanOut, isPrepared, largestProducerEpoch, type Transaction } from './rows.ts';

type Ending = TransactionCalls['endTxn']['command'];

const refusal = (code: number): KafkaError => new KafkaError(code);

/** Whether the end was decided before, and the producer asks again; throws if it may not end it. */
export function isEndedAlready(command: Ending, transaction: Transaction): boolean {
  return command.transactionVersion < 2
    ? isEndedAlreadyV1(command, transaction)
    : isEndedAlreadyV2(command, transaction);
}

function isEndedAlreadyV1(command: Ending, transaction: Transaction): boolean {
  if (command.producerId !== transaction.producerId) {
    throw refusal(ErrorCode.INVALID_PRODUCER_ID_MAPPING);
  }
  if (command.producerEpoch !== transaction.producerEpoch) {
    throw refusal(ErrorCode.PRODUCER_FENCED);
  }
  if (isPrepared(transaction)) throw refusal(ErrorCode.CONCURRENT_TRANSACTIONS);
  if (transaction.state === 'Ongoing') return false;
  if (!hasOutcome(transaction, command.committed)) throw refusal(ErrorCode.INVALID_TXN_STATE);
  return true;
}

function isEndedAlreadyV2(command: Ending, transaction: Transaction): boolean {
  const { producerId, producerEpoch, previousProducerId, state } = transaction;
  if (isPrepared(transaction)) throw refusal(ErrorCode.CONCURRENT_TRANSACTIONS);
  const gotAnotherId =
    previousProducerId === command.producerId &&
    command.producerEpoch === largestProducerEpoch &&
    producerEpoch === 0;
  if (producerId !== command.producerId && !gotAnotherId) {
    throw refusal(ErrorCode.INVALID_PRODUCER_ID_MAPPING);
  }
  const isComplete = state === 'CompleteCommit' || state === 'CompleteAbort';
  if (isComplete && (gotAnotherId || producerEpoch === command.producerEpoch + 1)) {
    if (!hasOutcome(transaction, command.committed)) throw refusal(ErrorCode.INVALID_TXN_STATE);
    return true;
  }
  if (producerEpoch !== command.producerEpoch) throw refusal(ErrorCode.PRODUCER_FENCED);
  if (state !== 'Ongoing' && command.committed) throw refusal(ErrorCode.INVALID_TXN_STATE);
  return false;
}

function hasOutcome({ state }: Transaction, committed: boolean): boolean {
  return state === (committed ? 'CompleteCommit' : 'CompleteAbort');
}

/** What an end decides. */
interface Decision {
  readonly committed: boolean;
  /** Whether the epoch rises, as it does but for producers of transactions v1. */
  readonly raisesEpoch: boolean;
  /** Taken if the epochs ran out. */
  readonly newProducerId: number;
}

/** Decided, and to be told. COORDINATOR_NOT_AVAILABLE if a new producer id is missing. */
export function prepared(
  transaction: Transaction,
  { committed, raisesEpoch, newProducerId }: Decision,
  now: number,
): Transaction {
  const { producerId, producerEpoch } = transaction;
  if (raisesEpoch && epochsRanOut(transaction) && newProducerId < 0) {
    throw refusal(ErrorCode.COORDINATOR_NOT_AVAILABLE);
  }
  const raised = {
    producerEpoch: producerEpoch + 1,
    lastProducerEpoch: producerEpoch,
    nextProducerId: epochsRanOut(transaction) ? newProducerId : -1,
  };
  return {
    ...transaction,
    ...(raisesEpoch ? raised : {}),
    state: committed ? 'PrepareCommit' : 'PrepareAbort',
    previousProducerId: producerId,
    startTimeMs: transaction.state === 'Ongoing' ? transaction.startTimeMs : now,
    lastUpdateMs: now,
  };
}

/** Everyone has heard. */
export function completed(transaction: Transaction, now: number): Transaction {
  return {
    ...transaction,
    ...producerAfter(transaction),
    state: transaction.state === 'PrepareCommit' ? 'CompleteCommit' : 'CompleteAbort',
    previousProducerId: transaction.producerId,
    nextProducerId: -1,
    lastUpdateMs: now,
  };
}

/** The id and epoch that a producer goes on with once its transaction is complete. */
export function producerAfter({
  producerId,
  producerEpoch,
  nextProducerId,
}: Transaction): Pick<ProducerIdReply, 'producerId' | 'producerEpoch'> {
  if (nextProducerId < 0) return { producerId, producerEpoch };
  return { producerId: nextProducerId, producerEpoch: 0 };
}
