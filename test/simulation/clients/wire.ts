/**
 * A client's connection: requests of any API and version as frames, answers matched to them. The
 * surprise: like real clients it gives up on a connection that says nothing for long, since the
 * gateway it leads to may be gone without a word.
 */
import { Reader } from '../../../src/bytes/reader.ts';
import { concat } from '../../../src/bytes/writer.ts';
import { FrameReader } from '../../../src/protocol/frame.ts';
import { decodeResponseHeader, encodeRequestFrame } from '../../../src/protocol/header.ts';
import type { Api, Fields, Infer } from '../../../src/protocol/schema.ts';
import { decodeResponse, defaultsOf } from '../../../src/protocol/schema.ts';
import type { SimulatedCluster } from '../world/cluster.ts';
import type { TcpConnection } from '../world/tcp.ts';
import type { World } from '../world/world.ts';

/** The connection is gone; nobody knows whether what was asked was done. */
export class Disconnected extends Error {
  override readonly name = 'Disconnected';
}

interface Asked {
  readonly correlationId: number;
  read(body: Reader): void;
  fail(error: Error): void;
  readonly api: Api;
  readonly version: number;
  readonly stopClock: () => void;
}

export class Wire {
  readonly #world: World;
  readonly #tcp: TcpConnection;
  readonly #clientId: string;
  readonly #onLoss: (at: number) => void;
  readonly #asked: Asked[] = [];
  #lastCorrelationId = 0;
  #open = true;

  /** @param onLoss told when the connection was lost, however it came about */
  constructor(
    world: World,
    cluster: SimulatedCluster,
    clientId: string,
    onLoss: (at: number) => void = () => {},
  ) {
    this.#onLoss = onLoss;
    this.#world = world;
    this.#tcp = cluster.connect();
    this.#clientId = clientId;
    void this.#listen();
  }

  get isOpen(): boolean {
    return this.#open;
  }

  /** Sends at once; resolves with the answer, in order. Rejects with `Disconnected`. */
  ask<Q extends Fields, R extends Fields>(
    api: Api<Q, R>,
    version: number,
    request: Partial<Infer<Q>>,
    timeoutMs = 30_000,
  ): Promise<Infer<R>> {
    if (!this.#open) return Promise.reject(new Disconnected());
    return new Promise((resolve, reject) => {
      const correlationId = ++this.#lastCorrelationId;
      const whole = { ...defaultsOf(api.request.fields), ...request };
      const header = { correlationId, clientId: this.#clientId };
      this.#asked.push({
        correlationId,
        api: api as unknown as Api,
        version,
        stopClock: this.#world.time.after(timeoutMs, () => this.#close(new Disconnected())),
        read: (body) => resolve(decodeResponse(api, version, body)),
        fail: reject,
      });
      this.#tcp.send(concat(encodeRequestFrame(api, version, header, whole)));
    });
  }

  /** Hangs up, in the middle of whatever is under way. */
  close(): void {
    this.#close(new Disconnected());
  }

  async #listen(): Promise<void> {
    const frames = new FrameReader(100_000_000);
    try {
      for (;;) {
        const bytes = await this.#tcp.receive();
        if (bytes === undefined || !this.#open) break;
        frames.push(bytes);
        for (let frame = frames.next(); frame; frame = frames.next()) this.#take(frame.slice());
      }
    } catch (error) {
      if (!(error instanceof Error && error.message.startsWith('Network'))) throw error;
    }
    this.#close(new Disconnected());
  }

  #take(frame: Uint8Array): void {
    const asked = this.#asked.shift();
    if (asked === undefined) throw new Error('an answer nobody asked for');
    const body = new Reader(frame);
    const correlationId = decodeResponseHeader(asked.api, asked.version, body);
    if (correlationId !== asked.correlationId) throw new Error('answers are out of order');
    asked.stopClock();
    asked.read(body);
  }

  #close(error: Error): void {
    if (!this.#open) return;
    this.#open = false;
    this.#onLoss(this.#tcp.lostAt ?? this.#world.time.now);
    this.#tcp.cut();
    for (const { fail, stopClock } of this.#asked.splice(0)) {
      stopClock();
      fail(error);
    }
  }
}
