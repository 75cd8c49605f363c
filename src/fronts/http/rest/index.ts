/**
 * The REST Proxy's version 2, every route of it that needs no schema registry, with what its
 * relatives have added. The surprise: answers carry a content type of the dialect's own, which its
 * clients check.
 */
import { answerType, v2Type } from '../media-types.ts';
import { type Family, type HttpContext, jsonResponse, type Route, restErrors } from '../routes.ts';
import * as consumers from './consumers.ts';
import { produceToPartition, produceToTopic } from './produce.ts';
import { partitionRecords } from './records.ts';
import * as topics from './topics.ts';

type Answer = (c: HttpContext) => Promise<unknown>;

/** A route whose answer is JSON without records in it; undefined is 204. */
function route(method: Route['method'], path: string, answer: Answer): Route {
  const handle = async (c: HttpContext) => {
    const type = answerType(c.req.header('accept') ?? null);
    const body = await answer(c);
    return body === undefined ? new Response(null, { status: 204 }) : jsonResponse(body, 200, type);
  };
  return { method, path, handle };
}

const topic = '/topics/:topic';
const partition = `${topic}/partitions/:partition`;
const instance = '/consumers/:group/instances/:instance';

const routes: readonly Route[] = [
  route('GET', '/', async () => ({})),
  route('GET', '/brokers', topics.listBrokers),
  route('GET', '/topics', topics.listTopics),
  route('GET', topic, topics.describeTopic),
  route('POST', topic, produceToTopic),
  route('GET', `${topic}/partitions`, topics.listPartitions),
  route('GET', partition, topics.describePartition),
  route('POST', partition, produceToPartition),
  route('GET', `${partition}/offsets`, topics.partitionOffsets),
  { method: 'GET', path: `${partition}/records`, handle: partitionRecords },
  route('POST', '/consumers/:group', consumers.createConsumer),
  route('DELETE', instance, consumers.deleteConsumer),
  route('POST', `${instance}/subscription`, consumers.subscribeConsumer),
  route('GET', `${instance}/subscription`, consumers.subscription),
  route('DELETE', `${instance}/subscription`, consumers.unsubscribeConsumer),
  route('POST', `${instance}/assignments`, consumers.assignPartitions),
  route('GET', `${instance}/assignments`, consumers.assignments),
  { method: 'GET', path: `${instance}/records`, handle: consumers.records },
  route('POST', `${instance}/offsets`, consumers.commitOffsets),
  route('GET', `${instance}/offsets`, consumers.readOffsets),
  route('POST', `${instance}/positions`, consumers.seekToOffsets),
  route('POST', `${instance}/positions/beginning`, consumers.seekToBeginning),
  route('POST', `${instance}/positions/end`, (c) => consumers.seekToEnd(c)),
];

export const restFamily: Family = {
  prefix: '/rest',
  name: 'REST Proxy v2',
  routes,
  errorResponse: restErrors(v2Type),
};
