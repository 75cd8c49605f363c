/**
 * What a share group knows of a partition: from where on it reads, and what became of the records
 * it was given since. The surprise: records in the same state are one run, however many, so that
 * the state is small where a batch is a million records.
 */
import type { ShareSettings } from './calls.ts';

export const RecordState = { AVAILABLE: 0, ACQUIRED: 1, ACKNOWLEDGED: 2, ARCHIVED: 4 } as const;
export type RecordState = (typeof RecordState)[keyof typeof RecordState];

export interface OffsetRange {
  readonly firstOffset: number;
  /** Inclusive, as everywhere here. */
  readonly lastOffset: number;
}

/** Neighbours in the same state. */
export interface Run extends OffsetRange {
  readonly state: RecordState;
  /** How often they were given to a member; 0 when that matters to nobody any more. */
  readonly deliveryCount: number;
  /** Who holds them; empty: nobody. */
  readonly memberId: string;
  /** On which of its connections they were given to it. */
  readonly connection: string;
  /** Milliseconds since the epoch; 0 when nobody holds them. */
  readonly lockedUntil: number;
}

/** Records that were first given out together: they are given out again together, if they can. */
export interface InFlightBatch extends OffsetRange {
  /** Somebody asked for, or spoke of, a part of it only: from then on each record counts alone. */
  readonly perRecord: boolean;
  /** All of its offsets, in order; a single run unless it is per record. */
  readonly runs: readonly Run[];
}

/** What is kept of a group's settings, for calls that come without them. */
export type KeptSettings = Pick<
  ShareSettings,
  'deliveryCountLimit' | 'maxRecordLocks' | 'isolationLevel'
>;

/** Never changed: every step makes another. */
export interface ShareState {
  /** Below it nothing is to be delivered any more. */
  readonly startOffset: number;
  readonly settings: KeptSettings;
  /** In order; there may be gaps between them, where the log has none either. */
  readonly batches: readonly InFlightBatch[];
}

/** How many of these begin at or before the offset; they are in order. */
export function beginningBy(ranges: readonly OffsetRange[], offset: number): number {
  let low = 0;
  let high = ranges.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (ranges[middle].firstOffset <= offset) low = middle + 1;
    else high = middle;
  }
  return low;
}

export function isOver({ state }: Run): boolean {
  return state === RecordState.ACKNOWLEDGED || state === RecordState.ARCHIVED;
}

/** The first offset that was never given out. */
export function nextOffset({ startOffset, batches }: ShareState): number {
  return Math.max(startOffset, (batches.at(-1)?.lastOffset ?? -1) + 1);
}

/** How many offsets lie between what is done and what was never given out. */
export function inFlightCount(state: ShareState): number {
  return nextOffset(state) - state.startOffset;
}

function firstAvailable({ batches }: ShareState): number | undefined {
  for (const { runs } of batches) {
    const run = runs.find(({ state }) => state === RecordState.AVAILABLE);
    if (run !== undefined) return run.firstOffset;
  }
  return undefined;
}

/** Where there may be something for a member; undefined: not before somebody lets go of records. */
export function fetchOffset(state: ShareState): number | undefined {
  const available = firstAvailable(state);
  if (available !== undefined) return available;
  return inFlightCount(state) < state.settings.maxRecordLocks ? nextOffset(state) : undefined;
}

/** So many records are held that what is appended helps nobody. */
export function isFull(state: ShareState): boolean {
  return fetchOffset(state) === undefined;
}

/** When the first lock ends; undefined: nobody holds anything. */
export function firstLockEnd({ batches }: ShareState): number | undefined {
  let first: number | undefined;
  for (const { runs } of batches) {
    for (const { state, lockedUntil } of runs) {
      if (state !== RecordState.ACQUIRED) continue;
      if (first === undefined || lockedUntil < first) first = lockedUntil;
    }
  }
  return first;
}

/** How many records from the start offset on need no delivery any more. */
export function deliveryCompleteCount({ startOffset, batches }: ShareState): number {
  let count = 0;
  for (const { runs } of batches) {
    for (const run of runs) {
      if (!isOver(run) || run.lastOffset < startOffset) continue;
      count += run.lastOffset - Math.max(run.firstOffset, startOffset) + 1;
    }
  }
  return count;
}

/** Who holds what nobody holds. */
export const nobody = { memberId: '', connection: '' };

/** Records that a member lets go of: to be had again, unless they were delivered too often. */
export function released(run: Run, { deliveryCountLimit }: KeptSettings): Run {
  return run.deliveryCount >= deliveryCountLimit
    ? over(run, RecordState.ARCHIVED)
    : { ...run, state: RecordState.AVAILABLE, ...nobody, lockedUntil: 0 };
}

