/**
 * The topic configs that decide what leaves a log, by Kafka's names and with Kafka's defaults. The
 * surprise: there are no segments here, rows are deleted and compacted one by one; `segment.bytes`
 * and `segment.ms` only say how much may pile up before that is worth its price.
 */

export interface CleanupConfig {
  /** `cleanup.policy` names delete. */
  readonly deletes: boolean;
  /** `cleanup.policy` names compact. */
  readonly compacts: boolean;
  /** -1: for ever. */
  readonly retentionMs: number;
  /** -1: no bound. */
  readonly retentionBytes: number;
  readonly segmentBytes: number;
  readonly segmentMs: number;
  readonly deleteRetentionMs: number;
  readonly minCompactionLagMs: number;
  readonly maxCompactionLagMs: number;
  readonly minCleanableDirtyRatio: number;
}

const day = 86_400_000;

/** Reads the configs that hold for a topic. */
export function cleanupConfigFrom(configs: Readonly<Record<string, string>>): CleanupConfig {
  const number = (name: string, initial: number): number => {
    const value = Number(configs[name] ?? initial);
    return Number.isFinite(value) ? value : initial;
  };
  const policies = (configs['cleanup.policy'] ?? 'delete').split(',').map((each) => each.trim());
  return {
    deletes: policies.includes('delete'),
    compacts: policies.includes('compact'),
    retentionMs: number('retention.ms', 7 * day),
    retentionBytes: number('retention.bytes', -1),
    segmentBytes: number('segment.bytes', 1_073_741_824),
    segmentMs: number('segment.ms', 7 * day),
    deleteRetentionMs: number('delete.retention.ms', day),
    minCompactionLagMs: number('min.compaction.lag.ms', 0),
    maxCompactionLagMs: number('max.compaction.lag.ms', Number.MAX_VALUE),
    minCleanableDirtyRatio: number('min.cleanable.dirty.ratio', 0.5),
  };
}
