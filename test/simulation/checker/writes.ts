/**
 * What became of each value: two at one offset, one at two, acknowledged and gone, refused and
 * read. The surprise: `lost-write` and `unseen` are the same loss; below what was read it is
 * certain, above it only the end of the final polls makes it so.
 */
import type { Anomaly } from './check.ts';
import type { Cleanup } from './cleanup.ts';
import type { History, Operation, PartitionName } from './history.ts';
import { seenBy, sendsOf } from './history.ts';
import type { ObservedLog } from './observed-log.ts';

interface Missing {
  /** Whether a partition was deleted before everybody had read it. */
  isGone(partition: PartitionName): boolean;
  readonly cleanup: Cleanup;
}

export function checkWrites(history: History, log: ObservedLog, missing: Missing): Anomaly[] {
  const { isGone, cleanup } = missing;
  const acknowledged = history.filter(({ outcome }) => outcome === 'ok');
  return [
    ...misplaced(log),
    ...acknowledged
      .flatMap((one) => lost(one, log, cleanup))
      .filter(({ key, partition }) => key === 'lost-write' || !isGone(partition))
      .map(({ key, detail }) => ({ key, detail })),
    ...readThoughAborted(history),
    ...readTooEarly(history),
    ...halfSeen(history, log, missing),
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

interface Lost extends Anomaly {
  readonly partition: PartitionName;
}

function lost(operation: Operation, log: ObservedLog, cleanup: Cleanup): Lost[] {
  return sendsOf(operation).flatMap(({ partition, value, offset }): Lost[] => {
    const observed = log.get(partition);
    if (observed?.readValues.has(value)) return [];
    if (cleanup.mayBeGone(partition, value, offset)) return [];
    const isBelow = offset !== undefined && offset <= (observed?.highestRead ?? -1);
    const detail = `${partition}: ${value} of ${operation.process}, offset ${offset ?? 'unknown'}`;
    return [{ key: isBelow ? 'lost-write' : 'unseen', detail, partition }];
  });
}

function readThoughAborted(history: History): Anomaly[] {
  const aborted = new Set(
    history
      .filter(({ outcome }) => outcome === 'fail')
      .flatMap((operation) => sendsOf(operation).map(({ value }) => value)),
  );
  return history.filter(isCommitted).flatMap((operation) =>
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

function isCommitted({ uncommitted }: Operation): boolean {
  return !uncommitted;
}

/** Reads of what nobody had asked to commit yet. */
function readTooEarly(history: History): Anomaly[] {
  const decided = new Map<string, number>();
  for (const operation of history) {
    if (operation.decidedAt === undefined) continue;
    for (const { value } of sendsOf(operation)) decided.set(value, operation.decidedAt);
  }
  return history.filter(isCommitted).flatMap(({ process, endedAt, steps }) =>
    steps.flatMap((step) => {
      if (step.kind !== 'poll') return [];
      const at = step.at ?? endedAt;
      return step.records
        .filter(({ value }) => at < (decided.get(value) ?? Number.NEGATIVE_INFINITY))
        .map(({ value, partition, offset }) => ({
          key: 'dirty-read' as const,
          detail: `${process} read ${value} at ${partition} offset ${offset}, still open`,
        }));
    }),
  );
}

/** Transactions of unknown outcome that count in part. */
function halfSeen(history: History, log: ObservedLog, { isGone, cleanup }: Missing): Anomaly[] {
  return history.flatMap((operation, index): Anomaly[] => {
    if (!operation.transaction || operation.outcome !== 'unknown') return [];
    const sends = sendsOf(operation)
      .filter(({ partition }) => !isGone(partition))
      .filter(({ partition, value, offset }) => !cleanup.mayBeGone(partition, value, offset));
    const missing = sends.filter(
      ({ partition, value }) => !log.get(partition)?.readValues.has(value),
    );
    if (missing.length === 0 || missing.length === sends.length) return [];
    const names = missing.map(({ partition, value }) => `${value} of ${partition}`).join(', ');
    return [{ key: 'torn', detail: `#${index} of ${operation.process} came without ${names}` }];
  });
}
