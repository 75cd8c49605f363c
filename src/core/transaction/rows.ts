/**
 * What a transaction coordinator keeps: one row for the producer and its transaction, which also
 * names the participants that came last, and one for each slice of earlier ones when there are
 * many. The surprise: the end of a transaction is one row, however many took part; only those of
 * large ones leave slices to delete.
 */
import type { Row } from '../machine.ts';
import type { TopicPartitions, TransactionCalls, TransactionState } from './calls.ts';

/** Kafka's metadata of a transactional id; -1 stands for none. */
export interface Transaction {
  readonly transactionalId: string;
  readonly state: Exclude<TransactionState, 'Dead' | 'PrepareEpochFence'>;
  readonly producerId: number;
  readonly producerEpoch: number;
  /** The epoch before the last one, if the same producer went on with it (KIP-360, KIP-890). */
  readonly lastProducerEpoch: number;
  /** The producer id before the last change of anything. */
  readonly previousProducerId: number;
  /** What the producer goes on with once the transaction is complete, as its epochs ran out. */
  readonly nextProducerId: number;
  readonly timeoutMs: number;
  /** See `Enlisted`: of the last transaction; 0: there was none. */
  readonly number: number;
  /** Of the last transaction, be it complete or not. */
  readonly startTimeMs: number;
  readonly lastUpdateMs: number;
}

export type Participant = TransactionCalls['enlist']['command']['participant'];

/** Participants as they are stored. */
export interface Participation {
  readonly topics: readonly TopicPartitions[];
  readonly groupIds: readonly string[];
}

export interface StoredTransaction extends Transaction, Participation {}

export type TransactionRow =
  | Row<'transaction', StoredTransaction>
  | Row<`participants/${number}`, Participation>;

/** As Kafka: the largest epoch is never given to a producer, so that it can always be fenced. */
export const largestProducerEpoch = 32_766;

/** Whether a producer needs another id to go on. */
export function epochsRanOut({ producerEpoch }: Pick<Transaction, 'producerEpoch'>): boolean {
  return producerEpoch >= largestProducerEpoch;
}

/** Whether it was decided how the transaction ends and some may not have heard. */
export function isPrepared({ state }: Transaction): boolean {
  return state === 'PrepareCommit' || state === 'PrepareAbort';
}
