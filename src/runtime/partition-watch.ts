/**
 * The gateway's end of a partition's announcements: one WebSocket to the object, or a pair of
 * memory cells. The surprise: a watch never fails; whatever goes wrong, it is just not open any
 * more, and the caller reads and watches anew.
 */
import type { Announced, LogEnds, PartitionWatch } from './stubs.ts';

/** The partition was dropped: there will be nothing more to watch. */
export const droppedCloseCode = 4404;

/**
 * What a partition says to its watchers: the second number only where it is another one, or where
 * the share group follows it that may find records.
 */
export function announcementOf({ highWatermark, lastStableOffset, groupId }: Announced): string {
  if (groupId !== undefined) return `${highWatermark} ${lastStableOffset} ${groupId}`;
  const same = highWatermark === lastStableOffset;
  return same ? `${highWatermark}` : `${highWatermark} ${lastStableOffset}`;
}

export function parseAnnouncement(text: string): Announced {
  const [first, second = first, ...rest] = text.split(' ');
  const ends = { highWatermark: Number(first), lastStableOffset: Number(second) };
  return rest.length === 0 ? ends : { ...ends, groupId: rest.join(' ') };
}

/** Tells its listeners; both forms of a watch are this. */
export class WatchState implements PartitionWatch {
  #ends: LogEnds;
  #open = true;
  readonly #listeners = new Set<() => void>();
  readonly #shared = new Map<string, number>();
  readonly #whenClosed: () => void;

  /** @param whenClosed runs once, however the watch ends */
  constructor(ends: LogEnds, whenClosed: () => void) {
    this.#ends = ends;
    this.#whenClosed = whenClosed;
  }

  get highWatermark(): number {
    return this.#ends.highWatermark;
  }

  get lastStableOffset(): number {
    return this.#ends.lastStableOffset;
  }

  get open(): boolean {
    return this.#open;
  }

  sharedTimes(groupId: string): number {
    return this.#shared.get(groupId) ?? 0;
  }

  announce({ groupId, ...ends }: Announced): void {
    if (!this.#open) return;
    this.#ends = ends;
    if (groupId !== undefined) this.#shared.set(groupId, this.sharedTimes(groupId) + 1);
    this.#tell();
  }

  listen(listener: () => void): () => void {
    const own = () => listener();
    this.#listeners.add(own);
    return () => this.#listeners.delete(own);
  }

  close(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#whenClosed();
    this.#tell();
    this.#listeners.clear();
  }

  #tell(): void {
    for (const listener of [...this.#listeners]) listener();
  }
}

/** A watch that is over, for a partition that could not be watched. */
export function closedWatch(): PartitionWatch {
  const watch = new WatchState({ highWatermark: 0, lastStableOffset: 0 }, () => {});
  watch.close();
  return watch;
}

/** What `openWatch` needs of a Durable Object's stub. */
interface Fetcher {
  fetch(url: string, init: { headers: Record<string, string> }): Promise<Response>;
}

/**
 * Opens a watch; ready when the partition has said where it ends, or closed when it will not.
 */
export async function openWatch(stub: Fetcher): Promise<PartitionWatch> {
  try {
    const { webSocket } = await stub.fetch('https://partition/watch', {
      headers: { Upgrade: 'websocket' },
    });
    return webSocket === null ? closedWatch() : await firstAnnouncement(webSocket);
  } catch {
    return closedWatch();
  }
}

function firstAnnouncement(webSocket: WebSocket): Promise<PartitionWatch> {
  return new Promise((resolve) => {
    let watch: WatchState | undefined;
    webSocket.addEventListener('message', ({ data }) => {
      const ends = parseAnnouncement(String(data));
      if (watch !== undefined) return watch.announce(ends);
      watch = new WatchState(ends, () => closeQuietly(webSocket));
      resolve(watch);
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

/** Closing a line that is already gone is no event. */
function closeQuietly(webSocket: WebSocket): void {
  try {
    webSocket.close(1000);
  } catch {}
}

/** The partition's end without a network: a memory partition announces to these. */
export class MemoryWatches {
  readonly #watches = new Set<WatchState>();

  open(ends: LogEnds): PartitionWatch {
    const watch: WatchState = new WatchState(ends, () => this.#watches.delete(watch));
    this.#watches.add(watch);
    return watch;
  }

  announce(announcement: Announced): void {
    for (const watch of [...this.#watches]) watch.announce(announcement);
  }

  closeAll(): void {
    for (const watch of [...this.#watches]) watch.close();
  }
}
