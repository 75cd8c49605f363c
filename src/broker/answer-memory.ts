/**
 * The memory that answers full of records may take in an isolate, all clients together. The
 * surprise: when it runs short answers become smaller, down to none at all, and whoever has left an
 * answer lying for long is hung up on, so that clients that ask and never read stall nobody else.
 */

/** Of the 128 MB of an isolate. */
const mostBytes = 48 * 1024 * 1024;
/** One answer gets this part of what is left. */
const partOfRest = 4;
/** Less than this is not worth a read. */
const leastGrant = 64 * 1024;
/** An answer that waits for its client for so long may have to go. */
const stalledMs = 10_000;

/** An answer on its way to a client that has not taken all of it yet. */
interface Unsent {
  readonly since: number;
  hangUp(): void;
}

/** One for each isolate. */
export class AnswerMemory {
  readonly #now: () => number;
  /** In the order in which their sending began. */
  readonly #unsent = new Set<Unsent>();
  #used = 0;

  constructor(now: () => number = () => Date.now()) {
    this.#now = now;
  }

  /** Bytes of all answers that are being read or sent. */
  get used(): number {
    return this.#used;
  }

  /** The claim of one answer that is to be read. */
  claim(): AnswerClaim {
    return new AnswerClaim(
      (wanted) => this.#grant(wanted),
      (bytes) => this.#take(bytes),
    );
  }

  /**
   * Counts an answer while it is sent; call what is returned when it was. `hangUp` gives up the
   * client, should others need the memory.
   */
  sending(bytes: number, hangUp: () => void): () => void {
    const unsent: Unsent = { since: this.#now(), hangUp };
    this.#unsent.add(unsent);
    this.#take(bytes);
    return () => {
      if (this.#unsent.delete(unsent)) this.#take(-bytes);
    };
  }

  #take(bytes: number): void {
    this.#used += bytes;
  }

  #grant(wanted: number): number {
    const part = Math.floor((mostBytes - this.#used) / partOfRest);
    if (part >= wanted) return wanted;
    if (part >= leastGrant) return part;
    this.#hangUpOnStalled();
    return 0;
  }

  /** The one that began first, if it is long enough ago. */
  #hangUpOnStalled(): void {
    const [oldest] = this.#unsent;
    if (oldest !== undefined && this.#now() - oldest.since >= stalledMs) oldest.hangUp();
  }
}

/** What one answer takes of the memory while it is read. Release it in the end. */
export class AnswerClaim {
  readonly #grant: (wanted: number) => number;
  readonly #take: (bytes: number) => void;
  #held = 0;

  constructor(grant: (wanted: number) => number, take: (bytes: number) => void) {
    this.#grant = grant;
    this.#take = take;
  }

  /** How many of the `wanted` bytes there is room for, beside what is held. They are held now. */
  extend(wanted: number): number {
    const granted = this.#grant(wanted);
    this.#hold(this.#held + granted);
    return granted;
  }

  /** So many bytes it became in truth. */
  settle(bytes: number): void {
    this.#hold(bytes);
  }

  release(): void {
    this.#hold(0);
  }

  #hold(bytes: number): void {
    this.#take(bytes - this.#held);
    this.#held = bytes;
  }
}
