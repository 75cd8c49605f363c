/**
 * Whether what a group read and wrote on in transactions is in the output exactly once. The
 * surprise: only the committed offsets say what should be there, and only readers of the output say
 * what is, so nothing needs to be known of how the transactions ended.
 */
import type { Anomaly } from './check.ts';
import type { History, PartitionName } from './history.ts';
import { seenBy, sendsOf } from './history.ts';
import type { ObservedLog } from './observed-log.ts';

export function checkCopies(history: History, log: ObservedLog): Anomaly[] {
  const copies = copiesSeen(history, log);
  if (copies.size === 0) return [];
  const found: Anomaly[] = [];
  for (const [source, values] of copies) {
    if (values.length < 2) continue;
    found.push({ key: 'not-once', detail: `${source} was copied as ${values.join(' and ')}` });
  }
  const ends = committedByCopiers(history);
  const inputs = new Map<string, string>();
  for (const operation of history) {
    if (operation.uncommitted) continue;
    for (const { partition, offset, value } of seenBy(operation)) {
      if (offset < (ends.get(partition) ?? 0)) inputs.set(value, `${partition} offset ${offset}`);
    }
  }
  for (const [value, place] of inputs) {
    if (copies.has(value)) continue;
    found.push({ key: 'not-once', detail: `${value} at ${place} was committed and not copied` });
  }
  return found;
}

/** By source: the copies that somebody read. */
function copiesSeen(history: History, log: ObservedLog): ReadonlyMap<string, readonly string[]> {
  const copies = new Map<string, string[]>();
  for (const operation of history) {
    for (const { source, value, partition } of sendsOf(operation)) {
      if (source === undefined || !log.get(partition)?.readValues.has(value)) continue;
      copies.set(source, [...(copies.get(source) ?? []), value]);
    }
  }
  return copies;
}

/** How far groups came that commit with their copies, as somebody was told. */
function committedByCopiers(history: History): ReadonlyMap<PartitionName, number> {
  const groups = new Set<string>();
  for (const operation of history) {
    if (!sendsOf(operation).some(({ source }) => source !== undefined)) continue;
    for (const step of operation.steps) if (step.kind === 'commit') groups.add(step.group);
  }
  const ends = new Map<PartitionName, number>();
  for (const { outcome, steps } of history) {
    if (outcome !== 'ok') continue;
    for (const step of steps) {
      if (step.kind !== 'commit' && step.kind !== 'committed') continue;
      if (!groups.has(step.group)) continue;
      ends.set(step.partition, Math.max(ends.get(step.partition) ?? 0, step.offset));
    }
  }
  return ends;
}
