/**
 * Which of the records that were read a member gets. The surprises: whole batches of the log are
 * given out, so that a member may get more than it asked for, unless it set a strict limit; and
 * records that were delivered in vain for some time come in smaller and smaller numbers, at last
 * alone, so that one bad record does not spoil its neighbours.
 *
 * Behaviour
 * - What was given out together and let go of is given out together, as one entry.
 * - Counted are offsets, so gaps and control records count as records.
 * - Of a transaction that was aborted nothing is given out to those who read what is committed.
 */
import type { RecordBatch } from '../../../protocol/records/index.ts';
import { ControlType, controlType, decodeRecords } from '../../../protocol/records/index.ts';
import type { AbortedInRead } from '../../log/calls.ts';
import type { AcquiredRecords, ShareFetchRoom, ShareSettings } from './calls.ts';
import {
  archived,
  beginningBy,
  changed,
  type InFlightBatch,
  inFlightCount,
  nextOffset,
  nobody,
  type OffsetRange,
  RecordState,
  type Run,
  type ShareState,
  settled,
} from './state.ts';

export interface AcquireQuestion {
  readonly memberId: string;
  readonly connection: string;
  readonly room: Pick<ShareFetchRoom, 'maxRecords' | 'batchSize' | 'acquireMode'>;
  readonly settings: ShareSettings;
  /** Where was read. */
  readonly fetchOffset: number;
  /** What was read, in order, at least one. */
  readonly read: readonly RecordBatch[];
  readonly aborted: readonly AbortedInRead[];
  readonly now: number;
}

export interface Acquisition {
  readonly state: ShareState;
  readonly acquired: readonly AcquiredRecords[];
}

/** Whether the last batch may exceed what a member asked for, or never. */
export const AcquireMode = { BATCH_OPTIMIZED: 0, RECORD_LIMIT: 1 } as const;

/** A limit below three leaves no deliveries to be careful with. */
const leastThrottled = 2;

export function acquire(state: ShareState, question: AcquireQuestion): Acquisition {
  const lastRead = question.read.at(-1)!.lastOffset;
  const nothing = { state, acquired: [] };
  if (lastRead < state.startOffset) return nothing;
  const bounds = boundsOf(state, question, lastRead);
  if (bounds.maxRecords <= 0) return nothing;
  const acquiring = new Acquiring(state, question);
  acquiring.acquire(bounds);
  acquiring.leaveOutAborted();
  return { state: settled(acquiring.state), acquired: acquiring.acquired };
}

interface Bounds {
  readonly lastOffset: number;
  readonly maxRecords: number;
}

/** Once there are too many records in flight, only those are given out that were before. */
function boundsOf(state: ShareState, question: AcquireQuestion, lastRead: number): Bounds {
  const wanted = question.room.maxRecords;
  const room = question.settings.maxRecordLocks - inFlightCount(state);
  const maxRecords = Math.min(wanted, room);
  const next = nextOffset(state);
  if (maxRecords > 0 || question.fetchOffset >= next) return { lastOffset: lastRead, maxRecords };
  return {
    lastOffset: Math.min(lastRead, next - 1),
    maxRecords: Math.min(wanted, next - question.fetchOffset),
  };
}

class Acquiring {
  readonly #question: AcquireQuestion;
  #state: ShareState;
  #batches: InFlightBatch[];
  #count = 0;
  acquired: AcquiredRecords[] = [];

  constructor(state: ShareState, question: AcquireQuestion) {
    this.#question = question;
    this.#state = state;
    this.#batches = [...state.batches];
  }

