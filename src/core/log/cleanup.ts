/**
 * What makes a log shorter: deleted records, retention, compaction, each in slices that a caller
 * spreads over time. The surprise: how large the log and its compacted part are is kept up and
 * written down with every change, so that nobody ever has to look at all rows to know.
 */
import type { RecordBatch } from '../../protocol/records/index.ts';
import { latestAlarm } from '../latest-alarm.ts';
import type { PartitionSpec } from './calls.ts';
import { type CleanupConfig, cleanupConfigFrom } from './cleanup-config.ts';
import { type CompactedRows, Compaction, compactionEnd, tombstonesGoTo } from './compaction.ts';
import { backoffMs, compactionDue, type DirtyPart, worthRows } from './compaction-time.ts';
import { type Growth, rowGrowsFor } from './last-row.ts';
import { firstState, type LogMemory, nothingCounted } from './log-memory.ts';
import type { ProducerStates } from './producer-state.ts';
import { expiredRows, nextSweep, rowsPerSweep } from './retention.ts';
import type { Counted, LogRow, LogState, LogStore, Rewrite, RowHead, Snapshot } from './store.ts';

interface CountedState extends LogState {
  readonly counted: Counted;
}

export class Cleanup {
  readonly #store: LogStore;
  readonly #memory: LogMemory;
  readonly #producers: ProducerStates;
  #config: { readonly of: LogState; readonly is: CleanupConfig } | undefined;
  /**
   * Rows that are not compacted, the last one too: counted up to what is worth a pass, and those
   * that came since then. Undefined: to be counted.
   */
  #dirtyRows: number | undefined;
  /** The log's first row; null: to be looked up. */
  #first: RowHead | undefined | null = null;
  #compaction: Compaction | undefined;

  constructor(store: LogStore, memory: LogMemory, producers: ProducerStates) {
    this.#store = store;
    this.#memory = memory;
    this.#producers = producers;
  }

  /** How the last row may grow: producers and sizes are written down up to an offset. */
  get growth(): Growth {
    const config = this.#currentConfig();
    const { snapshotOffset, state } = this.#memory;
    return {
      countedTo: Math.max(snapshotOffset, state?.counted?.nextOffset ?? 0),
      forMs: config === undefined ? 0 : rowGrowsFor(config),
    };
  }

