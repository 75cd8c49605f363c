/**
 * Kedge by a service binding: calls from Worker to Worker, with no network between them. The
 * surprise: an RPC sends the whole buffer a view looks into, so each frame gets one of its own.
 */
import { ErrorCode, KafkaError } from '../protocol/errors.ts';
import { type Channel, disconnected, type Transport } from './channel.ts';

/** What `env.KEDGE` has to offer: `Service<typeof Kedge>` does. */
export interface KedgeBinding {
  open(): PromiseLike<KedgeConnection>;
}

/** What Kedge gives who opens a connection. */
export interface KedgeConnection {
  request(frame: Uint8Array): PromiseLike<{
    readonly frame: Uint8Array | null;
    readonly isSpent: boolean;
  }>;
  [Symbol.dispose]?(): void;
}

export function bindingTransport(binding: KedgeBinding): Transport {
  return {
    address: binding,
    async open() {
      try {
        return new BindingChannel(await binding.open());
      } catch (error) {
        const message = (error as Error).message;
        // What Kedge itself says it says on purpose; the rest is weather.
        const isRefusal = Reflect.get(error as object, 'remote') === true;
        if (isRefusal) throw new KafkaError(ErrorCode.CLUSTER_AUTHORIZATION_FAILED, message);
        throw disconnected(message, error);
      }
    },
  };
}

class BindingChannel implements Channel {
  readonly #connection: KedgeConnection;
  #isOpen = true;
  #underWay = 0;

  constructor(connection: KedgeConnection) {
    this.#connection = connection;
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  async request(chunks: readonly Uint8Array[]): Promise<Uint8Array | null> {
    this.#underWay++;
    try {
      const { frame, isSpent } = await this.#connection.request(ownBuffer(chunks));
      if (isSpent) this.#isOpen = false;
      return frame;
    } catch (error) {
      this.#isOpen = false;
      throw disconnected((error as Error).message, error);
    } finally {
      this.#underWay--;
      if (!this.#isOpen && this.#underWay === 0) this.close();
    }
  }

  close(): void {
    this.#isOpen = false;
    this.#connection[Symbol.dispose]?.();
  }
}

function ownBuffer(chunks: readonly Uint8Array[]): Uint8Array {
  const joined = new Uint8Array(chunks.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const chunk of chunks) {
    joined.set(chunk, at);
    at += chunk.length;
  }
  return joined;
}
