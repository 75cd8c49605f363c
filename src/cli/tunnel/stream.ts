/**
 * One Kafka connection through the tunnel: a TCP socket on this side, WebSockets to Kedge on the
 * other. The surprises: a WebSocket of Node cannot be read slowly, so each side counts what the
 * other says it took, and keeps to a window; and a Worker closes a stream between two requests
 * when it has done enough, so the next one goes on where it ended, and the client notices nothing.
 */
import type { Socket } from 'node:net';

/** As Kedge's: the subprotocol, how many bytes one side may have under way, "go on elsewhere". */
const countedStream = 'kafka.kedge.v1';
const streamWindow = 4 * 1024 * 1024;
const tellEvery = streamWindow / 8;
const goOn = 4000;
/** A client that has left is not left before all it sent is served, while some of it still is. */
const unheardMs = 5_000;
const askEveryMs = 100;
/** So often we ask for a sign of life, which also keeps what is in between from forgetting us. */
const signOfLifeMs = 30_000;

/** Who takes a connection and says nothing is as good as nobody. */
const answerMs = 5_000;

/** Opens the WebSocket. Rejects with an Error that says why not. */
export function openStream(
  url: URL,
  headers: Readonly<Record<string, string>>,
  limitMs = answerMs,
): Promise<WebSocket> {
  return new Promise((resolve, reject) => {
    // Node's own takes headers, which the standard does not know.
    const options = { protocols: [countedStream], headers } as unknown as string[];
    const socket = new WebSocket(url.href, options);
    socket.binaryType = 'arraybuffer';
    const late = setTimeout(() => {
      reject(new Error('no answer'));
      socket.close();
    }, limitMs);
    for (const event of ['open', 'error', 'close'] as const) {
      socket.addEventListener(event, () => clearTimeout(late));
    }
    socket.addEventListener('open', () => resolve(socket));
    socket.addEventListener('error', (event) => {
      reject(new Error((event as ErrorEvent).message || 'the connection failed'));
    });
    socket.addEventListener('close', ({ code }) => reject(new Error(`closed with ${code}`)));
  });
}

/**
 * Carries bytes both ways until one side ends; `reach` opens a stream, undefined: there is none.
 * Resolves when all is closed, with what went wrong, if anything did.
 */
export async function carry(
  client: Socket,
  reach: () => Promise<WebSocket | undefined>,
): Promise<string | undefined> {
  const unserved: Uint8Array[] = [];
  client.on('error', () => client.destroy());
  try {
    for (;;) {
      const stream = await reach();
      if (stream === undefined) return undefined;
      if (client.destroyed && unserved.length === 0) {
        stream.close(1000);
        return undefined;
      }
      const { code, reason } = await new Promise<StreamEnd>((resolve) => {
        new Leg(client, stream, unserved, resolve);
      });
      if (code === goOn) continue;
      return code === 1000 || code === 1005 ? undefined : reason || `closed with ${code}`;
    }
  } finally {
    // What has come is still written; then the client sees the end.
    client.end();
    client.resume();
  }
}

interface StreamEnd {
  readonly code: number;
  readonly reason: string;
}

/** One stream of a connection. What was not served goes over to the next. */
class Leg {
  readonly #client: Socket;
  readonly #stream: WebSocket;
  /** What was sent and is to be kept, oldest first. */
  readonly #unserved: Uint8Array[];
  readonly #done: (end: StreamEnd) => void;
  readonly #timer: ReturnType<typeof setInterval>;
  #sent = 0;
  /** As the other side says, and where the first of `#unserved` begins. */
  #theyTook = 0;
  #unservedFrom = 0;
  #taken = 0;
  #told = 0;
  #asked = false;
  #over = false;
  /** The client has left; when Kedge began to serve something of its last. */
  #heardAt = 0;
  #leaving: ReturnType<typeof setTimeout> | undefined;

  constructor(
    client: Socket,
    stream: WebSocket,
    unserved: Uint8Array[],
    done: (end: StreamEnd) => void,
  ) {
    this.#client = client;
    this.#stream = stream;
    this.#unserved = unserved;
    this.#done = done;
    stream.addEventListener('message', ({ data }) => {
      if (typeof data === 'string') this.#hear(data);
      else this.#down(new Uint8Array(data as ArrayBuffer));
    });
    stream.addEventListener('close', ({ code, reason }) => this.#end(code, reason));
    this.#timer = setInterval(() => this.#askForLife(), signOfLifeMs);
    for (const bytes of unserved.splice(0)) this.#up(bytes);
    client.on('data', this.#up);
    for (const event of ['end', 'error', 'close']) client.on(event, this.#leave);
    if (client.readableEnded || client.destroyed) this.#leave();
    else if (this.#hasRoom) client.resume();
  }

  get #hasRoom(): boolean {
    return this.#sent - this.#theyTook < streamWindow;
  }

  readonly #leave = (): void => {
    if (this.#heardAt > 0) return;
    this.#heardAt = Date.now();
    this.#leaveIfServed();
  };

  #leaveIfServed(): void {
    clearTimeout(this.#leaving);
    if (this.#over) return;
    if (this.#unserved.length === 0 || Date.now() - this.#heardAt > unheardMs) {
      this.#stream.close(1000);
      return;
    }
    this.#tell('?');
    this.#leaving = setTimeout(() => this.#leaveIfServed(), askEveryMs);
  }

  readonly #up = (bytes: Uint8Array): void => {
    this.#stream.send(bytes);
    this.#unserved.push(bytes);
    this.#sent += bytes.byteLength;
    if (!this.#hasRoom) this.#client.pause();
  };

  #down(bytes: Uint8Array): void {
    this.#client.write(bytes, () => {
      this.#taken += bytes.byteLength;
      if (this.#taken - this.#told >= tellEvery) this.#tell('');
    });
  }

  #hear(text: string): void {
    this.#asked = false;
    const theyTook = Math.max(this.#theyTook, Number.parseInt(text, 10) || 0);
    const isMore = theyTook > this.#theyTook;
    this.#theyTook = theyTook;
    this.#forget(theyTook);
    if (this.#hasRoom) this.#client.resume();
    if (this.#heardAt === 0) return;
    if (isMore) this.#heardAt = Date.now();
    if (this.#unserved.length === 0) this.#leaveIfServed();
  }

  /** These bytes need not be sent again. */
  #forget(until: number): void {
    for (let first = this.#unserved[0]; first; first = this.#unserved[0]) {
      const left = until - this.#unservedFrom;
      if (left <= 0) return;
      this.#unservedFrom += Math.min(left, first.byteLength);
      if (left >= first.byteLength) this.#unserved.shift();
      else this.#unserved[0] = first.subarray(left);
    }
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
    if (this.#over) return;
    this.#over = true;
    clearInterval(this.#timer);
    clearTimeout(this.#leaving);
    this.#client.pause();
    this.#client.off('data', this.#up);
    for (const event of ['end', 'error', 'close']) this.#client.off(event, this.#leave);
    if (code === goOn) this.#forget(Number(reason));
    this.#done({ code, reason });
  }
}
