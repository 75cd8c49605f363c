/**
 * A watch: what an object says, heard by a gateway over one hibernating WebSocket, or a pair of
 * memory cells. The surprises: a watch never fails; whatever goes wrong, it is just not open any
 * more, and the caller asks and watches anew. And it can be put to the proof without waking the
 * object: the platform itself answers for a sleeping one.
 */
import { type Meter, noMeter } from './meters.ts';
import type { Watch } from './stubs.ts';

/** Asks for a sign of life, and is one. The platform answers, and charges nothing for it. */
const ping = 'ping';
const pong = 'pong';
/** A line that does not answer in this time leads nowhere. */
const answerWithinMs = 3_000;

/** What a watch needs of its line. */
export interface WatchLine {
  /** Asks the other end for a sign of life: `answered`. */
  ask(): void;
  /** Runs once, however the watch ends; `why` is for the other end. */
  close(why: string): void;
}

export class WatchState implements Watch {
  readonly saidFirst: string;
  #said: string;
  #enclosed: readonly Uint8Array[] = [];
  #open = true;
  readonly #line: WatchLine;
  readonly #listeners = new Set<() => void>();
  /** Those who have asked for a sign of life, in the order in which they did. */
  readonly #asking: ((lives: boolean) => void)[] = [];

  constructor(said: string, line: WatchLine) {
    this.saidFirst = this.#said = said;
    this.#line = line;
  }

  get said(): string {
    return this.#said;
  }

  get enclosed(): readonly Uint8Array[] {
    return this.#enclosed;
  }

  get open(): boolean {
    return this.#open;
  }

  announce(text: string, enclosed: readonly Uint8Array[] = []): void {
    if (!this.#open) return;
    this.#said = text;
    this.#enclosed = enclosed;
    this.#tell();
    this.#enclosed = [];
  }

  /** The other end gave a sign of life. */
  answered(): void {
    this.#asking.shift()?.(true);
  }

  listen(listener: () => void): () => void {
    const own = () => listener();
    this.#listeners.add(own);
    return () => this.#listeners.delete(own);
  }

  prove(): Promise<boolean> {
    if (!this.#open) return Promise.resolve(false);
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.close(), answerWithinMs);
      this.#asking.push((lives) => {
        clearTimeout(timer);
        resolve(lives);
      });
      this.#line.ask();
    });
  }

  close(why = ''): void {
    if (!this.#open) return;
    this.#open = false;
    this.#line.close(why);
    for (const answer of this.#asking.splice(0)) answer(false);
    this.#tell();
    this.#listeners.clear();
  }

  #tell(): void {
    for (const listener of [...this.#listeners]) listener();
  }
}

/** A watch that is over, for what could not be watched. */
export function closedWatch(): WatchState {
  const watch = new WatchState('', { ask: () => {}, close: () => {} });
  watch.close();
  return watch;
}

/** What `openWatch` needs of a Durable Object's stub. */
interface Fetcher {
  fetch(url: string, init: { headers: Record<string, string> }): Promise<Response>;
}

/**
 * Opens a watch; ready when the object has said something, or closed when it will not. `question`:
 * what is to be watched, where an object has several things to say.
 */
export async function openWatch(stub: Fetcher, question = ''): Promise<Watch> {
  try {
    const { webSocket } = await stub.fetch(`https://object/watch?${encodeURIComponent(question)}`, {
      headers: { Upgrade: 'websocket' },
    });
    return webSocket === null ? closedWatch() : await firstAnnouncement(webSocket);
  } catch {
    return closedWatch();
  }
}

/** What `openWatch` was given to ask. */
export function questionOf(url: string): string {
  return decodeURIComponent(url.slice(url.indexOf('?') + 1));
}

function firstAnnouncement(webSocket: WebSocket): Promise<Watch> {
  return new Promise((resolve) => {
    let watch: WatchState | undefined;
    let enclosed: Uint8Array[] = [];
    webSocket.binaryType = 'arraybuffer';
    webSocket.addEventListener('message', ({ data }) => {
      if (data instanceof ArrayBuffer) {
        enclosed.push(new Uint8Array(data));
        return;
      }
      const text = String(data);
      if (watch === undefined) {
        watch = new WatchState(text, lineOver(webSocket));
        return resolve(watch);
      }
      if (text === pong) return watch.answered();
      watch.announce(text, enclosed);
      enclosed = [];
    });
    const over = () => {
      watch?.close();
      resolve(closedWatch());
    };
    webSocket.addEventListener('close', over);
    webSocket.addEventListener('error', over);
    webSocket.accept();
  });
}

function lineOver(webSocket: WebSocket): WatchLine {
  return {
    ask: () => quietly(() => webSocket.send(ping)),
    close: (why) => quietly(() => webSocket.close(1000, why)),
  };
}

/** What happens to a line that is already gone is no event. */
export function quietly(act: () => void): void {
  try {
    act();
  } catch {}
}

/** The object's end: has the platform give signs of life for it, be it asleep or not. */
export function giveSignsOfLife(ctx: DurableObjectState): void {
  ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair(ping, pong));
}

/**
 * The object's end: answers a request for a watch. `attachment` stays with the line, and so do
 * `tags`, to tell these alone.
 */
export function acceptWatch(
  ctx: DurableObjectState,
  request: Request,
  said: string,
  attachment: unknown = null,
  tags: string[] = [],
): Response {
  if (request.headers.get('Upgrade')?.toLowerCase() !== 'websocket') {
    return new Response(null, { status: 426 });
  }
  const [theirs, ours] = Object.values(new WebSocketPair());
  ctx.acceptWebSocket(ours, tags);
  ours.serializeAttachment(attachment);
  ours.send(said);
  return new Response(null, { status: 101, webSocket: theirs });
}

/** The object's end: tells all who watch, or those with a tag. */
export function tellWatchers(
  ctx: DurableObjectState,
  say: (watcher: WebSocket) => void,
  tag?: string,
): void {
  for (const watcher of ctx.getWebSockets(tag)) quietly(() => say(watcher));
}

/** The object's end without a network: what is in memory announces to these. */
export class MemoryWatches {
  /** With whether each is told what is enclosed, too. */
  readonly #watches = new Map<WatchState, boolean>();
  readonly #meter: Meter;
  /** A line that says nothing any more, and does not close. */
  silent = false;

  constructor(meter: Meter = noMeter) {
    this.#meter = meter;
  }

  open(said: string, withEnclosed = false, whenClosed = (_why: string): void => {}): WatchState {
    const watch: WatchState = new WatchState(said, {
      ask: () => {
        this.#meter.signOfLife();
        if (!this.silent) watch.answered();
      },
      close: (why) => {
        this.#watches.delete(watch);
        whenClosed(why);
      },
    });
    this.#watches.set(watch, withEnclosed);
    return watch;
  }

  announce(text: string, enclosed: readonly Uint8Array[] = []): void {
    if (this.silent) return;
    for (const [watch, withEnclosed] of [...this.#watches]) {
      watch.announce(text, withEnclosed ? enclosed : []);
    }
  }

  closeAll(): void {
    for (const watch of [...this.#watches.keys()]) watch.close();
  }
}
