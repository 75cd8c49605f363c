import { expect, it } from 'vitest';
import { millisecondsOf } from '../../src/testing/duration.ts';

it.each([
  [0, 0],
  [1_500, 1_500],
  ['500ms', 500],
  ['90s', 90_000],
  ['1.5m', 90_000],
  ['10 m', 600_000],
  ['2h', 7_200_000],
  ['7d', 604_800_000],
])('takes %j for %d ms', (duration, ms) => {
  expect(millisecondsOf(duration)).toBe(ms);
});

it.each([-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, '', '10', 'm', '10 weeks', '-1s'])(
  'says what a length of time is, rather than taking %j',
  (duration) => {
    expect(() => millisecondsOf(duration)).toThrow(/'10m'/);
  },
);
