/**
 * Which partitions keep a state of a share group. The surprise: that of a topic that is read for
 * the first time begins where the group's configs say, whenever somebody first reads there; but
 * what a topic gains later begins at its first record, or a record might come before the group.
 */
import type { PartitionsById } from '../commands.ts';
import type { TopicsImage } from '../topics-image.ts';

export interface SharedTopic {
  readonly name: string;
  /** In order. */
  readonly partitions: readonly number[];
}

/** By topic id. */
export type SharedTopics = Readonly<Record<string, SharedTopic>>;

/** What is kept. */
export interface ShareTopics {
  readonly known: SharedTopics;
  /** Whose partitions are being told to forget the group. */
  readonly forgotten: SharedTopics;
}

export const noShareTopics: ShareTopics = { known: {}, forgotten: {} };

/** What becomes known when these names are read, and which partitions must begin first. */
export function subscribed(
  topics: ShareTopics,
  names: Iterable<string>,
  image: TopicsImage,
): { readonly topics: ShareTopics; readonly toStart: PartitionsById } {
  const known: Record<string, SharedTopic> = { ...topics.known };
  const forgotten: Record<string, SharedTopic> = { ...topics.forgotten };
  const toStart: { topicId: string; partitions: number[] }[] = [];
  for (const name of names) {
    const topic = image.byName(name);
    if (!topic) continue;
    const all = Array.from({ length: topic.partitions }, (_, partition) => partition);
    const { partitions = all } = known[topic.topicId] ?? {};
    const before = new Set(partitions);
    const gained = all.filter((partition) => !before.has(partition));
    if (gained.length > 0) toStart.push({ topicId: topic.topicId, partitions: gained });
    known[topic.topicId] = { name, partitions };
    delete forgotten[topic.topicId];
  }
  return { topics: { known, forgotten }, toStart };
}

/** Without topics that are gone, or have made room for another of their name, as was just seen. */
export function existing({ known, forgotten }: ShareTopics, image: TopicsImage): ShareTopics {
  return { known: living(known, image), forgotten: living(forgotten, image) };
}

function living(topics: SharedTopics, image: TopicsImage): SharedTopics {
  const lives = ([topicId, { name }]: [string, SharedTopic]): boolean =>
    !image.covers([name]) || image.byName(name)?.topicId === topicId;
  return Object.fromEntries(Object.entries(topics).filter(lives));
}

/** With these partitions, of topics that are known. */
export function started(topics: ShareTopics, added: PartitionsById): ShareTopics {
  const known: Record<string, SharedTopic> = { ...topics.known };
  for (const { topicId, partitions } of added) {
    const topic = known[topicId];
    if (topic) known[topicId] = { ...topic, partitions: union(topic.partitions, partitions) };
  }
  return { ...topics, known };
}

/** With these partitions, whose offsets are being set. */
export function altered(
  topics: ShareTopics,
  added: readonly (SharedTopic & { readonly topicId: string })[],
): ShareTopics {
  const known: Record<string, SharedTopic> = { ...topics.known };
  const forgotten: Record<string, SharedTopic> = { ...topics.forgotten };
  for (const { topicId, name, partitions } of added) {
    const { partitions: before = [] } = known[topicId] ?? {};
    // What was to be forgotten may still be there.
    const { partitions: left = [] } = forgotten[topicId] ?? {};
    known[topicId] = { name, partitions: union([...before, ...left], partitions) };
    delete forgotten[topicId];
  }
  return { known, forgotten };
}

function union(left: readonly number[], right: readonly number[]): number[] {
  return [...new Set([...left, ...right])].sort((one, other) => one - other);
}

/** These (or all) are about to be forgotten. */
export function forgetting(
  { known, forgotten }: ShareTopics,
  topicIds: readonly string[] = Object.keys(known),
): ShareTopics {
  const goes = new Set(topicIds);
  const entries = Object.entries(known);
  const going = entries.filter(([topicId]) => goes.has(topicId));
  return {
    known: Object.fromEntries(entries.filter(([topicId]) => !goes.has(topicId))),
    forgotten: { ...forgotten, ...Object.fromEntries(going) },
  };
}

/** Of those, these partitions are done. */
export function forgot(topics: ShareTopics, done: PartitionsById): ShareTopics {
  const forgotten: Record<string, SharedTopic> = { ...topics.forgotten };
  for (const { topicId, partitions } of done) {
    const topic = forgotten[topicId];
    if (!topic) continue;
    const left = topic.partitions.filter((partition) => !partitions.includes(partition));
    if (left.length === 0) delete forgotten[topicId];
    else forgotten[topicId] = { ...topic, partitions: left };
  }
  return { ...topics, forgotten };
}

export function listedTopics(topics: SharedTopics): PartitionsById {
  return Object.entries(topics).map(([topicId, { partitions }]) => ({ topicId, partitions }));
}
