/**
 * The bare Worker: the least that can be done between a socket and a row, with no Kafka in it. What
 * one read brings goes to the object by one RPC and becomes one row, wherever its frames begin and
 * end. Kedge's distance to this is what Kedge itself takes.
 */
import { DurableObject } from 'cloudflare:workers';
import { type BareMode, keptLength, readAnswerHead } from './dialect.ts';
import { type Frame, Frames } from './frames.ts';

interface Env {
  readonly ROWS: DurableObjectNamespace<Rows>;
}

const readBytes = 256 * 1024;
/** So many reads are handed over before the first is answered. */
const underWay = 5;

/** Rows of bytes, in the order they came. */
export class Rows extends DurableObject<Env> {
  readonly #sql: SqlStorage;

  constructor(state: DurableObjectState, env: Env) {
    super(state, env);
    this.#sql = state.storage.sql;
    this.#sql.exec('CREATE TABLE IF NOT EXISTS rows (seq INTEGER PRIMARY KEY, bytes BLOB)');
  }

  insert(bytes: Uint8Array): void {
    this.#sql.exec('INSERT INTO rows (bytes) VALUES (?)', bytes);
  }

  nothing(_bytes: Uint8Array): void {}

  /** Rows from one on, up to so many bytes, but at least one if there is one. */
  read(from: number, maxBytes: number): { next: number; rows: Uint8Array[] } {
    const rows: Uint8Array[] = [];
    let [next, bytes] = [from, 0];
    const query = 'SELECT seq, bytes FROM rows WHERE seq >= ? ORDER BY seq';
    for (const row of this.#sql.exec<{ seq: number; bytes: ArrayBuffer }>(query, from)) {
      bytes += row.bytes.byteLength;
      if (rows.length > 0 && bytes > maxBytes) break;
      rows.push(new Uint8Array(row.bytes));
      next = row.seq + 1;
    }
    return { next, rows };
  }

  /** Inserts rows from memory, each durable before the next. */
  async fill(count: number, rowBytes: number): Promise<void> {
    const bytes = new Uint8Array(rowBytes).fill(7);
    for (let i = 0; i < count; i++) {
      this.insert(bytes);
      await this.ctx.storage.sync();
    }
  }

  async clear(): Promise<void> {
    await this.ctx.storage.deleteAll();
    this.#sql.exec('CREATE TABLE IF NOT EXISTS rows (seq INTEGER PRIMARY KEY, bytes BLOB)');
  }
}

/** For the connections to come. */
let mode: BareMode = 'insert';
let object = 'rows';

export default {
  async connect(socket: Socket, env: Env): Promise<void> {
    const rows = env.ROWS.getByName(object);
    await (mode === 'hold' ? hold(socket) : serve(socket, rows, mode)).catch(() => {});
  },

  /** `?mode=…&object=…` for what connects from now on; `?fill=<rows>&bytes=…`; `?clear`. */
  async fetch(request: Request, env: Env): Promise<Response> {
    const asked = new URL(request.url).searchParams;
    mode = (asked.get('mode') as BareMode) ?? mode;
    object = asked.get('object') ?? object;
    const rows = env.ROWS.getByName(object);
    const fill = asked.get('fill');
    if (fill !== null) await rows.fill(Number(fill), Number(asked.get('bytes')));
    if (asked.has('clear')) await rows.clear();
    return new Response('');
  },
};

/** Reads on while up to five reads are handed over; answers in the order of the reads. */
async function serve(
  socket: Socket,
  rows: DurableObjectStub<Rows>,
  how: Exclude<BareMode, 'hold'>,
): Promise<void> {
  const reader = socket.readable.getReader({ mode: 'byob' });
  const writer = socket.writable.getWriter();
  const frames = new Frames();
  const answering: Promise<void>[] = [];
  let buffer = new ArrayBuffer(readBytes);
  for (;;) {
    const read = await reader.readAtLeast(1, new Uint8Array(buffer));
    if (read.done) break;
    buffer = read.value.buffer as ArrayBuffer;
    const ended = frames.take(read.value);
    if (ended[0]?.read) {
      for (const frame of ended) await answerRead(frame, rows, writer);
      continue;
    }
    const kept = how === 'sink' ? undefined : keep(rows, how, read.value);
    if (answering.length >= underWay) await answering.shift();
    const before = answering.at(-1);
    answering.push(
      (async () => {
        await kept;
        await before;
        if (ended.length > 0) await writer.write(answerTo(ended));
      })(),
    );
  }
  await Promise.all(answering);
  await socket.close();
}

/** All that the buffer holds goes along, so no more of it is handed over than what was read. */
function keep(
  rows: DurableObjectStub<Rows>,
  how: 'insert' | 'rpc',
  bytes: Uint8Array,
): Promise<void> {
  const own = bytes.length > readBytes / 2 ? bytes : bytes.slice();
  return how === 'insert' ? rows.insert(own) : rows.nothing(own);
}

/** As long as Kafka's answer to Produce. */
function answerTo(frames: readonly Frame[]): Uint8Array {
  const size = 4 + keptLength;
  const bytes = new Uint8Array(size * frames.length);
  const view = new DataView(bytes.buffer);
  for (const [i, { correlationId }] of frames.entries()) {
    view.setInt32(i * size, keptLength);
    view.setInt32(i * size + 4, correlationId);
  }
  return bytes;
}

async function answerRead(
  { correlationId, read }: Frame,
  rows: DurableObjectStub<Rows>,
  writer: WritableStreamDefaultWriter,
): Promise<void> {
  using found = await rows.read(read!.from, read!.maxBytes);
  const head = new DataView(new ArrayBuffer(readAnswerHead));
  const bytes = found.rows.reduce((sum, row) => sum + row.length, 0);
  head.setInt32(0, readAnswerHead - 4 + bytes);
  head.setInt32(4, correlationId);
  head.setBigInt64(8, BigInt(found.next));
  const chunks = [new Uint8Array(head.buffer), ...found.rows];
  await Promise.all(chunks.map((chunk) => writer.write(chunk)));
}

/** A connection as a handler has it that does not care how it reads. */
async function hold(socket: Socket): Promise<void> {
  const writer = socket.writable.getWriter();
  const frames = new Frames();
  for await (const bytes of socket.readable) {
    const ended = frames.take(bytes);
    if (ended.length > 0) await writer.write(answerTo(ended));
  }
  await socket.close();
}
