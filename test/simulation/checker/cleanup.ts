/**
 * What may be missing from a log because it was cleaned up: below what was deleted, and behind
 * later values of the same key. The surprise: only what readers saw or what was acknowledged takes
 * the place of an older value; what was aborted never does.
 */
import type { Anomaly } from './check.ts';
import type { History, PartitionName } from './history.ts';
import { seenBy, sendsOf } from './history.ts';

export class Cleanup {
  /** Up to where each partition may have been deleted. */
  readonly #trims = new Map<PartitionName, number>();
  /** Of each key in each partition: the highest offset that counts. */
  readonly #latest = new Map<string, number>();
  readonly #keys = new Map<string, string>();

  constructor(history: History) {
    for (const operation of history) {
      if (operation.outcome === 'fail') continue;
      for (const step of operation.steps) {
        if (step.kind !== 'trimmed') continue;
        this.#trims.set(step.partition, Math.max(this.trimOf(step.partition), step.offset));
      }
    }
    for (const operation of history) {
      for (const { value, key } of sendsOf(operation)) if (key) this.#keys.set(value, key);
    }
    for (const operation of history) {
      const counts = operation.outcome === 'ok' ? sendsOf(operation) : [];
      const seen = operation.uncommitted ? [] : seenBy(operation);
      for (const { partition, value, offset } of [...counts, ...seen]) {
        const key = this.#keyOf(partition, value);
        if (key === undefined || offset === undefined) continue;
        this.#latest.set(key, Math.max(this.#latest.get(key) ?? -1, offset));
      }
    }
  }

  /** Below this, records may be gone. */
  trimOf(partition: PartitionName): number {
    return this.#trims.get(partition) ?? 0;
  }

  /** Whether nobody needs to find this value any more. */
  mayBeGone(partition: PartitionName, value: string, offset: number | undefined): boolean {
    const key = this.#keyOf(partition, value);
    if (offset === undefined) return key !== undefined || this.#trims.has(partition);
    if (offset < this.trimOf(partition)) return true;
    return key !== undefined && offset < (this.#latest.get(key) ?? -1);
  }

  #keyOf(partition: PartitionName, value: string): string | undefined {
    const key = this.#keys.get(value);
    return key === undefined ? undefined : `${partition} ${key}`;
  }
}

/** Reads of what had been deleted, and acknowledged as such, before they began. */
export function checkTrims(history: History): Anomaly[] {
  const trims = history
    .filter(({ outcome }) => outcome === 'ok')
    .flatMap(({ steps, endedAt }) =>
      steps.filter((step) => step.kind === 'trimmed').map((step) => ({ ...step, endedAt })),
    );
  if (trims.length === 0) return [];
  return history.flatMap((operation) =>
    seenBy(operation).flatMap(({ partition, offset, value }) => {
      const isGone = trims.some(
        (trim) =>
          trim.partition === partition && trim.offset > offset && trim.endedAt < operation.beganAt,
      );
      const detail = `${operation.process} read ${value} at ${partition} offset ${offset}`;
      return isGone ? [{ key: 'untrimmed' as const, detail }] : [];
    }),
  );
}
