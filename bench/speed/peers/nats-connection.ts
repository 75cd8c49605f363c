/**
 * NATS's own protocol, as far as a load needs it: lines of text, and payloads of which the line
 * before says how long they are. The surprise: a message is handed over as a view into what was
 * read, which is good until the handler returns.
 */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** A payload, and the status that stands in the headers of what the server itself has to say. */
export type OnMessage = (payload: Buffer, status: number | undefined) => void;

/** What JetStream's API refuses with. */
export class JetStreamError extends Error {}

const hello = {
  verbose: false,
  pedantic: false,
  headers: true,
  no_responders: true,
  protocol: 1,
  lang: 'node',
  version: '1',
};
const newline = 10;
const empty = Buffer.alloc(0);

export class NatsConnection {
  readonly #socket: Socket;
  readonly #inbox = `_INBOX.${crypto.randomUUID()}`;
  readonly #handlers = new Map<number, OnMessage>();
  #rest: Buffer = empty;
  #onPong: (() => void)[] = [];
  #lastSid = 0;
  #lastInbox = 0;
  /** Rejects when the connection breaks or the server complains. */
  readonly failed: Promise<never>;
  #fail: (error: Error) => void = () => {};
  /** As the server itself says it: `2.15.2`. */
  version = '';

  private constructor(socket: Socket) {
    this.#socket = socket;
    this.failed = new Promise((_, reject) => {
      this.#fail = reject;
    });
    this.failed.catch(() => {});
    socket.setNoDelay(true);
    socket.on('data', (chunk) => this.#read(chunk));
    socket.on('error', this.#fail);
    socket.on('close', () => this.#fail(new Error('NATS closed the connection')));
  }

  static async open(address: { host: string; port: number }): Promise<NatsConnection> {
    const socket = connect(address);
    await once(socket, 'connect');
    const connection = new NatsConnection(socket);
    socket.write(`CONNECT ${JSON.stringify(hello)}\r\n`);
    await connection.flush();
    return connection;
  }

  /** Settles when the server has taken all that was written before. */
  flush(): Promise<void> {
    this.#socket.write('PING\r\n');
    return this.orFailed(new Promise((resolve) => this.#onPong.push(resolve)));
  }

  /** The promise, or the failure of the connection. */
  orFailed<T>(promise: Promise<T>): Promise<T> {
    return Promise.race([promise, this.failed]);
  }

  /** What is written is a whole number of commands; nothing is copied. */
  write(commands: string | Uint8Array): void {
    this.#socket.write(commands);
  }

  publish(subject: string, replyTo: string, body?: object): void {
    const text = body === undefined ? '' : JSON.stringify(body);
    this.#socket.write(`PUB ${subject} ${replyTo} ${Buffer.byteLength(text)}\r\n${text}\r\n`);
  }

  subscribe(subject: string, onMessage: OnMessage): void {
    const sid = ++this.#lastSid;
    this.#handlers.set(sid, onMessage);
    this.#socket.write(`SUB ${subject} ${sid}\r\n`);
  }

  /** A subject that nobody else has, whose messages come to the handler. */
  inbox(onMessage: OnMessage): string {
    const subject = `${this.#inbox}.${++this.#lastInbox}`;
    this.subscribe(subject, onMessage);
    return subject;
  }

  /** A request to JetStream's API, and its answer. Throws JetStreamError. */
  async request<T>(api: string, body?: object): Promise<T> {
    const answer = await this.orFailed(
      new Promise<string>((resolve, reject) => {
        const inbox = this.inbox((payload, status) => {
          if (status === 503) reject(new JetStreamError('nobody answers: is JetStream on?'));
          else resolve(payload.toString());
        });
        this.#socket.write(`UNSUB ${this.#lastSid} 1\r\n`);
        this.publish(`$JS.API.${api}`, inbox, body);
      }),
    );
    const { error, ...rest } = JSON.parse(answer);
    if (error !== undefined) throw new JetStreamError(`${api}: ${error.description}`);
    return rest;
  }

  close(): void {
    this.#socket.destroy();
  }

  #read(chunk: Buffer): void {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    let at = 0;
    for (let next = this.#take(bytes, at); next > at; next = this.#take(bytes, at)) at = next;
    this.#rest = bytes.subarray(at);
  }

  /** Takes one command; where the next one begins, or the same place if it is not all there. */
  #take(bytes: Buffer, at: number): number {
    const end = bytes.indexOf(newline, at);
    if (end < 0) return at;
    const line = bytes.toString('latin1', at, end - 1);
    if (!line.startsWith('MSG ') && !line.startsWith('HMSG ')) {
      this.#control(line);
      return end + 1;
    }
    const words = line.split(' ');
    const length = Number(words.at(-1));
    const next = end + 1 + length + 2;
    if (next > bytes.length) return at;
    const headers = line.startsWith('H') ? Number(words.at(-2)) : 0;
    // For example `NATS/1.0 404 No Messages`.
    const status = headers > 0 ? Number(bytes.toString('latin1', end + 10, end + 13)) : undefined;
    const payload = bytes.subarray(end + 1 + headers, end + 1 + length);
    this.#handlers.get(Number(words[2]))?.(payload, status);
    return next;
  }

  #control(line: string): void {
    if (line === 'PING') this.#socket.write('PONG\r\n');
    else if (line === 'PONG') this.#onPong.shift()?.();
    else if (line.startsWith('INFO ')) this.version = JSON.parse(line.slice(5)).version;
    else if (line.startsWith('-ERR')) this.#fail(new Error(`NATS says ${line}`));
  }
}

/** What a stream in files is made of, that takes what is published by its own name. */
export function streamOf(topic: string): object {
  return { name: topic, subjects: [topic], storage: 'file', retention: 'limits' };
}
