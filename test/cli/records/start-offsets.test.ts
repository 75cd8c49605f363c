import { describe, expect, it } from 'vitest';
import { rangeOf } from '../../../src/cli/records/start-offsets.ts';
import { UsageError } from '../../../src/cli/usage.ts';

const now = 1_700_000_000_000;
const range = (...offsets: string[]) => rangeOf(offsets, undefined, undefined, now);

describe('offsets', () => {
  it('are those of kcat', () => {
    expect(range('beginning').start).toEqual({ kind: 'earliest' });
    expect(range('end').start).toEqual({ kind: 'latest' });
    expect(range('stored').start).toEqual({ kind: 'stored' });
    expect(range('0').start).toEqual({ kind: 'offset', offset: 0 });
    expect(range('-10').start).toEqual({ kind: 'last', count: 10 });
    expect(range('s@5', 'e@9')).toEqual({ start: { kind: 'time', time: 5 }, until: 9 });
    expect(range()).toEqual({ start: undefined, until: undefined });
  });

  it('may be times in words', () => {
    expect(rangeOf(['s@-15m', 'e@2023-11-14T22:00:00Z'], undefined, undefined, now)).toEqual({
      start: { kind: 'time', time: now - 900_000 },
      until: 1_699_999_200_000,
    });
    expect(rangeOf([], 5, 9, now)).toEqual({ start: { kind: 'time', time: 5 }, until: 9 });
  });

  it('are refused when they say nothing, or two things', () => {
    for (const wrong of ['', 'soon', '1.5', '--1', 's@', 's@soon', 'e@-1']) {
      expect(() => range(wrong)).toThrow(UsageError);
    }
    expect(() => range('beginning', 'end')).toThrow(UsageError);
    expect(() => rangeOf(['e@1'], undefined, 2, now)).toThrow(UsageError);
  });
});
