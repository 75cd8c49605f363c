/**
 * Where a partition keeps its log: a synchronous port with a SQLite and a memory form. The
 * surprise: one row holds all that was appended together, however many batches, and what little
 * comes soon after it, since rows are billed and their size is not.
 */
import type { StreamRow, StreamStore } from '../stream/stream-state.ts';
import type { PartitionSpec } from './calls.ts';

/** What is known of a row without its bytes. */
export interface RowHead {
  readonly baseOffset: number;
  /** One past the last offset in the row. */
  readonly nextOffset: number;
  /** The latest timestamp in the row; -1: none has one. */
  readonly maxTimestamp: number;
  /**
   * The latest timestamp in this row and all before it: it never falls, so it can be searched by
   * halving.
   */
  readonly maxTimestampSoFar: number;
  /** When something was last appended to the row, in milliseconds since the epoch. */
  readonly appendedAt: number;
  readonly byteCount: number;
}

/** Readers of committed records are told what to leave out. */
export interface AbortedTransaction {
  readonly producerId: number;
  readonly firstOffset: number;
  /** Where its marker is: no two have the same. */
  readonly lastOffset: number;
  /** No transaction aborted later begins below this. */
  readonly lastStableOffset: number;
}

export interface LogRow extends Omit<RowHead, 'byteCount'> {
  /** What the row's batches mean to producer state (see producer-state.ts); null: nothing. */
  readonly producers: Uint8Array | null;
  /** Whole record batches, one after the other. */
  readonly bytes: Uint8Array;
  /** What ended here and is to be remembered; absent: nothing. */
  readonly aborted?: readonly AbortedTransaction[] | undefined;
  /** The row is the log's last one, which ended here and is longer now; absent: it is new. */
  readonly grownFrom?: number | undefined;
}

/** What a row did to producer state, for replay. */
export interface ProducerRow {
  readonly baseOffset: number;
  readonly appendedAt: number;
  readonly producers: Uint8Array;
}

/** Producer state as it was when the log ended at `nextOffset`. */
export interface Snapshot {
  readonly nextOffset: number;
  readonly bytes: Uint8Array;
}

/** A part of the log that was compacted, and when. */
export interface Cleaning {
  /** One past the last offset of it. */
  readonly to: number;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/** The bytes of all rows when the log ended at `nextOffset`: nobody counts them again. */
export interface Counted {
  readonly nextOffset: number;
  readonly sizeInBytes: number;
  /** Of these, in rows that begin below `cleanedTo`; while a pass is under way it may be more. */
  readonly cleanBytes: number;
}

/**
 * What is known of a log beside its rows: written when one of it changes, and with a snapshot, not
 * with every append.
 */
export interface LogState {
  readonly spec: PartitionSpec;
  /** Never falls. In a log without rows also the offset of the next record. */
  readonly logStartOffset: number;
  /** Below this offset the last compaction left one record a key. */
  readonly cleanedTo: number;
  /** Later ones reach further. Tombstones are kept for a while from then on. */
  readonly cleanings: readonly Cleaning[];
  /** The first tombstone the last compaction left; undefined: none. */
  readonly firstTombstone: number | undefined;
  /** Absent: nothing was counted yet. */
  readonly counted?: Counted;
}

/** Rows in place of others. */
export interface Rewrite {
  /** The rows that begin in [first, last] go. */
  readonly first: number;
  readonly last: number;
  readonly rows: readonly LogRow[];
  readonly snapshot: Snapshot | undefined;
  readonly state: LogState | undefined;
  /** Aborted transactions nobody needs to know of any more, by `lastOffset`. */
  readonly forgotten?: readonly number[] | undefined;
}

/** Somebody who waits for the log to grow, and is to be woken then. */
export interface WaitingReader {
  readonly reader: string;
  /** What the reader calls this partition. */
  readonly place: string;
  /** It wants to know when what is committed reaches beyond this offset. */
  readonly above: number;
}

export interface LogStore extends StreamStore {
  /** True for ever after `drop`. */
  readonly dropped: boolean;
  /** The last row that begins at or before this offset. */
  floor(offset: number): RowHead | undefined;
  /** Up to `limit` rows that begin at or after this offset, in order. */
  from(offset: number, limit: number): readonly RowHead[];
  /**
   * The bytes of the rows that begin in [first, last], in order. The caller must not write into
   * them.
   */
  data(first: number, last: number): readonly Uint8Array[];
  /** How many rows begin at or after this offset. */
  count(offset: number): number;
  /** How many rows begin at or after this offset, and their bytes; it looks at each of them. */
  totals(offset: number): { readonly rows: number; readonly bytes: number };
  /** Undefined before the first append. */
  state(): LogState | undefined;
  snapshot(): Snapshot | undefined;
  /** The rows from this offset on that concern producers. */
  producerRows(offset: number): readonly ProducerRow[];
  /** In order, those whose marker is at or after this offset. To be walked through at once. */
  abortedFrom(offset: number): Iterable<AbortedTransaction>;
  /** What a share group has read, as it was kept last. */
  shareState(groupId: string): Uint8Array | undefined;
  /** Undefined: the group is forgotten. */
  keepShareState(groupId: string, state: Uint8Array | undefined): void;
  waiting(): readonly WaitingReader[];
  /** In the place of what the same reader waited for. */
  keepWaiting(reader: WaitingReader): void;
  /** The reader waits for nothing here. */
  forgetWaiting(reader: string): void;
  /**
   * Stores all of it or, throwing, nothing. A snapshot and a state take the place of the one
   * before, and so does a row that has grown.
   */
  append(
    rows: readonly LogRow[],
    snapshot: Snapshot | undefined,
    state?: LogState,
    streamRows?: readonly StreamRow[],
  ): void;
  /** As `append`, all or nothing. */
  rewrite(change: Rewrite): void;
  /** Removes everything but the knowledge that it was dropped. Safe to repeat. */
  drop(): void;
}
