/**
 * Whether a producer's sends stand in the log in the order it made them. The surprise: only those
 * that were acknowledged count; what became of the others nobody promised.
 */
import type { Anomaly } from './check.ts';
import type { History, PartitionName } from './history.ts';
import { sendsOf } from './history.ts';
import type { ObservedLog } from './observed-log.ts';

interface Last {
  readonly offset: number;
  readonly operation: number;
}

export function checkSends(history: History, log: ObservedLog): Anomaly[] {
  const found: Anomaly[] = [];
  const senders = new Map<string, Map<PartitionName, Last>>();
  for (const [index, operation] of history.entries()) {
    if (operation.outcome !== 'ok') continue;
    const { process } = operation;
    if (!senders.has(process)) senders.set(process, new Map());
    const last = senders.get(process)!;
    for (const { partition, offset } of sendsOf(operation)) {
      if (offset === undefined) continue;
      const before = last.get(partition);
      last.set(partition, { offset, operation: index });
      if (before === undefined) continue;
      const inside = before.operation === index;
      const detail = `${process} to ${partition}: ${before.offset}, then ${offset}`;
      if (offset <= before.offset) {
        found.push({ key: inside ? 'int-nonmonotonic-send' : 'nonmonotonic-send', detail });
      } else if (inside && isInterrupted(log, partition, before.offset, offset)) {
        found.push({ key: 'int-send-skip', detail });
      }
    }
  }
  return found;
}

/** Whether a value of somebody else stands between these two. */
function isInterrupted(
  log: ObservedLog,
  partition: PartitionName,
  from: number,
  to: number,
): boolean {
  const observed = log.get(partition);
  for (let offset = from + 1; offset < to; offset++) {
    if (observed?.valuesAt.has(offset)) return true;
  }
  return false;
}
