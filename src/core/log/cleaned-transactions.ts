/**
 * What compaction knows of transactions while it goes over a log: which batches were aborted, and
 * which markers end nothing any more. The surprise: a marker outlives its transaction's batches by
 * a pass at least, for only where it meets none of them is it known to be of no use.
 */
import type { RecordBatch } from '../../protocol/records/index.ts';
import type { AbortedTransaction } from './store.ts';

export class CleanedTransactions {
  readonly #aborted: readonly AbortedTransaction[];
  /** How many of them begin at or before what was met last. */
  #begun = 0;
  /** Producer id → the last of its aborted transactions that has begun. */
  readonly #current = new Map<number, AbortedTransaction>();
  /** Producers of which a transactional batch was met since their last marker. */
  readonly #met = new Set<number>();

  constructor(aborted: Iterable<AbortedTransaction>) {
    this.#aborted = [...aborted].sort((a, b) => a.firstOffset - b.firstOffset);
  }

  /** Whether this batch, which is no marker, was aborted. Batches come in the order of the log. */
  isAborted({ isTransactional, producerId, baseOffset }: RecordBatch): boolean {
    if (!isTransactional) return false;
    this.#met.add(producerId);
    for (; this.#begun < this.#aborted.length; this.#begun++) {
      const next = this.#aborted[this.#begun];
      if (next.firstOffset > baseOffset) break;
      this.#current.set(next.producerId, next);
    }
    const current = this.#current.get(producerId);
    return current !== undefined && baseOffset < current.lastOffset;
  }

  /** Whether nothing is left of the transaction that this marker ends. */
  endsNothing({ producerId }: RecordBatch): boolean {
    return !this.#met.delete(producerId);
  }
}
