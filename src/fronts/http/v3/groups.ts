/**
 * REST v3: consumer groups, their members and what each was assigned. The surprise: groups of both
 * protocols look the same here, and those that somebody else runs (share groups, Kafka Connect's)
 * are none.
 */
import { plainHttpError } from '../errors.ts';
import type { HttpContext, Route } from '../routes.ts';
import { flag, one, orNull, text, whole } from '../schemas.ts';
import {
  type AssignedPartition,
  allConsumerGroups,
  type Group,
  groupNamed,
  type Member,
} from './group-descriptions.ts';
import { answers, clusterPath, link, resourceOf, resourcesOf, route } from './route.ts';
import {
  brokerUrl,
  type Cluster,
  clusterAt,
  compare,
  json,
  listOf,
  pathNumber,
  related,
  resource,
  topicUrl,
} from './shapes.ts';

async function listConsumerGroups(c: HttpContext): Promise<Response> {
  const cluster = await clusterAt(c);
  const groups = await allConsumerGroups(c.get('kafka'));
  const data = groups.map((group) => groupToJson(c, group, cluster));
  return listOf('KafkaConsumerGroupList', `${cluster.url}/consumer-groups`, data);
}

async function getConsumerGroup(c: HttpContext): Promise<Response> {
  const cluster = await clusterAt(c);
  return json(groupToJson(c, await groupAt(c), cluster));
}

async function listConsumers(c: HttpContext): Promise<Response> {
  const cluster = await clusterAt(c);
  const group = await groupAt(c);
  const members = [...group.members].sort((a, b) => compare(a.memberId, b.memberId));
  const data = members.map((member) => consumerToJson(group, member, cluster));
  return listOf('KafkaConsumerList', `${groupUrl(cluster, group.groupId)}/consumers`, data);
}

async function getConsumer(c: HttpContext): Promise<Response> {
  const cluster = await clusterAt(c);
  const { group, member } = await memberAt(c);
  return json(consumerToJson(group, member, cluster));
}

async function listAssignments(c: HttpContext): Promise<Response> {
  const cluster = await clusterAt(c);
  const { group, member } = await memberAt(c);
  const data = [...member.partitions]
    .sort((a, b) => compare(a.topic, b.topic) || a.partition - b.partition)
    .map((one) => assignmentToJson(group, member, one, cluster));
  const self = `${consumerUrl(cluster, group.groupId, member.memberId)}/assignments`;
  return listOf('KafkaConsumerAssignmentList', self, data);
}

async function getAssignment(c: HttpContext): Promise<Response> {
  const cluster = await clusterAt(c);
  const { group, member } = await memberAt(c);
  const topic = c.req.param('topic');
  const index = pathNumber(c, 'partition');
  const found = member.partitions.find((one) => one.topic === topic && one.partition === index);
  if (found === undefined) throw plainHttpError(404);
  return json(assignmentToJson(group, member, found, cluster));
}

const groupAt = (c: HttpContext): Promise<Group> =>
  groupNamed(c.get('kafka'), c.req.param('group')!);

async function memberAt(c: HttpContext): Promise<{ group: Group; member: Member }> {
  const group = await groupAt(c);
  const id = c.req.param('consumer');
  const member = group.members.find(({ memberId }) => memberId === id);
  if (member === undefined) throw plainHttpError(404);
  return { group, member };
}

export function groupUrl({ url }: Cluster, group: string): string {
  return `${url}/consumer-groups/${encodeURIComponent(group)}`;
}

export function consumerUrl(cluster: Cluster, group: string, consumer: string): string {
  return `${groupUrl(cluster, group)}/consumers/${encodeURIComponent(consumer)}`;
}

/** `PreparingRebalance` is PREPARING_REBALANCE here. */
function stateName(state: string): string {
  return state.replace(/(?<=.)(?=[A-Z])/g, '_').toUpperCase();
}

