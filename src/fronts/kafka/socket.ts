/**
 * A TCP socket of workerd as a pipe. The surprises: a BYOB reader is twenty times as fast as a
 * default one, and a client that resets is "Network connection lost" in whatever is under way,
 * which is weather and not worth a word.
 */
import { anonymous } from '../../broker/authorizer.ts';
import { clientContext, type Gateway } from '../../broker/gateway.ts';
import { joined } from './chunks.ts';
import type { Pipe } from './pipe.ts';
import { type ConnectionTerms, serve } from './serve.ts';

/** Serves one client until it or we hang up. */
export async function serveSocket(
  socket: Socket,
  gateway: Gateway,
  terms: ConnectionTerms,
): Promise<void> {
  const ends = await socket.opened.catch(nothing);
  if (ends === undefined) return;
  const { host } = addressOf(ends.remoteAddress);
  const place = gateway.connections.enter(host);
  if (place === undefined) return socket.close().catch(nothing);
  const left = new AbortController();
  const client = clientContext(gateway, {
    principal: anonymous,
    clientHost: `/${host}`,
    dialled: addressOf(ends.localAddress),
    place,
    signal: left.signal,
  });
  await serve(new TcpPipe(socket), client, terms, left);
}

/** The client is gone, or we hung up: weather, in the place of whatever did not come. */
function nothing(): undefined {}

class TcpPipe implements Pipe {
  readonly #socket: Socket;
  readonly #reader: ReadableStreamBYOBReader;
  readonly #writer: WritableStreamDefaultWriter;
  readonly gone: Promise<boolean>;

  constructor(socket: Socket) {
    this.#socket = socket;
    this.#reader = socket.readable.getReader({ mode: 'byob' });
    this.#writer = socket.writable.getWriter();
    this.gone = socket.closed.then(
      () => false,
      () => true,
    );
  }

  async read(size: number): Promise<Uint8Array | undefined> {
    const read = await this.#reader.readAtLeast(1, new Uint8Array(size)).catch(nothing);
    return read === undefined || read.done ? undefined : read.value;
  }

  async write(chunks: readonly Uint8Array[]): Promise<void> {
    await Promise.all(joined(chunks).map((chunk) => this.#writer.write(chunk)));
  }

  stopReading(): void {
    this.#reader.cancel().catch(nothing);
  }

  abort(): void {
    this.#writer.abort().catch(nothing);
  }

  async close(): Promise<void> {
    await this.#socket.close().catch(nothing);
  }
}

/** `127.0.0.1:9092` or `[::1]:9092`, as sockets name their ends. */
function addressOf(text: string | undefined): { host: string; port: number } {
  const match = /^\[?(.*?)\]?:(\d+)$/.exec(text ?? '');
  return { host: match?.[1] || 'localhost', port: Number(match?.[2] ?? 9092) };
}
