/**
 * What CreateTopics and CreatePartitions accept: Kafka's checks in Kafka's order, with its words.
 * The surprise: every replication factor from 1 is fine, because the platform keeps the copies and
 * clients see a single broker; a manual assignment must still name that one broker only.
 */
import { ErrorCode, KafkaError } from '../../protocol/errors.ts';
import type { NewPartitions, NewTopic, TopicView } from './commands.ts';
import { checkTopicConfigs } from './topic-configs.ts';

/** As in Kafka: more than this in one CreateTopics is refused as a whole. */
export const maxPartitionsPerRequest = 10_000;
/** More partitions no topic may have, however often CreatePartitions adds to it. */
export const maxPartitionsPerTopic = 10_000;

export interface BrokerDefaults {
  readonly nodeId: number;
  readonly numPartitions: number;
}

/** Throws POLICY_VIOLATION when the topics ask for too many partitions together. */
export function checkTotalPartitions(
  topics: readonly NewTopic[],
  { numPartitions }: BrokerDefaults,
): void {
  let total = 0;
  for (const topic of topics) {
    if (topic.assignments.length > 0) total += topic.assignments.length;
    else if (topic.numPartitions === -1) total += numPartitions;
    else total += Math.max(topic.numPartitions, 0);
  }
  if (total > maxPartitionsPerRequest) {
    throw new KafkaError(
      ErrorCode.POLICY_VIOLATION,
      'Excessively large number of partitions per request.',
    );
  }
}

/** The configs of a new topic by name. Throws INVALID_CONFIG. */
export function newTopicConfigs(
  { configs }: NewTopic,
  inherited: Readonly<Record<string, string>>,
): Record<string, string> {
  const nulls = configs.filter(({ value }) => value === null).map(({ name }) => name);
  if (nulls.length > 0) {
    throw new KafkaError(
      ErrorCode.INVALID_CONFIG,
      `Null value not supported for topic configs: ${nulls.join(',')}`,
    );
  }
  const byName = Object.fromEntries(configs.map(({ name, value }) => [name, value!]));
  if (configs.length > 0) checkTopicConfigs(byName, inherited);
  return byName;
}

/** How many partitions a new topic gets. Throws the refusal that fits. */
export function newTopicPartitions(topic: NewTopic, defaults: BrokerDefaults): number {
  const { assignments, numPartitions, replicationFactor } = topic;
  if (assignments.length > 0) return assignedPartitions(topic, defaults);
  if (replicationFactor < -1 || replicationFactor === 0) {
    throw new KafkaError(
      ErrorCode.INVALID_REPLICATION_FACTOR,
      'Replication factor must be larger than 0, or -1 to use the default value.',
    );
  }
  if (numPartitions < -1 || numPartitions === 0) {
    throw new KafkaError(
      ErrorCode.INVALID_PARTITIONS,
      'Number of partitions was set to an invalid non-positive value.',
    );
  }
  return numPartitions === -1 ? defaults.numPartitions : numPartitions;
}

function assignedPartitions(
  { assignments, numPartitions, replicationFactor }: NewTopic,
  { nodeId }: BrokerDefaults,
): number {
  const refuse = (what: string) =>
    new KafkaError(
      ErrorCode.INVALID_REQUEST,
      `A manual partition assignment was specified, but ${what} was not set to -1.`,
    );
  if (replicationFactor !== -1) throw refuse('replication factor');
  if (numPartitions !== -1) throw refuse('numPartitions');
  const seen = new Set<number>();
  for (const { partitionIndex, brokerIds } of assignments) {
    if (seen.has(partitionIndex)) {
      throw badAssignment(
        `Found multiple manual partition assignments for partition ${partitionIndex}`,
      );
    }
    checkAssignment(brokerIds, nodeId);
    seen.add(partitionIndex);
  }
  for (let index = 0; index < seen.size; index++) {
    if (!seen.has(index)) {
      throw badAssignment('partitions should be a consecutive 0-based integer sequence');
    }
  }
  return seen.size;
}

/** The topic with more partitions. Throws the refusal that fits. */
export function withMorePartitions(
  topic: TopicView,
  { count, assignments }: NewPartitions,
  { nodeId }: BrokerDefaults,
): TopicView {
  const { name, partitions } = topic;
  const invalid = (message: string) => new KafkaError(ErrorCode.INVALID_PARTITIONS, message);
  if (count === partitions) throw invalid(`Topic already has ${partitions} partition(s).`);
  if (count < partitions) {
    throw invalid(
      `The topic ${name} currently has ${partitions} partition(s); ${count} would not be an increase.`,
    );
  }
  if (count > maxPartitionsPerTopic) {
    throw invalid(`A topic may not have more than ${maxPartitionsPerTopic} partitions.`);
  }
  const added = count - partitions;
  if (assignments !== null && assignments.length !== added) {
    throw badAssignment(
      `Attempted to add ${added} additional partition(s), but only ${assignments.length} ` +
        'assignment(s) were specified.',
    );
  }
  for (const brokerIds of assignments ?? []) checkAssignment(brokerIds, nodeId);
  return { ...topic, partitions: count };
}

function checkAssignment(brokerIds: readonly number[], nodeId: number): void {
  const assignment = 'The manual partition assignment includes';
  if (brokerIds.length === 0) throw badAssignment(`${assignment} an empty replica list.`);
  const stranger = [...brokerIds].sort((a, b) => a - b).find((id) => id !== nodeId);
  if (stranger !== undefined) {
    throw badAssignment(`${assignment} broker ${stranger}, but no such broker is registered.`);
  }
  if (brokerIds.length > 1) {
    throw badAssignment(`${assignment} the broker ${nodeId} more than once.`);
  }
}

function badAssignment(message: string): KafkaError {
  return new KafkaError(ErrorCode.INVALID_REPLICA_ASSIGNMENT, message);
}

/** A name that comes twice is refused, as if it had come once. */
export function withoutDuplicates<T extends { readonly name: string }>(
  topics: readonly T[],
): { unique: readonly T[]; duplicates: readonly string[] } {
  const counts = new Map<string, number>();
  for (const { name } of topics) counts.set(name, (counts.get(name) ?? 0) + 1);
  return {
    unique: topics.filter(({ name }) => counts.get(name) === 1),
    duplicates: [...counts].filter(([, count]) => count > 1).map(([name]) => name),
  };
}
