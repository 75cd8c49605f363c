/**
 * Which partitions to read, and from where to where. The surprise: topics may be named by a
 * pattern, `^orders-.*`, which finds those there are when the command begins.
 */
import type { Admin } from '../../client/admin/admin.ts';
import type { TopicDescription } from '../../client/admin/topics.ts';
import type { PlaceOffset } from '../../client/offsets.ts';
import { UsageError } from '../usage.ts';
import { Place } from './log-reader.ts';
import type { Range, StartAt } from './start-offsets.ts';

export interface Selection {
  /** Names, or patterns that begin with ^. */
  readonly topics: readonly string[];
  /** Undefined: all there are. */
  readonly partitions?: readonly number[] | undefined;
}

export type Isolation = 'read_uncommitted' | 'read_committed';

/** Topics by name and by pattern; one that is not there is thrown. */
export async function topicsOf(admin: Admin, named: readonly string[]): Promise<string[]> {
  const patterns = named.filter((name) => name.startsWith('^')).map(patternOf);
  const names = new Set(named.filter((name) => !name.startsWith('^')));
  if (patterns.length > 0) {
    const all = await admin.listTopics();
    const found = all.filter((name) => patterns.some((pattern) => pattern.test(name)));
    if (found.length === 0 && names.size === 0) {
      throw new Error(`no topic matches ${named.join(' or ')}.`);
    }
    for (const name of found.toSorted()) names.add(name);
  }
  return [...names];
}

export function patternOf(text: string): RegExp {
  try {
    return new RegExp(text, 'u');
  } catch (error) {
    throw new UsageError(`'${text}' is no pattern: ${(error as Error).message}`);
  }
}

interface Partition {
  readonly topic: string;
  readonly topicId: string;
  readonly partition: number;
  readonly leader: number;
}

export async function partitionsOf(admin: Admin, selection: Selection): Promise<Partition[]> {
  const names = await topicsOf(admin, selection.topics);
  const topics = await admin.describeTopics(names);
  return topics.flatMap((topic) => {
    for (const partition of selection.partitions ?? []) checkPartition(topic, partition);
    return topic.partitions
      .filter(({ partition }) => selection.partitions?.includes(partition) ?? true)
      .map(({ partition, leader }) => ({
        topic: topic.name,
        topicId: topic.topicId,
        partition,
        leader,
      }));
  });
}

function checkPartition({ name, partitions }: TopicDescription, partition: number): void {
  if (partitions.some((one) => one.partition === partition)) return;
  const last = partitions.length - 1;
  throw new Error(`topic ${name} has the partitions 0 to ${last}, and no ${partition}.`);
}

/** The partitions, each where reading begins; `end` where a time says so. */
export async function placesOf(
  admin: Admin,
  selection: Selection,
  { start = { kind: 'earliest' }, until }: Range,
  isolation: Isolation,
): Promise<Place[]> {
  const partitions = await partitionsOf(admin, selection);
  const starts = await startsOf(admin, partitions, start, isolation);
  const ends = until === undefined ? undefined : await atTime(admin, partitions, until, isolation);
  return partitions.map((partition) => {
    const end = ends?.(partition);
    return new Place(partition, starts(partition), end === -1 ? undefined : end);
  });
}

type OffsetOf = (partition: Partition) => number;

async function startsOf(
  admin: Admin,
  partitions: readonly Partition[],
  start: StartAt,
  isolation: Isolation,
): Promise<OffsetOf> {
  const ask = (at: 'earliest' | 'latest') => offsetsOf(admin, partitions, at, isolation);
  switch (start.kind) {
    case 'earliest':
    case 'latest':
      return ask(start.kind);
    case 'offset':
      return () => start.offset;
    case 'last': {
      const [earliest, latest] = await Promise.all([ask('earliest'), ask('latest')]);
      return (one) => Math.max(earliest(one), latest(one) - start.count);
    }
    case 'time': {
      const [found, latest] = await Promise.all([
        atTime(admin, partitions, start.time, isolation),
        ask('latest'),
      ]);
      return (one) => (found(one) < 0 ? latest(one) : found(one));
    }
    case 'stored':
      throw new UsageError('only a group has a stored offset: say which with -G.');
  }
}

function atTime(
  admin: Admin,
  partitions: readonly Partition[],
  time: number,
  isolation: Isolation,
): Promise<OffsetOf> {
  return offsetsOf(admin, partitions, time, isolation);
}

/** Ends of partitions, or the first offsets not older than a time; -1: there is none so late. */
export async function offsetsOf(
  admin: Admin,
  partitions: readonly Partition[],
  at: 'earliest' | 'latest' | number,
  isolation: Isolation,
): Promise<OffsetOf> {
  const asked = partitions.map(({ topic, partition }) => ({ topic, partition, at }));
  const committed = isolation === 'read_committed' ? { isolation } : {};
  const found = asked.length === 0 ? [] : await admin.listOffsets(asked, committed);
  const offsets = new Map(found.map((one) => [keyOf(one), one.offset]));
  return (partition) => offsets.get(keyOf(partition)) ?? -1;
}

function keyOf({ topic, partition }: Pick<PlaceOffset, 'topic' | 'partition'>): string {
  return `${topic} ${partition}`;
}
