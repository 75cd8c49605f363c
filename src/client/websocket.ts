/**
 * Kedge by WebSocket: the byte stream of a Kafka connection, in binary messages. The surprise: how
 * the stream is cut into messages means nothing, in either direction; lengths in front of frames
 * do.
 */
import { concat } from '../bytes/writer.ts';
import { ErrorCode, KafkaError } from '../protocol/errors.ts';
import { FrameReader } from '../protocol/frame.ts';
import { type Channel, type Credentials, disconnected, type Transport } from './channel.ts';

/** What a response may be; Kedge answers a Fetch with 8 MiB, or one batch that is larger. */
const largestFrame = 64 * 1024 * 1024;
/** How Kedge ends a line of somebody who may not come in. */
const refused = 1008;

export function webSocketTransport(url: URL, credentials: Credentials): Transport {
  const hasCredentials = credentials.token !== undefined || credentials.username !== undefined;
  return {
    address: url.href,
    // Browsers send no header of ours with a WebSocket; inside, Kafka has words of its own.
    sasl: hasCredentials ? credentials : undefined,
    open: () =>
      new Promise((resolve, reject) => {
        const socket = new WebSocket(url.href);
        socket.binaryType = 'arraybuffer';
        const fail = () => reject(disconnected(`No WebSocket to ${url.host}.`));
        socket.addEventListener('error', fail);
        socket.addEventListener('close', fail);
        socket.addEventListener('open', () => resolve(new WebSocketChannel(socket)));
      }),
  };
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
      if (code === refused) this.#end(new KafkaError(ErrorCode.SASL_AUTHENTICATION_FAILED, reason));
      else this.#end(disconnected(reason || `The WebSocket was closed (${code}).`));
    });
    socket.addEventListener('error', () => this.#end(disconnected('The WebSocket failed.')));
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  async request(chunks: readonly Uint8Array[], isAnswered: boolean): Promise<Uint8Array | null> {
    if (!this.#isOpen) throw disconnected();
    const length = new Uint8Array(4);
    const size = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
    new DataView(length.buffer).setInt32(0, size);
    this.#socket.send(concat([length, ...chunks]) as Uint8Array<ArrayBuffer>);
    if (!isAnswered) return null;
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
  }

  close(): void {
    this.#end(disconnected('The connection was closed.'));
  }

  #receive(data: unknown): void {
    try {
      if (!(data instanceof ArrayBuffer)) throw new TypeError('A message is not binary.');
      this.#frames.push(new Uint8Array(data));
      for (let frame = this.#frames.next(); frame; frame = this.#frames.next()) {
        this.#waiting.shift()?.resolve(frame);
      }
    } catch (error) {
      this.#end(disconnected((error as Error).message));
    }
  }

  #end(why: KafkaError): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#socket.close();
    for (const { reject } of this.#waiting.splice(0)) reject(why);
  }
}
