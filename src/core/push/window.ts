/**
 * What lies between what a subscription has finished and what it has read of one partition: which
 * records may be handed over next, and which hold up others. The surprise: order by partition and
 * order by key are the same rule, since a record waits for those of its lane, and a partition in
 * order is one lane. Records without a key have a lane each: nothing orders them.
 */
import { toBase64 } from '../../bytes/base64.ts';
import type { DecodedRecord } from '../../protocol/records/index.ts';
import { notBeforeOf } from './messages.ts';
import { limits, type Subscription } from './subscription.ts';

export type WindowSettings = Pick<
  Subscription,
  'maxBatchSize' | 'maxBatchTimeoutMs' | 'maxRetries' | 'retryDelayMs' | 'maxRetryDelayMs' | 'order'
>;

/** What becomes of a record that was handed over. */
export type Outcome =
  | { readonly acked: true }
  | {
      readonly acked: false;
      readonly error: string;
      /** Null: as the subscription says. */
      readonly delayMs: number | null;
    };

/** A record that is not finished. */
export interface Pending {
  readonly record: DecodedRecord;
  /** How often it was handed over and came back. */
  readonly attempts: number;
  /** What was said of it last; empty: nothing. */
  readonly error: string;
}

interface Entry extends Pending {
  readonly lane: string;
  readonly size: number;
  /** When it was read; what it waited before counts as well for what was due already. */
  readonly seenAt: number;
  attempts: number;
  error: string;
  /** Not to be handed over before then; 0: whenever it is its turn. */
  notBefore: number;
  isFlying: boolean;
  /** It failed too often. */
  isDead: boolean;
  /** Whether something between it and its predecessor here is finished. */
  hasGapBefore: boolean;
}

/** What is to be remembered of a window through a restart, beside its position. */
export interface KeptWindow {
  /** All that was read lies below. */
  readonly next: number;
  /** First and last offsets between which nothing is finished; all others below `next` are. */
  readonly unfinished: readonly (readonly [first: number, last: number])[];
  readonly held: readonly {
    readonly offset: number;
    readonly attempts: number;
    readonly notBefore: number;
    readonly error: string;
  }[];
}

/** No more than this is read ahead of what is finished. */
const most = { records: 1_000, bytes: 8 * 1024 * 1024 };

export class DeliveryWindow {
  readonly #settings: WindowSettings;
  readonly #kept: KeptWindow | null;
  #entries: Entry[] = [];
  #bytes = 0;
  /** What is to be read next. */
  #next: number;
  /** Whether what comes next has something finished before it. */
  #hasGapAtEnd = false;

  constructor(settings: WindowSettings, position: number, kept: KeptWindow | null = null) {
    this.#settings = settings;
    this.#next = position;
    this.#kept = kept;
  }

  /** Below it everything is finished. */
  get position(): number {
    return this.#entries[0]?.record.offset ?? this.#next;
  }

  get next(): number {
    return this.#next;
  }

  get isEmpty(): boolean {
    return this.#entries.length === 0;
  }

  get hasRoom(): boolean {
    return this.#entries.length < most.records && this.#bytes < most.bytes;
  }

  get inFlight(): number {
    return this.#entries.filter(({ isFlying }) => isFlying).length;
  }

  get waitingForRetry(): number {
    return this.#entries.filter(({ attempts, isFlying }) => attempts > 0 && !isFlying).length;
  }

  /** How many offsets beyond the position are finished or nobody's. */
  get settledBeyond(): number {
    return this.#next - this.position - this.#entries.length;
  }

