/**
 * Kedge by WebSocket: the byte stream of a Kafka connection, in binary messages. The surprise: how
 * the stream is cut into messages means nothing, in either direction; lengths in front of frames
 * do.
 */
import { concat } from '../bytes/writer.ts';
import { ErrorCode, KafkaError } from '../protocol/errors.ts';
import { FrameReader } from '../protocol/frame.ts';
import {
  authorization,
  type Channel,
  type Credentials,
  disconnected,
  type Transport,
} from './channel.ts';
import { refusal } from './http.ts';

/** What a response may be; Kedge answers a Fetch with 8 MiB, or one batch that is larger. */
const largestFrame = 64 * 1024 * 1024;

export function webSocketTransport(url: URL, credentials: Credentials): Transport {
  const headers = authorization(credentials);
  return {
    address: url.href,
    open: async () => {
      const isWorker = typeof WebSocketPair !== 'undefined';
      const socket = isWorker ? await upgraded(url, headers) : await connected(url, headers);
      socket.binaryType = 'arraybuffer';
      return new WebSocketChannel(socket);
    },
  };
}

/** As a Worker does it, which may send headers. */
async function upgraded(url: URL, headers: Record<string, string>): Promise<WebSocket> {
  const address = new URL(url);
  address.protocol = url.protocol === 'ws:' ? 'http:' : 'https:';
  let response: Response;
  try {
    response = await fetch(address, { headers: { ...headers, upgrade: 'websocket' } });
  } catch (error) {
    throw disconnected((error as Error).message, error);
  }
  const { webSocket } = response;
  if (!webSocket) throw refusal(response.status, await response.text());
  webSocket.accept();
  return webSocket;
}

function connected(url: URL, headers: Record<string, string>): Promise<WebSocket> {
  return new Promise((resolve, reject) => {
    const socket = newWebSocket(url, headers);
    const fail = () => reject(disconnected(`No WebSocket to ${url.host}.`));
    socket.addEventListener('error', fail);
    socket.addEventListener('close', fail);
    socket.addEventListener('open', () => resolve(socket));
  });
}

/** Node, Deno and Bun send headers; browsers have no way to. */
function newWebSocket(url: URL, headers: Record<string, string>): WebSocket {
  if (Object.keys(headers).length === 0) return new WebSocket(url.href);
  try {
    return new WebSocket(url.href, { headers } as unknown as string[]);
  } catch {
    throw new KafkaError(
      ErrorCode.SASL_AUTHENTICATION_FAILED,
      'This platform sends no credentials with a WebSocket: use an address with https:.',
    );
  }
}

interface Waiting {
  resolve(frame: Uint8Array): void;
  reject(error: Error): void;
}

class WebSocketChannel implements Channel {
  readonly #socket: WebSocket;
  readonly #frames = new FrameReader(largestFrame);
  /** Who waits for answers, which come in the order of the requests. */
  readonly #waiting: Waiting[] = [];
  #isOpen = true;

  constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.addEventListener('message', ({ data }) => this.#receive(data));
    socket.addEventListener('close', ({ code, reason }) => {
      this.#end(reason || `The WebSocket was closed (${code}).`);
    });
    socket.addEventListener('error', () => this.#end('The WebSocket failed.'));
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  async request(chunks: readonly Uint8Array[], isAnswered: boolean): Promise<Uint8Array | null> {
    if (!this.#isOpen) throw disconnected();
    const length = new Uint8Array(4);
    const size = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
    new DataView(length.buffer).setInt32(0, size);
    this.#socket.send(concat([length, ...chunks]));
    if (!isAnswered) return null;
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
  }

  close(): void {
    this.#end('The connection was closed.');
  }

  #receive(data: unknown): void {
    try {
      if (!(data instanceof ArrayBuffer)) throw new TypeError('A message is not binary.');
      this.#frames.push(new Uint8Array(data));
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
    this.#socket.close();
    for (const { reject } of this.#waiting.splice(0)) reject(disconnected(why));
  }
}
