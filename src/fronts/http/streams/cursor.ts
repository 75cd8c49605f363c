/**
 * The cursor of a live reader: which interval of time it is, so that caches between many readers
 * and us keep an answer no longer than that. The surprise: a reader who comes back within the same
 * interval gets one from the future, at random, or a cache would answer it for ever.
 */

const intervalMs = 20_000;
/** 2024-10-09T00:00:00Z */
const epochMs = 1_728_432_000_000;
const maxJitterMs = 3_600_000;

/** @param random from 0 up to, not including, 1 */
export function cursorAfter(cursor: string | undefined, now: number, random: number): string {
  const current = Math.floor((now - epochMs) / intervalMs);
  const known = cursor !== undefined && /^\d{1,15}$/.test(cursor) ? Number(cursor) : -1;
  if (known < current) return String(current);
  return String(known + 1 + Math.floor((random * maxJitterMs) / intervalMs));
}