  get state(): ShareState {
    return { ...this.#state, batches: this.#batches };
  }

  acquire({ lastOffset, maxRecords }: Bounds): void {
    const first = this.#question.read[0].baseOffset;
    this.#archiveStale(first);
    const start = this.#floorOf(first) ?? first;
    const [from, to] = this.#between(Math.min(first, start), lastOffset);
    if (!this.#acquireAgain(from, to, { lastOffset, maxRecords })) return;
    const next = from === to ? start : this.#batches[to - 1].lastOffset + 1;
    const room = maxRecords - this.#count;
    if (room > 0 && next <= lastOffset) this.#acquireNew(next, lastOffset, room);
  }

  /** What compaction took out of the log since it was given out cannot be given out again. */
  #archiveStale(first: number): void {
    const { fetchOffset } = this.#question;
    const isAvailable = ({ state }: Run) => state === RecordState.AVAILABLE;
    const [from, to] = this.#between(this.#floorOf(fetchOffset) ?? fetchOffset, first - 1);
    for (let i = from; i < to; i++) {
      this.#batches[i] = archived(this.#batches[i], fetchOffset, first - 1, isAvailable);
    }
  }

  /** Where the batch in flight begins that holds this offset. */
  #floorOf(offset: number): number | undefined {
    const holds = (batch: InFlightBatch) =>
      batch.firstOffset <= offset && offset <= batch.lastOffset;
    return this.#batches.find(holds)?.firstOffset;
  }

