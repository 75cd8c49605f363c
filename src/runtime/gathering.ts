/**
 * Whether a flush waits for others to join it, and for how long. Without that, producers who wait
 * for their answers fall apart into two groups: one whose row is being confirmed, and one that
 * waits for it; each pays for rows of its own. The surprise: to wait for those who were just
 * answered makes nobody slower, since who misses a flush waits for a whole confirmation; and a
 * producer who is alone never waits.
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

/** For as long as storage takes to confirm a row, within these bounds. */
const shortestWaitMs = 2;
const longestWaitMs = 15;

/** Who is alone is looked after only once in so many flushes: to be told costs a turn. */
const flushesPerLook = 16;

/** Who waited in vain does not wait again for so many flushes, at most. */
const longestPause = 64;

export class Gathering {
  readonly #around: GatheringOptions;
  /** How many were under way at once, of late. */
  #company = 1;
  /** The same, since the last flush. */
  #mostSince = 1;
  /** Written, and not confirmed. */
  #unconfirmed = 0;
  #confirmMs = 0;
  /** For how many flushes nobody is waited for. */
  #pause = 0;
  #lastPause = 0;
  #flushes = 0;
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
    if (this.#company === 1 || this.#isEnough(look())) return;
    await this.#around.turn();
    if (this.#isEnough(look())) return;
    if (this.#pause > 0) {
      this.#pause--;
      return;
    }
    const alone = look().count;
    const whole = new Promise<void>((resolve) => {
      this.#whole = resolve;
    });
    await Promise.race([whole, this.#around.wait(this.#patienceMs)]);
    this.#whole = undefined;
    const { count } = look();
    this.#company = Math.max(count, Math.ceil(this.#company / 2));
    this.#lastPause = count > alone ? 0 : Math.min(2 * this.#lastPause + 1, longestPause);
    this.#pause = this.#lastPause;
  }

  /** Whether to say, of what is to be written now, that it was written. */
  get looks(): boolean {
    return this.#company > 1 || this.#flushes++ % flushesPerLook === 0;
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

  get #patienceMs(): number {
    return Math.min(Math.max(Math.round(this.#confirmMs), shortestWaitMs), longestWaitMs);
  }

  #isEnough({ count, bytes }: Gathered): boolean {
    return count >= this.#company || bytes >= enoughBytes;
  }
}
