/**
 * What waits to be sent to one partition, in batches. The surprise: only one batch is on its way at
 * a time, and what comes meanwhile gathers in the next: the slower the line the larger the batches,
 * and a retry can never overtake, or be overtaken by, anything.
 */
import { addToSequence, type NewRecord } from '../../protocol/records/index.ts';
import type { Topic } from '../topics.ts';

/** A record, and who waits for it to be stored. */
export interface Entry {
  readonly record: NewRecord;
  /** At least as many as it takes in a batch. */
  readonly bytes: number;
  /** -1: it is stored, and nobody knows where. */
  stored(offset: number, appendTime: number): void;
  failed(error: unknown): void;
  /** Puts it where it belongs in the topic as it is now; undefined: its caller chose the place. */
  readonly place: ((topic: Topic) => void) | undefined;
}

/** An idempotent producer, to one partition: its sequences count from 0. */
export interface Identity {
  readonly producerId: number;
  readonly producerEpoch: number;
}

export class Batch {
  readonly entries: Entry[];
  readonly createdAt: number;
  bytes: number;
  /** As it was sent first, and is sent each time. */
  encoded: Uint8Array | undefined;
  attempts = 0;
  /** It was sent, and no answer says that it was not stored. */
  isInDoubt = false;
  /** Kedge knew no such place, and its topic is looked up anew. */
  isMisplaced = false;
  retryAt = 0;

  constructor(entries: Entry[], createdAt: number) {
    this.entries = entries;
    this.createdAt = createdAt;
    this.bytes = entries.reduce((sum, { bytes }) => sum + bytes, 0);
  }
}

export interface BatchLimits {
  readonly batchBytes: number;
  readonly lingerMs: number;
}

export class PartitionQueue {
  readonly topic: string;
  readonly partition: number;
  /** As whom the next batch goes out, and its first sequence number. */
  identity: Identity | undefined;
  nextSequence = 0;
  /** The partition may have a batch that nobody answers for: only a new identity is sure. */
  hasLostPlace = false;
  readonly #limits: BatchLimits;
  /** Oldest first; the last one may still grow. */
  readonly #batches: Batch[] = [];
  #underWay: Batch | undefined;

  constructor(topic: string, partition: number, limits: BatchLimits) {
    this.topic = topic;
    this.partition = partition;
    this.#limits = limits;
  }

  get isEmpty(): boolean {
    return this.#batches.length === 0;
  }

  get isUnderWay(): boolean {
    return this.#underWay !== undefined;
  }

  append(entry: Entry, sentAt: number): void {
    const last = this.#batches.at(-1);
    const fits = last && last.bytes + entry.bytes <= this.#limits.batchBytes;
    if (last && fits && last !== this.#underWay && last.attempts === 0) {
      last.entries.push(entry);
      last.bytes += entry.bytes;
    } else this.#batches.push(new Batch([entry], sentAt));
  }

  /** Takes back what nobody wants to be sent any more, if it has not been sent. */
  remove(entry: Entry): boolean {
    for (const [index, batch] of this.#batches.entries()) {
      if (batch === this.#underWay || batch.attempts > 0) continue;
      const at = batch.entries.indexOf(entry);
      if (at < 0) continue;
      batch.entries.splice(at, 1);
      batch.bytes -= entry.bytes;
      if (batch.entries.length === 0) this.#batches.splice(index, 1);
      return true;
    }
    return false;
  }

  /** When the oldest batch may be sent; undefined: there is none, or one is under way. */
  readyAt(isFlushing: boolean): number | undefined {
    const [first, next] = this.#batches;
    if (first === undefined || this.#underWay !== undefined) return undefined;
    const isFull = next !== undefined || first.bytes >= this.#limits.batchBytes;
    const lingers = first.attempts === 0 && !isFull && !isFlushing;
    return lingers ? first.createdAt + this.#limits.lingerMs : first.retryAt;
  }

  /** Takes the oldest batch to send it: no other goes before it is `done` or `back`. */
  take(): Batch {
    this.#underWay = this.#batches[0];
    return this.#underWay;
  }

  /** It is stored, or given up. */
  done(batch: Batch): void {
    if (this.#underWay === batch) this.#underWay = undefined;
    const index = this.#batches.indexOf(batch);
    if (index >= 0) this.#batches.splice(index, 1);
  }

  /** It is to be sent again, the same. */
  back(batch: Batch, retryAt: number): void {
    batch.retryAt = retryAt;
    this.#underWay = undefined;
  }

  /** It was too large, and certainly not stored: two go in its place. */
  split(batch: Batch): void {
    const half = batch.entries.length >> 1;
    this.#underWay = undefined;
    this.#batches.splice(
      0,
      1,
      new Batch(batch.entries.slice(0, half), batch.createdAt),
      new Batch(batch.entries.slice(half), batch.createdAt),
    );
  }

  /** Its sequences are used up. */
  advance(batch: Batch): void {
    this.nextSequence = addToSequence(this.nextSequence, batch.entries.length);
  }

  /** The batch whose time is up, if it waits. */
  expired(now: number, deliveryTimeoutMs: number): Batch | undefined {
    const [first] = this.#batches;
    const waits = first !== undefined && this.#underWay === undefined;
    return waits && now - first.createdAt >= deliveryTimeoutMs ? first : undefined;
  }

  /** Everything that is not under way, taken out. */
  clear(): Batch[] {
    const [first] = this.#batches;
    const kept = first !== undefined && first === this.#underWay ? 1 : 0;
    return this.#batches.splice(kept);
  }
}
