/**
 * The partitions of a request, each once under its topic, as Kafka keeps them. The surprise: of a
 * partition that is named twice the last word counts, and a topic without partitions is gone.
 */

/** One topic of a request and its partitions, in the order in which they are first named. */
export interface Once<Topic, Partition> {
  readonly topic: Topic;
  readonly partitions: readonly Partition[];
}

/** `key` is what tells topics apart: their name or their id. */
export function eachOnce<Topic, Partition>(
  topics: readonly Topic[],
  key: (topic: Topic) => string,
  partitionsOf: (topic: Topic) => readonly Partition[],
  indexOf: (partition: Partition) => number,
): Once<Topic, Partition>[] {
  const [topic] = topics;
  // The most common request of all.
  if (topics.length === 1 && partitionsOf(topic).length === 1) {
    return [{ topic, partitions: partitionsOf(topic) }];
  }
  const found = new Map<string, { topic: Topic; partitions: Map<number, Partition> }>();
  for (const topic of topics) {
    for (const partition of partitionsOf(topic)) {
      const entry = found.get(key(topic)) ?? { topic, partitions: new Map() };
      entry.partitions.set(indexOf(partition), partition);
      found.set(key(topic), entry);
    }
  }
  return Array.from(found.values(), ({ topic, partitions }) => ({
    topic,
    partitions: [...partitions.values()],
  }));
}
