/**
 * One pass of compaction over a log: it learns the latest offset of every key in the part that was
 * not compacted yet, then goes over the log from its beginning and leaves out what is superseded.
 * The surprise: it does so in small steps, and every write between them leaves a whole log, since
 * what goes is always still there at a later offset; a pass that is cut off just starts anew.
 *
 * Behaviour:
 * - the last row is never touched, nor a record younger than `min.compaction.lag.ms` or behind one
 * - a tombstone goes `delete.retention.ms` after the pass that first reached it
 * - records without a key go; a batch that cannot be opened, and every control batch, stays
 * - of a producer's last batch the header stays, as in Kafka
 * - small rows are joined; a large one without anything superseded is left alone, for writes are
 *   what costs
 */
import { type RecordBatch, recordBatches } from '../../protocol/records/index.ts';
import type { CleanupConfig } from './cleanup-config.ts';
import { compactBatch, concat, eachRecord, recordsOf } from './compact-batch.ts';
import { rowBytes } from './flush.ts';
import { KeyOffsets } from './key-offsets.ts';
import { rowsPerSweep, timeOf } from './retention.ts';
import type { Cleaning, LogRow, LogState, LogStore, RowHead } from './store.ts';

/** A step looks at rows of so many bytes, at least at one row. */
const stepBytes = 512 * 1024;
const stepRows = 256;
/** What a pass remembers of keys; what is beyond it is for the next pass. */
const mostKeys = 200_000;
const mostKeyBytes = 8 * 1024 * 1024;
/** A row this large is not joined with others. */
const largeRowBytes = rowBytes / 4;
/** Passes of which tombstones remember the time. */
const mostCleanings = 16;

/** Rows in place of others: a whole log before and after. */
export interface CompactedRows {
  readonly first: number;
  readonly last: number;
  readonly rows: readonly LogRow[];
  /** Bytes that were there before. */
  readonly bytesBefore: number;
}

export interface CompactionScope {
  /** The first offset that may hold keys twice. */
  readonly dirtyFrom: number;
  /** Tombstones below this offset may go. */
  readonly tombstonesGoTo: number;
  /** Rows that begin at or after it are not looked at. */
  readonly end: number;
}

export interface CompactionLimits {
  readonly mostKeys: number;
  readonly mostKeyBytes: number;
}

export class Compaction {
  readonly #store: LogStore;
  readonly #scope: CompactionScope;
  readonly #isLastOfProducer: (batch: RecordBatch) => boolean;
  readonly #keys: KeyOffsets;
  #mapping: boolean;
  /** The next row begins here or later. */
  #at: number;
  /** Where the keys end that this pass knows. */
  #end: number;
  #pending: Pending = new Pending();
  #firstTombstone: number | undefined;
  #done = false;

  constructor(
    store: LogStore,
    scope: CompactionScope,
    isLastOfProducer: (batch: RecordBatch) => boolean,
    limits: CompactionLimits = { mostKeys, mostKeyBytes },
  ) {
    this.#store = store;
    this.#scope = scope;
    this.#isLastOfProducer = isLastOfProducer;
    this.#keys = new KeyOffsets(limits.mostKeys, limits.mostKeyBytes);
    this.#mapping = scope.dirtyFrom < scope.end;
    this.#at = this.#mapping ? startOfRow(store, scope.dirtyFrom) : 0;
    this.#end = scope.end;
  }

  /** Everything was looked at and given to be written. */
  get done(): boolean {
    return this.#done;
  }

  /** Works for a few milliseconds. What it returns is to be written before the next step. */
  step(): CompactedRows | undefined {
    const heads = this.#nextHeads();
    if (heads.length === 0) return this.#mapping ? this.#turn() : this.#finish();
    const rows = this.#store.data(heads[0].baseOffset, heads.at(-1)!.baseOffset);
    for (const [i, bytes] of rows.entries()) {
      const head = heads[i];
      this.#at = head.baseOffset + 1;
      if (this.#mapping) {
        if (this.#keys.isFull) return this.#turn(head.baseOffset);
        this.#learn(bytes);
        continue;
      }
      const ready = this.#filter(head, bytes);
      if (ready !== undefined) return ready;
    }
    return undefined;
  }

  /** What is known of the log when all is written. */
  stateAfter(before: LogState, now: number): LogState {
    const cleanings: Cleaning[] = [...before.cleanings];
    const further = this.#end > (cleanings.at(-1)?.to ?? 0);
    if (further) cleanings.push({ to: this.#end, at: now });
    return {
      ...before,
      cleanedTo: Math.max(before.cleanedTo, this.#end),
      // Without the oldest, what it covered is of the next one, and its tombstones stay longer.
      cleanings: cleanings.slice(-mostCleanings),
      firstTombstone: this.#firstTombstone,
    };
  }

  #nextHeads(): readonly RowHead[] {
    const heads = this.#store.from(this.#at, stepRows);
    let count = 0;
    let size = 0;
    while (count < heads.length && heads[count].baseOffset < this.#end && size < stepBytes) {
      size += heads[count++].byteCount;
    }
    return heads.slice(0, count);
  }

  /** All keys are known, or as many as can be: now from the beginning. */
  #turn(end = this.#end): undefined {
    this.#mapping = false;
    this.#end = end;
    this.#at = 0;
  }

  #finish(): CompactedRows | undefined {
    this.#done = true;
    return this.#flush(new Pending());
  }

  #learn(row: Uint8Array): void {
    for (const batch of recordBatches(row)) {
      const bytes = recordsOf(batch);
      if (bytes === undefined) continue;
      eachRecord(batch, bytes, (offset, key) => {
        if (key !== undefined) this.#keys.put(key, offset);
      });
    }
  }

