/**
 * What appending and cleaning up both know of a log, in memory. The surprise: it only ever changes
 * after the store did.
 */
import type { PartitionSpec } from './calls.ts';
import type { LogState } from './store.ts';

export interface LogMemory {
  /** As it is stored; undefined before the first append. */
  state: LogState | undefined;
  logStartOffset: number;
  /** One past the last record. */
  nextOffset: number;
  /** Where the log ended when producers were last written down as a whole. */
  snapshotOffset: number;
}

export function firstState(spec: PartitionSpec, logStartOffset: number): LogState {
  return {
    spec,
    configured: false,
    logStartOffset,
    cleanedTo: 0,
    cleanings: [],
    firstTombstone: undefined,
  };
}

export function isSameSpec(one: PartitionSpec, other: PartitionSpec): boolean {
  const names = Object.keys(one.configs);
  return (
    one.topic === other.topic &&
    one.topicId === other.topicId &&
    names.length === Object.keys(other.configs).length &&
    names.every((name) => one.configs[name] === other.configs[name])
  );
}
