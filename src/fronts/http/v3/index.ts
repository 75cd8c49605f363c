/**
 * REST v3: the part of it that is there. The surprise: records can only be written; the dialect
 * has no way to read them.
 */
import { type Family, type HttpContext, type Route, restErrors } from '../routes.ts';
import * as clusters from './clusters.ts';
import * as configs from './configs.ts';
import { produceStream } from './records.ts';
import { v3ErrorOf } from './shapes.ts';
import * as topics from './topics.ts';

function route(
  method: Route['method'],
  path: string,
  answer: (c: HttpContext) => Promise<Response>,
): Route {
  const handle = async (c: HttpContext) => {
    try {
      return await answer(c);
    } catch (error) {
      throw v3ErrorOf(error, c.req.param('topic'));
    }
  };
  return { method, path, handle };
}

const cluster = '/clusters/:cluster';
const topic = `${cluster}/topics/:topic`;

const routes: readonly Route[] = [
  route('GET', '/clusters', clusters.listClusters),
  route('GET', cluster, clusters.getCluster),
  route('GET', `${cluster}/brokers`, clusters.listBrokers),
  route('GET', `${cluster}/brokers/:broker`, clusters.getBroker),
  route('GET', `${cluster}/topics`, topics.listTopics),
  route('POST', `${cluster}/topics`, topics.createTopic),
  route('GET', `${cluster}/topics/-/configs`, configs.listAllTopicConfigs),
  route('GET', topic, topics.getTopic),
  route('DELETE', topic, topics.deleteTopic),
  route('GET', `${topic}/partitions`, topics.listPartitions),
  route('GET', `${topic}/partitions/:partition`, topics.getPartition),
  route('GET', `${topic}/configs`, configs.listTopicConfigs),
  route('POST', `${topic}/configs:alter`, configs.alterTopicConfigs),
  route('GET', `${topic}/configs/:name`, configs.getTopicConfig),
  route('PUT', `${topic}/configs/:name`, configs.putTopicConfig),
  route('DELETE', `${topic}/configs/:name`, configs.resetTopicConfig),
  route('POST', `${topic}/records`, produceStream),
];

export const v3Family: Family = {
  prefix: '/v3',
  name: 'REST v3',
  routes,
  errorResponse: restErrors('application/json'),
};

/** The same where Confluent Server and Confluent Cloud have it. */
export const cloudV3Family: Family = { ...v3Family, prefix: '/kafka/v3' };