export function over({ firstOffset, lastOffset }: Run, state: RecordState): Run {
  return { firstOffset, lastOffset, state, deliveryCount: 0, ...nobody, lockedUntil: 0 };
}

/** Locks that have ended by now end. The same state when none has. */
export function withoutEndedLocks(state: ShareState, now: number): ShareState {
  return releasing(state, ({ lockedUntil }) => lockedUntil <= now);
}

/**
 * The member holds nothing any more, or nothing of what it got on this connection. The same state
 * when it held nothing.
 */
export function withoutLocksOf(
  state: ShareState,
  memberId: string,
  connection?: string,
): ShareState {
  return releasing(
    state,
    (run) =>
      run.memberId === memberId && (connection === undefined || run.connection === connection),
  );
}

function releasing(state: ShareState, isReleased: (run: Run) => boolean): ShareState {
  const mustGo = (run: Run) => run.state === RecordState.ACQUIRED && isReleased(run);
  if (!state.batches.some(({ runs }) => runs.some(mustGo))) return state;
  const batches = state.batches.map((batch) => {
    if (!batch.runs.some(mustGo)) return batch;
    const runs = batch.runs.map((run) => (mustGo(run) ? released(run, state.settings) : run));
    return { ...batch, runs: joined(runs) };
  });
  return settled({ ...state, batches });
}

/** What lies below the start of the log is gone. The same state when the log begins before. */
export function startingAt(state: ShareState, logStartOffset: number): ShareState {
  if (logStartOffset <= state.startOffset) return state;
  const batches = state.batches
    .filter(({ lastOffset }) => lastOffset >= logStartOffset)
    .map((batch) => archived(batch, batch.firstOffset, logStartOffset - 1, () => true));
  return settled({ ...state, startOffset: logStartOffset, batches });
}

/** Moves the start over what is over. The same state when it stays. */
export function settled(state: ShareState): ShareState {
  let { startOffset } = state;
  const { batches } = state;
  let done = 0;
  for (const { runs, lastOffset } of batches) {
    const open = runs.find((run) => !isOver(run));
    if (open !== undefined) {
      startOffset = Math.max(startOffset, open.firstOffset);
      break;
    }
    startOffset = Math.max(startOffset, lastOffset + 1);
    done++;
  }
  if (startOffset === state.startOffset && done === 0) return state;
  return { ...state, startOffset, batches: batches.slice(done) };
}

/** Those of the records in [from, to] that are meant are not to be delivered any more. */
export function archived(
  batch: InFlightBatch,
  from: number,
  to: number,
  isMeant: (run: Run) => boolean,
): InFlightBatch {
  const changes: Run[] = [];
  for (const run of batch.runs) {
    const firstOffset = Math.max(run.firstOffset, from);
    const lastOffset = Math.min(run.lastOffset, to);
    if (firstOffset > lastOffset || !isMeant(run) || isOver(run)) continue;
    changes.push(over({ ...run, firstOffset, lastOffset }, RecordState.ARCHIVED));
  }
  return changed(batch, changes);
}

/** The batch with these runs in the place of what was there; they are in order and lie inside. */
export function changed(batch: InFlightBatch, changes: readonly Run[]): InFlightBatch {
  if (changes.length === 0) return batch;
  const runs: Run[] = [];
  let next = 0;
  for (const run of batch.runs) {
    let from = run.firstOffset;
    while (next < changes.length && changes[next].firstOffset <= run.lastOffset) {
      const change = changes[next];
      if (change.firstOffset > from) {
        runs.push({ ...run, firstOffset: from, lastOffset: change.firstOffset - 1 });
      }
      const lastOffset = Math.min(change.lastOffset, run.lastOffset);
      runs.push({ ...change, firstOffset: Math.max(from, change.firstOffset), lastOffset });
      from = lastOffset + 1;
      if (change.lastOffset > run.lastOffset) break;
      next++;
    }
    if (from <= run.lastOffset) runs.push({ ...run, firstOffset: from });
  }
  const whole = joined(runs);
  return { ...batch, perRecord: batch.perRecord || whole.length > 1, runs: whole };
}

/** Neighbours that are alike become one. */
function joined(runs: readonly Run[]): readonly Run[] {
  const result: Run[] = [];
  for (const run of runs) {
    const last = result.at(-1);
    if (last !== undefined && areAlike(last, run)) {
      result[result.length - 1] = { ...last, lastOffset: run.lastOffset };
    } else result.push(run);
  }
  return result;
}

function areAlike(one: Run, other: Run): boolean {
  return (
    one.state === other.state &&
    one.deliveryCount === other.deliveryCount &&
    one.memberId === other.memberId &&
    one.connection === other.connection &&
    one.lockedUntil === other.lockedUntil
  );
}
