/**
 * Which producer id and epoch a producer gets that starts, or starts again. The surprise: a
 * producer that says which it had and asks twice gets the same answer twice, so it cannot fence
 * itself by asking again; one that says nothing fences whoever had the transactional id before
 * (KIP-360).
 */
import { ErrorCode, KafkaError } from '../../protocol/errors.ts';
import type { TransactionCalls } from './calls.ts';
import { epochsRanOut, type Transaction } from './rows.ts';

type Starting = TransactionCalls['initProducerId']['command'];

/** A transactional id nobody had. */
export function newTransaction(command: Starting, now: number): Transaction {
  return {
    transactionalId: command.transactionalId,
    state: 'Empty',
    producerId: command.newProducerId,
    producerEpoch: 0,
    lastProducerEpoch: -1,
    previousProducerId: command.newProducerId,
    nextProducerId: -1,
    timeoutMs: command.transactionTimeoutMs,
    number: 0,
    startTimeMs: -1,
    lastUpdateMs: now,
  };
}

/** Throws PRODUCER_FENCED if another producer has taken the place of this one. */
export function checkProducer(command: Starting, transaction: Transaction): void {
  const { producerId } = command;
  if (producerId < 0 || producerId === transaction.producerId) return;
  // It may have missed the answer that gave it another id.
  if (producerId === transaction.previousProducerId && epochsRanOut(command)) return;
  throw new KafkaError(ErrorCode.PRODUCER_FENCED);
}

/** The producer starts again; nothing is open. */
export function restarted(command: Starting, transaction: Transaction, now: number): Transaction {
  return {
    ...transaction,
    ...nextEpoch(command, transaction),
    state: 'Empty',
    previousProducerId: transaction.producerId,
    timeoutMs: command.transactionTimeoutMs,
    startTimeMs: -1,
    lastUpdateMs: now,
  };
}

type Epoch = Pick<Transaction, 'producerId' | 'producerEpoch' | 'lastProducerEpoch'>;

function nextEpoch(command: Starting, transaction: Transaction): Epoch {
  const { producerId, producerEpoch, lastProducerEpoch } = transaction;
  const isKnown = command.producerId >= 0;
  if (!isKnown || command.producerEpoch === producerEpoch) {
    const last = { lastProducerEpoch: isKnown ? producerEpoch : -1 };
    return epochsRanOut(transaction)
      ? { ...last, producerId: command.newProducerId, producerEpoch: 0 }
      : { ...last, producerId, producerEpoch: producerEpoch + 1 };
  }
  if (command.producerEpoch === lastProducerEpoch) {
    return { producerId, producerEpoch, lastProducerEpoch };
  }
  throw new KafkaError(ErrorCode.PRODUCER_FENCED);
}
