/**
 * A connection's watch over the controller: while it is open, what the gateway remembers of topics
 * is what the cluster has, and need not be looked up. The surprise: it is opened only by
 * connections that live for a while, and gives no topics; it says that something has changed.
 */
import type { Objects, Watch } from '../runtime/stubs.ts';
import type { ClusterMemory } from './metadata-cache.ts';

/** A connection is watched for, not one that comes and goes. */
const settledMs = 10_000;
/** A line that was not put to the proof for so long is; after twice that it is not believed. */
const proofEveryMs = 60_000;
/** A watch that is older is opened anew, whatever it says of itself. */
export const renewMs = 12 * 3_600_000;

export class ControllerWatch {
  readonly #objects: Objects;
  readonly #memory: ClusterMemory;
  readonly #now: () => number;
  readonly #createdAt: number;
  #watch: Watch | undefined;
  #openedAt = 0;
  /** When the line was last put to the proof, and when it was so that it gave a sign of life. */
  #askedAt = 0;
  #provenAt = 0;
  #opening = false;
  #closed = false;

  constructor(objects: Objects, memory: ClusterMemory, now: () => number) {
    this.#objects = objects;
    this.#memory = memory;
    this.#now = now;
    this.#createdAt = now();
  }

  /** Somebody had to look up what was known already: from now on that shall be enough. */
  follow(): void {
    const isSettled = this.#now() - this.#createdAt >= settledMs;
    if (!isSettled || this.#closed || this.#opening || this.#current) return;
    this.#opening = true;
    void this.#open();
  }

  /** What was asked after this time still holds; Infinity while nobody is known to watch. */
  get unchangedSince(): number {
    if (this.#current === undefined) return Infinity;
    const now = this.#now();
    if (now - this.#askedAt >= proofEveryMs) void this.prove();
    return now - this.#provenAt < 2 * proofEveryMs ? this.heardSince : Infinity;
  }

  /** The same if the line still leads to the controller, which `prove` tells. */
  get heardSince(): number {
    if (this.#current === undefined) return Infinity;
    return Math.max(this.#openedAt, this.#memory.announcedAt);
  }

  /** Whether all has been heard that was announced until this was asked. */
  async prove(): Promise<boolean> {
    const watch = this.#current;
    if (watch === undefined) return false;
    const asked = this.#now();
    this.#askedAt = asked;
    if (!(await watch.prove())) return false;
    this.#provenAt = asked;
    return true;
  }

  close(): void {
    this.#closed = true;
    this.#watch?.close();
    this.#watch = undefined;
  }

  get #current(): Watch | undefined {
    if (this.#watch?.open && this.#now() - this.#openedAt < renewMs) return this.#watch;
    this.#watch?.close();
    this.#watch = undefined;
    return undefined;
  }

  async #open(): Promise<void> {
    const watch = await this.#objects.controller().watch();
    this.#opening = false;
    if (this.#closed) return watch.close();
    this.#watch = watch;
    this.#openedAt = this.#askedAt = this.#provenAt = this.#now();
    watch.listen(() => {
      if (watch.open) this.#memory.announce(this.#now());
    });
  }
}
