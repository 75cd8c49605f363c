import { describe, expect, it } from 'vitest';
import { compare, isKnown, judge, median } from '../../bench/statistics.ts';
import { Random } from '../simulation/world/random.ts';

describe('the median', () => {
  it('is the value in the middle, or the mean of two', () => {
    expect(median([9, 1, 5])).toBe(5);
    expect(median([10, 9, 2, 1])).toBe(5.5);
    expect(median([7])).toBe(7);
  });

  it('leaves its values in their order', () => {
    const values = [3, 1, 2];
    median(values);
    expect(values).toEqual([3, 1, 2]);
  });

  it('is nothing without values', () => {
    expect(() => median([])).toThrow(RangeError);
  });
});

/** Times that differ by a quarter of them, and now and then are ten times as long. */
function times(mean: number, count: number, random: Random): number[] {
  return Array.from(
    { length: count },
    () => mean * (0.875 + 0.25 * random.next()) * (random.chance(0.03) ? 10 : 1),
  );
}

describe('comparing', () => {
  it('finds the ratio, and bounds that hold it', () => {
    const random = new Random(5);
    const { ratio, low, high } = compare(
      times(2, 200, random),
      times(2.4, 200, random),
      new Random(1),
    );
    expect(ratio).toBeCloseTo(1.2, 1);
    expect(low).toBeLessThan(1.2);
    expect(high).toBeGreaterThan(1.2);
    expect(high - low).toBeLessThan(0.1);
  });

  it('knows it better the more often it was measured', () => {
    const width = (rounds: number): number => {
      const random = new Random(7);
      const [first, second] = [times(1, rounds, random), times(1, rounds, random)];
      const { low, high } = compare(first, second, new Random(1));
      return high - low;
    };
    expect(width(400)).toBeLessThan(width(40) / 2);
  });

  it('does not take a machine that slows down for a difference', () => {
    const drift = Array.from({ length: 100 }, (_, round) => 1 + round);
    const { ratio, low, high } = compare(
      drift,
      drift.map((ms) => 1.05 * ms),
      new Random(1),
    );
    for (const value of [ratio, low, high]) expect(value).toBeCloseTo(1.05, 6);
  });

  it('is the same again with the same chance', () => {
    const random = new Random(9);
    const [first, second] = [times(1, 50, random), times(1, 50, random)];
    expect(compare(first, second, new Random(3))).toEqual(compare(first, second, new Random(3)));
  });

  it('takes both from each round', () => {
    expect(() => compare([1, 2], [1], new Random(1))).toThrow(RangeError);
  });
});

it('is known when its bounds are close, whatever it is', () => {
  expect(isKnown({ ratio: 1.5, low: 1.47, high: 1.53 }, 0.031)).toBe(true);
  expect(isKnown({ ratio: 1, low: 0.96, high: 1.04 }, 0.03)).toBe(false);
});

describe('the verdict', () => {
  it('needs the whole range to be within the limit', () => {
    expect(judge({ ratio: 1.02, low: 0.98, high: 1.06 }, 1.1)).toBe('holds');
    expect(judge({ ratio: 1.02, low: 0.9, high: 1.14 }, 1.1)).toBe('unclear');
    expect(judge({ ratio: 1.2, low: 1.15, high: 1.25 }, 1.1)).toBe('fails');
    expect(judge({ ratio: 1.11, low: 1.01, high: 1.2 }, 1.1)).toBe('fails');
  });
});