  /** Those batches in flight that begin in [first, last], by their indexes. */
  #between(first: number, last: number): [from: number, to: number] {
    const indexFrom = (offset: number) => {
      const index = this.#batches.findIndex(({ firstOffset }) => firstOffset >= offset);
      return index < 0 ? this.#batches.length : index;
    };
    const from = indexFrom(first);
    return [from, Math.max(from, indexFrom(last + 1))];
  }

  /** What was given out before and let go of. False: nothing more is to be given out now. */
  #acquireAgain(from: number, to: number, { lastOffset, maxRecords }: Bounds): boolean {
    const first = this.#question.read[0].baseOffset;
    const strict = this.#isStrict;
    for (let i = from; i < to && this.#count < maxRecords; i++) {
      const batch = this.#batches[i];
      const careful = this.#mustBeCareful(batch, first, lastOffset);
      if (careful && this.#count > 0) return false;
      const inside = batch.firstOffset >= first && batch.lastOffset <= lastOffset;
      const fits = !strict || batch.lastOffset - batch.firstOffset + 1 <= maxRecords - this.#count;
      if (inside && fits && !batch.perRecord && !careful) this.#acquireWhole(i);
      else {
        const count = this.#acquirePart(i, { first, lastOffset, room: maxRecords - this.#count });
        this.#count += count;
        if (careful && count > 0) return false;
      }
    }
    return true;
  }

  /** Whether it was delivered so often that something in it may be bad. */
  #mustBeCareful({ runs }: InFlightBatch, first: number, last: number): boolean {
    const available = runs.filter(
      ({ state, firstOffset, lastOffset }) =>
        state === RecordState.AVAILABLE && lastOffset >= first && firstOffset <= last,
    );
    return available.some(({ deliveryCount }) => deliveryCount >= this.#throttledFrom);
  }

  get #isStrict(): boolean {
    return this.#question.room.acquireMode === AcquireMode.RECORD_LIMIT;
  }

  get #throttledFrom(): number {
    return Math.max(leastThrottled, Math.ceil(this.#question.settings.deliveryCountLimit / 2));
  }

  #acquireWhole(index: number): void {
    const batch = this.#batches[index];
    const [run] = batch.runs;
    if (run.state !== RecordState.AVAILABLE) return;
    const held = this.#held(run);
    this.#batches[index] = { ...batch, runs: [held] };
    this.acquired.push(entryOf(held));
    this.#count += run.lastOffset - run.firstOffset + 1;
  }

  #held(run: Run): Run {
    const { memberId, connection, settings, now } = this.#question;
    return {
      ...run,
      state: RecordState.ACQUIRED,
      deliveryCount: run.deliveryCount + 1,
      memberId,
      connection,
      lockedUntil: now + settings.recordLockDurationMs,
    };
  }

  /** Answers how many records were acquired. */
  #acquirePart(
    index: number,
    { first, lastOffset, room }: { first: number; lastOffset: number; room: number },
  ): number {
    const batch = this.#batches[index];
    const strict = this.#isStrict;
    const limit = this.#question.settings.deliveryCountLimit;
    const changes: Run[] = [];
    let count = 0;
    let throttledTo = 0;
    for (const run of batch.runs) {
      const from = Math.max(run.firstOffset, first);
      const to = Math.min(run.lastOffset, lastOffset);
      if (from > to || run.state !== RecordState.AVAILABLE) continue;
      const isLast = limit > leastThrottled && run.deliveryCount === limit - 1;
      if (isLast && count > 0) break;
      if (throttledTo === 0 && run.deliveryCount >= this.#throttledFrom) {
        throttledTo = throttledSize(batch, run.deliveryCount - this.#throttledFrom);
      }
      let take = isLast ? 1 : to - from + 1;
      if (strict) take = Math.min(take, room - count);
      if (throttledTo > count) take = Math.min(take, throttledTo - count);
      changes.push(this.#held({ ...run, firstOffset: from, lastOffset: from + take - 1 }));
      count += take;
      if (isLast || (strict && count === room) || count === throttledTo) break;
    }
    if (count === 0) return 0;
    this.#batches[index] = { ...changed(batch, changes), perRecord: true };
    this.acquired.push(...entriesOf(changes));
    return count;
  }

  /** What was never given out before. */
  #acquireNew(from: number, to: number, maxRecords: number): void {
    const first = Math.max(from, this.#state.startOffset);
    const [index] = this.#between(first, first);
    const end = (this.#batches[index]?.firstOffset ?? Number.POSITIVE_INFINITY) - 1;
    const fits = to - first + 1 <= maxRecords;
    const last = Math.min(end, fits ? to : this.#endOfBatch(first + maxRecords - 1));
    if (first > last) return;
    if (index === 0) this.#state = { ...this.#state, startOffset: first };
    const batches = this.#isStrict
      ? [this.#atMost(first, last, maxRecords)]
      : this.#cut(first, last).map(([one, other]) => this.#newBatch(one, other));
    this.#batches.splice(index, 0, ...batches);
    for (const { runs } of batches) {
      this.acquired.push(entryOf(runs[0]));
      this.#count += runs[0].lastOffset - runs[0].firstOffset + 1;
    }
  }

  #newBatch(firstOffset: number, lastOffset: number): InFlightBatch {
    const runs = [this.#held(neverHeld(firstOffset, lastOffset))];
    return { firstOffset, lastOffset, perRecord: false, runs };
  }

  /** The rest of what was read with them may be had by the next who asks. */
  #atMost(first: number, last: number, maxRecords: number): InFlightBatch {
    const lastHeld = first + maxRecords - 1;
    if (last <= lastHeld) return this.#newBatch(first, last);
    const { runs } = this.#newBatch(first, lastHeld);
    const rest = neverHeld(lastHeld + 1, last);
    return { firstOffset: first, lastOffset: last, perRecord: true, runs: [...runs, rest] };
  }

  /** The last offset of the log's batch that holds this one. */
  #endOfBatch(offset: number): number {
    const batch = this.#question.read.findLast(({ baseOffset }) => baseOffset <= offset);
    return batch === undefined ? offset : Math.max(offset, batch.lastOffset);
  }

  /** In pieces of the size the member would have, each beginning with a batch of the log. */
  #cut(first: number, last: number): [number, number][] {
    const { batchSize } = this.#question.room;
    const pieces: [number, number][] = [];
    let from = first;
    if (last - first + 1 > batchSize) {
      for (const { baseOffset } of this.#question.read) {
        if (baseOffset > last) break;
        if (baseOffset <= from || baseOffset - from < batchSize) continue;
        pieces.push([from, baseOffset - 1]);
        from = baseOffset;
      }
    }
    return [...pieces, [from, last]];
  }

  /** Those who read what is committed are not to see what was aborted, and nobody needs to. */
  leaveOutAborted(): void {
    const { settings, read, aborted } = this.#question;
    if (settings.isolationLevel !== 1 || aborted.length === 0 || this.#count === 0) return;
    const isHeld = (run: Run) => run.state === RecordState.ACQUIRED;
    const ranges = abortedRanges(read, aborted);
    this.#batches = this.#batches.map((batch) =>
      meeting(ranges, batch).reduce<InFlightBatch>(
        (left, { firstOffset, lastOffset }) => archived(left, firstOffset, lastOffset, isHeld),
        batch,
      ),
    );
    this.acquired = this.acquired.flatMap((entry) =>
      meeting(ranges, entry).reduce(
        (left, range) => left.flatMap((one) => without(one, range)),
        [entry],
      ),
    );
  }
}

function neverHeld(firstOffset: number, lastOffset: number): Run {
  const state = RecordState.AVAILABLE;
  return { firstOffset, lastOffset, state, deliveryCount: 0, ...nobody, lockedUntil: 0 };
}

/** Half of the batch at first, then half of that, and so on; at least one record. */
function throttledSize({ firstOffset, lastOffset }: InFlightBatch, deliveries: number): number {
  return Math.max(1, Math.floor((lastOffset - firstOffset + 1) / 2 ** (deliveries + 1)));
}

function entryOf({ firstOffset, lastOffset, deliveryCount }: Run): AcquiredRecords {
  return { firstOffset, lastOffset, deliveryCount };
}

/** Neighbours that were delivered as often are one entry. */
function entriesOf(runs: readonly Run[]): AcquiredRecords[] {
  const entries: AcquiredRecords[] = [];
  for (const run of runs) {
    const last = entries.at(-1);
    const continues =
      last?.lastOffset === run.firstOffset - 1 && last.deliveryCount === run.deliveryCount;
    if (continues) entries[entries.length - 1] = { ...last, lastOffset: run.lastOffset };
    else entries.push(entryOf(run));
  }
  return entries;
}

function without(entry: AcquiredRecords, range: OffsetRange): AcquiredRecords[] {
  if (entry.lastOffset < range.firstOffset || entry.firstOffset > range.lastOffset) return [entry];
  const before = { ...entry, lastOffset: range.firstOffset - 1 };
  const after = { ...entry, firstOffset: range.lastOffset + 1 };
  return [before, after].filter(({ firstOffset, lastOffset }) => firstOffset <= lastOffset);
}

/** Where the records of transactions that were aborted are; neighbours are one. */
function abortedRanges(
  read: readonly RecordBatch[],
  aborted: readonly AbortedInRead[],
): OffsetRange[] {
  const ranges: OffsetRange[] = [];
  for (const { baseOffset: firstOffset, lastOffset } of abortedBatches(read, aborted)) {
    const last = ranges.at(-1);
    if (last?.lastOffset === firstOffset - 1) ranges[ranges.length - 1] = { ...last, lastOffset };
    else ranges.push({ firstOffset, lastOffset });
  }
  return ranges;
}

/** Those of the ranges that have something of this one. */
function meeting(
  ranges: readonly OffsetRange[],
  { firstOffset, lastOffset }: OffsetRange,
): readonly OffsetRange[] {
  const from = beginningBy(ranges, firstOffset - 1);
  const reaches = from > 0 && ranges[from - 1].lastOffset >= firstOffset;
  return ranges.slice(reaches ? from - 1 : from, beginningBy(ranges, lastOffset));
}

/** The batches with records of transactions that were aborted. */
function abortedBatches(
  read: readonly RecordBatch[],
  aborted: readonly AbortedInRead[],
): RecordBatch[] {
  const producers = new Set<number>();
  let next = 0;
  return read.filter((batch) => {
    while (next < aborted.length && aborted[next].firstOffset <= batch.lastOffset) {
      producers.add(aborted[next++].producerId);
    }
    if (!batch.isTransactional) return false;
    if (isAbort(batch)) {
      producers.delete(batch.producerId);
      return false;
    }
    return producers.has(batch.producerId);
  });
}

function isAbort(batch: RecordBatch): boolean {
  if (!batch.isControl) return false;
  for (const { key } of decodeRecords(batch)) return controlType(key) === ControlType.ABORT;
  return false;
}
