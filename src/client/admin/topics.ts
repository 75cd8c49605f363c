/**
 * Topics and their configs, made, looked at, changed and deleted. The surprise: a list is carried
 * out as far as it goes; the first refusal in the answer is thrown, and what was not refused is
 * done.
 */
import { ZERO_UUID } from '../../bytes/uuid.ts';
import { createPartitions } from '../../protocol/apis/create-partitions.ts';
import { createTopics } from '../../protocol/apis/create-topics.ts';
import { deleteRecords } from '../../protocol/apis/delete-records.ts';
import { deleteTopics } from '../../protocol/apis/delete-topics.ts';
import { describeConfigs } from '../../protocol/apis/describe-configs.ts';
import { incrementalAlterConfigs } from '../../protocol/apis/incremental-alter-configs.ts';
import { type MetadataResponse, metadata } from '../../protocol/apis/metadata.ts';
import type { Link } from '../link.ts';
import { byTopic, type PlaceOffset } from '../offsets.ts';
import type { Limits } from '../waiting.ts';
import { throwIfRefused } from './refusals.ts';

const timeoutMs = 30_000;
/** For Kafka: as many as the broker's default. */
const byDefault = -1;

export interface NewTopic {
  readonly name: string;
  /** Default: `num.partitions` of the broker. */
  readonly partitions?: number;
  /** Kafka's names: `{ 'retention.ms': '60000' }`. */
  readonly configs?: Readonly<Record<string, string>>;
}

export interface TopicDescription {
  readonly name: string;
  readonly topicId: string;
  readonly isInternal: boolean;
  readonly partitions: readonly {
    readonly partition: number;
    readonly leader: number;
    readonly replicas: readonly number[];
  }[];
}

/** Whose configs: `{ topic: 'orders' }`, `{ broker: '1' }` (all: `''`), `{ group: 'readers' }`. */
export type ConfigResource =
  | { readonly topic: string }
  | { readonly broker: string }
  | { readonly group: string };

export interface ConfigEntry {
  readonly name: string;
  /** null: it is secret. */
  readonly value: string | null;
  /** Whether nobody has set it. */
  readonly isDefault: boolean;
  readonly isReadOnly: boolean;
  /** Kafka's number of where it comes from: 1, the topic; 5, the default. */
  readonly source: number;
}

/** A value to set, `null` to go back to the default, or a list to add to or take away from. */
export type ConfigChange =
  | string
  | null
  | { readonly append: string }
  | { readonly subtract: string };

const resourceTypes = { topic: 2, broker: 4, group: 32 } as const;
const defaultSource = 5;

export async function create(
  link: Link,
  topics: readonly NewTopic[],
  limits: Limits,
): Promise<void> {
  const request = {
    topics: topics.map(({ name, partitions = byDefault, configs = {} }) => ({
      name,
      numPartitions: partitions,
      replicationFactor: byDefault,
      assignments: [],
      configs: Object.entries(configs).map(([key, value]) => ({ name: key, value })),
    })),
    timeoutMs,
  };
  const answer = await link.call(createTopics, request, limits);
  for (const topic of answer.topics) throwIfRefused(topic, topic.name);
}

export async function remove(link: Link, names: readonly string[], limits: Limits): Promise<void> {
  const topics = names.map((name) => ({ name, topicId: ZERO_UUID }));
  const answer = await link.call(deleteTopics, { topics, timeoutMs }, limits);
  for (const topic of answer.responses) throwIfRefused(topic, topic.name ?? undefined);
}

/** All there are, or these; one that is not there is thrown. */
export async function describe(
  link: Link,
  names: readonly string[] | undefined,
  limits: Limits,
): Promise<TopicDescription[]> {
  const request = {
    topics: names?.map((name) => ({ name, topicId: ZERO_UUID })) ?? null,
    allowAutoTopicCreation: false,
  };
  const answer = await link.call(metadata, request, limits);
  throwIfRefused(answer);
  for (const topic of answer.topics) throwIfRefused(topic, topic.name ?? undefined);
  return answer.topics.map(descriptionOf);
}

function descriptionOf(topic: MetadataResponse['topics'][number]): TopicDescription {
  const { name, topicId, isInternal, partitions } = topic;
  return {
    name: name!,
    topicId,
    isInternal,
    partitions: partitions
      .map(({ partitionIndex, leaderId, replicaNodes }) => ({
        partition: partitionIndex,
        leader: leaderId,
        replicas: replicaNodes,
      }))
      .sort((a, b) => a.partition - b.partition),
  };
}

/** `count`: how many there are to be in all. */
export async function grow(link: Link, name: string, count: number, limits: Limits): Promise<void> {
  const topics = [{ name, count, assignments: null }];
  const answer = await link.call(createPartitions, { topics, timeoutMs }, limits);
  for (const result of answer.results) throwIfRefused(result, result.name);
}

/** Everything before these offsets; -1: everything there is. Answers where each begins now. */
export async function trim(
  link: Link,
  offsets: readonly PlaceOffset[],
  limits: Limits,
): Promise<PlaceOffset[]> {
  const topics = byTopic(offsets).map(([name, all]) => ({
    name,
    partitions: all.map(({ partition, offset }) => ({ partitionIndex: partition, offset })),
  }));
  const answer = await link.call(deleteRecords, { topics, timeoutMs }, limits);
  return answer.topics.flatMap(({ name, partitions }) =>
    partitions.map(({ partitionIndex, lowWatermark, errorCode }) => {
      throwIfRefused({ errorCode }, `${name}-${partitionIndex}`);
      return { topic: name, partition: partitionIndex, offset: lowWatermark };
    }),
  );
}

export async function configs(
  link: Link,
  resource: ConfigResource,
  limits: Limits,
): Promise<ConfigEntry[]> {
  const resources = [{ ...resourceOf(resource), configurationKeys: null }];
  const answer = await link.call(describeConfigs, { resources }, limits);
  const [result] = answer.results;
  throwIfRefused(result);
  return result.configs.map(({ name, value, readOnly, configSource }) => ({
    name,
    value,
    isDefault: configSource === defaultSource,
    isReadOnly: readOnly,
    source: configSource,
  }));
}

export async function alterConfigs(
  link: Link,
  resource: ConfigResource,
  changes: Readonly<Record<string, ConfigChange>>,
  limits: Limits,
): Promise<void> {
  const configs = Object.entries(changes).map(([name, change]) => ({
    name,
    ...operationOf(change),
  }));
  const resources = [{ ...resourceOf(resource), configs }];
  const answer = await link.call(incrementalAlterConfigs, { resources }, limits);
  for (const result of answer.responses) throwIfRefused(result);
}

function operationOf(change: ConfigChange): { configOperation: number; value: string | null } {
  if (change === null) return { configOperation: 1, value: null };
  if (typeof change === 'string') return { configOperation: 0, value: change };
  return 'append' in change
    ? { configOperation: 2, value: change.append }
    : { configOperation: 3, value: change.subtract };
}

function resourceOf(resource: ConfigResource): { resourceType: number; resourceName: string } {
  const [[type, name]] = Object.entries(resource);
  return { resourceType: resourceTypes[type as keyof typeof resourceTypes], resourceName: name };
}