  #filter(head: RowHead, bytes: Uint8Array): CompactedRows | undefined {
    const batches = [...recordBatches(bytes)];
    const kept = batches.flatMap((batch) => this.#filterBatch(batch) ?? []);
    const changed = kept.length < batches.length || kept.some((b, i) => b !== batches[i].bytes);
    if (!changed && bytes.length >= largeRowBytes) return this.#flush(new Pending());
    const size = kept.reduce((sum, { length }) => sum + length, 0);
    const { heads, sizeInBytes } = this.#pending;
    const full = heads.length >= rowsPerSweep || sizeInBytes + size > rowBytes;
    const ready = full ? this.#flush(new Pending()) : undefined;
    // A view of a few bytes would keep the whole row in memory.
    this.#pending.add(head, changed ? concat(kept) : bytes, changed);
    return ready;
  }

  #filterBatch(batch: RecordBatch): Uint8Array | undefined {
    const records = recordsOf(batch);
    if (records === undefined) return batch.bytes;
    const keep = (offset: number, key: Uint8Array | undefined, dead: boolean): boolean => {
      if (key === undefined) return false;
      if (offset < (this.#keys.get(key) ?? 0)) return false;
      if (!dead) return true;
      if (offset < this.#scope.tombstonesGoTo) return false;
      this.#firstTombstone ??= offset;
      return true;
    };
    return compactBatch(batch, records, keep, this.#isLastOfProducer(batch));
  }

  #flush(next: Pending): CompactedRows | undefined {
    const pending = this.#pending;
    this.#pending = next;
    return pending.rewrite(this.#store);
  }
}

/** Rows that will be one. */
class Pending {
  readonly heads: RowHead[] = [];
  sizeInBytes = 0;
  readonly #pieces: Uint8Array[] = [];
  #changed = false;

  add(head: RowHead, bytes: Uint8Array, changed: boolean): void {
    this.heads.push(head);
    if (bytes.length > 0) this.#pieces.push(bytes);
    this.sizeInBytes += bytes.length;
    this.#changed ||= changed;
  }

  rewrite(store: LogStore): CompactedRows | undefined {
    const { heads } = this;
    if (!this.#changed && heads.length < 2) return undefined;
    const first = heads[0].baseOffset;
    const last = heads.at(-1)!;
    const bytesBefore = heads.reduce((sum, { byteCount }) => sum + byteCount, 0);
    const rows = this.#pieces.length === 0 ? [] : [this.#row(store, first, last)];
    return { first, last: last.baseOffset, rows, bytesBefore };
  }

  #row(store: LogStore, baseOffset: number, last: RowHead): LogRow {
    const bytes = concat(this.#pieces);
    let maxTimestamp = -1;
    for (const batch of recordBatches(bytes)) {
      maxTimestamp = Math.max(maxTimestamp, batch.maxTimestamp);
    }
    const before = store.floor(baseOffset - 1)?.maxTimestampSoFar ?? -1;
    return {
      baseOffset,
      nextOffset: last.nextOffset,
      maxTimestamp,
      maxTimestampSoFar: Math.max(before, maxTimestamp),
      appendedAt: last.appendedAt,
      // Producers are in the snapshot that is written before any row of theirs goes.
      producers: null,
      bytes,
    };
  }
}

function startOfRow(store: LogStore, offset: number): number {
  return store.floor(offset)?.baseOffset ?? offset;
}

/** Below this offset tombstones have been there for long enough. */
export function tombstonesGoTo(
  { cleanings }: LogState,
  { deleteRetentionMs }: CleanupConfig,
  now: number,
): number {
  return cleanings.findLast(({ at }) => at + deleteRetentionMs <= now)?.to ?? 0;
}

/** Where the part ends that may be compacted: at the last row, or at the first that is too young. */
export function compactionEnd(
  store: LogStore,
  from: number,
  { minCompactionLagMs }: CleanupConfig,
  now: number,
): number {
  const last = store.floor(Number.MAX_SAFE_INTEGER);
  if (last === undefined) return 0;
  if (minCompactionLagMs <= 0) return last.baseOffset;
  let heads = store.from(startOfRow(store, from), stepRows);
  while (heads.length > 0) {
    const young = heads.find((head) => now - timeOf(head) < minCompactionLagMs);
    if (young !== undefined) return Math.min(young.baseOffset, last.baseOffset);
    heads = store.from(heads.at(-1)!.baseOffset + 1, stepRows);
  }
  return last.baseOffset;
}
