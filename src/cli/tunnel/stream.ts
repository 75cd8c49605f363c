/**
 * One Kafka connection through the tunnel: a TCP socket on this side, a WebSocket to Kedge on the
 * other. The surprise: a WebSocket of Node cannot be read slowly, so each side counts what the
 * other says it took, and keeps to a window; a slow end is felt at the other end as on one wire.
 */
import type { Socket } from 'node:net';

/** As Kedge's: the subprotocol, and how many bytes one side may have under way. */
const countedStream = 'kafka.kedge.v1';
const streamWindow = 4 * 1024 * 1024;
const tellEvery = streamWindow / 8;
/** So often we ask for a sign of life, which also keeps what is in between from forgetting us. */
const signOfLifeMs = 30_000;

/** How a stream ended. */
export interface StreamEnd {
  /** In words, for a person; undefined when there is nothing to tell. */
  readonly trouble: string | undefined;
}

/** Opens the WebSocket. Rejects with an Error that says why not. */
export function openStream(
  url: URL,
  headers: Readonly<Record<string, string>>,
): Promise<WebSocket> {
  return new Promise((resolve, reject) => {
    // Node's own takes headers, which the standard does not know.
    const options = { protocols: [countedStream], headers } as unknown as string[];
    const socket = new WebSocket(url.href, options);
    socket.binaryType = 'arraybuffer';
    socket.addEventListener('open', () => resolve(socket));
    socket.addEventListener('error', (event) => {
      reject(new Error((event as ErrorEvent).message || 'the connection failed'));
    });
    socket.addEventListener('close', ({ code }) => reject(new Error(`closed with ${code}`)));
  });
}

/** Carries bytes both ways until one side ends. Resolves when both are closed. */
export function carry(client: Socket, stream: WebSocket): Promise<StreamEnd> {
  return new Promise((resolve) => new Carrier(client, stream, resolve));
}

class Carrier {
  readonly #client: Socket;
  readonly #stream: WebSocket;
  readonly #done: (end: StreamEnd) => void;
  readonly #timer: ReturnType<typeof setInterval>;
  #sent = 0;
  #theyTook = 0;
  #taken = 0;
  #told = 0;
  #asked = false;

  constructor(client: Socket, stream: WebSocket, done: (end: StreamEnd) => void) {
    this.#client = client;
    this.#stream = stream;
    this.#done = done;
    client.on('data', (bytes) => this.#up(bytes));
    client.on('end', () => stream.close(1000));
    client.on('error', () => stream.close(1000));
    client.on('close', () => stream.close(1000));
    stream.addEventListener('message', ({ data }) => {
      if (typeof data === 'string') this.#hear(data);
      else this.#down(new Uint8Array(data as ArrayBuffer));
    });
    stream.addEventListener('close', ({ code, reason }) => this.#end(code, reason));
    this.#timer = setInterval(() => this.#askForLife(), signOfLifeMs);
    client.resume();
  }

  #up(bytes: Uint8Array): void {
    this.#stream.send(bytes);
    this.#sent += bytes.byteLength;
    if (this.#sent - this.#theyTook >= streamWindow) this.#client.pause();
  }

  #down(bytes: Uint8Array): void {
    this.#client.write(bytes, () => {
      this.#taken += bytes.byteLength;
      if (this.#taken - this.#told >= tellEvery) this.#tell('');
    });
  }

  #hear(text: string): void {
    this.#asked = false;
    this.#theyTook = Math.max(this.#theyTook, Number.parseInt(text, 10) || 0);
    if (this.#sent - this.#theyTook < streamWindow) this.#client.resume();
  }

  #tell(question: '?' | ''): void {
    if (this.#stream.readyState !== WebSocket.OPEN) return;
    this.#told = this.#taken;
    this.#stream.send(`${this.#taken}${question}`);
  }

  #askForLife(): void {
    if (this.#asked) {
      // Nothing came for a whole turn: nobody is there, and no close will ever come.
      this.#end(1006, 'no sign of life');
      this.#stream.close();
      return;
    }
    this.#asked = true;
    this.#tell('?');
  }

  #end(code: number, reason: string): void {
    clearInterval(this.#timer);
    // What has come is still written; then the client sees the end.
    this.#client.end();
    this.#client.resume();
    const trouble = code === 1000 || code === 1005 ? undefined : reason || `closed with ${code}`;
    this.#done({ trouble });
  }
}
