/**
 * One Kafka connection over a service binding: request frames in, response frames out, each call
 * answered by itself. The surprise: calls may be made without waiting for answers, and have their
 * effects in the order they were made, as on a socket; what is different is that an answer says
 * whether the connection has made nearly all the calls an invocation may make, so that its client
 * opens another before this one refuses.
 */
import { RpcTarget } from 'cloudflare:workers';
import type { Principal } from '../../broker/authorizer.ts';
import type { ConnectionPlace } from '../../broker/connections.ts';
import { type ClientContext, clientContext, type Gateway } from '../../broker/gateway.ts';
import type { ConnectionLimits } from '../../runtime/connection-limits.ts';
import { ioTurn } from '../../runtime/io-turn.ts';
import { Connection } from '../kafka/connection.ts';
import { answerRequest, isAppend, onlyReads } from '../kafka/requests.ts';
import { bytesOfRequest, drainAllowance } from '../kafka/serve.ts';

/** What a request is answered with. */
export interface KafkaAnswer {
  /** The response without its length; null for a request that gets none (Produce with acks 0). */
  readonly frame: Uint8Array | null;
  /** This connection serves what is under way and nothing more: open another one. */
  readonly isSpent: boolean;
}

interface Waiting {
  resolve(answer: KafkaAnswer): void;
  reject(error: Error): void;
}

/** What a connection needs of the Worker that opens it. */
export interface ConnectionTerms {
  readonly gateway: Gateway;
  readonly principal: Principal;
  readonly limits: ConnectionLimits;
}

/** Close it by disposing of it: `using connection = await env.KEDGE.open()`. */
export class KafkaConnection extends RpcTarget {
  readonly #client: ClientContext;
  readonly #connection: Connection;
  readonly #left = new AbortController();
  readonly #place: ConnectionPlace;
  readonly #limits: ConnectionLimits;
  #requests = 0;
  /** Who waits for the requests that were not begun yet, in their order. */
  readonly #waiting: Waiting[] = [];

  constructor({ gateway, principal, limits }: ConnectionTerms) {
    super();
    const place = gateway.connections.enter(null, principal);
    if (place === undefined) throw new Error('There are as many connections as there may be.');
    this.#place = place;
    this.#limits = limits;
    this.#client = clientContext(gateway, {
      principal,
      clientHost: '/127.0.0.1',
      // Whoever comes in by a binding comes by it again: there is no address to dial.
      dialled: { host: 'kedge', port: 9092 },
      place,
      signal: this.#left.signal,
    });
    this.#connection = new Connection(
      {
        answer: (frame, nextMayStart) => this.#answer(frame, nextMayStart),
        overlaps: isAppend,
        onlyReads,
        giveWay: ioTurn,
        send: async () => {},
        quiet: () => this.#client.quotas.quiet(this.#left.signal),
        isSpent: () => this.#isSpent,
        mayGoOnAt: () => false,
        close: () => this.#close(),
      },
      gateway.config.socketRequestMaxBytes,
    );
  }

  /**
   * Answers one request frame, without its length. Rejects when the connection is closed, by what
   * the frame says or before it came: then nobody knows of the requests under way.
   */
  request(frame: Uint8Array): Promise<KafkaAnswer> {
    if (!(frame instanceof Uint8Array)) throw new TypeError('a frame is a Uint8Array');
    if (this.#connection.isClosed || this.#left.signal.aborted) throw closed();
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      // Apart, so that the frame is not copied.
      this.#connection.receive(lengthOf(frame));
      if (frame.byteLength > 0) this.#connection.receive(frame);
    });
  }

  [Symbol.dispose](): void {
    this.#connection.clientIsGone();
    this.#left.abort();
    void this.#connection.end().then(() => this.#connection.close());
  }

  get #isSpent(): boolean {
    const { calls, requests } = this.#limits;
    return this.#client.objects.calls >= calls || this.#requests >= requests;
  }

  async #answer(
    frame: Uint8Array,
    nextMayStart: () => void,
  ): Promise<readonly Uint8Array[] | undefined> {
    const waiting = this.#waiting.shift()!;
    this.#requests += 1 + frame.byteLength / bytesOfRequest;
    const maySpeak = this.#client.objects.calls < this.#limits.calls * drainAllowance;
    const chunks = maySpeak ? await answerRequest(frame, this.#client, nextMayStart) : undefined;
    if (chunks === undefined) {
      waiting.reject(closed());
      return undefined;
    }
    const answer = frameOf(chunks);
    this.#requests += (answer?.byteLength ?? 0) / bytesOfRequest;
    waiting.resolve({ frame: answer, isSpent: this.#isSpent });
    return [];
  }

  #close(): void {
    for (const waiting of this.#waiting.splice(0)) waiting.reject(closed());
    this.#left.abort();
    this.#place.leave();
    this.#client.watches.closeAll();
    this.#client.fetchSessions.close();
    void this.#client.shareSessions.closeAll();
  }
}

function closed(): Error {
  return new Error('The connection is closed.');
}

function lengthOf(frame: Uint8Array): Uint8Array {
  const prefix = new Uint8Array(4);
  new DataView(prefix.buffer).setInt32(0, frame.byteLength);
  return prefix;
}

/** A buffer of its own, without the length: an RPC would send all of one that is shared. */
function frameOf(chunks: readonly Uint8Array[]): Uint8Array | null {
  if (chunks.length === 0) return null;
  const frame = new Uint8Array(chunks.reduce((sum, { byteLength }) => sum + byteLength, -4));
  let at = 0;
  for (const [index, chunk] of chunks.entries()) {
    const bytes = index === 0 ? chunk.subarray(4) : chunk;
    frame.set(bytes, at);
    at += bytes.byteLength;
  }
  return frame;
}
