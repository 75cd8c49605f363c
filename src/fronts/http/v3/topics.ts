/**
 * REST v3: topics. The surprise: creating answers 201 with the topic, or 200 when it was only to
 * be validated; a topic may grow, and what it may be used for is told to those who ask.
 */
import { ZERO_UUID } from '../../../bytes/uuid.ts';
import { AclOperation } from '../../../protocol/acl.ts';
import { createPartitions } from '../../../protocol/apis/create-partitions.ts';
import { createTopics } from '../../../protocol/apis/create-topics.ts';
import { deleteTopics } from '../../../protocol/apis/delete-topics.ts';
import { metadata } from '../../../protocol/apis/metadata.ts';
import {
  checkFields,
  checkInteger,
  checkList,
  checkObject,
  checkString,
  optional,
  queryFlag,
} from '../check.ts';
import type { JsonObject } from '../json.ts';
import type { TopicMetadata } from '../kafka.ts';
import type { HttpContext, Route } from '../routes.ts';
import { flag, list, object, orNull, text, whole } from '../schemas.ts';
import {
  answers,
  body,
  clusterPath,
  done,
  link,
  resourceOf,
  resourcesOf,
  route,
  topicPath,
} from './route.ts';
import {
  type Cluster,
  checkCode,
  clusterAt,
  compare,
  fromKafkaV3,
  json,
  listOf,
  nothing,
  related,
  requireBody,
  resource,
  topicUrl,
  validateOnly,
} from './shapes.ts';

const timeoutMs = 30_000;
const flagName = 'include_authorized_operations';

async function listTopics(c: HttpContext): Promise<Response> {
  const cluster = await clusterAt(c);
  const topics = await describeTopics(c, null);
  const sorted = [...topics].sort((a, b) => compare(a.name!, b.name!));
  const data = sorted.map((topic) => topicToJson(topic, cluster));
  return listOf('KafkaTopicList', `${cluster.url}/topics`, data);
}

async function getTopic(c: HttpContext): Promise<Response> {
  const cluster = await clusterAt(c);
  const [topic] = await describeTopics(c, c.req.param('topic')!);
  checkCode(topic.errorCode);
  return json(topicToJson(topic, cluster));
}

async function createTopic(c: HttpContext): Promise<Response> {
  const cluster = await clusterAt(c);
  const given = await requireBody(c, [
    'topic_name',
    'partitions_count',
    'replication_factor',
    'replicas_assignments',
    'configs',
    'validate_only',
  ]);
  const trial = validateOnly(given);
  const request = { topics: [parseNewTopic(given)], timeoutMs, validateOnly: trial };
  const [created] = (await c.get('kafka').call(createTopics, request)).topics;
  const { errorCode, errorMessage, name, numPartitions, replicationFactor } = created;
  if (errorCode !== 0) throw fromKafkaV3(errorCode, errorMessage, name);
  const answer = { name, isInternal: false, partitionCount: numPartitions, replicationFactor };
  const location = topicUrl(cluster, name);
  return json(describe(answer, cluster), trial ? 200 : 201, trial ? {} : { location });
}

/** More partitions; there is no way to have fewer. */
async function growTopic(c: HttpContext): Promise<Response> {
  const cluster = await clusterAt(c);
  const given = await requireBody(c, ['partitions_count', 'validate_only']);
  const name = c.req.param('topic')!;
  const count = checkInteger(given.partitions_count, 'partitions_count', 1);
  const [{ errorCode, errorMessage }] = (
    await c.get('kafka').call(createPartitions, {
      topics: [{ name, count, assignments: null }],
      timeoutMs,
      validateOnly: validateOnly(given),
    })
  ).results;
  checkCode(errorCode, errorMessage);
  return json(topicToJson(await c.get('kafka').topic(name), cluster));
}

async function deleteTopic(c: HttpContext): Promise<Response> {
  await clusterAt(c);
  const name = c.req.param('topic')!;
  const request = { topics: [{ name, topicId: ZERO_UUID }], topicNames: [], timeoutMs };
  const [{ errorCode, errorMessage }] = (await c.get('kafka').call(deleteTopics, request))
    .responses;
  checkCode(errorCode, errorMessage);
  return nothing();
}

