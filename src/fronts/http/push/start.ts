/**
 * Where a new subscription begins: offsets committed for its group, before it exists. The surprise:
 * that is all there is to it. What was committed before stands, as with every consumer, and
 * partitions that come later are read from their beginning.
 */
import { ZERO_UUID } from '../../../bytes/uuid.ts';
import { offsetCommit } from '../../../protocol/apis/offset-commit.ts';
import { offsetFetch } from '../../../protocol/apis/offset-fetch.ts';
import { ErrorCode, KafkaError } from '../../../protocol/errors.ts';
import { type Kafka, Timestamp, type TopicMetadata } from '../kafka.ts';
import type { Start } from './config.ts';

/** The newest versions that know topics by name. */
const fetchByName = 9;
const commitByName = 9;

interface Place {
  readonly topic: string;
  readonly partition: number;
}

/** Commits for partitions that nobody has committed for, but those `known` already. */
export async function commitStart(
  kafka: Kafka,
  group: string,
  topics: readonly TopicMetadata[],
  start: Start,
  known: ReadonlySet<string>,
): Promise<void> {
  const places = topics.flatMap(({ name, topicId, partitions }) =>
    partitions
      .filter(({ partitionIndex }) => !known.has(`${topicId}:${partitionIndex}`))
      .map(({ partitionIndex }) => ({ topic: name!, partition: partitionIndex })),
  );
  if (places.length === 0) return;
  const committed = await committedOf(kafka, group, places);
  const fresh = places.filter((_, index) => committed[index] < 0);
  const offsets = await startOf(kafka, fresh, start);
  await commit(kafka, group, offsets);
}

async function committedOf(
  kafka: Kafka,
  groupId: string,
  places: readonly Place[],
): Promise<number[]> {
  const topics = byTopic(places).map(([name, those]) => ({
    name,
    topicId: ZERO_UUID,
    partitionIndexes: those.map(({ partition }) => partition),
  }));
  const group = { groupId, memberId: null, memberEpoch: -1, topics };
  const request = { groupId: '', topics: null, groups: [group], requireStable: false };
  const [answer] = (await kafka.call(offsetFetch, request, fetchByName)).groups;
  throwIf(answer.errorCode);
  const offsets = new Map<string, number>();
  for (const { name, partitions } of answer.topics) {
    for (const { partitionIndex, committedOffset, errorCode } of partitions) {
      throwIf(errorCode);
      offsets.set(`${name}:${partitionIndex}`, committedOffset);
    }
  }
  return places.map(({ topic, partition }) => offsets.get(`${topic}:${partition}`) ?? -1);
}

type PlaceAt = Place & { readonly offset: number };

async function startOf(kafka: Kafka, places: readonly Place[], start: Start): Promise<PlaceAt[]> {
  if ('offsets' in start) {
    return places.map((place) => {
      const same = (one: Place) => one.topic === place.topic && one.partition === place.partition;
      return { ...place, offset: start.offsets.find(same)?.offset ?? 0 };
    });
  }
  const offsetsAt = (timestamp: number) =>
    kafka.offsetsAt(
      places.map((place) => ({ ...place, timestamp })),
      1,
    );
  if (!('timestamp' in start)) {
    return offsetsAt(start.at === 'earliest' ? Timestamp.EARLIEST : Timestamp.LATEST);
  }
  const found = await offsetsAt(start.timestamp);
  // Nothing is that late yet: what comes next is.
  const ends = await offsetsAt(Timestamp.LATEST);
  return found.map((one, index) => (one.offset < 0 ? ends[index] : one));
}

async function commit(kafka: Kafka, groupId: string, offsets: readonly PlaceAt[]): Promise<void> {
  if (offsets.length === 0) return;
  const request = {
    groupId,
    generationIdOrMemberEpoch: -1,
    memberId: '',
    groupInstanceId: null,
    retentionTimeMs: -1,
    topics: byTopic(offsets).map(([name, those]) => ({
      name,
      topicId: ZERO_UUID,
      partitions: those.map(({ partition, offset }) => ({
        partitionIndex: partition,
        committedOffset: offset,
        committedLeaderEpoch: -1,
        committedMetadata: null,
      })),
    })),
  };
  const { topics } = await kafka.call(offsetCommit, request, commitByName);
  for (const { partitions } of topics) {
    for (const { errorCode } of partitions) throwIf(errorCode);
  }
}

function byTopic<P extends Place>(places: readonly P[]): [string, P[]][] {
  const topics = new Map<string, P[]>();
  for (const place of places) {
    const those = topics.get(place.topic);
    if (those === undefined) topics.set(place.topic, [place]);
    else those.push(place);
  }
  return [...topics];
}

function throwIf(errorCode: number): void {
  if (errorCode !== ErrorCode.NONE) throw new KafkaError(errorCode);
}
