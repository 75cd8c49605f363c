/**
 * Freshness: how long a record had been acknowledged when a poll began that could have brought it
 * and did not. The surprise: it is measured where a reader stands after the poll, so a poll that
 * brought something else is late as well.
 */
import type { History, PartitionName } from './history.ts';
import { sendsOf } from './history.ts';

interface Acknowledged {
  readonly offset: number;
  readonly at: number;
}

export function realtimeLag(history: History): number {
  const sends = acknowledged(history);
  let worst = 0;
  for (const { outcome, steps, beganAt } of history) {
    if (outcome !== 'ok') continue;
    for (const step of steps) {
      if (step.kind !== 'poll') continue;
      for (const [partition, position] of Object.entries(step.positions ?? {})) {
        for (const { offset, at } of sends.get(partition) ?? []) {
          if (offset >= position && at < beganAt) worst = Math.max(worst, beganAt - at);
        }
      }
    }
  }
  return worst;
}

function acknowledged(history: History): ReadonlyMap<PartitionName, readonly Acknowledged[]> {
  const sends = new Map<PartitionName, Acknowledged[]>();
  for (const operation of history) {
    if (operation.outcome !== 'ok') continue;
    for (const { partition, offset } of sendsOf(operation)) {
      if (offset === undefined) continue;
      const known = sends.get(partition) ?? [];
      known.push({ offset, at: operation.endedAt });
      sends.set(partition, known);
    }
  }
  return sends;
}
