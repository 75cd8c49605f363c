/**
 * Which addresses showed something wrong lately. The surprise: what was right a while ago is still
 * taken from such an address, since it may be that of many; only what costs work to look at is not
 * looked at.
 */

/** So many wrong attempts within so long are too many. */
export const mostFailures = 100;
const withinMs = 60_000;
/** So many addresses are remembered. */
const mostAddresses = 10_000;

interface Count {
  failures: number;
  readonly since: number;
}

/** Too many wrong attempts came from where this one comes from. */
export class TooManyFailures extends Error {
  override readonly name = 'TooManyFailures';
  /** When to try again. */
  readonly afterMs: number;

  constructor(afterMs: number) {
    super('Too many failed attempts to authenticate. Try again later.');
    this.afterMs = afterMs;
  }
}

/** One for each isolate. */
export class Failures {
  readonly #counts = new Map<string, Count>();

  /** Throws TooManyFailures. */
  check(address: string, now: number): void {
    const count = this.#counts.get(address);
    if (count === undefined) return;
    const left = count.since + withinMs - now;
    if (left <= 0) this.#counts.delete(address);
    else if (count.failures >= mostFailures) throw new TooManyFailures(left);
  }

  note(address: string, now: number): void {
    const count = this.#counts.get(address);
    if (count && now - count.since < withinMs) {
      count.failures++;
      return;
    }
    this.#counts.delete(address);
    this.#counts.set(address, { failures: 1, since: now });
    if (this.#counts.size > mostAddresses) {
      this.#counts.delete(this.#counts.keys().next().value!);
    }
  }
}
