/**
 * What became of each value: two at one offset, one at two, acknowledged and gone, refused and
 * read. The surprise: `lost-write` and `unseen` are the same loss; below what was read it is
 * certain, above it only the end of the final polls makes it so.
 */
import type { Anomaly } from './check.ts';
import type { History, Operation } from './history.ts';
import { seenBy, sendsOf } from './history.ts';
import type { ObservedLog } from './observed-log.ts';

export function checkWrites(history: History, log: ObservedLog): Anomaly[] {
  return [
    ...misplaced(log),
    ...history.filter(({ outcome }) => outcome === 'ok').flatMap((one) => lost(one, log)),
    ...readThoughAborted(history),
    ...readByItself(history),
  ];
}

function misplaced(log: ObservedLog): Anomaly[] {
  const found: Anomaly[] = [];
  for (const [partition, { valuesAt, offsetsOf }] of log) {
    for (const [offset, values] of valuesAt) {
      if (values.size < 2) continue;
      const detail = `${partition} offset ${offset}: ${[...values].join(', ')}`;
      found.push({ key: 'inconsistent-offsets', detail });
    }
    for (const [value, offsets] of offsetsOf) {
      if (offsets.size < 2) continue;
      const detail = `${partition}: ${value} at ${[...offsets].join(', ')}`;
      found.push({ key: 'duplicate', detail });
    }
  }
  return found;
}

function lost(operation: Operation, log: ObservedLog): Anomaly[] {
  return sendsOf(operation).flatMap(({ partition, value, offset }): Anomaly[] => {
    const observed = log.get(partition);
    if (observed?.readValues.has(value)) return [];
    const isBelow = offset !== undefined && offset <= (observed?.highestRead ?? -1);
    const detail = `${partition}: ${value} of ${operation.process}, offset ${offset ?? 'unknown'}`;
    return [{ key: isBelow ? 'lost-write' : 'unseen', detail }];
  });
}

function readThoughAborted(history: History): Anomaly[] {
  const aborted = new Set(
    history
      .filter(({ outcome }) => outcome === 'fail')
      .flatMap((operation) => sendsOf(operation).map(({ value }) => value)),
  );
  return history.flatMap((operation) =>
    seenBy(operation)
      .filter(({ value }) => aborted.has(value))
      .map(({ partition, offset, value }) => ({
        key: 'G1a' as const,
        detail: `${operation.process} read ${value} at ${partition} offset ${offset}`,
      })),
  );
}

function readByItself(history: History): Anomaly[] {
  return history
    .filter(({ transaction }) => transaction)
    .flatMap((operation) => {
      const own = new Set(sendsOf(operation).map(({ value }) => value));
      return seenBy(operation)
        .filter(({ value }) => own.has(value))
        .map(({ value }) => ({
          key: 'precommitted-read' as const,
          detail: `${operation.process} read its own ${value}`,
        }));
    });
}
