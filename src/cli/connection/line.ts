/**
 * A line to one broker: a socket, encrypted or not, with whoever asks already known at its other
 * end. The surprise: a broker answers in the order it was asked, so nothing needs to be looked up
 * when an answer comes.
 */
import { connect as connectTcp, type Socket } from 'node:net';
import type { ConnectionOptions as TlsOptions } from 'node:tls';
import { Reader } from '../../bytes/reader.ts';
import { concat } from '../../bytes/writer.ts';
import { type Channel, disconnected } from '../../client/channel.ts';
import { FrameReader } from '../../protocol/frame.ts';
import { decodeResponseHeader, encodeRequestFrame } from '../../protocol/header.ts';
import {
  type Api,
  decodeResponse,
  defaultsOf,
  type Fields,
  type Infer,
} from '../../protocol/schema.ts';
import { parseListener } from '../../runtime/config.ts';

/** What a response may be: far more than the 50 MiB that Java's clients ask for at once. */
const largestFrame = 256 * 1024 * 1024;
const lengthBytes = 4;

/** How to get there. */
export interface LineOptions {
  /** What `node:tls` needs; undefined: the line is not encrypted. */
  readonly tls: TlsOptions | undefined;
  readonly connectTimeoutMs: number;
  /** How long the answers may take that are waited for before others can be asked. */
  readonly answerTimeoutMs: number;
}

export async function openLine(address: string, options: LineOptions): Promise<Line> {
  const { host, port } = parseListener('address', address);
  const { tls, connectTimeoutMs, answerTimeoutMs } = options;
  const { connect: connectTls } = tls ? await import('node:tls') : { connect: undefined };
  return new Promise((resolve, reject) => {
    const socket = connectTls
      ? connectTls({ host, port, servername: isName(host) ? host : undefined, ...tls })
      : connectTcp({ host, port });
    const fail = (error: Error) => {
      socket.destroy();
      reject(disconnected(`${address}: ${error.message || 'no connection'}`, error));
    };
    const late = () => fail(new Error(`no connection within ${connectTimeoutMs} ms`));
    const timer = setTimeout(late, connectTimeoutMs);
    socket.once('error', fail);
    socket.once('close', () => fail(new Error('the connection was closed')));
    socket.once(connectTls ? 'secureConnect' : 'connect', () => {
      clearTimeout(timer);
      socket.removeAllListeners();
      resolve(new Line(address, socket, answerTimeoutMs));
    });
    socket.once('close', () => clearTimeout(timer));
  });
}

/** TLS has no place for an address where a name belongs. */
function isName(host: string): boolean {
  return !/^[\d.]+$|:/.test(host);
}

interface Waiting {
  resolve(frame: Uint8Array): void;
  reject(error: Error): void;
}

export class Line implements Channel {
  readonly address: string;
  readonly #socket: Socket;
  readonly #answerTimeoutMs: number;
  readonly #frames = new FrameReader(largestFrame);
  /** Who waits for answers, which come in the order of the requests. */
  readonly #waiting: Waiting[] = [];
  #isOpen = true;

  constructor(address: string, socket: Socket, answerTimeoutMs: number) {
    this.address = address;
    this.#answerTimeoutMs = answerTimeoutMs;
    this.#socket = socket.setNoDelay(true);
    socket.on('data', (data) => this.#receive(data));
    socket.on('error', (error) => this.#end(error.message));
    socket.on('close', () => this.#end('it hung up'));
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  async request(chunks: readonly Uint8Array[], isAnswered: boolean): Promise<Uint8Array | null> {
    if (!this.#isOpen) throw disconnected();
    const length = new Uint8Array(lengthBytes);
    const size = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
    new DataView(length.buffer).setInt32(0, size);
    this.#socket.write(concat([length, ...chunks]));
    if (!isAnswered) return null;
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
  }

  /**
   * Asks in a version that the broker is known to speak. What is left out has its default. Whoever
   * does not answer in time is hung up on.
   */
  async ask<Q extends Fields, R extends Fields>(
    api: Api<Q, R>,
    version: number,
    request: Partial<Infer<Q>>,
  ): Promise<Infer<R>> {
    const whole = { ...defaultsOf(api.request.fields), ...request };
    const header = { correlationId: 0, clientId: 'kedge-cli' };
    const late = () => this.#end(`no answer within ${this.#answerTimeoutMs} ms`);
    const timer = setTimeout(late, this.#answerTimeoutMs);
    const answer = this.exchange(api, version, header, whole, true);
    return (await answer.finally(() => clearTimeout(timer)))!;
  }

  /** Sends a request that is whole already. Undefined: it gets no answer. */
  async exchange<Q extends Fields, R extends Fields>(
    api: Api<Q, R>,
    version: number,
    header: { readonly correlationId: number; readonly clientId: string | null },
    request: Infer<Q>,
    isAnswered: boolean,
  ): Promise<Infer<R> | undefined> {
    const chunks = encodeRequestFrame(api, version, header, request);
    chunks[0] = chunks[0].subarray(lengthBytes);
    const frame = await this.request(chunks, isAnswered);
    if (frame === null) return undefined;
    const reader = new Reader(frame);
    decodeResponseHeader(api, version, reader);
    return decodeResponse(api, version, reader);
  }

  close(): void {
    this.#end('the connection was closed by us');
  }

  #receive(data: Uint8Array): void {
    try {
      this.#frames.push(data);
      for (let frame = this.#frames.next(); frame; frame = this.#frames.next()) {
        this.#waiting.shift()?.resolve(frame);
      }
    } catch (error) {
      this.#end((error as Error).message);
    }
  }

  #end(why: string): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#socket.destroy();
    const error = disconnected(`${this.address}: ${why}`);
    for (const { reject } of this.#waiting.splice(0)) reject(error);
  }
}
