/**
 * Binds a connection to a TCP socket of workerd. The surprises: a BYOB reader is twenty times as
 * fast as a default one; a client that resets is "Network connection lost" in whatever is under
 * way, which is weather and not worth a word; and a Worker may make only so many calls, so a
 * connection is closed between two requests before that, and the client connects again by itself.
 */
import type { Unsent } from '../../broker/answer-memory.ts';
import { anonymous } from '../../broker/authorizer.ts';
import { type ClientContext, clientContext, type Gateway } from '../../broker/gateway.ts';
import { concat } from '../../bytes/writer.ts';
import { ioTurn } from '../../runtime/io-turn.ts';
import { Connection } from './connection.ts';
import { answerRequest, isAppend, onlyReads } from './requests.ts';

/**
 * Serves one client until it or we hang up. `callsPerConnection`: how many calls to
 * objects a connection may make before it is closed; 0: any number.
 */
export async function serveSocket(
  socket: Socket,
  gateway: Gateway,
  callsPerConnection: number,
): Promise<void> {
  const ends = await socket.opened.catch(gone);
  if (ends === undefined) return;
  const left = new AbortController();
  const client = clientContext(gateway, {
    principal: anonymous,
    clientHost: `/${addressOf(ends.remoteAddress).host}`,
    dialled: addressOf(ends.localAddress),
    signal: left.signal,
  });
  await exchange(socket, client, callsPerConnection || Number.POSITIVE_INFINITY, left);
  client.watches.closeAll();
  await Promise.all([socket.close().catch(gone), client.shareSessions.closeAll()]);
}

/** The client is gone, or we hung up: weather, in the place of whatever did not come. */
function gone(): undefined {}

async function exchange(
  socket: Socket,
  client: ClientContext,
  maxCalls: number,
  left: AbortController,
): Promise<void> {
  const reader = socket.readable.getReader({ mode: 'byob' });
  const writer = socket.writable.getWriter();
  const { objects, config } = client;
  const connection = new Connection(
    {
      answer: async (frame, nextMayStart) =>
        objects.calls < maxCalls * drainAllowance
          ? answerRequest(frame, client, nextMayStart)
          : undefined,
      overlaps: isAppend,
      onlyReads,
      giveWay: ioTurn,
      send: async (chunks) => {
        idle.touch();
        await new Sending(client.answers.sending(sizeOf(chunks)), hangUp).of(send(writer, chunks));
      },
      isSpent: () => objects.calls >= maxCalls,
      close: () => void reader.cancel().catch(gone),
    },
    config.socketRequestMaxBytes,
  );
  const hangUp = () => {
    connection.close();
    writer.abort().catch(gone);
  };
  const idle = new IdleTimer(config.connectionsMaxIdleMs, connection, hangUp);
  const leave = () => left.abort();
  const lost = () => {
    connection.clientIsGone();
    leave();
  };
  // Also tells of a client that resets while reading is paused.
  socket.closed.then(leave, lost);
  while (!connection.isClosed) {
    const buffer = new Uint8Array(connection.readSize);
    const read = await reader.readAtLeast(1, buffer).catch(gone);
    if (read === undefined || read.done) break;
    idle.touch();
    connection.receive(read.value);
    await connection.room();
  }
  leave();
  await connection.end();
  idle.stop();
}

/**
 * Past the limit a connection still serves what was sent already, up to so many times the limit.
 */
const drainAllowance = 1.1;
/** How often a connection looks whether the answer it is sending has to go. */
const lookAtUnsentMs = 1_000;
/** Chunks smaller than this are joined before they are sent. */
const joinBelow = 64 * 1024;

function sizeOf(chunks: readonly Uint8Array[]): number {
  return chunks.reduce((sum, { byteLength }) => sum + byteLength, 0);
}

async function send(
  writer: WritableStreamDefaultWriter,
  chunks: readonly Uint8Array[],
): Promise<void> {
  await Promise.all(joined(chunks).map((chunk) => writer.write(chunk)));
}

/** The same bytes in fewer chunks: neighbours are copied together up to `joinBelow`. */
function joined(chunks: readonly Uint8Array[]): Uint8Array[] {
  const result: Uint8Array[] = [];
  let from = 0;
  while (from < chunks.length) {
    let size = chunks[from].byteLength;
    let to = from + 1;
    while (to < chunks.length && size + chunks[to].byteLength <= joinBelow) {
      size += chunks[to++].byteLength;
    }
    result.push(to === from + 1 ? chunks[from] : concat(chunks.slice(from, to)));
    from = to;
  }
  return result;
}

/** Watches an answer being sent: hangs up on a client that leaves it lying when memory is short. */
class Sending {
  readonly #unsent: Unsent;
  readonly #hangUp: () => void;

  constructor(unsent: Unsent, hangUp: () => void) {
    this.#unsent = unsent;
    this.#hangUp = hangUp;
  }

  async of(sent: Promise<void>): Promise<void> {
    const timer = setInterval(() => this.#check(), lookAtUnsentMs);
    try {
      await sent;
    } finally {
      clearInterval(timer);
      this.#unsent.done();
    }
  }

  #check(): void {
    if (!this.#unsent.mustGo) return;
    // At once: the next one that looks may find that it can stay.
    this.#unsent.done();
    this.#hangUp();
  }
}

/** Hangs up when the client neither sent nor took anything for `connections.max.idle.ms`. */
class IdleTimer {
  readonly #maxIdleMs: number;
  readonly #connection: Connection;
  readonly #hangUp: () => void;
  #touchedAt = Date.now();
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(maxIdleMs: number, connection: Connection, hangUp: () => void) {
    this.#maxIdleMs = maxIdleMs;
    this.#connection = connection;
    this.#hangUp = hangUp;
    if (maxIdleMs > 0) this.#arm(maxIdleMs);
  }

  touch(): void {
    this.#touchedAt = Date.now();
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #arm(inMs: number): void {
    this.#timer = setTimeout(() => this.#check(), Math.min(inMs, 0x7fff_ffff));
  }

  #check(): void {
    const left = this.#touchedAt + this.#maxIdleMs - Date.now();
    if (left <= 0 && this.#connection.isClientsTurn) this.#hangUp();
    else this.#arm(left > 0 ? left : this.#maxIdleMs);
  }
}

/** `127.0.0.1:9092` or `[::1]:9092`, as sockets name their ends. */
function addressOf(text: string | undefined): { host: string; port: number } {
  const match = /^\[?(.*?)\]?:(\d+)$/.exec(text ?? '');
  return { host: match?.[1] || 'localhost', port: Number(match?.[2] ?? 9092) };
}
