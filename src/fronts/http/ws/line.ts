/**
 * One WebSocket as a line of text frames, with bounds in both directions. The surprises: a
 * WebSocket cannot be read slowly, so a client that sends much more than it waits for answers is
 * hung up on; and nothing tells whether frames were taken but the platform's own buffer, so that is
 * looked at before more is handed over.
 */
import type { AnswerMemory } from '../../../broker/answer-memory.ts';
import { untilTaken } from '../../../broker/until-taken.ts';
import { maxBodyBytes } from '../body.ts';
import type { HttpError } from '../errors.ts';
import { isObject, type JsonObject, parseJson } from '../json.ts';

/** What is needed of a WebSocket. */
export interface TextSocket {
  readonly bufferedAmount: number;
  send(text: string): void;
  close(code: number, reason: string): void;
}

/** Why a line is closed by us: RFC 6455's codes. */
export const closeCode = {
  normal: 1000,
  /** Frames are text. */
  unsupported: 1003,
  /** More was sent than could be taken. */
  policy: 1008,
  tooBig: 1009,
  /** What went wrong was said in a frame before. */
  failed: 1011,
  /** Nothing is wrong: the client is to come again. */
  comeAgain: 1012,
  /** The client takes too little, and others want the memory. */
  tooSlow: 1013,
} as const;

/** A frame, as JSON; undefined: it was none. */
export interface Frame {
  readonly json: unknown;
  readonly length: number;
}

/** What may wait to be worked on. */
const maxWaitingLength = 8 * 1_024 * 1_024;
const maxWaitingFrames = 10_000;
/** More is handed to the platform only when less than this lies there. */
const maxBuffered = 256 * 1_024;
/** How long to wait before looking there again: longer and longer, for who takes nothing. */
const firstLookMs = 5;
const lastLookMs = 320;
/** When nothing was said for so long, we say something: no proxy gives the line up. */
const keepAliveMs = 30_000;

export class Line {
  readonly #socket: TextSocket;
  readonly #memory: AnswerMemory;
  readonly #waiting: Frame[] = [];
  #waitingLength = 0;
  #wake: () => void = () => {};
  #sending: Promise<void> = Promise.resolve();
  #keepAlive: ReturnType<typeof setTimeout> | undefined;
  #closed = false;
  #answeringPing = false;
  readonly #whenClosed: (() => void)[] = [];

  constructor(socket: TextSocket, memory: AnswerMemory) {
    this.#socket = socket;
    this.#memory = memory;
    this.#saidSomething();
  }

  get isClosed(): boolean {
    return this.#closed;
  }

  onClose(listener: () => void): void {
    if (this.#closed) listener();
    else this.#whenClosed.push(listener);
  }

  /** What came over the socket. */
  receive(data: unknown): void {
    if (this.#closed) return;
    if (typeof data !== 'string') {
      this.close(closeCode.unsupported, 'frames are text');
    } else if (data.length > maxBodyBytes) {
      this.close(closeCode.tooBig, `a frame may have ${maxBodyBytes} characters`);
    } else {
      this.#keep({ json: parsed(data), length: data.length });
    }
  }

  #keep(frame: Frame): void {
    if (isOfType(frame, 'ping')) {
      this.#answerPing();
      return;
    }
    if (isOfType(frame, 'pong')) return;
    this.#waiting.push(frame);
    this.#waitingLength += frame.length;
    const isTooMuch =
      this.#waiting.length > maxWaitingFrames ||
      (this.#waitingLength > maxWaitingLength && this.#waiting.length > 1);
    if (isTooMuch) this.close(closeCode.policy, 'too much was sent without waiting');
    else this.#wake();
  }

  /** One answer is under way at most, for a client that asks and never listens. */
  #answerPing(): void {
    if (this.#answeringPing) return;
    this.#answeringPing = true;
    const answered = () => {
      this.#answeringPing = false;
    };
    this.send('{"type":"pong"}').then(answered, answered);
  }

  /** The frames that wait, oldest first, as many as `isEnough` lets; undefined: no more come. */
  async take(isEnough: (frames: readonly Frame[]) => boolean): Promise<Frame[] | undefined> {
    while (this.#waiting.length === 0) {
      if (this.#closed) return undefined;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    const frames: Frame[] = [];
    while (this.#waiting.length > 0 && (frames.length === 0 || !isEnough(frames))) {
      const frame = this.#waiting.shift()!;
      this.#waitingLength -= frame.length;
      frames.push(frame);
    }
    return frames;
  }

  /** Sends when there is room. Rejects when the line is closed. */
  send(text: string): Promise<void> {
    const sent = this.#sending.then(() => this.#sendWhenRoomy(text));
    this.#sending = sent.catch(() => {});
    const unsent = this.#memory.sending(text.length);
    return untilTaken(unsent, sent, () => this.close(closeCode.tooSlow, 'too little was taken'));
  }

  /** Says what went wrong, and goes on. */
  async complain({ body }: HttpError): Promise<void> {
    await this.send(JSON.stringify({ type: 'error', ...body })).catch(() => {});
  }

  /** Closes behind what was sent, and drops what waits. `reason`: at most 123 bytes. */
  close(code: number, reason: string): void {
    if (this.#closed) return;
    this.#waiting.length = 0;
    try {
      this.#socket.close(code, reason);
    } catch {
      // It is closed already.
    }
    this.ended();
  }

  /** The client has closed, or is gone. What it sent before can still be taken. */
  ended(): void {
    if (this.#closed) return;
    this.#closed = true;
    clearTimeout(this.#keepAlive);
    this.#wake();
    for (const listener of this.#whenClosed.splice(0)) listener();
  }

  async #sendWhenRoomy(text: string): Promise<void> {
    let lookMs = firstLookMs;
    while (!this.#closed && this.#socket.bufferedAmount > maxBuffered) {
      await new Promise((resolve) => setTimeout(resolve, lookMs));
      lookMs = Math.min(2 * lookMs, lastLookMs);
    }
    if (this.#closed) throw new Error('the client is gone');
    this.#socket.send(text);
    this.#saidSomething();
  }

  #saidSomething(): void {
    clearTimeout(this.#keepAlive);
    this.#keepAlive = setTimeout(() => {
      void this.send('{"type":"ping"}').catch(() => {});
    }, keepAliveMs);
  }
}

function parsed(text: string): unknown {
  try {
    return parseJson(text);
  } catch {
    return undefined;
  }
}

function isOfType({ json }: Frame, type: string): boolean {
  return isObject(json) && (json as JsonObject).type === type;
}
