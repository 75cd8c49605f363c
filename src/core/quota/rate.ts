/**
 * How much of something came lately, by the second, and for how long there should be no more of it:
 * Kafka's sampled rate. The surprise: what began a moment ago is measured as though it had gone on
 * for the whole time that is looked at, less the sample under way, so that a burst at the start is
 * none.
 */

/** `quota.window.num` and `quota.window.size.seconds`, as they are unless somebody changes them. */
const samplesKept = 11;
const sampleMs = 1_000;

interface Sample {
  startedAt: number;
  lastAt: number;
  value: number;
}

export class Rate {
  /** The oldest first; the last one is under way. */
  #samples: Sample[] = [];

  /** Adds so much. */
  record(value: number, now: number): void {
    const last = this.#samples.at(-1);
    if (last !== undefined && now - last.startedAt < sampleMs) {
      last.value += value;
      last.lastAt = now;
      return;
    }
    this.#samples.push({ startedAt: now, lastAt: now, value });
    if (this.#samples.length > samplesKept + 1) this.#samples.shift();
  }

  /** For how many milliseconds nothing more may come, for the rate to be back at the limit. */
  throttleMs(limit: number, now: number): number {
    const overMs = this.#windowMs(now);
    const rate = (this.#total() * 1_000) / overMs;
    return rate > limit ? Math.round(((rate - limit) / limit) * overMs) : 0;
  }

  #total(): number {
    return this.#samples.reduce((sum, { value }) => sum + value, 0);
  }

  #windowMs(now: number): number {
    this.#purge(now);
    const elapsed = now - (this.#samples[0]?.startedAt ?? now);
    const missing = samplesKept - 1 - Math.floor(elapsed / sampleMs);
    return Math.max(1, elapsed + Math.max(0, missing) * sampleMs);
  }

  #purge(now: number): void {
    this.#samples = this.#samples.filter(({ lastAt }) => now - lastAt < samplesKept * sampleMs);
  }
}

/** The most that one request may ask for, so that it is let through at all. */
export function mostInWindow(limit: number): number {
  return limit * (samplesKept - 1) * (sampleMs / 1_000);
}
