/**
 * What was measured, as it is kept: figures, and how Kedge's compare with the others'. The
 * surprise: a ratio is always Kedge's figure divided by the other's, so for some figures more is
 * better and for some less; which, the figure says.
 */
import { Random } from '../../test/simulation/world/random.ts';
import { compare, median, type Ratio } from '../statistics.ts';
import type { Machine } from './machine.ts';
import type { Measured, MeasuredWorkload } from './measure.ts';
import type { Figure } from './workload.ts';

export interface Results {
  readonly at: string;
  readonly machine: Machine;
  /** By system, Kedge first. */
  readonly versions: Readonly<Record<string, string>>;
  readonly rounds: number;
  readonly rows: readonly Row[];
  readonly failures: readonly string[];
}

/** One figure of one workload. */
export interface Row extends Figure {
  readonly workload: string;
  readonly title: string;
  /** By system; one that has no such thing is missing. */
  readonly systems: Readonly<Record<string, Series>>;
  /** Kedge's figure divided by that of this system. */
  readonly ratios: Readonly<Record<string, Ratio>>;
}

export interface Series {
  readonly median: number;
  /** Half of the distance between the least and the most, as a part of the median. */
  readonly spread: number;
  /** Round by round. */
  readonly samples: readonly number[];
}

export const ours = 'kedge';

export function resultsOf(measured: Measured, machine: Machine, rounds: number): Results {
  return {
    at: new Date().toISOString(),
    machine,
    versions: measured.versions,
    rounds,
    rows: measured.workloads.flatMap(rowsOf),
    failures: measured.failures,
  };
}

function rowsOf({ workload, samples }: MeasuredWorkload): Row[] {
  return workload.figures.flatMap((figure) => {
    const values = [...samples].flatMap(([system, all]): [string, number[]][] => {
      const known = all.map((sample) => sample[figure.name]).filter((value) => value !== undefined);
      return known.length === 0 ? [] : [[system, known]];
    });
    if (values.length === 0) return [];
    const systems = Object.fromEntries(values.map(([name, all]) => [name, seriesOf(all)]));
    const { name, title } = workload;
    return [{ workload: name, title, ...figure, systems, ratios: ratiosOf(new Map(values)) }];
  });
}

function seriesOf(samples: readonly number[]): Series {
  const middle = median(samples);
  const spread = middle === 0 ? 0 : (Math.max(...samples) - Math.min(...samples)) / 2 / middle;
  return { median: middle, spread, samples };
}

function ratiosOf(values: ReadonlyMap<string, readonly number[]>): Record<string, Ratio> {
  const own = values.get(ours);
  if (own === undefined) return {};
  const others = [...values].filter(
    ([name, all]) => name !== ours && all.length === own.length && !all.includes(0),
  );
  return Object.fromEntries(others.map(([name, all]) => [name, compare(all, own, new Random(1))]));
}