/** One topic or all, with what the client may do to them if it asks. */
async function describeTopics(
  c: HttpContext,
  name: string | null,
): Promise<readonly TopicMetadata[]> {
  const { errorCode, topics } = await c.get('kafka').call(metadata, {
    topics: name === null ? null : [{ topicId: ZERO_UUID, name }],
    allowAutoTopicCreation: false,
    includeClusterAuthorizedOperations: false,
    includeTopicAuthorizedOperations: queryFlag(c, flagName),
  });
  checkCode(errorCode);
  return topics;
}

function topicToJson(topic: TopicMetadata, cluster: Cluster) {
  const { name, isInternal, partitions, topicAuthorizedOperations } = topic;
  const described = {
    name: name!,
    isInternal,
    partitionCount: partitions.length,
    replicationFactor: partitions[0]?.replicaNodes.length ?? 0,
  };
  return describe(described, cluster, operationNames(topicAuthorizedOperations));
}

interface Described {
  readonly name: string;
  readonly isInternal: boolean;
  readonly partitionCount: number;
  readonly replicationFactor: number;
}

function describe(topic: Described, cluster: Cluster, operations: readonly string[] = []) {
  const self = topicUrl(cluster, topic.name);
  return {
    ...resource('KafkaTopic', self, cluster, `topic=${topic.name}`),
    topic_name: topic.name,
    is_internal: topic.isInternal,
    replication_factor: topic.replicationFactor,
    partitions_count: topic.partitionCount,
    partitions: related(`${self}/partitions`),
    configs: related(`${self}/configs`),
    partition_reassignments: related(`${self}/partitions/-/reassignment`),
    authorized_operations: operations,
  };
}

/** The operations of a bit field; its lowest value means that nobody asked. */
function operationNames(bits: number): string[] {
  if (bits === -0x8000_0000) return [];
  return Object.entries(AclOperation).flatMap(([name, code]) => (bits & (1 << code) ? [name] : []));
}

function parseNewTopic(given: JsonObject) {
  const count = (name: string) =>
    optional(given[name], (value) => checkInteger(value, name, -1)) ?? -1;
  return {
    name: checkString(given.topic_name, 'topic_name'),
    numPartitions: count('partitions_count'),
    replicationFactor: count('replication_factor'),
    assignments: optional(given.replicas_assignments, parseAssignments) ?? [],
    configs: optional(given.configs, parseConfigs) ?? [],
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

const topicSchema = resourceOf('KafkaTopic', {
  topic_name: text,
  is_internal: flag,
  replication_factor: whole,
  partitions_count: whole,
  partitions: link,
  configs: link,
  partition_reassignments: link,
  authorized_operations: list(text),
});
const newTopicSchema = object(
  { topic_name: text },
  {
    partitions_count: orNull(whole),
    replication_factor: orNull(whole),
    replicas_assignments: list(object({ partition_id: whole, broker_ids: list(whole) })),
    configs: list(object({ name: text }, { value: orNull(text) })),
    validate_only: flag,
  },
);
const includeOperations = {
  in: 'query',
  name: flagName,
  description: 'Whether to say what you may do to the topic.',
  schema: flag,
} as const;
const topicsPath = `${clusterPath}/topics`;

export const topicRoutes: readonly Route[] = [
  route('GET', topicsPath, listTopics, {
    summary: 'List topics',
    parameters: [includeOperations],
    answers: answers(resourcesOf('KafkaTopicList', topicSchema), 'The topics, by name.'),
  }),
  route('POST', topicsPath, createTopic, {
    summary: 'Create a topic',
    body: body(newTopicSchema, { topic_name: 'payments', partitions_count: 3 }),
    answers: {
      ...answers(topicSchema, 'It could be created (validate_only).'),
      ...answers(topicSchema, 'The topic.', 201),
    },
  }),
  route('GET', topicPath, getTopic, {
    summary: 'Get a topic',
    parameters: [includeOperations],
    answers: answers(topicSchema, 'The topic.'),
  }),
  route('PATCH', topicPath, growTopic, {
    summary: 'Add partitions to a topic',
    body: body(object({ partitions_count: whole }, { validate_only: flag }), {
      partitions_count: 6,
    }),
    answers: answers(topicSchema, 'The topic as it is now.'),
  }),
  route('DELETE', topicPath, deleteTopic, { summary: 'Delete a topic', answers: done }),
];
