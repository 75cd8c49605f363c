/**
 * One Kafka connection without its IO: bytes in, requests answered in order, bytes out. The
 * surprise: like Kafka it works on one request at a time, so a Fetch that waits holds up what was
 * sent after it (and reading goes on meanwhile, within bounds, to notice that the client is gone);
 * only appends overlap, each begun as soon as the one before it has its place in line.
 */
import { DecodeError } from '../../bytes/reader.ts';
import { FrameReader } from '../../protocol/frame.ts';

/** What a connection needs of the world. */
export interface ConnectionPort {
  /**
   * Answers one request frame: the chunks to send, none for a request that gets no answer,
   * undefined to close the connection. Throws nothing. May call `nextMayStart` before it answers.
   */
  answer(frame: Uint8Array, nextMayStart: () => void): Promise<readonly Uint8Array[] | undefined>;
  /** Whether this request may be begun while those before it are under way, if they let it. */
  overlaps(frame: Uint8Array): boolean;
  /** Whether nobody misses what this request does, once the client that wants to know is gone. */
  onlyReads(frame: Uint8Array): boolean;
  /** Lets other connections have their turn. */
  giveWay(): Promise<void>;
  /** Sends and waits for room; rejects when the client is gone. */
  send(chunks: readonly Uint8Array[]): Promise<void>;
  /** What the client has to wait for before its next request is begun. */
  quiet(): Promise<void> | undefined;
  /** Whether the connection should close as soon as no request waits, or before. */
  isSpent(): boolean;
  /**
   * Whether all that was sent from this byte on can be had of the client once more, by another
   * connection. If so it stays so.
   */
  mayGoOnAt(position: number): boolean;
  /** The connection is over: reading may stop. */
  close(): void;
}

/** What may wait in whole requests before reading pauses. One request may be larger than that. */
const readAhead = 1024 * 1024;
/** A connection between two requests reads into a buffer of this size, a loaded one into larger. */
const smallRead = 8 * 1024;
const largeRead = 256 * 1024;

/** How many requests are under way at the same time, at most. */
const maxUnderWay = 32;
/** In front of a frame. */
const lengthBytes = 4;
/** After so many requests without a pause it is the turn of others. */
const requestsInTurn = 32;
/** A request that waits takes so much at least. */
const leastWeight = 256;
/** In the place of a request that was taken from the queue, so that it does not keep its bytes. */
const taken = new Uint8Array(0);

const nothing: Promise<void> = Promise.resolve();

interface Work {
  readonly frame: Uint8Array;
  nextMayStart: boolean;
  /** The answer, once there is one: as `ConnectionPort.answer` gives it. */
  chunks: readonly Uint8Array[] | undefined | 'waiting';
  /** Settles when there is one. */
  answer: Promise<void>;
}

function weightOf(frame: Uint8Array): number {
  return Math.max(frame.byteLength, leastWeight);
}

/** What a request keeps that waits in these bytes: no buffer that is mostly empty. */
function kept(bytes: Uint8Array): Uint8Array {
  return 2 * bytes.byteLength < bytes.buffer.byteLength ? bytes.slice() : bytes;
}

/** Within the bounds of a buffer. */
function bounded(bytes: number): number {
  return Math.min(Math.max(smallRead, bytes), largeRead);
}

export class Connection {
  readonly #port: ConnectionPort;
  readonly #frames: FrameReader;
  /** Whole requests that wait, from `#head` on. */
  readonly #queue: Uint8Array[] = [];
  #head = 0;
  /** Begun and not answered, oldest first. */
  readonly #underWay: Work[] = [];
  /** What whole requests take that wait or are worked on. */
  #queued = 0;
  /** Bytes of the frame that has begun and not ended. */
  #begun = 0;
  /** Bytes that came since the connection had nothing to do. */
  #run = 0;
  /** About what comes at once when the client is busy, as it was lately. */
  #burst = 0;
  /** Behind the request that was begun last. */
  #begunTo = 0;
  #spent = false;
  #serving = false;
  /** Requests are being begun, one after the other. */
  #starting = false;
  #sending = false;
  /** The client has to wait, for what it used of its quotas: nothing else is begun. */
  #quiet = false;
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

  /** The largest request that is taken; what has begun to arrive counts as well. */
  set maxFrameBytes(bytes: number) {
    this.#frames.limit = bytes;
  }

  /**
   * Where the client would go on that finds us closed although it did nothing wrong: behind so many
   * bytes, all of them of requests that were served. Undefined where there is no such place.
   */
  get goesOnAt(): number | undefined {
    return this.#spent ? this.#begunTo : undefined;
  }

  /** So many bytes are of requests that are served, or were. */
  get begunTo(): number {
    return this.#begunTo;
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
    return bounded(this.#begun > 0 ? Math.max(2 * this.#begun, this.#expected) : 0);
  }

  /** The same, if there is memory for what a busy client is likely to send next. */
  get busyReadSize(): number {
    return this.#serving ? bounded(Math.max(2 * this.#begun, this.#expected)) : this.readSize;
  }

  /** A little more than lately, so that more is noticed. */
  get #expected(): number {
    return this.#burst + (this.#burst >> 2);
  }

