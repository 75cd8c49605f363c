/**
 * What samples say of a ratio. The surprise: two medians that were measured in turns are compared
 * round by round, so that a slow moment of the machine, which strikes both, does not count as a
 * difference.
 */
import type { Random } from '../test/simulation/world/random.ts';

/** How two series compare, and between which bounds that is known. */
export interface Ratio {
  /** Median of the other, divided by the median of the baseline. */
  readonly ratio: number;
  /** 95 of 100 repetitions of the measurement would be expected within [low, high]. */
  readonly low: number;
  readonly high: number;
}

/** `holds`: shown to be within the limit; `fails`: it is not; `unclear`: too much noise to tell. */
export type Verdict = 'holds' | 'fails' | 'unclear';

const resamples = 2_000;

/** Of an even number of values: the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  if (values.length === 0) throw new RangeError('no values have no median');
  const sorted = Float64Array.from(values).sort();
  const middle = sorted.length >>> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/**
 * Compares two series, of which those at the same index were measured in the same round. The bounds
 * are a bootstrap: rounds are drawn anew, with repetition, and what lies between the 2.5th and the
 * 97.5th percentile of the ratios is taken.
 */
export function compare(
  baseline: readonly number[],
  other: readonly number[],
  random: Random,
): Ratio {
  if (baseline.length !== other.length) throw new RangeError('each round measures both');
  const ratios = Float64Array.from({ length: resamples }, () => {
    const rounds = baseline.map(() => random.between(0, baseline.length - 1));
    return median(rounds.map((round) => other[round])) / median(rounds.map((r) => baseline[r]));
  }).sort();
  return {
    ratio: median(other) / median(baseline),
    low: ratios[Math.round(0.025 * (resamples - 1))],
    high: ratios[Math.round(0.975 * (resamples - 1))],
  };
}

/** Whether the bounds are no further than this from their middle. */
export function isKnown({ low, high }: Ratio, within: number): boolean {
  return high - low <= 2 * within;
}

/** Whether a ratio stays within a limit. */
export function judge({ ratio, high }: Ratio, limit: number): Verdict {
  if (ratio > limit) return 'fails';
  return high > limit ? 'unclear' : 'holds';
}
