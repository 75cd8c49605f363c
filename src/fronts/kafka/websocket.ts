/**
 * Kafka's byte stream in the binary messages of a WebSocket, however it is cut: how clients come in
 * where no TCP is routed. The surprise: a WebSocket cannot be read slowly, so who names our
 * subprotocol tells, and is told, in text messages how many bytes of the stream were taken so far,
 * and keeps to a window; others are hung up on when too much of theirs lies unread.
 */
import { anonymous } from '../../broker/authorizer.ts';
import { type ClientOrigin, clientContext, type Gateway } from '../../broker/gateway.ts';
import { joined } from './chunks.ts';
import type { Pipe } from './pipe.ts';
import { type ConnectionTerms, serve } from './serve.ts';

/**
 * The subprotocol: a text message is the number of bytes since the start that the other side need
 * not keep, in decimal; with a question mark behind it, it asks for that of the other side. Closed
 * with 4000, the reason is the number of bytes that were served, none of them less than were told:
 * a new stream may go on with those behind them.
 */
export const countedStream = 'kafka.kedge.v1';
/** With it, neither side has more bytes under way than this. */
export const streamWindow = 4 * 1024 * 1024;
/** Without it, so many bytes may have arrived that nobody has read yet. */
const maxUnread = 16 * 1024 * 1024;
/** We tell what we took whenever it has grown by so much. */
const tellEvery = streamWindow / 8;
/** So much that we took and have not begun to serve yet we leave to the client to keep. */
const keptByThem = streamWindow / 2;
/** We wait before we hand more to the platform than this. */
const maxBuffered = 1024 * 1024;
/** How long to wait before looking again whether the platform has sent what it was handed. */
const lookEveryMs = 5;

/**
 * Accepts the stream; it is served in the background, until it or we hang up. Undefined: there are
 * as many connections as there may be.
 */
export function acceptWebSocket(
  origin: Omit<ClientOrigin, 'signal'>,
  counted: boolean,
  gateway: Gateway,
  terms: ConnectionTerms,
): { readonly response: Response; readonly served: Promise<void> } | undefined {
  const { principal } = origin;
  const owner = principal === anonymous ? undefined : principal;
  const place = gateway.connections.enter(origin.clientHost.slice(1), owner);
  if (place === undefined) return undefined;
  const { 0: theirs, 1: ours } = new WebSocketPair();
  const left = new AbortController();
  const client = clientContext(gateway, { ...origin, place, signal: left.signal });
  const headers = counted ? { 'sec-websocket-protocol': countedStream } : undefined;
  return {
    response: new Response(null, { status: 101, webSocket: theirs, headers }),
    served: serve(new WebSocketPipe(ours, counted), client, terms, left),
  };
}

export class WebSocketPipe implements Pipe {
  readonly #socket: WebSocket;
  readonly #counted: boolean;
  readonly #unread: Uint8Array[] = [];
  #unreadBytes = 0;
  #taken = 0;
  #begunTo = 0;
  #told = 0;
  /** Nothing is told any more: it is to keep the rest. */
  #isHeld = false;
  #sent = 0;
  /** How much of what we sent the client says it took. */
  #theyTook = 0;
  #ended = false;
  #wakeReader: () => void = () => {};
  #wakeWriter: () => void = () => {};
  #leave: (lost: boolean) => void = () => {};
  readonly #closed: Promise<void>;
  readonly gone = new Promise<boolean>((resolve) => {
    this.#leave = resolve;
  });

