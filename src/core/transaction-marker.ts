/**
 * What the end of a transaction looks like to those who take part in it: partitions and groups. The
 * surprise: besides Kafka's epochs it says which transaction it ends, by number, so that a marker
 * that comes late or twice can end no other one.
 */

/** Told to each participant once the outcome is decided. Safe to repeat. */
export interface TransactionMarker {
  readonly producerId: number;
  /** From transactions v2 on the epoch the producer has after the transaction (KIP-890). */
  readonly producerEpoch: number;
  readonly coordinatorEpoch: number;
  readonly committed: boolean;
  /** By an operator who knows that it is one of transactions v2: only a higher epoch ends it. */
  readonly raisesEpoch?: boolean | undefined;
  /** See `Enlisted`; undefined: an operator's word, which ends whatever is open (KIP-664). */
  readonly transactionNumber?: number | undefined;
}

/** The coordinator's answer to a participant that asks whether it is part of a transaction. */
export interface Enlisted {
  readonly errorCode: number;
  /**
   * Which of the transactional id's transactions is open, counted from 1, never reused; -1 beside
   * an error.
   */
  readonly transactionNumber: number;
}

/** Every coordinator is the only one its transactional id ever has. */
export const coordinatorEpoch = 0;
