/**
 * One pass of compaction over a log: it learns the latest offset of every key in the part that was
 * not compacted yet, then goes over the log from its beginning and leaves out what is superseded.
 * The surprise: it does so in small steps, and every write between them leaves a whole log, since
 * what goes is always still there at a later offset; a pass that is cut off just starts anew.
 *
 * Behaviour:
 * - the last row is never touched, nor a record younger than `min.compaction.lag.ms` or behind one
 * - a tombstone goes `delete.retention.ms` after the pass that first reached it
 * - nothing is touched from the first row on that holds an open transaction; aborted records go,
 *   and a marker when nothing of its transaction is left and the time of a tombstone is up
 * - records without a key go; a batch that cannot be opened stays
 * - of a producer's last batch the header stays, as in Kafka, or its last marker
 * - small rows are joined; a large one without anything superseded is left alone, for writes are
 *   what costs
 */
import { concat } from '../../bytes/writer.ts';
import { type RecordBatch, recordBatches, withoutRecords } from '../../protocol/records/index.ts';
import { CleanedTransactions } from './cleaned-transactions.ts';
import type { CleanupConfig } from './cleanup-config.ts';
import { compactBatch, eachRecord, recordsOf } from './compact-batch.ts';
import { rowBytes } from './flush.ts';
import { KeyOffsets } from './key-offsets.ts';
import { rowsPerSweep, timeOf } from './retention.ts';
import type { Cleaning, LogRow, LogState, LogStore, RowHead } from './store.ts';

