/**
 * Writes topics to files: what there is when it begins, and on the next run what has come since.
 * The surprise: it ends where transactions begin that are not decided yet, since what is aborted
 * must not be in the files; the next run has them.
 */
import { ZERO_UUID } from '../../bytes/uuid.ts';
import type { Admin } from '../../client/admin/admin.ts';
import type { Link } from '../../client/link.ts';
import type { GroupLine, TopicLine } from '../../core/record-lines.ts';
import { describeConfigs } from '../../protocol/apis/describe-configs.ts';
import { ErrorCode, errorInfo, KafkaError } from '../../protocol/errors.ts';
import type { Destination } from './destinations.ts';
import { LogReader, Place } from './log-reader.ts';
import { offsetsOf, partitionsOf } from './places.ts';

export interface Source {
  readonly admin: Admin;
  readonly link: Link;
}

export interface Exporting {
  readonly topics: readonly string[];
  readonly withGroups: boolean;
  say(text: string): void;
  /** So many offsets of so many are done. */
  progress(done: number, all: number, records: number): void;
  readonly signal: AbortSignal;
}

export interface Exported {
  /** Undefined where batches are written as they are: nobody counts them. */
  readonly records: number | undefined;
  /** Offsets that were gone through. */
  readonly offsets: number;
  readonly partitions: number;
}

const isolation = 'read_committed';
/** A broker may take so long to be back. */
const patienceMs = 60_000;

export async function exportTopics(
  source: Source,
  destination: Destination,
  exporting: Exporting,
): Promise<Exported> {
  const { admin, link } = source;
  const { topics: names, say, signal } = exporting;
  const partitions = await partitionsOf(admin, { topics: names });
  const topics = await describedTopics(source, partitions, say);
  const groups = exporting.withGroups ? await groupsOf(admin, new Set(names)) : [];
  await destination.describe({ topics, groups });
  const places = await placesLeft(admin, partitions, destination, say);
  const all = places.reduce((sum, { position, end }) => sum + Math.max(0, end! - position), 0);
  let offsets = 0;
  let records = 0;
  let isCounted = true;
  const reader = new LogReader(link, {
    isolation,
    patienceMs,
    outOfRange: (place) => goOnWhereItBegins(admin, place, say),
  });
  for await (const found of reader.read(places, signal)) {
    const written = await destination.take(found);
    isCounted &&= written >= 0;
    records += Math.max(0, written);
    offsets +=
      Math.min(found.nextOffset, found.place.end!) - Math.min(found.from, found.place.end!);
    exporting.progress(offsets, all, records);
    if (destination.isGone || signal.aborted) break;
  }
  return { records: isCounted ? records : undefined, offsets, partitions: places.length };
}

type Partition = Awaited<ReturnType<typeof partitionsOf>>[number];

/** Each partition from what is there already to its end as it is now. */
async function placesLeft(
  admin: Admin,
  partitions: readonly Partition[],
  destination: Destination,
  say: (text: string) => void,
): Promise<Place[]> {
  const begins = await offsetsOf(admin, partitions, 'earliest', isolation);
  const ends = await offsetsOf(admin, partitions, 'latest', isolation);
  const places: Place[] = [];
  const fresh: Place[] = [];
  for (const partition of partitions) {
    const [begin, end] = [begins(partition), ends(partition)];
    const place = new Place(partition, begin, end);
    const reached = await destination.reached(place);
    places.push(place);
    if (reached === undefined) {
      fresh.push(place);
      continue;
    }
    if (reached > end) {
      throw new Error(
        `the export has ${place} up to offset ${reached}, and the topic ends at ${end}: ` +
          'it is another topic. Export it elsewhere.',
      );
    }
    if (reached < begin) sayGap(say, place, reached, begin);
    else place.moveTo(reached);
  }
  await destination.begin?.(fresh);
  return places;
}

async function goOnWhereItBegins(
  admin: Admin,
  place: Place,
  say: (text: string) => void,
): Promise<void> {
  const begin = (await offsetsOf(admin, [place], 'earliest', isolation))(place);
  if (begin <= place.position) {
    const { message } = errorInfo(ErrorCode.OFFSET_OUT_OF_RANGE);
    throw new KafkaError(ErrorCode.OFFSET_OUT_OF_RANGE, `${message} (${place})`);
  }
  sayGap(say, place, place.position, begin);
  place.moveTo(begin);
}

function sayGap(say: (text: string) => void, place: Place, from: number, to: number): void {
  say(`${place}: offsets ${from} to ${to - 1} were deleted before they could be exported.`);
}

/** How each topic is made, with what was set for it and not what is so by default. */
async function describedTopics(
  { link }: Source,
  partitions: readonly Partition[],
  say: (text: string) => void,
): Promise<TopicLine[]> {
  const topics = [...Map.groupBy(partitions, ({ topic }) => topic)];
  if (topics.length === 0) return [];
  const resources = topics.map(([name]) => ({
    resourceType: 2,
    resourceName: name,
    configurationKeys: null,
  }));
  const { results } = await link.call(describeConfigs, { resources });
  return topics.map(([topic, all]) => {
    const result = results.find(({ resourceName }) => resourceName === topic);
    if (result === undefined || result.errorCode !== ErrorCode.NONE) {
      say(`${topic}: its configs are left out: ${errorInfo(result?.errorCode ?? -1).message}`);
    }
    const set = (result?.configs ?? []).filter(
      ({ configSource, value }) => configSource === setForTopic && value !== null,
    );
    const configs = Object.fromEntries(set.map(({ name, value }) => [name, value!]));
    const [{ topicId }] = all;
    return { topic, ...(topicId !== ZERO_UUID && { topicId }), partitions: all.length, configs };
  });
}

/** DescribeConfigs' word for what was set for the topic itself. */
const setForTopic = 1;

async function groupsOf(admin: Admin, topics: ReadonlySet<string>): Promise<GroupLine[]> {
  const lines: GroupLine[] = [];
  for (const { groupId } of await admin.listGroups()) {
    for (const { topic, partition, offset } of await admin.groupOffsets(groupId)) {
      if (topics.has(topic)) lines.push({ group: groupId, topic, partition, offset });
    }
  }
  return lines;
}
