/**
 * The watches of one connection: which partitions it waits on without asking them anything. The
 * surprise: a watch that heard nothing for a minute is put to the proof, which costs the partition
 * nothing, so that a line that was lost in silence stalls no consumer.
 */
import type { Objects, PartitionWatch } from '../runtime/stubs.ts';
import type { PartitionState, WatchedPartition, Watches } from './context.ts';
import { type ControllerWatch, renewMs } from './controller-watch.ts';
import { MemberWatches } from './member-watches.ts';

/** A watch that announced nothing for this long is asked for a sign of life. */
const silenceMs = 60_000;
/** A watch that no Fetch asked for in this time is closed. */
const unusedMs = 60_000;
/** What a partition said of itself is believed for so long, where it has no watch. */
const recalledMs = 5_000;
/** Of so many partitions a connection keeps in mind what they said: those that did so last. */
const mostRemembered = 10_000;

class Watched implements WatchedPartition {
  readonly watch: PartitionWatch;
  state: PartitionState | undefined;
  heardAt: number;
  usedAt: number;
  listeners = 0;
  readonly #openedAt: number;
  readonly #now: () => number;

  constructor(watch: PartitionWatch, now: () => number) {
    this.watch = watch;
    this.#now = now;
    this.#openedAt = now();
    this.heardAt = now();
    this.usedAt = now();
    watch.listen(() => {
      this.heardAt = now();
    });
  }

  /** Whether it may be believed; one that was silent for long soon proves itself, or closes. */
  get isGood(): boolean {
    const now = this.#now();
    if (now - this.heardAt > silenceMs) {
      this.heardAt = now;
      void this.watch.prove();
    }
    return this.watch.open && now - this.#openedAt < renewMs;
  }

  listen(listener: () => void): () => void {
    const stop = this.watch.listen(listener);
    this.listeners++;
    let listening = true;
    return () => {
      if (!listening) return;
      listening = false;
      this.listeners--;
      stop();
    };
  }
}

export class ConnectionWatches implements Watches {
  readonly members: MemberWatches;
  readonly controller: ControllerWatch;
  readonly #objects: Objects;
  readonly #now: () => number;
  readonly #watched = new Map<string, Watched>();
  readonly #atEnd = new Set<string>();
  readonly #remembered = new Map<string, { readonly state: PartitionState; readonly at: number }>();
  #sweep: ReturnType<typeof setTimeout> | undefined;
  #closed = false;

  constructor(objects: Objects, now: () => number, controller: ControllerWatch) {
    this.#objects = objects;
    this.#now = now;
    this.members = new MemberWatches(objects, now);
    this.controller = controller;
  }

  get(topicId: string, partition: number): WatchedPartition | undefined {
    const key = `${topicId}:${partition}`;
    const watched = this.#watched.get(key);
    if (watched === undefined) return undefined;
    if (!watched.isGood) {
      this.#close(key, watched);
      return undefined;
    }
    watched.usedAt = this.#now();
    return watched;
  }

  async open(topicId: string, partition: number): Promise<WatchedPartition> {
    const known = this.get(topicId, partition);
    if (known !== undefined) return known;
    const watch = await this.#objects.partition(topicId, partition).watch();
    const watched = new Watched(watch, this.#now);
    if (this.#closed) {
      watch.close();
      return watched;
    }
    const key = `${topicId}:${partition}`;
    this.#watched.get(key)?.watch.close();
    this.#watched.set(key, watched);
    this.#sweep ??= setTimeout(() => this.#closeUnused(), unusedMs);
    return watched;
  }

  isAtEndAgain(topicId: string, partition: number): boolean {
    const key = `${topicId}:${partition}`;
    const again = this.#atEnd.has(key);
    this.#atEnd.add(key);
    return again;
  }

  recall(topicId: string, partition: number): PartitionState | undefined {
    const known = this.#remembered.get(`${topicId}:${partition}`);
    return known && this.#now() - known.at < recalledMs ? known.state : undefined;
  }

  remember(topicId: string, partition: number, state: PartitionState): void {
    const key = `${topicId}:${partition}`;
    this.#remembered.delete(key);
    this.#remembered.set(key, { state, at: this.#now() });
    if (this.#remembered.size > mostRemembered) {
      this.#remembered.delete(this.#remembered.keys().next().value!);
    }
  }

  /** Closes every watch, and those still being opened as soon as they are. */
  closeAll(): void {
    this.#closed = true;
    this.members.closeAll();
    this.controller.close();
    clearTimeout(this.#sweep);
    for (const [key, watched] of this.#watched) this.#close(key, watched);
  }

  #close(key: string, watched: Watched): void {
    this.#watched.delete(key);
    watched.watch.close();
  }

  #closeUnused(): void {
    const now = this.#now();
    for (const [key, watched] of this.#watched) {
      const unused = watched.listeners === 0 && now - watched.usedAt >= unusedMs;
      if (unused || !watched.watch.open) this.#close(key, watched);
    }
    this.#sweep =
      this.#watched.size === 0 ? undefined : setTimeout(() => this.#closeUnused(), unusedMs);
  }
}
