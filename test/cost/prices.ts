/**
 * What the platform asks for, at list prices: dollars for what meters have counted. What a plan
 * includes is not taken off.
 */
import type { Usage } from '../../src/runtime/meters.ts';

/** Dollars. */
export const prices = {
  objectRequest: 0.15 / 1e6,
  /** A second awake: 128 MB at $12.50 for a million GB-s. */
  objectSecond: (12.5 / 1e6) * 0.128,
  rowRead: 0.001 / 1e6,
  rowWritten: 1 / 1e6,
  /** Of an incoming message over a WebSocket. Those that the platform answers itself are free. */
  message: 0.15 / 1e6 / 20,
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
