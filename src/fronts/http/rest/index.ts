/**
 * The REST Proxy's version 2, every route of it that needs no schema registry, with what its
 * relatives have added. The surprise: answers carry a content type of the dialect's own, which its
 * clients check.
 */

import type { Doc } from '../doc.ts';
import { answerType, v2Type } from '../media-types.ts';
import { type Family, type HttpContext, jsonResponse, type Route, restErrors } from '../routes.ts';
import * as consumers from './consumers.ts';
import * as docs from './docs.ts';
import { produceToPartition, produceToTopic } from './produce.ts';
import { partitionRecords } from './records.ts';
import * as status from './status.ts';
import * as topics from './topics.ts';

type Answer = (c: HttpContext) => Promise<unknown>;

/** A route whose answer is JSON without records in it; undefined is 204. */
function route(
  method: Route['method'],
  path: string,
  answer: Answer,
  doc: Doc,
  more: Pick<Route, 'open'> = {},
): Route {
  const handle = async (c: HttpContext) => {
    const type = answerType(c.req.header('accept') ?? null);
    const body = await answer(c);
    return body === undefined ? new Response(null, { status: 204 }) : jsonResponse(body, 200, type);
  };
  return { method, path, handle, doc, ...more };
}

const topic = '/topics/:topic';
const partition = `${topic}/partitions/:partition`;
const instance = '/consumers/:group/instances/:instance';
const open = { open: true };

const routes: readonly Route[] = [
  route('GET', '/', status.info, docs.info),
  route('GET', '/healthy', status.healthy, docs.healthy, open),
  route('GET', '/ready', status.ready, docs.ready, open),
  route('GET', '/status/ready', status.status, docs.status, open),
  { method: 'GET', path: '/openapi', handle: status.openApi, doc: docs.openApi, open: true },
  route('GET', '/brokers', topics.listBrokers, docs.listBrokers),
  route('GET', '/topics', topics.listTopics, docs.listTopics),
  { method: 'POST', path: '/admin/topics', handle: topics.createTopic, doc: docs.createTopic },
  route('GET', topic, topics.describeTopic, docs.describeTopic),
  { method: 'POST', path: topic, handle: produceToTopic, doc: docs.produceToTopic },
  route('GET', `${topic}/partitions`, topics.listPartitions, docs.listPartitions),
  route('GET', partition, topics.describePartition, docs.describePartition),
  { method: 'POST', path: partition, handle: produceToPartition, doc: docs.produceToPartition },
  route('GET', `${partition}/offsets`, topics.partitionOffsets, docs.partitionOffsets),
  {
    method: 'GET',
    path: `${partition}/records`,
    handle: partitionRecords,
    doc: docs.partitionRecords,
  },
  route('POST', '/consumers/:group', consumers.createConsumer, docs.createConsumer),
  route('DELETE', instance, consumers.deleteConsumer, docs.deleteConsumer),
  route('POST', `${instance}/subscription`, consumers.subscribeConsumer, docs.subscribe),
  route('GET', `${instance}/subscription`, consumers.subscription, docs.subscription),
  route('DELETE', `${instance}/subscription`, consumers.unsubscribeConsumer, docs.unsubscribe),
  route('POST', `${instance}/assignments`, consumers.assignPartitions, docs.assign),
  route('GET', `${instance}/assignments`, consumers.assignments, docs.assignments),
  { method: 'GET', path: `${instance}/records`, handle: consumers.records, doc: docs.records },
  route('POST', `${instance}/offsets`, consumers.commitOffsets, docs.commitOffsets),
  route('GET', `${instance}/offsets`, consumers.readOffsets, docs.readOffsets),
  route('POST', `${instance}/positions`, consumers.seekToOffsets, docs.seek),
  route('POST', `${instance}/positions/beginning`, consumers.seekToBeginning, docs.seekToBeginning),
  route('POST', `${instance}/positions/end`, (c) => consumers.seekToEnd(c), docs.seekToEnd),
];

export const restFamily: Family = {
  prefix: '/rest',
  name: 'REST Proxy v2',
  doc: docs.restDoc,
  routes,
  errorResponse: restErrors(v2Type),
};
