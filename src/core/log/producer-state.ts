/**
 * What the log remembers of idempotent producers: epoch, last five batches and open transaction of
 * each, enough to answer a retry as if it were the first try. The surprise: none of it is stored by
 * itself; rows carry a summary, and loading replays the recent ones.
 */
import { type ProducerEntry, withBatch, withMarker } from './producer.ts';
import {
  decodeEffects,
  decodeSnapshot,
  encodeSnapshot,
  type ProducerEffect,
} from './producer-codec.ts';
import type { ProducerRow } from './store.ts';

/** Every producer the log knows. */
export class ProducerStates {
  readonly #entries = new Map<number, ProducerEntry>();
  /** Those that have a transaction open, and where it begins. */
  readonly #open = new Map<number, number>();
  readonly #expirationMs: number;

  /** @param expirationMs `producer.id.expiration.ms` */
  constructor(expirationMs: number) {
    this.#expirationMs = expirationMs;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** Producer id → first offset of its open transaction. */
  get openTransactions(): ReadonlyMap<number, number> {
    return this.#open;
  }

  /** Where the first open transaction begins; infinity: none is open. */
  get firstOpenOffset(): number {
    let first = Number.POSITIVE_INFINITY;
    for (const offset of this.#open.values()) first = Math.min(first, offset);
    return first;
  }

  /** Nothing when the producer is unknown or was idle for too long. */
  get(producerId: number, now: number): ProducerEntry | undefined {
    const entry = this.#entries.get(producerId);
    return entry && this.#isExpired(entry, now) ? undefined : entry;
  }

  set(producerId: number, entry: ProducerEntry): void {
    this.#entries.set(producerId, entry);
    if (entry.open === undefined) this.#open.delete(producerId);
    else this.#open.set(producerId, entry.open.firstOffset);
  }

  /** Those that have not expired, as they came to be known. */
  *all(now: number): Generator<[number, ProducerEntry]> {
    for (const known of this.#entries) if (!this.#isExpired(known[1], now)) yield known;
  }

  expire(now: number): void {
    for (const [producerId, entry] of this.#entries) {
      if (this.#isExpired(entry, now)) this.#entries.delete(producerId);
    }
  }

  /** What is open keeps a producer: its end is still to come. */
  #isExpired({ open, appendedAt }: ProducerEntry, now: number): boolean {
    return open === undefined && now - appendedAt >= this.#expirationMs;
  }

  replay({ baseOffset, appendedAt, producers }: ProducerRow): void {
    for (const effect of decodeEffects(producers, baseOffset)) {
      const entry = this.get(effect.producerId, appendedAt);
      this.set(effect.producerId, afterEffect(entry, effect, appendedAt));
    }
  }

  encode(): Uint8Array {
    return encodeSnapshot(this.#entries);
  }

  restore(snapshot: Uint8Array): void {
    for (const [producerId, entry] of decodeSnapshot(snapshot)) this.set(producerId, entry);
  }
}

/** The producer once a batch or marker of it is in the log. */
export function afterEffect(
  entry: ProducerEntry | undefined,
  effect: ProducerEffect,
  at: number,
): ProducerEntry {
  return 'coordinatorEpoch' in effect
    ? withMarker(entry, effect, at)
    : withBatch(entry, effect, at);
}