  /**
   * Takes what was read from `next` on, in order, as far as there is room. `nextOffset`: one past
   * the last that was read, records or not. `seenAt`: when; in the past for what was due.
   */
  add(records: readonly DecodedRecord[], nextOffset: number, seenAt: number): void {
    for (const record of records) {
      if (record.offset < this.#next) continue;
      if (!this.hasRoom) {
        this.#next = record.offset;
        return;
      }
      if (this.#isFinished(record.offset)) this.#hasGapAtEnd = true;
      else this.#push(record, seenAt);
      this.#next = record.offset + 1;
    }
    this.#next = Math.max(this.#next, nextOffset);
  }

  #push(record: DecodedRecord, seenAt: number): void {
    const held = this.#kept?.held.find(({ offset }) => offset === record.offset);
    const attempts = held?.attempts ?? 0;
    const size = (record.key?.length ?? 0) + (record.value?.length ?? 0);
    this.#entries.push({
      record,
      lane: this.#laneOf(record),
      size,
      seenAt,
      attempts,
      error: held?.error ?? '',
      notBefore: Math.max(held?.notBefore ?? 0, notBeforeOf(record)),
      isFlying: false,
      isDead: attempts > this.#settings.maxRetries,
      hasGapBefore: this.#hasGapAtEnd,
    });
    this.#hasGapAtEnd = false;
    this.#bytes += size;
  }

  /** Whether it was finished before a restart. */
  #isFinished(offset: number): boolean {
    if (this.#kept === null || offset >= this.#kept.next) return false;
    return !this.#kept.unfinished.some(([first, last]) => first <= offset && offset <= last);
  }

  #laneOf({ key, offset }: DecodedRecord): string {
    if (this.#settings.order === 'partition') return '';
    return key === null ? `@${offset}` : toBase64(key);
  }

  /** The next batch, to be settled later; undefined: none is ready. */
  take(now: number): readonly Pending[] | undefined {
    const { batch, isFull } = this.#candidates(now);
    const { maxBatchTimeoutMs } = this.#settings;
    const isReady = ({ attempts, notBefore, seenAt }: Entry) =>
      attempts > 0 || notBefore > 0 || seenAt + maxBatchTimeoutMs <= now;
    if (batch.length === 0 || !(isFull || batch.some(isReady))) return undefined;
    for (const entry of batch) entry.isFlying = true;
    return batch;
  }

  /** What could be handed over now, were it enough. */
  #candidates(now: number): { batch: Entry[]; isFull: boolean } {
    const batch: Entry[] = [];
    /** Lane → how often its first record here was tried; nothing may go that was tried less. */
    const lanes = new Map<string, number>();
    let bytes = 0;
    for (const entry of this.#entries) {
      const tried = lanes.get(entry.lane) ?? entry.attempts;
      const isLate = entry.isFlying || entry.isDead || entry.notBefore > now;
      const mustWait = isLate || entry.attempts < tried;
      lanes.set(entry.lane, mustWait ? Number.POSITIVE_INFINITY : tried);
      if (mustWait) {
        if (this.#settings.order === 'partition') break;
        continue;
      }
      if (batch.length > 0 && bytes + entry.size > limits.batchBytes) {
        return { batch, isFull: true };
      }
      batch.push(entry);
      bytes += entry.size;
      if (batch.length === this.#settings.maxBatchSize) return { batch, isFull: true };
    }
    return { batch, isFull: false };
  }

  /** How many more records would make a batch full, if they are not held up themselves. */
  missing(now: number): number {
    return this.#settings.maxBatchSize - this.#candidates(now).batch.length;
  }

  /** Whether what is read next would have to wait for what is here. */
  isHeldUp(now: number): boolean {
    const [first] = this.#entries;
    if (!this.hasRoom) return true;
    if (this.#settings.order === 'key' || first === undefined) return false;
    return first.isFlying || first.isDead || first.notBefore > now;
  }

  /** When something can be handed over though nothing happens until then; undefined: never. */
  get dueAt(): number | undefined {
    let due: number | undefined;
    const seen = new Set<string>();
    for (const { lane, isFlying, isDead, notBefore, attempts, seenAt } of this.#entries) {
      if (seen.has(lane)) continue;
      seen.add(lane);
      if (isFlying || isDead) continue;
      const isLate = attempts > 0 || notBefore > 0;
      const at = isLate ? notBefore : seenAt + this.#settings.maxBatchTimeoutMs;
      due = Math.min(due ?? at, at);
    }
    return due;
  }

  /** What the target said of a batch. Of what it said nothing, it took nothing. */
  settle(batch: readonly Pending[], outcomes: readonly Outcome[], now: number): void {
    const finished = new Set<Entry>();
    for (const [index, pending] of batch.entries()) {
      const entry = pending as Entry;
      const outcome = outcomes[index];
      entry.isFlying = false;
      if (outcome.acked) finished.add(entry);
      else this.#failed(entry, outcome.error, outcome.delayMs, now);
    }
    this.#finish(finished);
  }

  /** The target was not asked after all. */
  giveBack(batch: readonly Pending[]): void {
    for (const entry of batch as readonly Entry[]) entry.isFlying = false;
  }

  #failed(entry: Entry, error: string, delayMs: number | null, now: number): void {
    const { maxRetries, retryDelayMs, maxRetryDelayMs } = this.#settings;
    entry.error = error;
    entry.isDead = entry.attempts >= maxRetries;
    entry.attempts++;
    const backOff = Math.min(retryDelayMs * 2 ** (entry.attempts - 1), maxRetryDelayMs);
    entry.notBefore = now + (delayMs ?? backOff);
  }

  /** Cannot be handed over at all: no attempt helps. */
  condemn(pending: Pending, error: string): void {
    const entry = pending as Entry;
    entry.isFlying = false;
    entry.isDead = true;
    entry.error = error;
  }

  /** Those that failed too often, to be put away and then `bury`ed. */
  get dead(): readonly Pending[] {
    return this.#entries.filter(({ isDead }) => isDead);
  }

  bury(pending: Pending): void {
    this.#finish(new Set([pending as Entry]));
  }

  #finish(finished: ReadonlySet<Entry>): void {
    const left: Entry[] = [];
    let hasGap = false;
    for (const entry of this.#entries) {
      if (finished.has(entry)) {
        hasGap = true;
        this.#bytes -= entry.size;
        continue;
      }
      entry.hasGapBefore ||= hasGap;
      hasGap = false;
      left.push(entry);
    }
    this.#hasGapAtEnd ||= hasGap;
    this.#entries = left;
  }

  /** Null: the position says it all. */
  get kept(): KeptWindow | null {
    const held = this.#entries.filter(({ attempts, notBefore }) => attempts > 0 || notBefore > 0);
    if (held.length === 0) return null;
    const unfinished: [number, number][] = [];
    for (const { record, hasGapBefore } of this.#entries) {
      const last = unfinished.at(-1);
      if (last === undefined || hasGapBefore) unfinished.push([record.offset, record.offset]);
      else last[1] = record.offset;
    }
    return {
      next: this.#next,
      unfinished,
      held: held.map(({ record, attempts, notBefore, error }) => ({
        offset: record.offset,
        attempts,
        notBefore,
        error,
      })),
    };
  }
}
