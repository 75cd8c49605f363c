/**
 * The memory that answers full of records may take in an isolate, all clients together. The
 * surprise: when it runs short answers become smaller, down to none at all, and whoever has left an
 * answer lying for long must go, so that clients that ask and never read stall nobody else. Each
 * connection finds that out by itself: in a Worker nobody may touch another one's socket.
 */
import { timeNow } from '../runtime/clock.ts';

/** Of the 128 MB of an isolate. */
const mostBytes = 48 * 1024 * 1024;
/** Beyond this nothing is kept that may be asked for as well. */
const mostToSpare = mostBytes / 2;
/** One answer gets this part of what is left. */
const partOfRest = 4;
/** Less than this is not worth a read. */
const leastGrant = 64 * 1024;
/** An answer that waits for its client for so long may have to go. */
const stalledMs = 10_000;

/** An answer on its way to a client that has not taken all of it yet. */
export interface Unsent {
  /** It has waited for its client for so long that others should have its memory. */
  readonly mustGo: boolean;
  /** It was sent, or given up. */
  done(): void;
}

/** One for each isolate. */
export class AnswerMemory {
  readonly #now: () => number;
  #used = 0;

  constructor(now: () => number = timeNow) {
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

  /** The claim of what is kept for answers to come, and never takes the room of others. */
  spare(): AnswerClaim {
    return new AnswerClaim(
      (wanted) => (this.#used + wanted <= mostToSpare ? wanted : 0),
      (bytes) => this.#take(bytes),
    );
  }

  /** Counts an answer while it is sent. */
  sending(bytes: number): Unsent {
    const since = this.#now();
    let held = bytes;
    this.#take(bytes);
    const mustGo = () => this.#isShort && this.#now() - since >= stalledMs;
    return {
      get mustGo() {
        return mustGo();
      },
      done: () => {
        this.#take(-held);
        held = 0;
      },
    };
  }

  #take(bytes: number): void {
    this.#used += bytes;
  }

  /** What one answer may have. */
  get #part(): number {
    return Math.floor((mostBytes - this.#used) / partOfRest);
  }

  get #isShort(): boolean {
    return this.#part < leastGrant;
  }

  #grant(wanted: number): number {
    if (this.#part >= wanted) return wanted;
    return this.#isShort ? 0 : this.#part;
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

  get held(): number {
    return this.#held;
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