  /** Takes the next bytes, which must not be written to afterwards: requests are views of them. */
  receive(bytes: Uint8Array): void {
    if (this.#ended) return;
    this.#frames.push(this.#serving ? kept(bytes) : bytes);
    this.#begun += bytes.byteLength;
    this.#run += bytes.byteLength;
    if (this.#serving) this.#burst = Math.max(bytes.byteLength, this.#burst >> 1);
    try {
      for (let frame = this.#frames.next(); frame; frame = this.#frames.next()) {
        this.#begun = 0;
        this.#queued += weightOf(frame);
        this.#queue.push(frame);
      }
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      this.#ended = true;
    }
    if (this.#serving) this.#start();
    else this.#served = this.#serve();
  }

  /** Resolves when there is room for more bytes. */
  async room(): Promise<void> {
    while ((this.#queued > readAhead || this.#spent) && !this.#closed) {
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

  /** Nobody is there to read answers any more: what only asks for them is not served. */
  clientIsGone(): void {
    this.#clientGone = true;
  }

  /** Closes at once: what waits is not served any more. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#ended = true;
    this.#queue.length = 0;
    this.#head = 0;
    this.#roomy?.();
    this.#port.close();
  }

  /**
   * Serves what waits. Also a client that is gone has its requests carried out: it sent them. But
   * what only reads is dropped then.
   */
  async #serve(): Promise<void> {
    this.#serving = true;
    this.#start();
    let inTurn = 0;
    while (this.#underWay.length > 0 && !this.#closed) {
      await this.#underWay[0].answer;
      const quiet = this.#port.quiet();
      const { count, chunks } = this.#answered(quiet === undefined ? this.#underWay.length : 1);
      if (chunks.length > 0) await this.#send(chunks);
      if (count === 0) this.#breakOff();
      if (quiet !== undefined) await this.#keep(quiet);
      inTurn += count;
      if (inTurn >= requestsInTurn) {
        inTurn = 0;
        await this.#port.giveWay();
      }
      for (const { frame } of this.#underWay.splice(0, count)) this.#queued -= weightOf(frame);
      this.#start();
      this.#roomy?.();
    }
    // In the same breath as the last look at the queue, so that no request is left in between.
    this.#serving = false;
    if (this.#begun === 0) this.#pause();
    if (this.#ended || this.#isOver()) this.close();
  }

  /**
   * The oldest answers that are there, to be sent together; none if the connection is to be closed
   * instead.
   */
  #answered(most: number): { readonly count: number; readonly chunks: readonly Uint8Array[] } {
    const all: Uint8Array[] = [];
    let count = 0;
    for (; count < most; count++) {
      const { chunks } = this.#underWay[count];
      if (chunks === 'waiting' || chunks === undefined) break;
      for (const chunk of chunks) all.push(chunk);
    }
    return { count, chunks: all };
  }

  /** There is nothing to do: what comes next is likely to be as much as came before. */
  #pause(): void {
    this.#burst = this.#run;
    this.#run = 0;
  }

  /** Enough is done, and a client that is closed on here does not notice. */
  #isOver(): boolean {
    const isBetween = this.#head === this.#queue.length && this.#begun === 0;
    this.#spent ||=
      !this.#ended && this.#port.isSpent() && (isBetween || this.#port.mayGoOnAt(this.#begunTo));
    return this.#spent;
  }

  /** What has no answer is nowhere gone on from. */
  #breakOff(): void {
    this.close();
    this.#spent = false;
  }

  async #keep(quiet: Promise<void>): Promise<void> {
    this.#quiet = true;
    await quiet;
    this.#quiet = false;
  }

  /** Begins what may begin, in order; those that let each other begin at once, in one breath. */
  #start(): void {
    if (this.#starting) return;
    this.#starting = true;
    while (this.#head < this.#queue.length && this.#mayStart(this.#queue[this.#head])) {
      const frame = this.#take();
      if (this.#clientGone && this.#port.onlyReads(frame)) this.#queued -= weightOf(frame);
      else this.#begin(frame);
    }
    this.#starting = false;
  }

  #begin(frame: Uint8Array): void {
    const work: Work = { frame, nextMayStart: false, chunks: 'waiting', answer: nothing };
    this.#underWay.push(work);
    const answer = this.#port.answer(frame, () => {
      work.nextMayStart = true;
      this.#start();
    });
    work.answer = answer.then((chunks) => {
      work.chunks = chunks;
    });
  }

  /** The request that has waited longest. */
  #take(): Uint8Array {
    const frame = this.#queue[this.#head];
    this.#begunTo += lengthBytes + frame.byteLength;
    this.#queue[this.#head++] = taken;
    if (this.#head === this.#queue.length) {
      this.#queue.length = 0;
      this.#head = 0;
    }
    return frame;
  }

  #mayStart(frame: Uint8Array): boolean {
    if (this.#isOver()) return false;
    const last = this.#underWay.at(-1);
    if (last === undefined) return true;
    const room = this.#underWay.length < maxUnderWay;
    return last.nextMayStart && room && !this.#quiet && this.#port.overlaps(frame);
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
