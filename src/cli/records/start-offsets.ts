/**
 * Where to begin and to stop reading, in kcat's words: `-o beginning`, `-o -10`, `-o s@…`. The
 * surprise: a time becomes an offset before anything is read, partition by partition, so that
 * reading needs no clock.
 */
import { UsageError } from '../usage.ts';
import { instant } from '../values.ts';

/** Where to begin in each partition. */
export type StartAt =
  | { readonly kind: 'earliest' | 'latest' | 'stored' }
  | { readonly kind: 'offset'; readonly offset: number }
  /** So many before the end. */
  | { readonly kind: 'last'; readonly count: number }
  | { readonly kind: 'time'; readonly time: number };

export interface Range {
  readonly start: StartAt | undefined;
  /** Milliseconds since the epoch: the first record as late as this is not read. */
  readonly until: number | undefined;
}

const names: Readonly<Record<string, StartAt>> = {
  beginning: { kind: 'earliest' },
  earliest: { kind: 'earliest' },
  end: { kind: 'latest' },
  latest: { kind: 'latest' },
  stored: { kind: 'stored' },
};

/** What `-o` (which may come twice), `--since` and `--until` (milliseconds) say. */
export function rangeOf(
  offsets: readonly string[],
  since: number | undefined,
  until: number | undefined,
  now: number,
): Range {
  const range: { start: StartAt | undefined; until: number | undefined } = {
    start: undefined,
    until: undefined,
  };
  const begin = (start: StartAt) => {
    if (range.start !== undefined) throw new UsageError('only one place can be the first.');
    range.start = start;
  };
  const end = (time: number) => {
    if (range.until !== undefined) throw new UsageError('only one time can be the last.');
    range.until = time;
  };
  for (const offset of offsets) {
    const stop = /^e@(.+)$/s.exec(offset);
    if (stop) end(timeOf(stop[1], now));
    else begin(startAt(offset, now));
  }
  if (since !== undefined) begin({ kind: 'time', time: since });
  if (until !== undefined) end(until);
  return range;
}

function startAt(text: string, now: number): StartAt {
  if (Object.hasOwn(names, text)) return names[text];
  const [, time] = /^s@(.+)$/s.exec(text) ?? [];
  if (time !== undefined) return { kind: 'time', time: timeOf(time, now) };
  const number = /^-?\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
  if (Number.isNaN(number)) {
    throw new UsageError(
      `'${text}' is no offset: beginning, end, stored, a number, -N, s@TIME or e@TIME.`,
    );
  }
  return text.startsWith('-')
    ? { kind: 'last', count: -number }
    : { kind: 'offset', offset: number };
}

/** Milliseconds since the epoch, a date as ISO 8601 writes it, or so long ago: `-15m`. */
export function timeOf(text: string, now: number): number {
  return /^\d{1,15}$/.test(text) ? Number(text) : instant(text, now);
}