  constructor(socket: WebSocket, counted: boolean) {
    this.#socket = socket;
    this.#counted = counted;
    socket.binaryType = 'arraybuffer';
    socket.accept();
    socket.addEventListener('message', ({ data }) => this.#receive(data));
    this.#closed = new Promise((resolve) => {
      const end = (lost: boolean) => {
        this.#end(lost);
        resolve();
      };
      socket.addEventListener('close', ({ code }) => end(code !== normal));
      socket.addEventListener('error', () => end(true));
    });
  }

  async read(): Promise<Uint8Array | undefined> {
    while (this.#unread.length === 0) {
      if (this.#ended) return undefined;
      await new Promise<void>((resolve) => {
        this.#wakeReader = resolve;
      });
    }
    const bytes = this.#unread.shift()!;
    this.#unreadBytes -= bytes.byteLength;
    this.#taken += bytes.byteLength;
    this.#tellMore();
    return bytes;
  }

  began(to: number): void {
    this.#begunTo = to;
    this.#tellMore();
  }

  keepsFrom(at: number): boolean {
    this.#isHeld ||= this.#counted && this.#told <= at;
    return this.#isHeld;
  }

  async write(chunks: readonly Uint8Array[]): Promise<void> {
    for (const chunk of joined(chunks)) {
      for (let at = 0; at < chunk.byteLength; at += largestMessage) {
        await this.#send(chunk.subarray(at, at + largestMessage));
      }
    }
  }

  stopReading(): void {
    this.#ended = true;
    this.#unread.length = 0;
    this.#wakeReader();
  }

  abort(): void {
    this.#hangUp(tryAgainLater, 'too slow');
  }

  async close(goOnAt?: number, refusal?: string): Promise<void> {
    if (this.#counted && goOnAt !== undefined) this.#hangUp(goOn, String(goOnAt));
    else if (refusal !== undefined) this.#hangUp(refused, refusal);
    else this.#hangUp(normal, '');
    // Who is gone while the client still sends takes with it what the client has not read yet.
    const timeout = new Promise<void>((resolve) => setTimeout(resolve, lastWordsMs));
    await Promise.race([this.#closed, timeout]);
  }

  #receive(data: ArrayBuffer | string): void {
    if (typeof data === 'string') {
      this.#hear(data);
      return;
    }
    if (this.#ended) return;
    this.#unreadBytes += data.byteLength;
    // Who counts keeps to the window by itself.
    const limit = this.#counted ? 2 * streamWindow : maxUnread;
    if (this.#unreadBytes > limit && this.#unread.length > 0) {
      this.#hangUp(tooBig, 'more was sent than could be read');
      return;
    }
    this.#unread.push(new Uint8Array(data));
    this.#wakeReader();
  }

  /** What the client says it took. Who did not name the subprotocol has nothing to say in text. */
  #hear(text: string): void {
    const [, count, asks] = /^(\d{1,15})(\?)?$/.exec(text) ?? [];
    const took = Number(count);
    if (!this.#counted || count === undefined || took > this.#sent) {
      this.#hangUp(unsupported, 'Kafka speaks in binary messages');
      return;
    }
    this.#theyTook = Math.max(this.#theyTook, took);
    this.#wakeWriter();
    if (asks) this.#tell();
  }

  #tellMore(): void {
    if (this.#counted && this.#unkept - this.#told >= tellEvery) this.#tell();
  }

  /** What the client need not keep: of a request too large for the window, also what waits. */
  get #unkept(): number {
    if (this.#isHeld) return this.#told;
    return Math.max(this.#begunTo, this.#taken - keptByThem);
  }

  #tell(): void {
    if (this.#ended) return;
    this.#told = this.#unkept;
    this.#socket.send(String(this.#told));
  }

  /** Waits for room in the window and in the platform's own buffer. */
  async #send(bytes: Uint8Array): Promise<void> {
    while (this.#counted && this.#sent - this.#theyTook >= streamWindow) {
      if (this.#ended) throw new Error('the client is gone');
      await new Promise<void>((resolve) => {
        this.#wakeWriter = resolve;
      });
    }
    while (this.#socket.bufferedAmount > maxBuffered) {
      await new Promise((resolve) => setTimeout(resolve, lookEveryMs));
      if (this.#socket.readyState !== WebSocket.READY_STATE_OPEN) break;
    }
    this.#socket.send(bytes);
    this.#sent += bytes.byteLength;
  }

  #end(lost: boolean): void {
    this.#ended = true;
    this.#wakeReader();
    this.#wakeWriter();
    this.#leave(lost);
  }

  #hangUp(code: number, reason: string): void {
    try {
      this.#socket.close(code, reason);
    } catch {
      // It is closed already.
    }
    this.#end(false);
  }
}

/** How long we wait for the client to have read that we hung up. */
const lastWordsMs = 5_000;
/** A message is at most so large: whoever passes it on holds it whole. */
const largestMessage = 1024 * 1024;

/** Our own code: a new stream may go on at the byte of which the reason is the number. */
const goOn = 4000;
const normal = 1000;
const unsupported = 1003;
const refused = 1008;
const tooBig = 1009;
const tryAgainLater = 1013;
