/**
 * Whether a flush waits for others to join it, and for how long. Without that, producers who wait
 * for their answers fall apart into two groups: one whose row is being confirmed, and one that
 * waits for it; each pays for rows of its own and waits twice as long. The surprise: to wait a
 * moment for those who were just answered makes everybody faster, and a producer who is alone never
 * waits.
 */

export interface GatheringOptions {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Settles after so many milliseconds. */
  wait(ms: number): Promise<void>;
  /** Lets those join who are there already. */
  turn(): Promise<void>;
}

/** What waits to be written. */
export interface Gathered {
  readonly count: number;
  readonly bytes: number;
}

/** From this size on storing a row for a week costs more than writing it: nobody waits for more. */
const enoughBytes = 16 * 1024;

/** One look around lasts a quarter of what a confirmation does, within these bounds. */
const shortestLookMs = 1;
const longestLookMs = 3;
const mostLooks = 3;

/** Who found nobody does not look again for so many flushes, at most. */
const longestPause = 64;

export class Gathering {
  readonly #around: GatheringOptions;
  /** How many were under way at once, of late. */
  #company = 1;
  #mostSince = 1;
  /** Written, and not confirmed. */
  #unconfirmed = 0;
  #confirmMs = 0;
  /** For how many flushes nobody looks around. */
  #pause = 0;
  #lastPause = 0;
  #whole: (() => void) | undefined;

  constructor(around: GatheringOptions) {
    this.#around = around;
  }

  /** Another one waits: so many do now. */
  came(waiting: number): void {
    this.#mostSince = Math.max(this.#mostSince, waiting + this.#unconfirmed);
    if (waiting >= this.#company) this.#whole?.();
  }

  /** Settles when what waits is to be written. */
  async gathered(look: () => Gathered): Promise<void> {
    this.#company = Math.max(this.#mostSince, this.#company);
    if (this.#company === 1) return;
    await this.#around.turn();
    if (this.#isEnough(look())) return;
    if (this.#pause > 0) {
      this.#pause--;
      return;
    }
    const alone = look().count;
    await this.#lookAround(look);
    const { count } = look();
    this.#company = Math.max(count, Math.ceil(this.#company / 2));
    this.#lastPause = count > alone ? 0 : Math.min(2 * this.#lastPause + 1, longestPause);
    this.#pause = this.#lastPause;
  }

  /** As long as others come, a few times. */
  async #lookAround(look: () => Gathered): Promise<void> {
    const ms = Math.min(Math.max(Math.round(this.#confirmMs / 4), shortestLookMs), longestLookMs);
    for (let i = 0, before = 0; i < mostLooks; i++) {
      const now = look();
      if (now.count === before || this.#isEnough(now)) return;
      before = now.count;
      const whole = new Promise<void>((resolve) => {
        this.#whole = resolve;
      });
      await Promise.race([whole, this.#around.wait(ms)]);
      this.#whole = undefined;
    }
  }

  /** So many were written; `durable` settles when they are confirmed. */
  wrote(count: number, durable: Promise<void>): void {
    this.#mostSince = 1;
    this.#unconfirmed += count;
    const from = this.#around.now();
    const settled = () => {
      this.#unconfirmed -= count;
      this.#confirmMs += (this.#around.now() - from - this.#confirmMs) / 8;
    };
    durable.then(settled, settled);
  }

  #isEnough({ count, bytes }: Gathered): boolean {
    return count >= this.#company || bytes >= enoughBytes;
  }
}
