/**
 * The output gate of an object in memory: storage that takes its time to confirm what was written,
 * and answers that leave only then. The surprise: later writes do not wait for earlier ones; each
 * is confirmed so long after it was made.
 */
import type { Meter, TouchedRows } from './meters.ts';

export class OutputGate {
  readonly #confirmMs: number;
  readonly #now: () => number;
  #opensAt = Number.NEGATIVE_INFINITY;

  /** @param now milliseconds since the epoch */
  constructor(confirmMs: number, now: () => number) {
    this.#confirmMs = confirmMs;
    this.#now = now;
  }

  /** Settles when all that was written so far is confirmed. */
  async passed(): Promise<void> {
    const opensAt = this.#opensAt;
    const waitMs = opensAt - this.#now();
    if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
  }

  /** A meter that closes the gate for what is written by it. */
  behind(meter: Meter): Meter {
    return {
      during: (event, work) => meter.during(event, work),
      rows: (touched: TouchedRows) => {
        if (touched.rowsWritten) this.#opensAt = this.#now() + this.#confirmMs;
        meter.rows(touched);
      },
      signOfLife: () => meter.signOfLife(),
    };
  }
}
