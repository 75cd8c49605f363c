/**
 * Whether each reader went forward record by record. The surprise: inside one operation nothing may
 * be skipped or seen again; between two, a rebalance or a new assignment sets positions anew.
 */
import type { Anomaly, AnomalyKey } from './check.ts';
import type { Cleanup } from './cleanup.ts';
import type { History, Operation, PartitionName } from './history.ts';
import { seenBy } from './history.ts';
import type { ObservedLog } from './observed-log.ts';

interface Last {
  readonly offset: number;
  readonly operation: number;
}

export function checkPolls(history: History, log: ObservedLog, cleanup: Cleanup): Anomaly[] {
  const found: Anomaly[] = [];
  const readers = new Map<string, Map<PartitionName, Last>>();
  for (const [index, operation] of history.entries()) {
    const { process, repositioned } = operation;
    if (repositioned || !readers.has(process)) readers.set(process, new Map());
    const last = readers.get(process)!;
    for (const { partition, offset } of seenBy(operation)) {
      const before = last.get(partition);
      last.set(partition, { offset, operation: index });
      if (before === undefined) continue;
      const inside = before.operation === index;
      const step = `${process} at ${partition} from ${before.offset} to ${offset}`;
      const goesBack = offset <= before.offset;
      const skipped = missed(log, cleanup, partition, {
        from: before.offset,
        to: offset,
        by: operation,
      });
      if (goesBack) found.push({ key: keyOf('nonmonotonic-poll', inside), detail: step });
      else if (skipped > 0) {
        const detail = `${step}, over ${skipped} records`;
        found.push({ key: keyOf('poll-skip', inside), detail });
      }
    }
  }
  return found;
}

/** How many records a reader should have seen between two that it saw. */
function missed(
  log: ObservedLog,
  cleanup: Cleanup,
  partition: PartitionName,
  { from, to, by }: { from: number; to: number; by: Operation },
): number {
  const values = log.get(partition)?.between(from, to, by.uncommitted) ?? [];
  return values.filter(({ offset, value }) => !cleanup.mayBeGone(partition, value, offset)).length;
}

function keyOf(key: 'poll-skip' | 'nonmonotonic-poll', inside: boolean): AnomalyKey {
  return inside ? `int-${key}` : key;
}
