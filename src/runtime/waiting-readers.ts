/**
 * Those who wait for one partition to grow, each a row beside its log: they are told once, and wait
 * again when they say so. The surprise: an alarm is set in the same turn as the write that wakes
 * somebody, so a crash before they were told only makes them wait for the alarm.
 */
import type { LogStore, WaitingReader } from '../core/log/store.ts';

/** A reader that could not be told is told again then; the time doubles up to a minute. */
export const firstRetryMs = 5_000;
const longestRetryMs = 60_000;

/** What a reader answers who was woken: whether, and for what, it waits on. */
export interface Awoken {
  /** Null: for nothing, until it asks again. */
  readonly above: number | null;
}

export type Wake = (reader: string, place: string, lastStableOffset: number) => Promise<Awoken>;

export interface WaitingSurroundings {
  store(): Pick<LogStore, 'waiting' | 'keepWaiting' | 'forgetWaiting'>;
  readonly wake: Wake;
  /** Where what is committed ends now. */
  lastStableOffset(): number;
  now(): number;
  /** Settles when all that was written is durable. */
  durable(): Promise<void>;
  /** Somebody is to be told, now or when `retryAt` has come: the alarm has to ring then. */
  armed(): void;
  /** Nobody is left to be told: no alarm has to ring for it. */
  relaxed(): void;
}

export class WaitingReaders {
  readonly #around: WaitingSurroundings;
  #waiting: Map<string, WaitingReader> | undefined;
  #isTelling = false;
  #failures = 0;
  #retryAt: number | undefined;

  constructor(surroundings: WaitingSurroundings) {
    this.#around = surroundings;
  }

  /** When somebody has to be told who could not be so far; undefined: nobody. */
  get retryAt(): number | undefined {
    return this.#retryAt;
  }

  /** Whether the reader waits from now on; it does not where there is something already. */
  add(reader: WaitingReader): boolean {
    if (this.#around.lastStableOffset() > reader.above) return false;
    const known = this.#all().get(reader.reader);
    if (known?.above !== reader.above || known.place !== reader.place) this.#keep(reader);
    return true;
  }

  /** To be called in the turn in which the log has grown. */
  grew(): void {
    if (this.#due().length === 0) return;
    this.#retryLater();
    void this.tell();
  }

  /** What memory says of them is in doubt. */
  reload(): void {
    this.#waiting = undefined;
  }

  /** Tells all who are to be told; once more, when the alarm rings. Throws nothing. */
  async tell(): Promise<void> {
    if (this.#isTelling) return;
    this.#isTelling = true;
    try {
      await this.#around.durable();
      for (let due = this.#due(); due.length > 0; due = this.#due()) {
        const heard = await Promise.all(due.map((reader) => this.#wake(reader)));
        this.#failures = heard.includes(false) ? this.#failures + 1 : 0;
        if (this.#failures > 0) return this.#retryLater();
      }
      // With no await since they were looked for: whoever is due later is told by another call.
      const wasArmed = this.#retryAt !== undefined;
      this.#retryAt = undefined;
      if (wasArmed) this.#around.relaxed();
    } catch (error) {
      // The log cannot be read, or what was written is lost: the alarm that is set rings in time.
      console.error('a partition could not tell who waits for it', error);
    } finally {
      this.#isTelling = false;
    }
  }

  async #wake(told: WaitingReader): Promise<boolean> {
    const { wake, lastStableOffset } = this.#around;
    try {
      const { above } = await wake(told.reader, told.place, lastStableOffset());
      // It may have asked for something else meanwhile, which stands.
      if (this.#all().get(told.reader)?.above !== told.above) return true;
      if (above === null || above <= told.above) this.#forget(told.reader);
      else this.#keep({ ...told, above });
      return true;
    } catch {
      return false;
    }
  }

  #due(): WaitingReader[] {
    const waiting = this.#all();
    if (waiting.size === 0) return [];
    const end = this.#around.lastStableOffset();
    return [...waiting.values()].filter(({ above }) => above < end);
  }

  #retryLater(): void {
    const wait = Math.min(firstRetryMs * 2 ** this.#failures, longestRetryMs);
    this.#retryAt = this.#around.now() + wait;
    this.#around.armed();
  }

  #keep(reader: WaitingReader): void {
    this.#around.store().keepWaiting(reader);
    this.#all().set(reader.reader, reader);
  }

  #forget(reader: string): void {
    this.#around.store().forgetWaiting(reader);
    this.#all().delete(reader);
  }

  #all(): Map<string, WaitingReader> {
    this.#waiting ??= new Map(
      this.#around
        .store()
        .waiting()
        .map((one) => [one.reader, one]),
    );
    return this.#waiting;
  }
}
