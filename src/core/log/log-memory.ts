/**
 * What appending and cleaning up both know of a log, in memory. The surprise: it only ever changes
 * after the store did.
 */
import type { PartitionSpec } from './calls.ts';
import type { Counted, LogState } from './store.ts';

export interface LogMemory {
  /** As it is stored; undefined before the first append. */
  state: LogState | undefined;
  logStartOffset: number;
  /** One past the last record. */
  nextOffset: number;
  /** Where the log ended when producers were last written down as a whole. */
  snapshotOffset: number;
  /** Bytes of all rows. */
  sizeInBytes: number;
}

/** What is known of sizes before anything was counted. */
export const nothingCounted: Counted = { nextOffset: 0, sizeInBytes: 0, cleanBytes: 0 };

export function firstState(spec: PartitionSpec, logStartOffset: number): LogState {
  return {
    spec,
    logStartOffset,
    cleanedTo: 0,
    cleanings: [],
    firstTombstone: undefined,
  };
}

/** Whether what is known is older: gateways may be late with what they say of a topic. */
export function isNewer(spec: PartitionSpec, known: PartitionSpec): boolean {
  return (spec.configsVersion ?? 0) > (known.configsVersion ?? 0);
}