/** A step does so much work, or looks at one batch if that is more: a few milliseconds. */
const stepWork = 384 * 1024;
/** Work is counted in bytes; a record and a batch cost as much as so many more. */
const recordWork = 40;
const batchWork = 500;
/** So much is read at a time, at least one row. */
const readBytes = 512 * 1024;
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
  /** Aborted transactions of which nothing is left, by the offset of their markers. */
  readonly forgotten: readonly number[];
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
  readonly #steps: Generator<CompactedRows | undefined, void>;
  /** Where the keys end that this pass knows. */
  #end: number;
  #pending: Pending = new Pending();
  #firstTombstone: number | undefined;
  /** By the markers that go with the row that is looked at. */
  #forgotten: number[] = [];
  /** Work that was done since the last pause. */
  #spent = 0;
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
    this.#end = scope.end;
    this.#steps = this.#run();
  }

  /** Everything was looked at and given to be written. */
  get done(): boolean {
    return this.#done;
  }

  /** There were more keys than it could remember: another pass has work at once. */
  get cutShort(): boolean {
    return this.#end < this.#scope.end;
  }

  /** Works for a few milliseconds. What it returns is to be written before the next step. */
  step(): CompactedRows | undefined {
    return this.#steps.next().value ?? undefined;
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

  /** Pauses at every yield; nobody else may change the rows it has come by. */
  *#run(): Generator<CompactedRows | undefined, void> {
    const { dirtyFrom, end } = this.#scope;
    const start = dirtyFrom < end ? startOfRow(this.#store, dirtyFrom) : end;
    const learning = new CleanedTransactions(this.#store.abortedFrom(start));
    for (const { head, bytes } of this.#rows(start)) {
      if (this.#keys.isFull) {
        this.#end = head.baseOffset;
        break;
      }
      for (const batch of recordBatches(bytes)) {
        this.#learn(batch, learning);
        if (this.#isTired()) yield undefined;
      }
    }
    const filtering = new CleanedTransactions(this.#store.abortedFrom(0));
    for (const { head, bytes } of this.#rows(0)) {
      const batches = [...recordBatches(bytes)];
      const kept: Uint8Array[] = [];
      for (const batch of batches) {
        kept.push(...this.#filter(batch, filtering));
        if (this.#isTired()) yield undefined;
      }
      const changed = kept.length < batches.length || kept.some((b, i) => b !== batches[i].bytes);
      const ready = this.#place(head, changed ? concat(kept) : bytes, changed);
      if (ready !== undefined) yield ready;
    }
    this.#done = true;
    yield this.#flush();
  }

  /** The rows from here to the end, a few at a time. */
  *#rows(from: number): Generator<{ head: RowHead; bytes: Uint8Array }> {
    for (let at = from; ; ) {
      const heads = this.#store.from(at, stepRows);
      let count = 0;
      let size = 0;
      while (count < heads.length && heads[count].baseOffset < this.#end && size < readBytes) {
        size += heads[count++].byteCount;
      }
      if (count === 0) return;
      const last = heads[count - 1].baseOffset;
      const rows = this.#store.data(heads[0].baseOffset, last);
      for (const [i, bytes] of rows.entries()) yield { head: heads[i], bytes };
      at = last + 1;
    }
  }

  #isTired(): boolean {
    if (this.#spent < stepWork) return false;
    this.#spent = 0;
    return true;
  }

  /** The batch's records, if it can be opened. */
  #open(batch: RecordBatch): Uint8Array | undefined {
    const bytes = recordsOf(batch);
    this.#spent += batchWork + (bytes ?? batch.bytes).length + recordWork * batch.recordCount;
    return bytes;
  }

  #learn(batch: RecordBatch, transactions: CleanedTransactions): void {
    if (batch.isControl || transactions.isAborted(batch)) return;
    const bytes = this.#open(batch);
    if (bytes === undefined) return;
    eachRecord(batch, bytes, (offset, key) => {
      if (key !== undefined) this.#keys.put(key, offset);
    });
  }

  /** What stays of a batch: one, changed or not, or none. */
  #filter(batch: RecordBatch, transactions: CleanedTransactions): Uint8Array[] {
    if (batch.isControl) return this.#filterMarker(batch, transactions);
    if (transactions.isAborted(batch)) {
      if (!this.#isLastOfProducer(batch)) return [];
      return [batch.recordCount === 0 ? batch.bytes : withoutRecords(batch)];
    }
    const records = this.#open(batch);
    if (records === undefined) return [batch.bytes];
    const keep = (offset: number, key: Uint8Array | undefined, dead: boolean): boolean => {
      if (key === undefined) return false;
      if (offset < (this.#keys.get(key) ?? 0)) return false;
      if (!dead) return true;
      if (offset < this.#scope.tombstonesGoTo) return false;
      this.#firstTombstone ??= offset;
      return true;
    };
    const kept = compactBatch(batch, records, keep, this.#isLastOfProducer(batch));
    return kept === undefined ? [] : [kept];
  }

  #filterMarker(batch: RecordBatch, transactions: CleanedTransactions): Uint8Array[] {
    const { baseOffset, bytes } = batch;
    this.#spent += batchWork;
    if (!transactions.endsNothing(batch) || this.#isLastOfProducer(batch)) return [bytes];
    if (baseOffset >= this.#scope.tombstonesGoTo) {
      this.#firstTombstone ??= baseOffset;
      return [bytes];
    }
    this.#forgotten.push(baseOffset);
    return [];
  }

  /** Joins what is left of a row with what is left of those before it. */
  #place(head: RowHead, bytes: Uint8Array, changed: boolean): CompactedRows | undefined {
    if (!changed && bytes.length >= largeRowBytes) return this.#flush();
    const { heads, sizeInBytes } = this.#pending;
    const full = heads.length >= rowsPerSweep || sizeInBytes + bytes.length > rowBytes;
    const ready = full ? this.#flush() : undefined;
    this.#pending.add(head, bytes, changed, this.#forgotten.splice(0));
    return ready;
  }

  #flush(): CompactedRows | undefined {
    const pending = this.#pending;
    this.#pending = new Pending();
    return pending.rewrite(this.#store);
  }
}

/** Rows that will be one. */
class Pending {
  readonly heads: RowHead[] = [];
  readonly #forgotten: number[] = [];
  sizeInBytes = 0;
  readonly #pieces: Uint8Array[] = [];
  #changed = false;

  add(head: RowHead, bytes: Uint8Array, changed: boolean, forgotten: readonly number[]): void {
    this.#forgotten.push(...forgotten);
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
    return { first, last: last.baseOffset, rows, forgotten: this.#forgotten, bytesBefore };
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

/** Where the part ends that may be compacted: at the last row, or the first that is too young. */
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
