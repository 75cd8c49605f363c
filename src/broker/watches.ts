/**
 * The watches of one connection: which partitions it waits on without asking them anything. The
 * surprise: a watch that heard nothing for a minute is put to the proof, which costs the partition
 * nothing, so that a line that was lost in silence stalls no consumer.
 */
import type { Objects, PartitionWatch } from '../runtime/stubs.ts';
import type { AnswerMemory } from './answer-memory.ts';
import type { PartitionState, WatchedPartition, Watches } from './context.ts';
import { type ControllerWatch, renewMs } from './controller-watch.ts';
import { HeldRecords } from './held-records.ts';
import { MemberWatches } from './member-watches.ts';

/** A watch that announced nothing for this long is asked for a sign of life. */
const silenceMs = 60_000;
/** A watch that no Fetch asked for in this time is closed. */
const unusedMs = 60_000;
/** What a partition said of itself is believed for so long, where it has no watch. */
const recalledMs = 5_000;
/** A connection knows something of so many partitions; then it forgets those it does not watch. */
const mostKnown = 10_000;

class Watched implements WatchedPartition {
  readonly watch: PartitionWatch;
  readonly held: HeldRecords;
  state: PartitionState | undefined;
  voids = 0;
  heardAt: number;
  usedAt: number;
  listeners = 0;
  readonly #openedAt: number;

  /** @param heard the partition announced something, or the watch closed */
  constructor(watch: PartitionWatch, held: HeldRecords, now: () => number, heard: () => void) {
    this.watch = watch;
    this.held = held;
    this.#openedAt = this.heardAt = this.usedAt = now();
    watch.listen(() => {
      this.heardAt = now();
      this.#learn();
      heard();
    });
  }

  /** What is announced without records may be that some are gone. */
  #learn(): void {
    const { open, enclosed, groupId } = this.watch;
    if (open && enclosed.length > 0) {
      this.held.add(enclosed);
    } else if (!open || groupId === undefined) {
      this.held.drop();
      this.state = undefined;
      this.voids++;
    }
  }

  /** Whether it may be believed; one that was silent for long soon proves itself, or closes. */
  isGood(now: number): boolean {
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

/** What a connection knows of one partition. */
interface Known {
  watched: Watched | undefined;
  /** The client was told that it is at the end. */
  isAtEnd: boolean;
  /** What the partition said of itself, and when. */
  state: PartitionState | undefined;
  saidAt: number;
}

export class ConnectionWatches implements Watches {
  readonly members: MemberWatches;
  readonly controller: ControllerWatch;
  readonly #objects: Objects;
  readonly #answers: AnswerMemory;
  readonly #now: () => number;
  /** By topic and partition: a Fetch looks thousands up, and makes no key for each. */
  readonly #topics = new Map<string, Map<number, Known>>();
  readonly #listeners = new Set<() => void>();
  /** Since when somebody listens without a pause. */
  #listeningSince = 0;
  #known = 0;
  #mostKnown = mostKnown;
  #sweep: ReturnType<typeof setTimeout> | undefined;
  #closed = false;

  constructor(
    objects: Objects,
    answers: AnswerMemory,
    now: () => number,
    controller: ControllerWatch,
  ) {
    this.#objects = objects;
    this.#answers = answers;
    this.#now = now;
    this.members = new MemberWatches(objects, now);
    this.controller = controller;
  }

  get(topicId: string, partition: number): WatchedPartition | undefined {
    const known = this.#topics.get(topicId)?.get(partition);
    const watched = known?.watched;
    if (watched === undefined) return undefined;
    const now = this.#now();
    if (!watched.isGood(now)) {
      close(known!);
      return undefined;
    }
    watched.usedAt = now;
    return watched;
  }

  async open(topicId: string, partition: number, withRecords = false): Promise<WatchedPartition> {
    const before = this.get(topicId, partition);
    if (before !== undefined) return before;
    const watch = await this.#objects.partition(topicId, partition).watch(withRecords);
    const held = new HeldRecords(this.#answers);
    const watched = new Watched(watch, held, this.#now, () => this.#tell());
    if (this.#closed) {
      watch.close();
      return watched;
    }
    const known = this.#knownOf(topicId, partition);
    known.watched?.watch.close();
    known.watched = watched;
    this.#sweep ??= setTimeout(() => this.#closeUnused(), unusedMs);
    return watched;
  }

  listen(listener: () => void): () => void {
    if (this.#listeners.size === 0) this.#listeningSince = this.#now();
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  isAtEndAgain(topicId: string, partition: number): boolean {
    const known = this.#knownOf(topicId, partition);
    const again = known.isAtEnd;
    known.isAtEnd = true;
    return again;
  }

  recall(topicId: string, partition: number): PartitionState | undefined {
    const known = this.#topics.get(topicId)?.get(partition);
    return known && this.#now() - known.saidAt < recalledMs ? known.state : undefined;
  }

  remember(topicId: string, partition: number, state: PartitionState): void {
    const known = this.#knownOf(topicId, partition);
    known.state = state;
    known.saidAt = this.#now();
  }

  /** Closes every watch, and those still being opened as soon as they are. */
  closeAll(): void {
    this.#closed = true;
    this.members.closeAll();
    this.controller.close();
    clearTimeout(this.#sweep);
    for (const known of this.#all()) close(known);
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }

  #knownOf(topicId: string, partition: number): Known {
    const known = this.#topics.get(topicId)?.get(partition);
    if (known !== undefined) return known;
    if (this.#known >= this.#mostKnown) this.#forget();
    const fresh = { watched: undefined, isAtEnd: false, state: undefined, saidAt: 0 };
    const topic = this.#topics.get(topicId) ?? new Map<number, Known>();
    this.#topics.set(topicId, topic.set(partition, fresh));
    this.#known++;
    return fresh;
  }

  /** All but what is watched. */
  #forget(): void {
    this.#known = 0;
    for (const [topicId, topic] of this.#topics) {
      for (const [partition, { watched }] of topic) {
        if (watched === undefined) topic.delete(partition);
      }
      this.#known += topic.size;
      if (topic.size === 0) this.#topics.delete(topicId);
    }
    this.#mostKnown = Math.max(mostKnown, 2 * this.#known);
  }

  *#all(): Generator<Known> {
    for (const topic of this.#topics.values()) yield* topic.values();
  }

  #closeUnused(): void {
    const now = this.#now();
    // What was looked at just before somebody began to listen is what is listened to.
    const usedTo = this.#listeners.size > 0 ? this.#listeningSince : now;
    let areLeft = false;
    for (const known of this.#all()) {
      const { watched } = known;
      if (watched === undefined) continue;
      const isUnused = watched.listeners === 0 && usedTo - watched.usedAt >= unusedMs;
      if (isUnused || !watched.watch.open) close(known);
      else areLeft = true;
    }
    this.#sweep = areLeft ? setTimeout(() => this.#closeUnused(), unusedMs) : undefined;
  }
}

function close(known: Known): void {
  const { watched } = known;
  known.watched = undefined;
  watched?.watch.close();
}
