/**
 * Each partition's log as clients observed it: which values stand at which offsets, told by polls
 * and by acknowledged sends. The surprise: neighbours are found among records that somebody read,
 * not by offset, since offsets may lie between them that hold nothing for readers.
 */
import type { History, Operation, PartitionName } from './history.ts';
import { seenBy, sendsOf } from './history.ts';

interface Seen {
  readonly offset: number;
  readonly value: string;
}

/** What was seen, in the order of its offsets. */
class Sequence {
  readonly #values = new Map<number, string>();
  #sorted: Seen[] | undefined;

  add(offset: number, value: string): void {
    this.#values.set(offset, value);
    this.#sorted = undefined;
  }

  between(earlier: number, later: number): Seen[] {
    if (later - earlier < 2) return [];
    this.#sorted ??= [...this.#values]
      .map(([offset, value]) => ({ offset, value }))
      .sort((a, b) => a.offset - b.offset);
    const found: Seen[] = [];
    for (let i = this.#firstAfter(earlier); this.#sorted[i]?.offset < later; i++) {
      found.push(this.#sorted[i]);
    }
    return found;
  }

  #firstAfter(offset: number): number {
    const sorted = this.#sorted!;
    let [from, to] = [0, sorted.length];
    while (from < to) {
      const middle = (from + to) >> 1;
      if (sorted[middle].offset <= offset) from = middle + 1;
      else to = middle;
    }
    return from;
  }
}

export class ObservedPartition {
  /** Values at each offset, by whoever said so. */
  readonly valuesAt = new Map<number, Set<string>>();
  readonly offsetsOf = new Map<string, Set<number>>();
  /** What was seen by those who read only what is committed. */
  readonly #committed = new Sequence();
  readonly #all = new Sequence();
  readonly readValues = new Set<string>();

  /** The highest offset anybody came to by reading; -1: nobody read anything. */
  highestRead = -1;

  note(offset: number, value: string): void {
    entry(this.valuesAt, offset).add(value);
    entry(this.offsetsOf, value).add(offset);
  }

  noteRead(offset: number, value: string, { glimpsed, uncommitted }: Operation): void {
    this.note(offset, value);
    this.#all.add(offset, value);
    if (uncommitted) return;
    this.#committed.add(offset, value);
    this.readValues.add(value);
    if (!glimpsed) this.highestRead = Math.max(this.highestRead, offset);
  }

  /** The records between two others that a reader of this kind should see. */
  between(earlier: number, later: number, uncommitted = false): Seen[] {
    return (uncommitted ? this.#all : this.#committed).between(earlier, later);
  }

  /** All values in the order of their offsets; a value with several stands at its first. */
  order(): string[] {
    const first = [...this.offsetsOf].map(
      ([value, offsets]) => [Math.min(...offsets), value] as const,
    );
    return first.sort(([a], [b]) => a - b).map(([, value]) => value);
  }
}

export type ObservedLog = ReadonlyMap<PartitionName, ObservedPartition>;

export function observe(history: History): ObservedLog {
  const log = new Map<PartitionName, ObservedPartition>();
  const partition = (name: PartitionName): ObservedPartition => {
    const known = log.get(name) ?? new ObservedPartition();
    log.set(name, known);
    return known;
  };
  for (const operation of history) {
    for (const { partition: name, offset, value } of seenBy(operation)) {
      partition(name).noteRead(offset, value, operation);
    }
    if (operation.outcome === 'fail') continue;
    for (const { partition: name, offset, value } of sendsOf(operation)) {
      if (offset !== undefined) partition(name).note(offset, value);
    }
  }
  return log;
}

function entry<K, V>(map: Map<K, Set<V>>, key: K): Set<V> {
  const known = map.get(key) ?? new Set<V>();
  map.set(key, known);
  return known;
}
