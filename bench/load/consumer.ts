/**
 * A consumer on a connection of its own, with one request under way. The surprise: the next leaves
 * as soon as the headers of the answer's batches were read, so that nothing but the broker is
 * waited for.
 */
import type { Reader } from '../../src/bytes/reader.ts';
import type { Connection } from './connection.ts';
import type { Window } from './window.ts';

/** What asks for what comes next, and reads what came. */
export interface Reading {
  /** Of the last answer. */
  readonly records: number;
  readonly bytes: number;
  readonly isAtEnd: boolean;
  next(): Uint8Array;
  take(answer: Reader): void;
  /** Begins anew; undefined where what was read is not read again. */
  readonly rewind: (() => void) | undefined;
}

export class Consumer {
  readonly #connection: Connection;
  readonly #reading: Reading;
  readonly #window: Window;
  #askedAt = 0;

  constructor(connection: Connection, reading: Reading, window: Window) {
    this.#connection = connection;
    this.#reading = reading;
    this.#window = window;
  }

  /** Settles when the window is over, or at the end of what there is to read. */
  run(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#connection.onFailure = reject;
      this.#connection.onAnswer = (answer) => {
        if (this.#take(answer)) resolve();
        else this.#ask();
      };
      this.#ask();
    });
  }

  close(): void {
    this.#connection.close();
  }

  #ask(): void {
    this.#askedAt = performance.now();
    this.#connection.write(this.#reading.next());
  }

  /** Whether it was the last. */
  #take(answer: Reader): boolean {
    const reading = this.#reading;
    reading.take(answer);
    const now = performance.now();
    this.#window.count(now, reading.records, reading.bytes, now - this.#askedAt);
    if (this.#window.isOver) return true;
    if (!reading.isAtEnd) return false;
    if (!this.#window.isBounded || reading.rewind === undefined) return true;
    reading.rewind();
    return false;
  }
}
