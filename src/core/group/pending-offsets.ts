/**
 * The offsets that a group's open transactions would commit: one row a producer, changed only by
 * replay. The surprise: each has a position among the commits for its topic, since a transaction
 * must not overwrite what was committed after it wrote; in Kafka the place in the log says that.
 */
import type { GroupRow, OpenTransaction, PendingTopic, StoredOffset } from './rows.ts';

const keyPrefix = 'pending/';

/** Topic → the keys of partitions. */
export type PartitionKeys = ReadonlyMap<string, ReadonlySet<string>>;

export class PendingOffsets {
  readonly #open = new Map<number, OpenTransaction>();

  /** How many producers have an open transaction. */
  get size(): number {
    return this.#open.size;
  }

  static holds(key: string): boolean {
    return key.startsWith(keyPrefix);
  }

  replay(key: string, value: OpenTransaction | null): void {
    const producerId = Number(key.slice(keyPrefix.length));
    if (value === null) this.#open.delete(producerId);
    else this.#open.set(producerId, value);
  }

  open(producerId: number): OpenTransaction | undefined {
    return this.#open.get(producerId);
  }

  /** This topic in every open transaction, but for one producer's. */
  topic(name: string, exceptProducerId?: number): PendingTopic[] {
    return [...this.#open].flatMap(([producerId, { topics }]) =>
      producerId === exceptProducerId ? [] : topics.filter((topic) => topic.name === name),
    );
  }

  /** The row that stores these offsets beside what the same transaction already has. */
  add(
    producerId: number,
    { transactionNumber, producerEpoch, topics }: OpenTransaction,
  ): GroupRow[] {
    if (topics.length === 0) return [];
    const known = this.#open.get(producerId);
    const merged = new Map<string, PendingTopic>();
    if (known?.transactionNumber === transactionNumber) {
      for (const topic of known.topics) merged.set(topic.name, topic);
    }
    for (const { name, topicId, partitions } of topics) {
      const stands = merged.get(name);
      const others = stands?.topicId === topicId ? stands.partitions : {};
      merged.set(name, { name, topicId, partitions: { ...others, ...partitions } });
    }
    const value = { transactionNumber, producerEpoch, topics: [...merged.values()] };
    return [{ key: `${keyPrefix}${producerId}`, value }];
  }

  /** The row that forgets what a producer's transaction would commit. */
  forget(producerId: number): GroupRow {
    return { key: `${keyPrefix}${producerId}`, value: null };
  }

  forgetAll(): GroupRow[] {
    return [...this.#open.keys()].map((producerId) => this.forget(producerId));
  }

  /** Rows that forget the offsets of these partitions, whoever would commit them. */
  remove(unwanted: PartitionKeys): GroupRow[] {
    return [...this.#open].flatMap(([producerId, transaction]): GroupRow[] => {
      const topics = transaction.topics
        .map((topic) => ({
          ...topic,
          partitions: without(topic.partitions, unwanted.get(topic.name)),
        }))
        .filter(({ partitions }) => Object.keys(partitions).length > 0);
      if (topics.length === 0) return [this.forget(producerId)];
      const key: GroupRow['key'] = `${keyPrefix}${producerId}`;
      return count(topics) === count(transaction.topics)
        ? []
        : [{ key, value: { ...transaction, topics } }];
    });
  }
}

function without(
  partitions: Readonly<Record<number, StoredOffset>>,
  unwanted: ReadonlySet<string> | undefined,
): Record<number, StoredOffset> {
  const kept = Object.entries(partitions).filter(([index]) => !unwanted?.has(index));
  return Object.fromEntries(kept);
}

function count(topics: readonly PendingTopic[]): number {
  return topics.reduce((sum, { partitions }) => sum + Object.keys(partitions).length, 0);
}
