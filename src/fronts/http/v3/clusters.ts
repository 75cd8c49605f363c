/**
 * REST v3: the cluster and its brokers. The surprise: there is one of each, and both come as
 * lists.
 */
import { describeCluster } from '../../../protocol/apis/describe-cluster.ts';
import { HttpError } from '../errors.ts';
import type { HttpContext, Route } from '../routes.ts';
import { orNull, text, whole } from '../schemas.ts';
import { answers, clusterPath, link, resourceOf, resourcesOf, route } from './route.ts';
import {
  baseUrl,
  brokerUrl,
  type Cluster,
  clusterAt,
  json,
  listOf,
  related,
  resource,
} from './shapes.ts';

async function listClusters(c: HttpContext): Promise<Response> {
  const id = await c.get('kafka').clusterId();
  const self = `${baseUrl(c)}/clusters`;
  return listOf('KafkaClusterList', self, [clusterToJson(c, { id, url: `${self}/${id}` })]);
}

async function getCluster(c: HttpContext): Promise<Response> {
  return json(clusterToJson(c, await clusterAt(c)));
}

async function listBrokers(c: HttpContext): Promise<Response> {
  const cluster = await clusterAt(c);
  return listOf('KafkaBrokerList', `${cluster.url}/brokers`, await brokersOf(c, cluster));
}

async function getBroker(c: HttpContext): Promise<Response> {
  const id = await brokerAt(c);
  const brokers = await brokersOf(c, await clusterAt(c));
  return json(brokers.find(({ broker_id }) => broker_id === id));
}

/** The broker the path names. Throws 404 when there is none of this number. */
export async function brokerAt(c: HttpContext): Promise<number> {
  const asked = c.req.param('broker')!;
  await clusterAt(c);
  const { nodeId } = c.env.gateway.config;
  if (asked === String(nodeId)) return nodeId;
  throw new HttpError(404, 404, `Broker ${asked} cannot be found.`);
}

function clusterToJson(c: HttpContext, cluster: Cluster) {
  const { url } = cluster;
  return {
    ...resource('KafkaCluster', url, cluster),
    controller: related(brokerUrl(cluster, c.env.gateway.config.nodeId)),
    acls: related(`${url}/acls`),
    brokers: related(`${url}/brokers`),
    broker_configs: related(`${url}/broker-configs`),
    consumer_groups: related(`${url}/consumer-groups`),
    topics: related(`${url}/topics`),
    partition_reassignments: related(`${url}/topics/-/partitions/-/reassignment`),
  };
}

async function brokersOf(c: HttpContext, cluster: Cluster) {
  const answer = await c.get('kafka').call(describeCluster, {
    includeClusterAuthorizedOperations: false,
    endpointType: 1,
    includeFencedBrokers: false,
  });
  // Where Kafka clients connect is known here only if it is configured: HTTP came another way.
  const { advertisedListener } = c.env.gateway.config;
  return answer.brokers.map(({ brokerId, rack }) => {
    const self = brokerUrl(cluster, brokerId);
    return {
      ...resource('KafkaBroker', self, cluster, `broker=${brokerId}`),
      broker_id: brokerId,
      host: advertisedListener?.host ?? null,
      port: advertisedListener?.port ?? null,
      rack,
      configs: related(`${self}/configs`),
      partition_replicas: related(`${self}/partition-replicas`),
    };
  });
}

const clusterSchema = resourceOf('KafkaCluster', {
  controller: link,
  acls: link,
  brokers: link,
  broker_configs: link,
  consumer_groups: link,
  topics: link,
  partition_reassignments: link,
});
const brokerSchema = resourceOf('KafkaBroker', {
  broker_id: whole,
  host: orNull(text),
  port: orNull(whole),
  rack: orNull(text),
  configs: link,
  partition_replicas: link,
});
const brokersPath = `${clusterPath}/brokers`;

export const clusterRoutes: readonly Route[] = [
  route('GET', '/clusters', listClusters, {
    summary: 'List the clusters, of which there is one',
    answers: answers(resourcesOf('KafkaClusterList', clusterSchema), 'The clusters.'),
  }),
  route('GET', clusterPath, getCluster, {
    summary: 'Get the cluster',
    answers: answers(clusterSchema, 'The cluster.'),
  }),
  route('GET', brokersPath, listBrokers, {
    summary: 'List the brokers, of which there is one',
    answers: answers(resourcesOf('KafkaBrokerList', brokerSchema), 'The brokers.'),
  }),
  route('GET', `${brokersPath}/:broker`, getBroker, {
    summary: 'Get a broker',
    answers: answers(brokerSchema, 'The broker.'),
  }),
];
