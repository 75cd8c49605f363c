/**
 * The log's last row, which a small append makes longer instead of getting a row of its own: who
 * sends one record at a time would leave as many rows to read, compact and delete. The surprise: no
 * write gets larger by it, since such a row stays within one page of SQLite, which is what is
 * written anyway.
 */
import { concat } from '../../bytes/writer.ts';
import type { CleanupConfig } from './cleanup-config.ts';
import { joinEffects } from './producer-codec.ts';
import type { LogRow } from './store.ts';

/** Of a page of 4,096 bytes, what is left beside the columns that every row has. */
const roomInPage = 4_000;

const longestGrowthMs = 10_000;

/**
 * How far apart what is in a row may be, in milliseconds: it goes as a whole when its latest record
 * is too old, and is not compacted before there is another one. So late a sweep of retention may be
 * anyway; of what compaction waits for it is a hundredth.
 */
export function rowGrowsFor({ segmentMs, maxCompactionLagMs }: CleanupConfig): number {
  return Math.floor(Math.min(longestGrowthMs, segmentMs / 100, maxCompactionLagMs / 100));
}

export interface Growth {
  /** What is in rows that begin below it is written down elsewhere: they stay as they are. */
  readonly countedTo: number;
  /** A row grows no longer than this, nor by what has timestamps further from its first. */
  readonly forMs: number;
}

export class LastRow {
  /** Undefined: it does not grow, or was written by somebody who is gone. */
  #row: LogRow | undefined;
  /** As it was when the row was new. */
  #begun = { at: 0, maxTimestamp: 0 };

  /** What to store for rows at the end of the log. */
  joinedBy(rows: readonly LogRow[], { countedTo, forMs }: Growth, now: number): readonly LogRow[] {
    const last = this.#row;
    const [first, ...others] = rows;
    if (last === undefined || first === undefined) return rows;
    const { at, maxTimestamp } = this.#begun;
    const apart = Math.max(now - at, Math.abs(first.maxTimestamp - maxTimestamp));
    const mayGrow = last.baseOffset >= countedTo && apart < forMs;
    const fits = sizeOf(last) + sizeOf(first) <= roomInPage;
    return mayGrow && fits ? [grown(last, first), ...others] : rows;
  }

  /** These were stored. */
  stored(rows: readonly LogRow[], now: number): void {
    const last = rows.at(-1);
    if (last === undefined) return;
    const { grownFrom, maxTimestamp } = last;
    if (grownFrom === undefined) this.#begun = { at: now, maxTimestamp };
    this.#row = sizeOf(last) < roomInPage ? { ...last, bytes: alone(last.bytes) } : undefined;
  }
}

/** A row with the one after it in it. */
function grown(last: LogRow, next: LogRow): LogRow {
  return {
    ...next,
    baseOffset: last.baseOffset,
    maxTimestamp: Math.max(last.maxTimestamp, next.maxTimestamp),
    producers: joinEffects(last, next),
    bytes: concat([last.bytes, next.bytes]),
    grownFrom: last.nextOffset,
  };
}

/** A view would keep all that came with it. */
function alone(bytes: Uint8Array): Uint8Array {
  return bytes.length === bytes.buffer.byteLength ? bytes : bytes.slice();
}

function sizeOf({ bytes, producers }: LogRow): number {
  return bytes.length + (producers?.length ?? 0);
}
