/** A WebSocket client whose frames can be waited for one by one. */

// biome-ignore lint/suspicious/noExplicitAny: the test checks what came over the wire
type Frame = any;

export class Frames implements Disposable {
  readonly #socket: WebSocket;
  readonly #frames: Frame[] = [];
  #wake: () => void = () => {};
  closed: { code: number; reason: string } | undefined;
  /** Settles when it is open; rejects when it is not to be. */
  readonly opened: Promise<void>;

  constructor(url: string, protocols: string[] = []) {
    this.#socket = new WebSocket(url.replace(/^http/, 'ws'), protocols);
    this.opened = new Promise((resolve, reject) => {
      this.#socket.addEventListener('open', () => resolve());
      this.#socket.addEventListener('error', () => reject(new Error('not opened')));
    });
    this.opened.catch(() => {});
    this.#socket.addEventListener('message', ({ data }) => {
      this.#frames.push(JSON.parse(String(data)));
      this.#wake();
    });
    this.#socket.addEventListener('close', ({ code, reason }) => {
      this.closed = { code, reason };
      this.#wake();
    });
  }

  get protocol(): string | null {
    return this.#socket.protocol;
  }

  async send(...frames: unknown[]): Promise<void> {
    await this.opened;
    for (const frame of frames) {
      this.#socket.send(typeof frame === 'string' ? frame : JSON.stringify(frame));
    }
  }

  sendBytes(bytes: Uint8Array<ArrayBuffer>): void {
    this.#socket.send(bytes);
  }

  /** The next frame; undefined when the line was closed before. */
  async next(): Promise<Frame | undefined> {
    while (this.#frames.length === 0 && this.closed === undefined) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    return this.#frames.shift();
  }

  async take(count: number): Promise<Frame[]> {
    const frames: Frame[] = [];
    while (frames.length < count) {
      const frame = await this.next();
      if (frame === undefined) throw new Error(`closed: ${JSON.stringify(this.closed)}`);
      frames.push(frame);
    }
    return frames;
  }

  /** Whether nothing comes for so long. */
  async isSilent(ms: number): Promise<boolean> {
    await new Promise((resolve) => setTimeout(resolve, ms));
    return this.#frames.length === 0;
  }

  async untilClosed(): Promise<{ code: number; reason: string }> {
    while (this.closed === undefined) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    return this.closed;
  }

  /** Closes, and waits until the other side has agreed. */
  async close(): Promise<void> {
    this.#socket.close(1000);
    await this.untilClosed();
  }

  [Symbol.dispose](): void {
    this.#socket.close(1000);
  }
}
