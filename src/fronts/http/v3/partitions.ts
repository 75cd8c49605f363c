/**
 * REST v3: partitions, where they begin and end, their replicas and the moving of those. The
 * surprise: each has one replica, which is the platform's business, so that nothing ever moves and
 * who asks for the move of one partition is told that there is none.
 */
import { listPartitionReassignments } from '../../../protocol/apis/list-partition-reassignments.ts';
import { ErrorCode, KafkaError } from '../../../protocol/errors.ts';
import { HttpError, plainHttpError } from '../errors.ts';
import { Timestamp, type TopicMetadata } from '../kafka.ts';
import type { HttpContext, Route } from '../routes.ts';
import { flag, list, one, text, whole } from '../schemas.ts';
import { brokerAt } from './clusters.ts';
import {
  answers,
  clusterPath,
  link,
  partitionPath,
  resourceOf,
  resourcesOf,
  route,
  topicPath,
} from './route.ts';
import {
  brokerUrl,
  type Cluster,
  checkCode,
  clusterAt,
  compare,
  json,
  listOf,
  pathNumber,
  related,
  resource,
  topicUrl,
} from './shapes.ts';

type Partition = TopicMetadata['partitions'][number];

async function listPartitions(c: HttpContext): Promise<Response> {
  const { cluster, topic } = await topicAt(c);
  return listOf(
    'KafkaPartitionList',
    `${topicUrl(cluster, topic.name!)}/partitions`,
    topic.partitions.map((partition) => partitionToJson(partition, topic.name!, cluster)),
  );
}

async function getPartition(c: HttpContext): Promise<Response> {
  const { cluster, name, partition } = await partitionAt(c);
  return json(partitionToJson(partition, name, cluster));
}

async function getOffsets(c: HttpContext): Promise<Response> {
  const offsetType = c.req.query('offset_type') ?? 'earliest_and_latest';
  if (offsetType !== 'earliest_and_latest') {
    throw new HttpError(400, 400, `offset_type:${offsetType} is invalid`);
  }
  const { cluster, name, partition } = await partitionAt(c);
  const { partitionIndex: index } = partition;
  const kafka = c.get('kafka');
  const [earliest, latest] = await Promise.all([
    kafka.offsetAt(name, index, Timestamp.EARLIEST),
    kafka.offsetAt(name, index, Timestamp.LATEST),
  ]);
  const crn = `topic=${name}/partition=${index}/offset_type=${offsetType}`;
  return json({
    ...resource(
      'KafkaPartitionWithOffsets',
      `${selfOf(cluster, name, index)}/offset`,
      cluster,
      crn,
    ),
    topic_name: name,
    partition_id: index,
    earliest_offset: earliest,
    latest_offset: latest,
  });
}

async function listReplicas(c: HttpContext): Promise<Response> {
  const { cluster, name, partition } = await partitionAt(c);
  const self = `${selfOf(cluster, name, partition.partitionIndex)}/replicas`;
  return listOf('KafkaReplicaList', self, replicasOf(partition, name, cluster));
}

async function getReplica(c: HttpContext): Promise<Response> {
  const { cluster, name, partition } = await partitionAt(c);
  const broker = pathNumber(c, 'broker');
  const replicas = replicasOf(partition, name, cluster);
  const found = replicas.find(({ broker_id }) => broker_id === broker);
  if (found === undefined) throw plainHttpError(404);
  return json(found);
}

/** Every replica that is on this broker. */
async function listBrokerReplicas(c: HttpContext): Promise<Response> {
  const broker = await brokerAt(c);
  const cluster = await clusterAt(c);
  const topics = await c.get('kafka').topics(null);
  const sorted = [...topics].sort((a, b) => compare(a.name!, b.name!));
  const data = sorted
    .flatMap(({ name, partitions }) => partitions.flatMap((one) => replicasOf(one, name!, cluster)))
    .filter(({ broker_id }) => broker_id === broker);
  return listOf('KafkaReplicaList', `${brokerUrl(cluster, broker)}/partition-replicas`, data);
}

async function listReassignments(c: HttpContext): Promise<Response> {
  const cluster = await clusterAt(c);
  const topic = c.req.param('topic');
  const data = await reassignments(c, cluster, topic === undefined ? null : await topicOf(c));
  const self = topic === undefined ? `${cluster.url}/topics/-` : topicUrl(cluster, topic);
  return listOf('KafkaReassignmentList', `${self}/partitions/-/reassignment`, data);
}

async function getReassignment(c: HttpContext): Promise<Response> {
  const { cluster, name, partition } = await partitionAt(c);
  const all = await reassignments(c, cluster, { name, partitions: [partition] });
  const found = all.find(({ partition_id }) => partition_id === partition.partitionIndex);
  if (found === undefined) throw plainHttpError(404);
  return json(found);
}

/** Which replicas are on the move: of a topic's partitions, or all. */
async function reassignments(
  c: HttpContext,
  cluster: Cluster,
  topic: Pick<TopicMetadata, 'name' | 'partitions'> | null,
) {
  const asked = topic && {
    name: topic.name!,
    partitionIndexes: topic.partitions.map(({ partitionIndex }) => partitionIndex),
  };
  const { errorCode, errorMessage, topics } = await c
    .get('kafka')
    .call(listPartitionReassignments, { timeoutMs: 30_000, topics: asked && [asked] });
  checkCode(errorCode, errorMessage);
  return topics.flatMap(({ name, partitions }) =>
    partitions.map(({ partitionIndex: index, addingReplicas, removingReplicas }) => {
      const self = selfOf(cluster, name, index);
      const crn = `topic=${name}/partition=${index}/reassignment`;
      return {
        ...resource('KafkaReassignment', `${self}/reassignment`, cluster, crn),
        topic_name: name,
        partition_id: index,
        adding_replicas: addingReplicas,
        removing_replicas: removingReplicas,
        replicas: related(`${self}/replicas`),
      };
    }),
  );
}

