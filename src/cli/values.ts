/**
 * What the texts of options mean: numbers, ports, durations, points in time. Each is a `parse` of
 * an option and throws a UsageError that says what it should be.
 */
import { unitMs } from '../testing/duration.ts';
import { UsageError } from './usage.ts';

/** A whole number. */
export function integer(min = 0, max = Number.MAX_SAFE_INTEGER): (text: string) => number {
  return (text) => {
    const value = Number(text);
    const isOne = /^-?\d+$/.test(text) && Number.isSafeInteger(value);
    if (isOne && value >= min && value <= max) return value;
    const range = max === Number.MAX_SAFE_INTEGER ? `from ${min}` : `from ${min} to ${max}`;
    throw new UsageError(`must be a whole number ${range}, not '${text}'`);
  };
}

export const port = integer(0, 65_535);

/** Milliseconds: of `500ms`, `30s`, `12h`, `30d`. */
export function duration(text: string): number {
  const [, count, unit] = /^(\d+)(ms|[smhd])$/.exec(text) ?? [];
  if (count === undefined) throw new UsageError(`must be like 30s, 12h or 30d, not '${text}'`);
  const ms = Number(count) * unitMs[unit as keyof typeof unitMs];
  if (Number.isSafeInteger(ms)) return ms;
  throw new UsageError(`is longer than anybody can wait: '${text}'`);
}

/** The same, for how long is waited: what a timer can count. */
export function patience(text: string): number {
  const ms = duration(text);
  if (ms >= 1 && ms <= unitMs.d) return ms;
  throw new UsageError(`must be from 1ms to 1d, not '${text}'`);
}

/**
 * Milliseconds since the epoch: of `2026-11-23T10:00:00Z`, a date, milliseconds, or a time ago as
 * `1h ago` or `-1h`. A time without a zone is that of this machine, a date alone begins there.
 */
export function instant(text: string, now = Date.now()): number {
  if (/^\d{9,}$/.test(text)) return Number(text);
  const [, ago] = /^-?(\d+(?:ms|[smhd]))(?: ago)?$/.exec(text) ?? [];
  if (ago !== undefined && ago !== text) return now - duration(ago);
  const isDate = /^\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?)?$/.test(text);
  const full = text.length === 10 ? `${text}T00:00` : text.replace(' ', 'T');
  const ms = isDate ? Date.parse(full) : Number.NaN;
  if (!Number.isNaN(ms)) return ms;
  throw new UsageError(
    `must be a time such as 2026-11-23T10:00:00Z, 2026-11-23 or '1h ago', not '${text}'`,
  );
}

/** `name=value`; the value may be empty, and hold `=`. */
export function assignment(text: string): readonly [name: string, value: string] {
  const at = text.indexOf('=');
  if (at < 1) throw new UsageError(`must be name=value, not '${text}'`);
  return [text.slice(0, at), text.slice(at + 1)];
}

export function nonEmpty(text: string): string {
  if (text === '') throw new UsageError('must not be empty');
  return text;
}
