/**
 * One Kafka connection without its IO: bytes in, requests answered one after the other, bytes out.
 * The surprise: like Kafka it works on one request at a time, so a Fetch that waits holds up what was
 * sent after it; and it goes on reading meanwhile, within bounds, to notice that the client is gone.
 */
import { DecodeError } from '../../bytes/reader.ts';
import { FrameReader } from '../../protocol/frame.ts';

/** What a connection needs of the world. */
export interface ConnectionPort {
  /**
   * Answers one request frame: the chunks to send, none for a request that gets no answer,
   * undefined to close the connection. Throws nothing.
   */
  answer(frame: Uint8Array): Promise<readonly Uint8Array[] | undefined>;
  /** Sends and waits for room; rejects when the client is gone. */
  send(chunks: readonly Uint8Array[]): Promise<void>;
  /** Whether the connection should close as soon as no request waits. */
  isSpent(): boolean;
  /** The connection is over: reading may stop. */
  close(): void;
}

/** What may wait in whole requests before reading pauses. One request may be larger than that. */
const readAhead = 1024 * 1024;
/** A connection between two requests reads into a buffer of this size, a loaded one into larger. */
const smallRead = 8 * 1024;
const largeRead = 256 * 1024;

/** In the place of a request that was taken from the queue, so that it does not keep its bytes. */
const served = new Uint8Array(0);

export class Connection {
  readonly #port: ConnectionPort;
  readonly #frames: FrameReader;
  readonly #queue: Uint8Array[] = [];
  /** Bytes of whole requests that wait or are worked on. */
  #queued = 0;
  /** Bytes of the frame that has begun and not ended. */
  #begun = 0;
  #serving = false;
  #sending = false;
  /** Settles with the work that was begun last. */
  #served: Promise<void> = Promise.resolve();
  #roomy: (() => void) | undefined;
  /** No more requests are taken: the client ended, or its bytes make no sense. */
  #ended = false;
  #closed = false;
  #clientGone = false;

  constructor(port: ConnectionPort, maxFrameBytes: number) {
    this.#port = port;
    this.#frames = new FrameReader(maxFrameBytes);
  }

  /** Over: whatever arrives is not read any more. */
  get isClosed(): boolean {
    return this.#closed;
  }

  /** Whether it is the client's turn: to send a whole request, or to take an answer. */
  get isClientsTurn(): boolean {
    return !this.#serving || this.#sending;
  }

  /**
   * How large a buffer the next bytes should be read into: small between requests, so that idle
   * connections cost little, and growing with what the client has sent, never with what it claims.
   */
  get readSize(): number {
    return Math.min(Math.max(smallRead, 2 * this.#begun), largeRead);
  }

  /** Takes the next bytes, which must not be written to afterwards: requests are views of them. */
  receive(bytes: Uint8Array): void {
    if (this.#ended) return;
    this.#frames.push(bytes);
    this.#begun += bytes.byteLength;
    try {
      for (let frame = this.#frames.next(); frame; frame = this.#frames.next()) {
        this.#begun = 0;
        this.#queued += frame.byteLength;
        this.#queue.push(frame);
      }
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      this.#ended = true;
    }
    if (!this.#serving) this.#served = this.#serve();
  }

  /** Resolves when there is room for more bytes. */
  async room(): Promise<void> {
    while (this.#queued > readAhead && !this.#closed) {
      await new Promise<void>((resolve) => {
        this.#roomy = resolve;
      });
    }
  }

  /** No more bytes will come. Resolves when the requests that arrived whole have been served. */
  async end(): Promise<void> {
    this.#ended = true;
    if (!this.#serving) this.#served = this.#serve();
    await this.#served;
  }

  /** Closes at once: what waits is not served any more. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#ended = true;
    this.#queue.length = 0;
    this.#roomy?.();
    this.#port.close();
  }

  /** Serves what waits. Also a client that is gone has its requests carried out: it sent them. */
  async #serve(): Promise<void> {
    this.#serving = true;
    for (let next = 0; next < this.#queue.length && !this.#closed; ) {
      const frame = this.#queue[next];
      this.#queue[next++] = served;
      const chunks = await this.#port.answer(frame);
      this.#queued -= frame.byteLength;
      if (chunks === undefined) this.close();
      else if (chunks.length > 0) await this.#send(chunks);
      if (next === this.#queue.length) {
        this.#queue.length = 0;
        next = 0;
      }
      this.#roomy?.();
    }
    // In the same breath as the last look at the queue, so that no request is left in between.
    this.#serving = false;
    if (this.#ended || this.#port.isSpent()) this.close();
  }

  async #send(chunks: readonly Uint8Array[]): Promise<void> {
    if (this.#clientGone) return;
    this.#sending = true;
    try {
      await this.#port.send(chunks);
    } catch {
      this.#clientGone = true;
    }
    this.#sending = false;
  }
}
