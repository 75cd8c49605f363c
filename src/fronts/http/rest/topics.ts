/**
 * REST Proxy v2: topics, their partitions, brokers. The surprise: the list of topics is a plain
 * array of names, where every other dialect answers an object.
 */
import { createTopics } from '../../../protocol/apis/create-topics.ts';
import { ErrorCode, KafkaError } from '../../../protocol/errors.ts';
import { readJsonObject } from '../body.ts';
import { checkFields, checkInteger, checkString, optional, parseInteger } from '../check.ts';
import { invalid, partitionNotFound } from '../errors.ts';
import { Timestamp, type TopicMetadata } from '../kafka.ts';
import { checkJsonType } from '../media-types.ts';
import type { HttpContext } from '../routes.ts';

export async function listTopics(c: HttpContext): Promise<unknown> {
  const topics = await c.get('kafka').topics(null);
  return topics.map(({ name }) => name).sort();
}

export async function describeTopic(c: HttpContext): Promise<unknown> {
  const kafka = c.get('kafka');
  const topic = await kafka.topic(c.req.param('topic')!);
  const configs = await kafka.topicConfigs(topic.name!);
  return {
    name: topic.name,
    configs: Object.fromEntries(configs.map(({ name, value }) => [name, value])),
    partitions: topic.partitions.map(partitionToJson),
  };
}

export async function listPartitions(c: HttpContext): Promise<unknown> {
  const topic = await c.get('kafka').topic(c.req.param('topic')!);
  return topic.partitions.map(partitionToJson);
}

export async function describePartition(c: HttpContext): Promise<unknown> {
  return partitionToJson((await findPartition(c)).partition);
}

export async function partitionOffsets(c: HttpContext): Promise<unknown> {
  const { topic, partition } = await findPartition(c);
  const kafka = c.get('kafka');
  const [beginning, end] = await Promise.all([
    kafka.offsetAt(topic, partition.partitionIndex, Timestamp.EARLIEST),
    kafka.offsetAt(topic, partition.partitionIndex, Timestamp.LATEST),
  ]);
  return { beginning_offset: beginning, end_offset: end };
}

export async function listBrokers(c: HttpContext): Promise<unknown> {
  return { brokers: [c.env.gateway.config.nodeId] };
}

/** Says no more than that it is there now. */
export async function createTopic(c: HttpContext): Promise<Response> {
  checkJsonType(c.req.header('content-type') ?? null);
  const body = await readJsonObject(c.req.raw);
  if (body === undefined) throw invalid('The request needs a body with topic_name');
  checkFields(body, ['topic_name', 'partitions_count', 'replication_factor']);
  const count = (name: string) =>
    optional(body[name], (value) => checkInteger(value, name, 1)) ?? -1;
  const topic = {
    name: checkString(body.topic_name, 'topic_name'),
    numPartitions: count('partitions_count'),
    replicationFactor: count('replication_factor'),
    assignments: [],
    configs: [],
  };
  const request = { topics: [topic], timeoutMs: 30_000, validateOnly: false };
  const [{ errorCode, errorMessage }] = (await c.get('kafka').call(createTopics, request)).topics;
  if (errorCode !== ErrorCode.NONE) throw new KafkaError(errorCode, errorMessage ?? undefined);
  return new Response(null, { status: 201 });
}

/** The partition the path names. Throws 40401 and 40402. */
export async function findPartition(
  c: HttpContext,
  create = false,
): Promise<{ topic: string; partition: TopicMetadata['partitions'][number] }> {
  const name = c.req.param('topic')!;
  const index = parseInteger(c.req.param('partition')!, 'partition');
  const topic = await c.get('kafka').topic(name, create);
  const partition = topic.partitions.find(({ partitionIndex }) => partitionIndex === index);
  if (partition === undefined) throw partitionNotFound();
  if (partition.errorCode !== ErrorCode.NONE) throw new KafkaError(partition.errorCode);
  return { topic: name, partition };
}

function partitionToJson(partition: TopicMetadata['partitions'][number]) {
  const { partitionIndex, leaderId, replicaNodes, isrNodes } = partition;
  return {
    partition: partitionIndex,
    leader: leaderId,
    replicas: replicaNodes.map((broker) => ({
      broker,
      leader: broker === leaderId,
      in_sync: isrNodes.includes(broker),
    })),
  };
}
