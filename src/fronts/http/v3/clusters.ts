/**
 * REST v3: the cluster and its brokers. The surprise: there is one of each, and both come as
 * lists.
 */
import { describeCluster } from '../../../protocol/apis/describe-cluster.ts';
import { HttpError } from '../errors.ts';
import type { HttpContext } from '../routes.ts';
import { baseUrl, clusterUrl, json, listOf, related, requireCluster, resource } from './shapes.ts';

export async function listClusters(c: HttpContext): Promise<Response> {
  const id = await c.get('kafka').clusterId();
  const self = `${baseUrl(c)}/clusters`;
  return listOf('KafkaClusterList', self, [cluster(c, `${self}/${id}`, id)]);
}

export async function getCluster(c: HttpContext): Promise<Response> {
  return json(cluster(c, await clusterUrl(c), await requireCluster(c)));
}

export async function listBrokers(c: HttpContext): Promise<Response> {
  const self = await clusterUrl(c);
  return listOf('KafkaBrokerList', `${self}/brokers`, await brokers(c, self));
}

export async function getBroker(c: HttpContext): Promise<Response> {
  const id = Number(c.req.param('broker'));
  const found = (await brokers(c, await clusterUrl(c))).find(({ broker_id }) => broker_id === id);
  if (!found) throw new HttpError(404, 404, `Broker ${c.req.param('broker')} cannot be found.`);
  return json(found);
}

function cluster(c: HttpContext, self: string, id: string) {
  return {
    ...resource('KafkaCluster', self, `kafka=${id}`),
    cluster_id: id,
    controller: related(`${self}/brokers/${c.env.gateway.config.nodeId}`),
    acls: related(`${self}/acls`),
    brokers: related(`${self}/brokers`),
    broker_configs: related(`${self}/broker-configs`),
    consumer_groups: related(`${self}/consumer-groups`),
    topics: related(`${self}/topics`),
    partition_reassignments: related(`${self}/topics/-/partitions/-/reassignment`),
  };
}

async function brokers(c: HttpContext, clusterSelf: string) {
  const answer = await c.get('kafka').call(describeCluster, {
    includeClusterAuthorizedOperations: false,
    endpointType: 1,
    includeFencedBrokers: false,
  });
  // Where Kafka clients connect is known here only if it is configured: HTTP came another way.
  const { advertisedListener } = c.env.gateway.config;
  return answer.brokers.map(({ brokerId, rack }) => {
    const self = `${clusterSelf}/brokers/${brokerId}`;
    return {
      ...resource('KafkaBroker', self, `kafka=${answer.clusterId}/broker=${brokerId}`),
      cluster_id: answer.clusterId,
      broker_id: brokerId,
      host: advertisedListener?.host ?? null,
      port: advertisedListener?.port ?? null,
      rack,
      configs: related(`${self}/configs`),
      partition_replicas: related(`${self}/partition-replicas`),
    };
  });
}
