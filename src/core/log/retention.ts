/**
 * Which rows at the beginning of a log may go, and when to look. The surprise: a row is what a
 * segment is to Kafka, the unit that goes whole or stays whole, and like a segment the newest one
 * goes too when it is old enough.
 *
 * Behaviour:
 * - rows wholly below the log start go, whatever the policy
 * - `retention.ms`: a row goes when its latest timestamp is older; without a timestamp its append
 *   counts. A row from the future holds back those behind it, as a segment does
 * - `retention.bytes`: a row goes when what stays has no fewer bytes
 * - a sweep waits until there is some to sweep: a hundredth of `retention.ms`, at least 10 s, at
 *   most an hour; 5 minutes for `retention.bytes`, as Kafka looks, or none at all when a
 *   `segment.bytes` too much is there
 */
import type { CleanupConfig } from './cleanup-config.ts';
import type { RowHead } from './store.ts';

/** One sweep deletes no more rows than this: appends wait for it. */
export const rowsPerSweep = 1_000;

const sizeSweepMs = 300_000;
const shortestSweepMs = 10_000;
const longestSweepMs = 3_600_000;

/** How many of these rows, the log's first, may go. */
export function expiredRows(
  heads: readonly RowHead[],
  log: { readonly logStartOffset: number; readonly sizeInBytes: number },
  config: CleanupConfig,
  now: number,
): number {
  const { deletes, retentionMs, retentionBytes } = config;
  const bySize = deletes && retentionBytes >= 0;
  let size = log.sizeInBytes;
  let count = 0;
  for (const head of heads) {
    const below = head.nextOffset <= log.logStartOffset;
    const tooOld = deletes && retentionMs >= 0 && now - timeOf(head) > retentionMs;
    const tooMuch = bySize && size - head.byteCount >= retentionBytes;
    if (!below && !tooOld && !tooMuch) break;
    size -= head.byteCount;
    count++;
  }
  return count;
}

/** When to sweep next, by what is known of the first row; undefined: nothing will ever go. */
export function nextSweep(
  first: RowHead,
  log: { readonly logStartOffset: number; readonly sizeInBytes: number },
  config: CleanupConfig,
  now: number,
): number | undefined {
  if (first.nextOffset <= log.logStartOffset) return now;
  const { deletes, retentionMs, retentionBytes, segmentBytes } = config;
  if (!deletes) return undefined;
  const times: number[] = [];
  if (retentionMs >= 0) {
    const wait = Math.min(Math.max(retentionMs / 100, shortestSweepMs), longestSweepMs);
    times.push(Math.max(timeOf(first) + retentionMs, now) + Math.ceil(wait));
  }
  if (retentionBytes >= 0) {
    const excess = log.sizeInBytes - first.byteCount - retentionBytes;
    if (excess >= 0) times.push(excess >= segmentBytes ? now : now + sizeSweepMs);
  }
  return times.length === 0 ? undefined : Math.min(...times);
}

/** What a row's age is counted from. */
export function timeOf({ maxTimestamp, appendedAt }: RowHead): number {
  return maxTimestamp >= 0 ? maxTimestamp : appendedAt;
}