  /** Rows were stored at the end of the log; the last one may have grown. */
  appended(rows: readonly LogRow[]): void {
    const hasGrown = rows.some(({ baseOffset }) => baseOffset === this.#first?.baseOffset);
    this.#first = hasGrown ? null : (this.#first ?? null);
    const added = rows.filter(({ grownFrom }) => grownFrom === undefined).length;
    if (this.#dirtyRows !== undefined) this.#dirtyRows += added;
  }

  /** Stores what is known beside the rows. */
  keep(state: LogState): void {
    this.#store.append([], undefined, state);
    this.#memory.state = state;
  }

  /** Moves the log start; rows below it go now, or with `work` if they are many. */
  deleteBelow(logStartOffset: number, spec: PartitionSpec, now: number): void {
    const state = this.#memory.state ?? firstState(spec, this.#memory.logStartOffset);
    const heads = this.#store.from(0, rowsPerSweep);
    const kept = heads.findIndex(({ nextOffset }) => nextOffset > logStartOffset);
    const gone = kept < 0 ? heads : heads.slice(0, kept);
    this.#delete(gone, { ...state, logStartOffset }, now);
  }

  /** When `work` has something to do, as things are. */
  dueAt(now: number): number | undefined {
    const config = this.#currentConfig();
    const first = this.#firstRow();
    if (config === undefined || first === undefined) return undefined;
    if (this.#compaction !== undefined) return now;
    const sweep = nextSweep(first, this.#bounds(), config, now);
    const due = config.compacts ? this.#compactionDue(config) : undefined;
    const compaction = due === undefined ? undefined : Math.max(due, now) + backoffMs;
    const at = Math.min(sweep ?? Number.MAX_VALUE, compaction ?? Number.MAX_VALUE);
    return at <= latestAlarm ? at : undefined;
  }

  /** A slice of the work; true when there may be more to do at once. */
  work(now: number): boolean {
    const config = this.#currentConfig();
    if (config === undefined || this.#firstRow() === undefined) return false;
    return this.#expire(config, now) || (config.compacts && this.#compact(config, now));
  }

  #bounds() {
    const { logStartOffset, sizeInBytes } = this.#memory;
    return { logStartOffset, sizeInBytes };
  }

  #currentConfig(): CleanupConfig | undefined {
    const { state } = this.#memory;
    if (state === undefined) return undefined;
    if (this.#config?.of.spec !== state.spec) {
      this.#config = { of: state, is: cleanupConfigFrom(state.spec.configs) };
    }
    return this.#config.is;
  }

  #firstRow(): RowHead | undefined {
    if (this.#first === null) this.#first = this.#store.from(0, 1).at(0);
    return this.#first;
  }

  #expire(config: CleanupConfig, now: number): boolean {
    if (expiredRows([this.#firstRow()!], this.#bounds(), config, now) === 0) return false;
    const heads = this.#store.from(0, rowsPerSweep);
    const count = expiredRows(heads, this.#bounds(), config, now);
    const { logStartOffset } = this.#memory;
    const to = Math.max(logStartOffset, heads[count - 1].nextOffset);
    this.#delete(heads.slice(0, count), { ...this.#memory.state!, logStartOffset: to }, now);
    return this.#firstRow() !== undefined;
  }

  /** The log's first rows go, and the log starts where the state says. */
  #delete(heads: readonly RowHead[], state: LogState, now: number): void {
    const first = heads.at(0)?.baseOffset ?? 0;
    const last = heads.at(-1)?.baseOffset ?? -1;
    const clean = heads.filter(({ baseOffset }) => baseOffset < state.cleanedTo);
    const counted = this.#counted(-bytesOf(heads), -bytesOf(clean));
    const forgotten = this.#abortedBelow(state.logStartOffset);
    this.#rewrite({ first, last, rows: [], forgotten }, { ...state, counted }, now);
    this.#memory.logStartOffset = state.logStartOffset;
    // What it knows of rows that are gone would bring them back.
    this.#compaction = undefined;
  }

  /** Aborted transactions that lie wholly below an offset: some of them, if they are many. */
  #abortedBelow(offset: number): number[] {
    const below: number[] = [];
    for (const { lastOffset } of this.#store.abortedFrom(0)) {
      if (lastOffset >= offset || below.length === rowsPerSweep) break;
      below.push(lastOffset);
    }
    return below;
  }

  #compact(config: CleanupConfig, now: number): boolean {
    this.#compaction ??= this.#startCompaction(config, now);
    const compaction = this.#compaction;
    if (compaction === undefined) return false;
    const compacted = compaction.step();
    if (compacted !== undefined) {
      this.#rewrite(compacted, this.#stateAfter(compaction, compacted, now), now);
    } else if (compaction.done) this.keep(this.#stateAfter(compaction, undefined, now));
    if (!compaction.done) return true;
    this.#compaction = undefined;
    this.#dirtyRows = undefined;
    // What was appended meanwhile waits for the next alarm, else it might never end.
    return compaction.cutShort;
  }

  /** Also counts again what may have been compacted while the pass was under way. */
  #stateAfter(compaction: Compaction, rows: CompactedRows | undefined, now: number): CountedState {
    const before = this.#memory.state!;
    const grown = rows === undefined ? 0 : sizeOf(rows.rows) - rows.bytesBefore;
    const clean = rows !== undefined && rows.first < before.cleanedTo;
    const counted = this.#counted(grown, clean ? grown : 0);
    if (!compaction.done) return { ...before, counted };
    const state = compaction.stateAfter(before, now);
    const { bytes } = this.#store.totals(state.cleanedTo);
    return { ...state, counted: { ...counted, cleanBytes: counted.sizeInBytes - bytes } };
  }

  #startCompaction(config: CleanupConfig, now: number): Compaction | undefined {
    const due = this.#compactionDue(config);
    if (due === undefined || due > now) return undefined;
    const state = this.#memory.state!;
    const dirtyFrom = this.#dirtyFrom(state);
    const ripe = compactionEnd(this.#store, dirtyFrom, config, now);
    const end = Math.max(Math.min(ripe, this.#firstOpenRow()), state.cleanedTo);
    const scope = { dirtyFrom, end, tombstonesGoTo: tombstonesGoTo(state, config, now) };
    return new Compaction(this.#store, scope, (batch) => this.#isLastOfProducer(batch, now));
  }

  /** Whether the log shows by this batch what it knows of its producer. */
  #isLastOfProducer(batch: RecordBatch, now: number): boolean {
    const entry = this.#producers.get(batch.producerId, now);
    if (entry === undefined) return false;
    const last = entry.batches.at(-1);
    if (last === undefined) return batch.isControl && batch.producerEpoch === entry.epoch;
    return last.baseOffset + last.recordCount - 1 === batch.lastOffset;
  }

  /** Where the first row begins that holds something of an open transaction; or beyond all rows. */
  #firstOpenRow(): number {
    const first = this.#producers.firstOpenOffset;
    if (!Number.isFinite(first)) return first;
    const row = this.#store.floor(first);
    return row !== undefined && row.nextOffset > first ? row.baseOffset : first;
  }

  #compactionDue(config: CleanupConfig): number | undefined {
    return compactionDue(this.#dirtyPart(), this.#memory.state!, config);
  }

  #dirtyFrom({ cleanedTo }: LogState): number {
    return Math.max(cleanedTo, this.#memory.logStartOffset);
  }

  #dirtyPart(): DirtyPart {
    const from = this.#dirtyFrom(this.#memory.state!);
    const last = this.#store.floor(Number.MAX_SAFE_INTEGER)!;
    const first = this.#store.floor(from);
    const start = first !== undefined && first.nextOffset > from ? first.baseOffset : from;
    this.#dirtyRows ??= this.#store.from(start, worthRows + 1).length;
    const rows = this.#dirtyRows - 1;
    const { state, sizeInBytes } = this.#memory;
    const { cleanBytes } = state?.counted ?? nothingCounted;
    return {
      first: rows > 0 && start < this.#firstOpenRow() ? this.#store.from(start, 1)[0] : undefined,
      rows,
      bytes: sizeInBytes - cleanBytes - last.byteCount,
      sizeInBytes: sizeInBytes - last.byteCount,
    };
  }

  /**
   * Rows carry what they mean for producers, so before they go it is written down once as a whole.
   */
  #snapshotBefore(offset: number, now: number): Snapshot | undefined {
    const { snapshotOffset, nextOffset } = this.#memory;
    if (offset <= snapshotOffset) return undefined;
    this.#producers.expire(now);
    if (this.#producers.size === 0) return undefined;
    return { nextOffset, bytes: this.#producers.encode() };
  }

  /** The sizes when all rows have grown by so much, and the compacted ones by so much. */
  #counted(grown: number, cleanGrown: number): Counted {
    const { state, nextOffset, sizeInBytes } = this.#memory;
    const { cleanBytes } = state?.counted ?? nothingCounted;
    return {
      nextOffset,
      sizeInBytes: sizeInBytes + grown,
      cleanBytes: Math.max(cleanBytes + cleanGrown, 0),
    };
  }

  #rewrite(
    { first, last, rows, forgotten }: Omit<Rewrite, 'snapshot' | 'state'>,
    state: CountedState,
    now: number,
  ): void {
    const snapshot = this.#snapshotBefore(last + 1, now);
    this.#store.rewrite({ first, last, rows, forgotten, snapshot, state });
    this.#memory.state = state;
    this.#memory.sizeInBytes = state.counted.sizeInBytes;
    if (snapshot !== undefined) this.#memory.snapshotOffset = snapshot.nextOffset;
    this.#dirtyRows = undefined;
    this.#first = null;
  }
}

function bytesOf(heads: readonly RowHead[]): number {
  return heads.reduce((sum, { byteCount }) => sum + byteCount, 0);
}

function sizeOf(rows: readonly LogRow[]): number {
  return rows.reduce((sum, { bytes }) => sum + bytes.length, 0);
}
