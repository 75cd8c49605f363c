/**
 * Standard output, or a file, for a great many small pieces: they are gathered, and written when
 * there are enough. The surprise: a reader that goes away (`| head`) is no failure; what is written
 * after is dropped, and `isGone` says that there is no more reason to go on.
 */

/** A stream that bytes are written to; `process.stdout` is one. */
export interface Stream {
  write(data: Uint8Array, done: (error?: Error | null) => void): boolean;
  rawListeners?(event: 'error'): unknown[];
  on?(event: 'error', listener: (error: Error) => void): unknown;
  off?(event: 'error', listener: (error: Error) => void): unknown;
}

type Listener = (error: Error) => void;

const capacity = 128 * 1024;

export class Sink {
  readonly #stream: Stream;
  #buffer = Buffer.allocUnsafeSlow(capacity);
  #used = 0;
  #isGone = false;
  #error: Error | undefined;
  /** Who would hear of errors; meanwhile that is us. */
  readonly #others: Listener[];
  readonly #failed = (error: Error) => {
    this.#isGone = true;
    if ((error as NodeJS.ErrnoException).code !== 'EPIPE') this.#error ??= error;
  };

  constructor(stream: Stream) {
    this.#stream = stream;
    this.#others = (stream.rawListeners?.('error') ?? []) as Listener[];
    for (const other of this.#others) stream.off?.('error', other);
    stream.on?.('error', this.#failed);
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
    await this.#write(gathered);
  }

  /** Everything was handed to the system, and errors are somebody else's again. */
  async end(): Promise<void> {
    await this.flush();
    if (!this.#isGone) await this.#write(Buffer.alloc(0), false);
    if (this.#isGone) return;
    this.#stream.off?.('error', this.#failed);
    for (const other of this.#others) this.#stream.on?.('error', other);
  }

  /** Settles when there is room for more, or when it was handed on. */
  #write(bytes: Uint8Array, isEnough = true): Promise<void> {
    return new Promise((settle) => {
      const room = this.#stream.write(bytes, (error) => {
        if (error) this.#failed(error);
        settle();
      });
      if (room && isEnough) settle();
    });
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
