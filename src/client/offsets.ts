/**
 * Offsets: where partitions begin and end, and how far groups have read. The surprise: a group that
 * has no member may have its offsets set by anybody; one that has, only by its members.
 */
import { listOffsets } from '../protocol/apis/list-offsets.ts';
import { offsetCommit } from '../protocol/apis/offset-commit.ts';
import { offsetFetch } from '../protocol/apis/offset-fetch.ts';
import { ErrorCode, KafkaError } from '../protocol/errors.ts';
import type { Link } from './link.ts';
import type { Topic, Topics } from './topics.ts';
import type { Limits } from './waiting.ts';

export interface Place {
  readonly topic: string;
  readonly partition: number;
}

export interface PlaceOffset extends Place {
  readonly offset: number;
}

/** Who asks for a group's offsets. */
export interface Committer {
  readonly groupId: string;
  readonly memberId?: string | undefined;
  readonly memberEpoch?: number | undefined;
  readonly groupInstanceId?: string | null | undefined;
}

/** ListOffsets' words for what is no time. */
const questions = { latest: -1, earliest: -2, maxTimestamp: -3 } as const;

/** An end of a partition, or the first record that is not older than a time (in milliseconds). */
export type OffsetAt = keyof typeof questions | number;

/** -1: there is none so late. Throws the error of the first partition that has one. */
export async function offsetsAt<P extends Place & { readonly at: OffsetAt }>(
  link: Link,
  places: readonly P[],
  isolationLevel: number,
  limits: Limits = {},
): Promise<PlaceOffset[]> {
  const topics = byTopic(places).map(([name, all]) => ({
    name,
    partitions: all.map(({ partition, at }) => ({
      partitionIndex: partition,
      currentLeaderEpoch: -1,
      timestamp: typeof at === 'number' ? at : questions[at],
    })),
  }));
  const request = { replicaId: -1, isolationLevel, topics, timeoutMs: 30_000 };
  const answer = await link.call(listOffsets, request, limits);
  return answer.topics.flatMap(({ name, partitions }) =>
    partitions.map(({ errorCode, partitionIndex, offset }) => {
      throwIfError(errorCode, `${name}-${partitionIndex}`);
      return { topic: name, partition: partitionIndex, offset };
    }),
  );
}

/** Of these partitions, or of all (undefined), those that have one. */
export async function committedOffsets(
  link: Link,
  topics: Topics,
  { groupId, memberId = undefined, memberEpoch = -1 }: Committer,
  places: readonly Place[] | undefined,
  limits: Limits = {},
): Promise<PlaceOffset[]> {
  const asked = places && (await withTopics(topics, places));
  const group = {
    groupId,
    memberId: memberId ?? null,
    memberEpoch,
    topics:
      asked?.map(({ topic, all }) => ({
        ...topic,
        partitionIndexes: all.map(({ partition }) => partition),
      })) ?? null,
  };
  const request = { groups: [group], requireStable: true };
  const answer = await link.call(offsetFetch, request, limits);
  const [{ errorCode, topics: found }] = answer.groups;
  throwIfError(errorCode, groupId);
  const offsets: PlaceOffset[] = [];
  for (const { name, topicId, partitions } of found) {
    for (const one of partitions) {
      heedId(one.errorCode, nameOf(asked, topicId) ?? name, topics);
      throwIfError(one.errorCode, `${groupId}, ${name || topicId}-${one.partitionIndex}`);
      if (one.committedOffset < 0) continue;
      const topic = name || nameOf(asked, topicId) || (await topics.withId(topicId)).name;
      offsets.push({ topic, partition: one.partitionIndex, offset: one.committedOffset });
    }
  }
  return offsets;
}

/** Throws the error of the first partition that has one. */
export async function commitOffsets(
  link: Link,
  topics: Topics,
  { groupId, memberId = '', memberEpoch = -1, groupInstanceId = null }: Committer,
  offsets: readonly PlaceOffset[],
  limits: Limits = {},
): Promise<void> {
  const asked = await withTopics(topics, offsets);
  const request = {
    groupId,
    memberId,
    groupInstanceId,
    generationIdOrMemberEpoch: memberEpoch,
    topics: asked.map(({ topic, all }) => ({
      ...topic,
      partitions: all.map(({ partition, offset }) => ({
        partitionIndex: partition,
        committedOffset: offset,
        committedLeaderEpoch: -1,
        committedMetadata: '',
      })),
    })),
  };
  const answer = await link.call(offsetCommit, request, limits);
  for (const { name, topicId, partitions } of answer.topics) {
    for (const { errorCode, partitionIndex } of partitions) {
      heedId(errorCode, nameOf(asked, topicId) ?? name, topics);
      const topic = name || nameOf(asked, topicId);
      throwIfError(errorCode, `${groupId}, ${topic}-${partitionIndex}`);
    }
  }
}

type Asked<P> = readonly { readonly topic: Topic; readonly all: readonly P[] }[];

function withTopics<P extends Place>(topics: Topics, places: readonly P[]): Promise<Asked<P>> {
  return Promise.all(
    byTopic(places).map(async ([name, all]) => ({ topic: await topics.named(name), all })),
  );
}

function nameOf(asked: Asked<Place> | undefined, topicId: string): string | undefined {
  return asked?.find(({ topic }) => topic.topicId === topicId)?.topic.name;
}

/** A topic that was made anew has another id, which is looked up for the next attempt. */
function heedId(errorCode: number, name: string, topics: Topics): void {
  if (errorCode === ErrorCode.UNKNOWN_TOPIC_ID) topics.forget(name);
}

export function byTopic<P extends Place>(places: readonly P[]): [string, P[]][] {
  return [...Map.groupBy(places, ({ topic }) => topic)];
}

function throwIfError(errorCode: number, what: string): void {
  if (errorCode === ErrorCode.NONE) return;
  const error = new KafkaError(errorCode);
  throw new KafkaError(errorCode, `${error.message} (${what})`);
}