function groupToJson(c: HttpContext, group: Group, cluster: Cluster) {
  const { groupId, isSimple, assignor, state } = group;
  const self = groupUrl(cluster, groupId);
  return {
    ...resource('KafkaConsumerGroup', self, cluster, `consumer-group=${groupId}`),
    consumer_group_id: groupId,
    is_simple: isSimple,
    partition_assignor: assignor,
    state: stateName(state),
    coordinator: related(brokerUrl(cluster, c.env.gateway.config.nodeId)),
    consumers: related(`${self}/consumers`),
    lag_summary: related(`${self}/lag-summary`),
  };
}

function consumerToJson({ groupId }: Group, member: Member, cluster: Cluster) {
  const { memberId, instanceId, clientId } = member;
  const self = consumerUrl(cluster, groupId, memberId);
  const crn = `consumer-group=${groupId}/consumer=${memberId}`;
  return {
    ...resource('KafkaConsumer', self, cluster, crn),
    consumer_group_id: groupId,
    consumer_id: memberId,
    instance_id: instanceId,
    client_id: clientId,
    assignments: related(`${self}/assignments`),
  };
}

function assignmentToJson(
  { groupId }: Group,
  { memberId }: Member,
  { topic, partition }: AssignedPartition,
  cluster: Cluster,
) {
  const place = `${encodeURIComponent(topic)}/partitions/${partition}`;
  const self = `${consumerUrl(cluster, groupId, memberId)}/assignments/${place}`;
  const owner = `consumer-group=${groupId}/consumer=${memberId}`;
  const crn = `${owner}/assignment=${topic}/partition=${partition}`;
  return {
    ...resource('KafkaConsumerAssignment', self, cluster, crn),
    consumer_group_id: groupId,
    consumer_id: memberId,
    topic_name: topic,
    partition_id: partition,
    partition: related(`${topicUrl(cluster, topic)}/partitions/${partition}`),
    lag: related(`${groupUrl(cluster, groupId)}/lags/${place}`),
  };
}

const states = [
  'UNKNOWN',
  'PREPARING_REBALANCE',
  'COMPLETING_REBALANCE',
  'STABLE',
  'EMPTY',
  'ASSIGNING',
  'RECONCILING',
];
const groupSchema = resourceOf('KafkaConsumerGroup', {
  consumer_group_id: text,
  is_simple: flag,
  partition_assignor: text,
  state: one(...states),
  coordinator: link,
  consumers: link,
  lag_summary: link,
});
const consumerSchema = resourceOf('KafkaConsumer', {
  consumer_group_id: text,
  consumer_id: text,
  instance_id: orNull(text),
  client_id: text,
  assignments: link,
});
const assignmentSchema = resourceOf('KafkaConsumerAssignment', {
  consumer_group_id: text,
  consumer_id: text,
  topic_name: text,
  partition_id: whole,
  partition: link,
  lag: link,
});
export const groupPath = `${clusterPath}/consumer-groups/:group`;
const consumerPath = `${groupPath}/consumers/:consumer`;

export const groupRoutes: readonly Route[] = [
  route('GET', `${clusterPath}/consumer-groups`, listConsumerGroups, {
    summary: 'List consumer groups',
    answers: answers(resourcesOf('KafkaConsumerGroupList', groupSchema), 'The groups, by name.'),
  }),
  route('GET', groupPath, getConsumerGroup, {
    summary: 'Get a consumer group',
    answers: answers(groupSchema, 'The group.'),
  }),
  route('GET', `${groupPath}/consumers`, listConsumers, {
    summary: 'List the members of a consumer group',
    answers: answers(resourcesOf('KafkaConsumerList', consumerSchema), 'The members.'),
  }),
  route('GET', consumerPath, getConsumer, {
    summary: 'Get a member of a consumer group',
    answers: answers(consumerSchema, 'The member.'),
  }),
  route('GET', `${consumerPath}/assignments`, listAssignments, {
    summary: 'List the partitions that a member was assigned',
    answers: answers(
      resourcesOf('KafkaConsumerAssignmentList', assignmentSchema),
      'The partitions.',
    ),
  }),
  route('GET', `${consumerPath}/assignments/:topic/partitions/:partition`, getAssignment, {
    summary: 'Get a partition that a member was assigned',
    answers: answers(assignmentSchema, 'The partition.'),
  }),
];
