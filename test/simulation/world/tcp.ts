/**
 * A TCP connection between a client and a gateway: bytes cut into pieces wherever chance wants,
 * late, or cut off. The surprise: the gateway's end is a socket as workerd has it, so that the code
 * which serves real clients serves these.
 */
import type { World } from './world.ts';

/** What one end has received and not read yet. */
class Inbox {
  readonly #pieces: Uint8Array[] = [];
  #ended = false;
  #failure: Error | undefined;
  #wake: (() => void) | undefined;

  push(piece: Uint8Array): void {
    this.#pieces.push(piece);
    this.#wake?.();
  }

  end(failure?: Error): void {
    this.#ended = true;
    this.#failure ??= failure;
    this.#wake?.();
  }

  /** Some bytes, at most as many; undefined at the end. Rejects when the line was cut. */
  async take(most: number): Promise<Uint8Array | undefined> {
    while (this.#pieces.length === 0) {
      if (this.#failure) throw this.#failure;
      if (this.#ended) return undefined;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    const first = this.#pieces[0];
    if (first.length <= most) return this.#pieces.shift();
    this.#pieces[0] = first.subarray(most);
    return first.subarray(0, most);
  }
}

export class TcpConnection {
  readonly #world: World;
  readonly #toGateway = new Inbox();
  readonly #toClient = new Inbox();
  readonly #arrivals = new Map<Inbox, number>();
  #cut: Error | undefined;
  #closed = Promise.withResolvers<void>();

  constructor(world: World) {
    this.#world = world;
    this.#closed.promise.catch(() => {});
  }

  // The client's end

  send(bytes: Uint8Array): void {
    this.#transmit(bytes, this.#toGateway);
  }

  receive(): Promise<Uint8Array | undefined> {
    return this.#toClient.take(Number.POSITIVE_INFINITY);
  }

  /** When it was cut or ended, at whichever end; undefined while it stands. */
  lostAt: number | undefined;

  get isCut(): boolean {
    return this.#cut !== undefined;
  }

  /** The client hangs up in order, after what it sent. */
  end(): void {
    this.#later(this.#toGateway, () => {
      this.#toGateway.end();
      this.#closed.resolve();
    });
  }

  /** The line is gone for both ends; bytes on their way may be lost. */
  cut(): void {
    if (this.#cut !== undefined) return;
    this.lostAt ??= this.#world.time.now;
    this.#cut = new Error('Network connection lost.');
    for (const inbox of [this.#toGateway, this.#toClient]) {
      this.#world.time.after(this.#world.latency(), () => inbox.end(this.#cut));
    }
    this.#closed.reject(this.#cut);
  }

  // The gateway's end: as much of a socket as is used

  readonly socket = {
    opened: Promise.resolve({ remoteAddress: '10.0.0.1:50000', localAddress: '10.0.0.2:9092' }),
    closed: this.#closed.promise,
    close: async (): Promise<void> => this.#endFromGateway(),
    readable: {
      getReader: () => ({
        readAtLeast: async (_least: number, into: Uint8Array) => {
          const piece = await this.#toGateway.take(into.length);
          if (piece === undefined) return { done: true, value: undefined };
          into.set(piece);
          return { done: false, value: into.subarray(0, piece.length) };
        },
        cancel: async () => this.#toGateway.end(),
      }),
    },
    writable: {
      getWriter: () => ({
        write: async (chunk: Uint8Array) => {
          if (this.#cut) throw this.#cut;
          this.#transmit(chunk, this.#toClient);
        },
        abort: async () => this.#endFromGateway(),
      }),
    },
  };

  #endFromGateway(): void {
    this.lostAt ??= this.#world.time.now;
    this.#later(this.#toClient, () => this.#toClient.end());
    this.#closed.resolve();
  }

  #transmit(bytes: Uint8Array, into: Inbox): void {
    const { random } = this.#world;
    const cutsAt = this.#world.strikes('cutConnection') ? random.between(0, bytes.length) : -1;
    const whole = bytes.slice(0, cutsAt < 0 ? bytes.length : cutsAt);
    for (let at = 0; at < whole.length; ) {
      const length = random.chance(0.1) ? random.between(1, 20) : whole.length;
      const piece = whole.subarray(at, at + length);
      this.#later(into, () => into.push(piece));
      at += length;
    }
    if (cutsAt >= 0) this.#later(into, () => this.cut());
  }

  /** Bytes arrive in the order they were sent. */
  #later(inbox: Inbox, arrive: () => void): void {
    const { time } = this.#world;
    const earliest = (this.#arrivals.get(inbox) ?? 0) + 0.001;
    const at = Math.max(earliest, time.now + this.#world.latency());
    this.#arrivals.set(inbox, at);
    time.after(at - time.now, () => {
      if (this.#cut === undefined) arrive();
    });
  }
}
