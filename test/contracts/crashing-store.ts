/**
 * A log's store that may die before or after any write, as an object does. What was written before
 * stays; whoever used it loads anew.
 */
import type { LogStore, Rewrite } from '../../src/core/log/store.ts';

export class Crash extends Error {}

/** A store that may die before or after a write; the log that used it is lost then. */
export class CrashingStore {
  readonly #random: (below: number) => number;

  constructor(random: (below: number) => number) {
    this.#random = random;
  }

  wrap(store: LogStore): LogStore {
    const dying = (write: () => void) => {
      const fate = this.#random(24);
      if (fate === 0) throw new Crash();
      write();
      if (fate === 1) throw new Crash();
    };
    return {
      dropped: store.dropped,
      floor: (offset) => store.floor(offset),
      from: (offset, limit) => store.from(offset, limit),
      data: (first, last) => store.data(first, last),
      count: (offset) => store.count(offset),
      totals: (offset) => store.totals(offset),
      state: () => store.state(),
      snapshot: () => store.snapshot(),
      producerRows: (offset) => store.producerRows(offset),
      abortedFrom: (offset) => store.abortedFrom(offset),
      shareState: (groupId) => store.shareState(groupId),
      keepShareState: (groupId, state) => dying(() => store.keepShareState(groupId, state)),
      streamRow: (key) => store.streamRow(key),
      keepStreamRows: (rows) => dying(() => store.keepStreamRows(rows)),
      append: (...all: Parameters<LogStore['append']>) => dying(() => store.append(...all)),
      waiting: () => store.waiting(),
      keepWaiting: (reader) => dying(() => store.keepWaiting(reader)),
      forgetWaiting: (reader) => dying(() => store.forgetWaiting(reader)),
      rewrite: (change: Rewrite) => dying(() => store.rewrite(change)),
      drop: () => store.drop(),
    };
  }
}
