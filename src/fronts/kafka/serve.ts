/**
 * Serves one client over whatever carries its bytes. The surprise: a Worker may make only so many
 * calls and compute for only so long in one invocation, so a connection is closed between two
 * requests before that, and the client connects again by itself.
 */
import { type Access, accessFrom } from '../../broker/access.ts';
import { Authenticator } from '../../broker/authenticator.ts';
import { anonymous } from '../../broker/authorizer.ts';
import type { ClientContext } from '../../broker/gateway.ts';
import { untilTaken } from '../../broker/until-taken.ts';
import { machineNow } from '../../runtime/clock.ts';
import type { ConnectionLimits } from '../../runtime/connection-limits.ts';
import { ioTurn } from '../../runtime/io-turn.ts';
import { Connection } from './connection.ts';
import type { Pipe } from './pipe.ts';
import { ReadMemory } from './read-memory.ts';
import { answerRequest, isAppend, onlyReads } from './requests.ts';
import { SaslSession } from './sasl/session.ts';

/** With who may come in. */
export interface ConnectionTerms extends ConnectionLimits {
  readonly access: Access;
}

export const openAndUnlimited: ConnectionTerms = {
  access: accessFrom({ KEDGE_OPEN: 'true' }),
  calls: Infinity,
  requests: Infinity,
};

/** An answer below this takes less memory than the connection that it goes over. */
const largeAnswer = 4 * 1024;

/** One for the isolate. */
const readMemory = new ReadMemory();

/** Until the client or we hang up. `left` is aborted when the client is gone. */
export async function serve(
  pipe: Pipe,
  client: ClientContext,
  terms: ConnectionTerms,
  left: AbortController,
): Promise<void> {
  try {
    const isWelcome = await mayStay(client, terms);
    const ending: Ending = isWelcome ? await exchange(pipe, client, terms, left) : {};
    client.watches.closeAll();
    client.fetchSessions.close();
    await Promise.all([pipe.close(ending.goOnAt, ending.refusal), client.shareSessions.closeAll()]);
  } finally {
    client.place?.leave();
  }
}

/** False: its address comes too often, or whoever it is known to be has connections enough. */
async function mayStay(
  { place, principal, quotas, clientHost }: ClientContext,
  { access }: ConnectionTerms,
): Promise<boolean> {
  if (!(await quotas.mayConnect(clientHost.slice(1)))) return false;
  const isAsked = !access.open && principal === anonymous;
  return isAsked || place === undefined || place.belongsTo(principal);
}

/** How it ended: as `Pipe.close` wants to know it. */
interface Ending {
  /** As `Connection.goesOnAt`; undefined: nobody goes on. */
  readonly goOnAt?: number | undefined;
  readonly refusal?: string | undefined;
}

/** Who said by SASL who he is has to say it again on the next connection. */
async function exchange(
  pipe: Pipe,
  client: ClientContext,
  terms: ConnectionTerms,
  left: AbortController,
): Promise<Ending> {
  const { objects, config } = client;
  const session = sessionOf(client, terms.access);
  let requests = 0;
  const connection = new Connection(
    {
      answer: async (frame, nextMayStart) => {
        pipe.began?.(connection.begunTo);
        if (objects.calls >= terms.calls * drainAllowance) return undefined;
        requests += 1 + frame.byteLength / bytesOfRequest;
        const answer = await session.answer(frame, nextMayStart);
        connection.maxFrameBytes = session.maxFrameBytes;
        return answer;
      },
      overlaps: isAppend,
      onlyReads,
      giveWay: ioTurn,
      send: async (chunks) => {
        idle.touch();
        const size = sizeOf(chunks);
        requests += size / bytesOfRequest;
        const sent = pipe.write(chunks);
        if (size < largeAnswer) await sent;
        else await untilTaken(client.answers.sending(size), sent, hangUp);
        if (session.isOver) await passed(lingerMs);
      },
      quiet: () => client.quotas.quiet(left.signal),
      isSpent: () => session.isOver || objects.calls >= terms.calls || requests >= terms.requests,
      // Who said by SASL who he is has to say it again.
      mayGoOnAt: (at) => !(session instanceof SaslSession) && pipe.keepsFrom?.(at) === true,
      close: () => pipe.stopReading(),
    },
    session.maxFrameBytes,
  );
  const hangUp = () => {
    connection.close();
    pipe.abort();
  };
  const idle = new IdleTimer(config.connectionsMaxIdleMs, connection, hangUp);
  // Also tells of a client that resets while reading is paused.
  void pipe.gone.then((lost) => {
    if (lost) connection.clientIsGone();
    left.abort();
  });
  while (!connection.isClosed) {
    const { readSize, busyReadSize } = connection;
    const bytes = await readMemory.during(readSize, busyReadSize, (size) => pipe.read(size));
    if (bytes === undefined) break;
    idle.touch();
    connection.receive(bytes);
    await connection.room();
  }
  left.abort();
  await connection.end();
  idle.stop();
  if (session instanceof SaslSession) return { refusal: session.lastWords };
  return { goOnAt: connection.goesOnAt };
}

/** Who is not known is asked; who came in by a door that asked is known. */
function sessionOf(
  client: ClientContext,
  access: Access,
): Pick<SaslSession, 'answer' | 'isOver' | 'maxFrameBytes'> {
  if (!access.open && client.principal === anonymous) {
    const who = new Authenticator(access, client.credentials, client.clientHost.slice(1));
    return new SaslSession(client, who, passed);
  }
  return {
    answer: async (frame, nextMayStart) =>
      client.now() <= client.expiresAt ? answerRequest(frame, client, nextMayStart) : undefined,
    isOver: false,
    maxFrameBytes: client.config.socketRequestMaxBytes,
  };
}

/** Some clients do not read what came right before the end: a refusal has a moment to be read. */
const lingerMs = 50;

function passed(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/**
 * Past the limit a connection still serves what was sent already, up to so many times the limit.
 */
export const drainAllowance = 1.1;
/** So many bytes are as much work as a request. */
export const bytesOfRequest = 256 * 1024;

function sizeOf(chunks: readonly Uint8Array[]): number {
  return chunks.reduce((sum, { byteLength }) => sum + byteLength, 0);
}

/**
 * Hangs up when the client neither sent nor took anything for `connections.max.idle.ms`, by its own
 * clock.
 */
class IdleTimer {
  readonly #maxIdleMs: number;
  readonly #connection: Connection;
  readonly #hangUp: () => void;
  #touchedAt = machineNow();
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(maxIdleMs: number, connection: Connection, hangUp: () => void) {
    this.#maxIdleMs = maxIdleMs;
    this.#connection = connection;
    this.#hangUp = hangUp;
    if (maxIdleMs > 0) this.#arm(maxIdleMs);
  }

  touch(): void {
    this.#touchedAt = machineNow();
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #arm(inMs: number): void {
    this.#timer = setTimeout(() => this.#check(), Math.min(inMs, 0x7fff_ffff));
  }

  #check(): void {
    const left = this.#touchedAt + this.#maxIdleMs - machineNow();
    if (left <= 0 && this.#connection.isClientsTurn) this.#hangUp();
    else this.#arm(left > 0 ? left : this.#maxIdleMs);
  }
}