const topicOf = (c: HttpContext): Promise<TopicMetadata> =>
  c.get('kafka').topic(c.req.param('topic')!);

async function topicAt(c: HttpContext): Promise<{ cluster: Cluster; topic: TopicMetadata }> {
  return { cluster: await clusterAt(c), topic: await topicOf(c) };
}

async function partitionAt(c: HttpContext) {
  const { cluster, topic } = await topicAt(c);
  const index = pathNumber(c, 'partition');
  const partition = topic.partitions.find(({ partitionIndex }) => partitionIndex === index);
  if (!partition) throw new KafkaError(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION);
  return { cluster, name: topic.name!, partition };
}

function selfOf(cluster: Cluster, topic: string, partition: number): string {
  return `${topicUrl(cluster, topic)}/partitions/${partition}`;
}

function partitionToJson({ partitionIndex, leaderId }: Partition, topic: string, cluster: Cluster) {
  const self = selfOf(cluster, topic, partitionIndex);
  return {
    ...resource('KafkaPartition', self, cluster, `topic=${topic}/partition=${partitionIndex}`),
    topic_name: topic,
    partition_id: partitionIndex,
    leader: related(`${self}/replicas/${leaderId}`),
    replicas: related(`${self}/replicas`),
    reassignment: related(`${self}/reassignment`),
  };
}

function replicasOf(
  { partitionIndex, leaderId, replicaNodes, isrNodes }: Partition,
  topic: string,
  cluster: Cluster,
) {
  return replicaNodes.map((broker) => {
    const self = `${selfOf(cluster, topic, partitionIndex)}/replicas/${broker}`;
    const crn = `topic=${topic}/partition=${partitionIndex}/replica=${broker}`;
    return {
      ...resource('KafkaReplica', self, cluster, crn),
      topic_name: topic,
      partition_id: partitionIndex,
      broker_id: broker,
      is_leader: broker === leaderId,
      is_in_sync: isrNodes.includes(broker),
      broker: related(brokerUrl(cluster, broker)),
    };
  });
}

const place = { topic_name: text, partition_id: whole };
const partitionSchema = resourceOf('KafkaPartition', {
  ...place,
  leader: link,
  replicas: link,
  reassignment: link,
});
const offsetsSchema = resourceOf('KafkaPartitionWithOffsets', {
  ...place,
  earliest_offset: whole,
  latest_offset: whole,
});
const replicaSchema = resourceOf('KafkaReplica', {
  ...place,
  broker_id: whole,
  is_leader: flag,
  is_in_sync: flag,
  broker: link,
});
const replicasSchema = resourcesOf('KafkaReplicaList', replicaSchema);
const reassignmentSchema = resourceOf('KafkaReassignment', {
  ...place,
  adding_replicas: list(whole),
  removing_replicas: list(whole),
  replicas: link,
});
const reassignmentsSchema = resourcesOf('KafkaReassignmentList', reassignmentSchema);

export const partitionRoutes: readonly Route[] = [
  route('GET', `${clusterPath}/brokers/:broker/partition-replicas`, listBrokerReplicas, {
    summary: 'List the replicas that are on a broker',
    answers: answers(replicasSchema, 'The replicas.'),
  }),
  route('GET', `${clusterPath}/topics/-/partitions/-/reassignment`, listReassignments, {
    summary: 'List the replicas of all topics that are being moved',
    answers: answers(reassignmentsSchema, 'An empty list: nothing moves here.'),
  }),
  route('GET', `${topicPath}/partitions`, listPartitions, {
    summary: 'List the partitions of a topic',
    answers: answers(resourcesOf('KafkaPartitionList', partitionSchema), 'The partitions.'),
  }),
  route('GET', `${topicPath}/partitions/-/reassignment`, listReassignments, {
    summary: 'List the replicas of a topic that are being moved',
    answers: answers(reassignmentsSchema, 'An empty list: nothing moves here.'),
  }),
  route('GET', partitionPath, getPartition, {
    summary: 'Get a partition',
    answers: answers(partitionSchema, 'The partition.'),
  }),
  route('GET', `${partitionPath}/offset`, getOffsets, {
    summary: 'Get the first offset of a partition and the one its next record will have',
    parameters: [
      {
        in: 'query',
        name: 'offset_type',
        description: 'Which offsets; there is one choice.',
        schema: one('earliest_and_latest'),
      },
    ],
    answers: answers(offsetsSchema, 'The offsets.'),
  }),
  route('GET', `${partitionPath}/replicas`, listReplicas, {
    summary: 'List the replicas of a partition',
    answers: answers(replicasSchema, 'The replicas.'),
  }),
  route('GET', `${partitionPath}/replicas/:broker`, getReplica, {
    summary: 'Get the replica of a partition that is on a broker',
    answers: answers(replicaSchema, 'The replica.'),
  }),
  route('GET', `${partitionPath}/reassignment`, getReassignment, {
    summary: 'Get the moving of a partition’s replicas',
    answers: {
      ...answers(reassignmentSchema, 'Where they move.'),
      404: { description: 'They are not being moved.' },
    },
  }),
];
