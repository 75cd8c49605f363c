/**
 * REST v3: topics and partitions. The surprise: creating answers 201 with the topic, or 200 when
 * it was only to be validated.
 */
import { ZERO_UUID } from '../../../bytes/uuid.ts';
import { createTopics } from '../../../protocol/apis/create-topics.ts';
import { deleteTopics } from '../../../protocol/apis/delete-topics.ts';
import { ErrorCode, KafkaError } from '../../../protocol/errors.ts';
import { readJsonObject } from '../body.ts';
import {
  checkFields,
  checkInteger,
  checkList,
  checkObject,
  checkString,
  optional,
} from '../check.ts';
import { HttpError, invalid } from '../errors.ts';
import type { TopicMetadata } from '../kafka.ts';
import type { HttpContext } from '../routes.ts';
import {
  clusterUrl,
  fromKafkaV3,
  json,
  listOf,
  related,
  requireCluster,
  resource,
} from './shapes.ts';

type Partition = TopicMetadata['partitions'][number];

const timeoutMs = 30_000;

export async function listTopics(c: HttpContext): Promise<Response> {
  const url = await clusterUrl(c);
  const topics = await c.get('kafka').topics(null);
  const sorted = [...topics].sort((a, b) => (a.name! < b.name! ? -1 : 1));
  const id = await requireCluster(c);
  return listOf(
    'KafkaTopicList',
    `${url}/topics`,
    sorted.map((topic) => topicToJson(topic, url, id)),
  );
}

export async function getTopic(c: HttpContext): Promise<Response> {
  const url = await clusterUrl(c);
  const topic = await c.get('kafka').topic(c.req.param('topic')!);
  return json(topicToJson(topic, url, await requireCluster(c)));
}

export async function createTopic(c: HttpContext): Promise<Response> {
  const url = await clusterUrl(c);
  const kafka = c.get('kafka');
  const { topic: wanted, validateOnly } = parseNewTopic(await readJsonObject(c.req.raw));
  const request = { topics: [wanted], timeoutMs, validateOnly };
  const [created] = (await kafka.call(createTopics, request)).topics;
  const { errorCode, errorMessage, name, numPartitions, replicationFactor } = created;
  if (errorCode !== ErrorCode.NONE) throw fromKafkaV3(errorCode, errorMessage, name);
  const answer = { name, isInternal: false, partitionCount: numPartitions, replicationFactor };
  return json(describe(answer, url, await requireCluster(c)), validateOnly ? 200 : 201);
}

export async function deleteTopic(c: HttpContext): Promise<Response> {
  await requireCluster(c);
  const name = c.req.param('topic')!;
  const request = { topics: [{ name, topicId: ZERO_UUID }], topicNames: [], timeoutMs };
  const [{ errorCode, errorMessage }] = (await c.get('kafka').call(deleteTopics, request))
    .responses;
  if (errorCode !== ErrorCode.NONE) throw new KafkaError(errorCode, errorMessage ?? undefined);
  return new Response(null, { status: 204 });
}

export async function listPartitions(c: HttpContext): Promise<Response> {
  const { self, topic, id } = await topicAt(c);
  return listOf(
    'KafkaPartitionList',
    `${self}/partitions`,
    topic.partitions.map((partition) => partitionToJson(partition, topic.name!, self, id)),
  );
}

export async function getPartition(c: HttpContext): Promise<Response> {
  const { self, topic, id } = await topicAt(c);
  const index = Number(c.req.param('partition'));
  const partition = topic.partitions.find(({ partitionIndex }) => partitionIndex === index);
  if (!partition) throw new KafkaError(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION);
  return json(partitionToJson(partition, topic.name!, self, id));
}

async function topicAt(c: HttpContext) {
  const id = await requireCluster(c);
  const topic = await c.get('kafka').topic(c.req.param('topic')!);
  return { id, topic, self: topicUrl(await clusterUrl(c), topic.name!) };
}

function topicUrl(cluster: string, name: string): string {
  return `${cluster}/topics/${encodeURIComponent(name)}`;
}

function topicToJson({ name, isInternal, partitions }: TopicMetadata, url: string, id: string) {
  const replicationFactor = partitions[0]?.replicaNodes.length ?? 0;
  const partitionCount = partitions.length;
  return describe({ name: name!, isInternal, partitionCount, replicationFactor }, url, id);
}

interface Described {
  readonly name: string;
  readonly isInternal: boolean;
  readonly partitionCount: number;
  readonly replicationFactor: number;
}

function describe(topic: Described, cluster: string, id: string) {
  const self = topicUrl(cluster, topic.name);
  return {
    ...resource('KafkaTopic', self, `kafka=${id}/topic=${topic.name}`),
    cluster_id: id,
    topic_name: topic.name,
    is_internal: topic.isInternal,
    replication_factor: topic.replicationFactor,
    partitions_count: topic.partitionCount,
    partitions: related(`${self}/partitions`),
    configs: related(`${self}/configs`),
    partition_reassignments: related(`${self}/partitions/-/reassignment`),
    authorized_operations: [],
  };
}

function partitionToJson(
  { partitionIndex, leaderId }: Partition,
  topic: string,
  topicSelf: string,
  id: string,
) {
  const self = `${topicSelf}/partitions/${partitionIndex}`;
  return {
    ...resource('KafkaPartition', self, `kafka=${id}/topic=${topic}/partition=${partitionIndex}`),
    cluster_id: id,
    topic_name: topic,
    partition_id: partitionIndex,
    leader: related(`${self}/replicas/${leaderId}`),
    replicas: related(`${self}/replicas`),
    reassignment: related(`${self}/reassignment`),
  };
}

function parseNewTopic(body: Awaited<ReturnType<typeof readJsonObject>>) {
  if (body === undefined) throw invalid('The request needs a body with topic_name');
  checkFields(body, [
    'topic_name',
    'partitions_count',
    'replication_factor',
    'replicas_assignments',
    'configs',
    'validate_only',
  ]);
  const whole = (name: string) =>
    optional(body[name], (value) => checkInteger(value, name, -1)) ?? -1;
  const validateOnly = body.validate_only ?? false;
  if (typeof validateOnly !== 'boolean') {
    throw new HttpError(400, 400, 'validate_only must be true or false');
  }
  return {
    topic: {
      name: checkString(body.topic_name, 'topic_name'),
      numPartitions: whole('partitions_count'),
      replicationFactor: whole('replication_factor'),
      assignments: optional(body.replicas_assignments, parseAssignments) ?? [],
      configs: optional(body.configs, parseConfigs) ?? [],
    },
    validateOnly,
  };
}

function parseAssignments(value: unknown) {
  return checkList(value, 'replicas_assignments').map((element, index) => {
    const where = `replicas_assignments[${index}]`;
    const item = checkObject(element, where);
    checkFields(item, ['partition_id', 'broker_ids']);
    return {
      partitionIndex: checkInteger(item.partition_id, `${where}.partition_id`, 0),
      brokerIds: checkList(item.broker_ids, `${where}.broker_ids`).map((broker) =>
        checkInteger(broker, `${where}.broker_ids`, 0),
      ),
    };
  });
}

function parseConfigs(value: unknown) {
  return checkList(value, 'configs').map((element, index) => {
    const item = checkObject(element, `configs[${index}]`);
    checkFields(item, ['name', 'value']);
    const name = checkString(item.name, `configs[${index}].name`);
    // A number or a boolean is what it looks like: configs are text.
    return { name, value: optional(item.value, String) ?? null };
  });
}
