/**
 * Asks one API as a client does: the request and the answer go through the bytes of their version.
 * Fields of the request that are left out have their defaults.
 */
import { dispatch } from '../../src/broker/broker.ts';
import type { RequestContext } from '../../src/broker/context.ts';
import { concat } from '../../src/bytes/writer.ts';
import {
  type Api,
  decodeRequest,
  decodeResponse,
  defaultsOf,
  encodeRequest,
  encodeResponse,
  type Fields,
  type Infer,
} from '../../src/protocol/schema.ts';
import { MemoryCluster } from './memory-cluster.ts';

export async function throughBytes<Q extends Fields, R extends Fields>(
  api: Api<Q, R>,
  request: Partial<Infer<Q>>,
  context: RequestContext,
): Promise<Infer<R>> {
  const { apiVersion: version } = context;
  const whole = { ...defaultsOf(api.request.fields), ...request };
  const sent = concat(encodeRequest(api, version, whole));
  const answer = await dispatch(api, decodeRequest(api, version, sent), context);
  return decodeResponse(api, version, concat(encodeResponse(api, version, answer)));
}

/** A cluster in memory with these topics, each with so many partitions. */
export async function clusterWith(topics: Readonly<Record<string, number>>) {
  const cluster = new MemoryCluster();
  const wanted = Object.entries(topics).map(([name, numPartitions]) => ({
    name,
    numPartitions,
    replicationFactor: 1,
    assignments: [],
    configs: [],
  }));
  const command = { topics: wanted, validateOnly: false };
  await cluster.memory.controller().call('createTopics', command);
  return cluster;
}
