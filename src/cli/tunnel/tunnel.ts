/**
 * Listens on this machine and carries each connection to Kedge by a WebSocket of its own. The
 * surprise: while Kedge cannot be reached a client's connection is held and the stream tried again,
 * so that Kafka clients, which give up on a broker that refuses them, only notice a pause.
 */
import { createServer, type Server, type Socket } from 'node:net';
import { addressText } from '../../runtime/listeners.ts';
import type { TunnelOptions } from './options.ts';
import { carry, openStream } from './stream.ts';

export interface Tunnel {
  readonly host: string;
  readonly port: number;
  /** How many Kafka connections are open. */
  readonly connections: number;
  /** How many streams there have been: a connection outlives them. */
  readonly streams: number;
  /** Whether Kedge can be reached this way, before any client asks for it. Undefined: yes. */
  check(): Promise<Trouble | undefined>;
  /** Hangs up on everybody and stops listening. */
  close(): Promise<void>;
}

export interface Trouble {
  readonly why: string;
  /** Whether it will not pass: the address, or who asks, is wrong. */
  readonly isFinal: boolean;
}

/** How long a client's connection is held while Kedge cannot be reached. */
const holdMs = 10_000;
const firstPauseMs = 100;
const longestPauseMs = 2_000;
/** Nobody waits longer to hear why. */
const explanationMs = 2_000;

/** Opens a tunnel. `say` gets lines for a person. Rejects when it cannot listen. */
export async function openTunnel(
  options: TunnelOptions,
  say: (line: string) => void,
): Promise<Tunnel> {
  const clients = new Set<Socket>();
  const server = createServer({ pauseOnConnect: true, noDelay: true, allowHalfOpen: true });
  await listen(server, options);
  const { address: host, port } = server.address() as { address: string; port: number };
  const url = new URL(options.url);
  const { host: toldHost, port: toldPort } = options.advertise ?? { ...options.listen, port };
  url.searchParams.set('advertise', addressText({ host: toldHost, port: toldPort }));
  const voice = new Voice(say);
  server.on('connection', (client) => {
    clients.add(client);
    client.once('close', () => clients.delete(client));
    void serve(client, url, options.headers, voice);
  });
  return {
    host,
    port,
    get connections() {
      return clients.size;
    },
    get streams() {
      return voice.streams;
    },
    check: () => troubleWith(url, options.headers),
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const client of clients) client.destroy();
      await closed;
    },
  };
}

function listen(server: Server, { listen: { host, port } }: TunnelOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

async function serve(
  client: Socket,
  url: URL,
  headers: Readonly<Record<string, string>>,
  voice: Voice,
): Promise<void> {
  const trouble = await carry(client, () => reach(client, url, headers, voice));
  if (trouble !== undefined) voice.complain(`a connection ended: ${trouble}`);
}

/** Tries until there is a stream, the client has gone, or it has waited long enough. */
async function reach(
  client: Socket,
  url: URL,
  headers: Readonly<Record<string, string>>,
  voice: Voice,
): Promise<WebSocket | undefined> {
  const giveUpAt = Date.now() + holdMs;
  for (let pause = firstPauseMs; ; pause = Math.min(pause * 2, longestPauseMs)) {
    try {
      const stream = await openStream(url, headers);
      voice.isReached();
      return stream;
    } catch (error) {
      await voice.isAway(async () => {
        return `${url.host} cannot be reached: ${await explained(url, headers, error)}`;
      });
    }
    if (client.destroyed || Date.now() + pause > giveUpAt) return undefined;
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
}

async function troubleWith(
  url: URL,
  headers: Readonly<Record<string, string>>,
): Promise<Trouble | undefined> {
  try {
    const stream = await openStream(url, headers);
    stream.close();
    return undefined;
  } catch (error) {
    const why = await explained(url, headers, error);
    return { why: `${url.host} cannot be reached: ${why}`, isFinal: refusal.test(why) };
  }
}

/** Kedge, or what answers in its place, knows what was asked and says no. */
const refusal = /^(401|403|404|405) |^it asks for a login/;

/** A WebSocket that fails says nothing of why: asked without one, Kedge does. */
async function explained(
  url: URL,
  headers: Readonly<Record<string, string>>,
  error: unknown,
): Promise<string> {
  const plain = new URL(url);
  plain.protocol = url.protocol === 'wss:' ? 'https:' : 'http:';
  try {
    const signal = AbortSignal.timeout(explanationMs);
    const response = await fetch(plain, { headers, redirect: 'manual', signal });
    if (response.status === 426) return (error as Error).message;
    if (response.status >= 300 && response.status < 400) {
      return 'it asks for a login: Cloudflare Access wants a service token, see --header';
    }
    const text = (await response.text()).slice(0, 400);
    return `${response.status} ${messageIn(text) ?? text}`;
  } catch (failure) {
    if ((failure as Error).name === 'TimeoutError') return (error as Error).message;
    const cause = (failure as Error).cause;
    return cause instanceof Error ? cause.message : (failure as Error).message;
  }
}

function messageIn(text: string): string | undefined {
  try {
    return String((JSON.parse(text) as { message?: unknown }).message ?? text);
  } catch {
    return undefined;
  }
}

/** Says once that Kedge is away, until it is reached again. */
class Voice {
  readonly #say: (line: string) => void;
  #away = false;
  streams = 0;

  constructor(say: (line: string) => void) {
    this.#say = say;
  }

  complain(line: string): void {
    this.#say(line);
  }

  async isAway(why: () => Promise<string>): Promise<void> {
    if (this.#away) return;
    this.#away = true;
    this.#say(await why());
  }

  isReached(): void {
    this.streams++;
    if (this.#away) this.#say('Kedge is reached again');
    this.#away = false;
  }
}
