/**
 * Standard output, or a file, for a great many small pieces: they are gathered, and written when
 * there are enough. The surprise: a reader that goes away (`| head`) is no failure; what is written
 * after is dropped, and `isGone` says that there is no more reason to go on.
 */
import { once } from 'node:events';
import type { Writable } from 'node:stream';

const capacity = 128 * 1024;

export class Sink {
  readonly #stream: Writable;
  #buffer = Buffer.allocUnsafeSlow(capacity);
  #used = 0;
  #isGone = false;
  #error: Error | undefined;
  readonly #failed = (error: NodeJS.ErrnoException) => {
    this.#isGone = true;
    if (error.code !== 'EPIPE') this.#error = error;
  };

  constructor(stream: Writable) {
    this.#stream = stream;
    stream.on('error', this.#failed);
  }

  /** Nobody reads any more. */
  get isGone(): boolean {
    return this.#isGone;
  }

  /** Whether there is enough to be written: `flush` then, and wait. */
  get isFull(): boolean {
    return this.#used >= capacity >> 1;
  }

  text(text: string): void {
    // A character is at most three bytes.
    if (3 * text.length > capacity - this.#used) this.bytes(Buffer.from(text));
    else this.#used += this.#buffer.write(text, this.#used);
  }

  bytes(bytes: Uint8Array): void {
    if (bytes.length > capacity - this.#used) this.#make(bytes.length);
    this.#buffer.set(bytes, this.#used);
    this.#used += bytes.length;
  }

  byte(byte: number): void {
    if (this.#used === this.#buffer.length) this.#make(1);
    this.#buffer[this.#used++] = byte;
  }

  /** Hands on what was gathered, and settles when there may be more. */
  async flush(): Promise<void> {
    if (this.#error !== undefined) throw this.#error;
    if (this.#used === 0 || this.#isGone) {
      this.#used = 0;
      return;
    }
    const gathered = this.#buffer.subarray(0, this.#used);
    this.#buffer = Buffer.allocUnsafeSlow(capacity);
    this.#used = 0;
    if (this.#stream.write(gathered)) return;
    const over = new AbortController();
    const { signal } = over;
    const ends = ['drain', 'close', 'error'].map((event) => once(this.#stream, event, { signal }));
    for (const end of ends) end.catch(() => {});
    await Promise.race(ends).catch(() => {});
    over.abort();
  }

  /** Everything was handed to the system, and errors are somebody else's again. */
  async end(): Promise<void> {
    await this.flush();
    if (!this.#isGone) await new Promise((done) => this.#stream.write('', done));
    this.#stream.off('error', this.#failed);
    // What was handed on may still find that nobody reads.
    this.#stream.on('error', () => {});
    if (this.#error !== undefined) throw this.#error;
  }

  /** Room for so many more, in a larger buffer if need be. */
  #make(bytes: number): void {
    const needed = this.#used + bytes;
    if (needed <= this.#buffer.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, 2 * this.#buffer.length));
    larger.set(this.#buffer.subarray(0, this.#used));
    this.#buffer = larger;
  }
}
