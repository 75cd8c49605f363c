/**
 * When a compacted log is worth a pass. The surprise: each row it deletes or writes is paid for, so
 * a pass waits until it has something to do: many rows or many bytes, or rows that have waited for
 * long.
 *
 * Behaviour:
 * - above `min.cleanable.dirty.ratio`: once 64 rows or 1 MiB (or `segment.bytes`, if that is less)
 *   are not compacted, or the first of them is older than `segment.ms`
 * - whatever the ratio: once the first is older than `max.compaction.lag.ms`
 * - once the first tombstone is due; not for each of them, but a quarter of `delete.retention.ms`
 *   later, at most 6 hours
 */
import type { CleanupConfig } from './cleanup-config.ts';
import { timeOf } from './retention.ts';
import type { LogState, RowHead } from './store.ts';

/** So long a pass waits for what else may come, as Kafka's cleaner sleeps. */
export const backoffMs = 15_000;

/** So many rows are worth a pass. */
export const worthRows = 64;
const worthBytes = 1_048_576;
const longestTombstoneWait = 21_600_000;

export interface DirtyPart {
  /** The first row that was not compacted; undefined: only the last row is left, or nothing. */
  readonly first: RowHead | undefined;
  /** None of this counts the last row. Beyond `worthRows` there may be more. */
  readonly rows: number;
  readonly bytes: number;
  /** Of the whole log. */
  readonly sizeInBytes: number;
}

/** From when on there is something to compact; undefined: nothing, as things are. */
export function compactionDue(
  dirty: DirtyPart,
  state: LogState,
  config: CleanupConfig,
): number | undefined {
  const times = [tombstonesDue(state, config), dirtyDue(dirty, config)];
  const due = Math.min(...times.map((time) => time ?? Number.POSITIVE_INFINITY));
  return Number.isFinite(due) ? due : undefined;
}

function dirtyDue(dirty: DirtyPart, config: CleanupConfig): number | undefined {
  const { first, rows, bytes, sizeInBytes } = dirty;
  if (first === undefined) return undefined;
  const born = timeOf(first);
  const earliest = born + config.minCompactionLagMs;
  let wait = config.maxCompactionLagMs;
  if (bytes / sizeInBytes > config.minCleanableDirtyRatio) {
    const worth = rows >= worthRows || bytes >= Math.min(worthBytes, config.segmentBytes);
    wait = worth ? 0 : Math.min(wait, config.segmentMs);
  }
  return Math.max(earliest, born + wait);
}

function tombstonesDue(state: LogState, { deleteRetentionMs }: CleanupConfig): number | undefined {
  const { firstTombstone, cleanings } = state;
  if (firstTombstone === undefined) return undefined;
  const reached = cleanings.find(({ to }) => to > firstTombstone);
  if (reached === undefined) return undefined;
  const wait = Math.min(deleteRetentionMs / 4, longestTombstoneWait);
  return Math.ceil(reached.at + deleteRetentionMs + wait);
}
