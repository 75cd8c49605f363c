/**
 * The load `http`: POSTs of records as JSON, as the REST Proxy's v2 has them, over connections that
 * are kept. The surprise: requests are written to sockets as they are, since an HTTP client would
 * take about as much of the processor as what answers it.
 */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { HttpJob, Report } from './job.ts';
import { Values } from './values.ts';
import { untilSilent, Window } from './window.ts';

/** Different requests that a connection sends in turn. */
const ringLength = 16;
const headEnd = '\r\n\r\n';

export async function http(job: HttpJob): Promise<Report> {
  const window = new Window(job);
  if (!window.isBounded) throw new Error('this load needs seconds or records');
  const values = new Values(job.recordBytes);
  const clients = await Promise.all(
    Array.from({ length: job.connections }, () => Client.open(job, values, window)),
  );
  try {
    window.open();
    await untilSilent(window, Promise.all(clients.map((client) => client.run())));
  } finally {
    for (const client of clients) client.close();
  }
  window.end();
  return window.report();
}

/** A connection with one request under way. */
class Client {
  readonly #socket: Socket;
  readonly #ring: readonly Buffer[];
  readonly #job: HttpJob;
  readonly #window: Window;
  readonly #answers = new Answers();
  #sent = 0;
  #sentAt = 0;

  private constructor(socket: Socket, ring: readonly Buffer[], job: HttpJob, window: Window) {
    this.#socket = socket;
    this.#ring = ring;
    this.#job = job;
    this.#window = window;
  }

  static async open(job: HttpJob, values: Values, window: Window): Promise<Client> {
    const { hostname, port } = new URL(job.url);
    const socket = connect({ host: hostname, port: Number(port || 80) });
    socket.setNoDelay(true);
    await once(socket, 'connect');
    const ring = Array.from({ length: ringLength }, () => requestOf(job, values));
    return new Client(socket, ring, job, window);
  }

  /** Settles when no more is wanted. */
  run(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#socket.on('error', reject);
      this.#socket.on('close', () => reject(new Error('the connection was closed')));
      this.#socket.on('data', (bytes: Buffer) => {
        try {
          const answer = this.#answers.take(bytes);
          if (answer === undefined) return;
          this.#took(answer);
          if (this.#window.isFull) resolve();
          else this.#send();
        } catch (error) {
          reject(error as Error);
        }
      });
      this.#send();
    });
  }

  close(): void {
    this.#socket.destroy();
  }

  #send(): void {
    this.#window.start(this.#job.recordsPerRequest);
    this.#sentAt = performance.now();
    this.#socket.write(this.#ring[this.#sent++ % ringLength]);
  }

  #took({ status, body }: Answer): void {
    const now = performance.now();
    const { recordsPerRequest, recordBytes, dialect } = this.#job;
    if (status < 200 || status > 299) throw new Error(`HTTP answered ${status}: ${body}`);
    if (dialect === 'kafka') checkOffsets(body, recordsPerRequest);
    const bytes = recordsPerRequest * recordBytes;
    this.#window.count(now, recordsPerRequest, bytes, now - this.#sentAt);
  }
}

function checkOffsets(body: string, records: number): void {
  const { offsets } = JSON.parse(body) as {
    offsets: { offset: number | null; error_code: number | null }[];
  };
  const taken = offsets.filter(({ offset, error_code }) => offset !== null && error_code === null);
  if (offsets.length !== records || taken.length !== records) {
    throw new Error(`${taken.length} of ${records} records were taken: ${body}`);
  }
}

/** Values are strings of JSON, which have so many bytes with their quotation marks. */
function requestOf({ url, recordBytes, recordsPerRequest }: HttpJob, values: Values): Buffer {
  const records = Array.from({ length: recordsPerRequest }, () => {
    const text = Buffer.from(values.next()).toString('latin1');
    return { value: text.replaceAll(/["\\\n]/g, ' ').slice(0, Math.max(0, recordBytes - 2)) };
  });
  const body = JSON.stringify({ records });
  const { host, pathname, search } = new URL(url);
  const head = [
    `POST ${pathname}${search} HTTP/1.1`,
    `Host: ${host}`,
    'Content-Type: application/vnd.kafka.json.v2+json',
    'Accept: application/vnd.kafka.v2+json',
    `Content-Length: ${body.length}`,
  ].join('\r\n');
  return Buffer.from(`${head}${headEnd}${body}`, 'latin1');
}

interface Answer {
  readonly status: number;
  readonly body: string;
}

/** Puts answers together; their bodies have a length or come in chunks. */
class Answers {
  #bytes: Buffer = Buffer.alloc(0);

  /** The answer, once it is whole. There is one at a time. */
  take(bytes: Buffer): Answer | undefined {
    this.#bytes = this.#bytes.length === 0 ? bytes : Buffer.concat([this.#bytes, bytes]);
    const end = this.#bytes.indexOf(headEnd);
    if (end < 0) return undefined;
    const head = this.#bytes.toString('latin1', 0, end);
    const start = end + headEnd.length;
    const body = /^transfer-encoding: *chunked/im.test(head)
      ? chunked(this.#bytes, start)
      : counted(this.#bytes, start, Number(/^content-length: *(\d+)/im.exec(head)?.[1] ?? 0));
    if (body === undefined) return undefined;
    this.#bytes = Buffer.alloc(0);
    return { status: Number(head.slice(9, 12)), body };
  }
}

function counted(bytes: Buffer, start: number, length: number): string | undefined {
  return bytes.length < start + length ? undefined : bytes.toString('utf8', start);
}

function chunked(bytes: Buffer, start: number): string | undefined {
  const pieces: Buffer[] = [];
  for (let at = start; ; ) {
    const lineEnd = bytes.indexOf('\r\n', at);
    if (lineEnd < 0) return undefined;
    const length = Number.parseInt(bytes.toString('latin1', at, lineEnd), 16);
    const next = lineEnd + 2 + length + 2;
    if (bytes.length < next) return undefined;
    if (length === 0) return Buffer.concat(pieces).toString();
    pieces.push(bytes.subarray(lineEnd + 2, next - 2));
    at = next;
  }
}
