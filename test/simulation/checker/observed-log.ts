/**
 * Each partition's log as clients observed it: which values stand at which offsets, told by polls
 * and by acknowledged sends. The surprise: neighbours are found by rank among records that somebody
 * read, not by offset, since offsets may lie between them that hold nothing for readers.
 */
import type { History, Operation, PartitionName } from './history.ts';
import { seenBy, sendsOf } from './history.ts';

/** Offsets, and how many of them lie between two. */
class Ranks {
  readonly #offsets = new Set<number>();
  #ranks: Map<number, number> | undefined;

  add(offset: number): void {
    this.#offsets.add(offset);
    this.#ranks = undefined;
  }

  between(earlier: number, later: number): number {
    this.#ranks ??= new Map([...this.#offsets].sort((a, b) => a - b).map((at, i) => [at, i]));
    const [from, to] = [this.#ranks.get(earlier), this.#ranks.get(later)];
    return from === undefined || to === undefined ? 0 : Math.max(0, to - from - 1);
  }
}

export class ObservedPartition {
  /** Values at each offset, by whoever said so. */
  readonly valuesAt = new Map<number, Set<string>>();
  readonly offsetsOf = new Map<string, Set<number>>();
  /** What was seen by those who read only what is committed. */
  readonly #committed = new Ranks();
  readonly #all = new Ranks();
  readonly readValues = new Set<string>();

  /** The highest offset anybody came to by reading; -1: nobody read anything. */
  highestRead = -1;

  note(offset: number, value: string): void {
    entry(this.valuesAt, offset).add(value);
    entry(this.offsetsOf, value).add(offset);
  }

  noteRead(offset: number, value: string, { glimpsed, uncommitted }: Operation): void {
    this.note(offset, value);
    this.#all.add(offset);
    if (uncommitted) return;
    this.#committed.add(offset);
    this.readValues.add(value);
    if (!glimpsed) this.highestRead = Math.max(this.highestRead, offset);
  }

  /** How many records that a reader of this kind should see lie between two others. */
  between(earlier: number, later: number, uncommitted = false): number {
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
