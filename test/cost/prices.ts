/**
 * What the platform asks for, at list prices: dollars for what meters have counted. What a plan
 * includes is not taken off.
 */
import type { Usage } from '../../src/runtime/meters.ts';

/** When the price list was looked at last. */
export const pricesAsOf = '2026-11-22';

/** Dollars. */
export const prices = {
  workerRequest: 0.3 / 1e6,
  workerCpuMs: 0.02 / 1e6,
  objectRequest: 0.15 / 1e6,
  /** A second awake: 128 MB at $12.50 for a million GB-s. */
  objectSecond: (12.5 / 1e6) * 0.128,
  rowRead: 0.001 / 1e6,
  rowWritten: 1 / 1e6,
  /** Of an incoming message over a WebSocket. Those that the platform answers itself are free. */
  message: 0.15 / 1e6 / 20,
  gigabyteMonth: 0.2,
  /** Of Cloudflare Queues: a write, a read or a delete of each 64 KB begun. */
  queueOperation: 0.4 / 1e6,
};

/** What is billed, added up. */
export interface Counts {
  readonly requests: number;
  readonly awakeSeconds: number;
  readonly rowsRead: number;
  readonly rowsWritten: number;
  readonly signsOfLife: number;
}

export function countsOf(usages: Iterable<Usage>): Counts {
  const sum = { requests: 0, awakeSeconds: 0, rowsRead: 0, rowsWritten: 0, signsOfLife: 0 };
  for (const usage of usages) {
    for (const count of Object.values(usage.requests)) sum.requests += count;
    sum.awakeSeconds += usage.awakeMs / 1_000;
    sum.rowsRead += usage.rowsRead;
    sum.rowsWritten += usage.rowsWritten;
    sum.signsOfLife += usage.signsOfLife;
  }
  return sum;
}

export function dollarsOf({ requests, awakeSeconds, rowsRead, rowsWritten }: Counts): number {
  return (
    requests * prices.objectRequest +
    awakeSeconds * prices.objectSecond +
    rowsRead * prices.rowRead +
    rowsWritten * prices.rowWritten
  );
}

export function sumOf(all: readonly Counts[]): Counts {
  const sum = { requests: 0, awakeSeconds: 0, rowsRead: 0, rowsWritten: 0, signsOfLife: 0 };
  for (const counts of all) {
    for (const name of Object.keys(sum) as (keyof Counts)[]) sum[name] += counts[name];
  }
  return sum;
}

export function times(counts: Counts, factor: number): Counts {
  return Object.fromEntries(
    Object.entries(counts).map(([name, count]) => [name, count * factor]),
  ) as unknown as Counts;
}
