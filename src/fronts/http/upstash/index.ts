/**
 * The REST API that Upstash had for its Kafka, whole: who used it changes the address. The
 * surprise: no answer is ever empty or anything but JSON, since the dialect's client sends a
 * request again, up to six times in all, whose answer it cannot read; a produce would be written
 * as often.
 */
import { type Family, type HttpContext, jsonResponse, type Route } from '../routes.ts';
import * as consume from './consume.ts';
import * as docs from './docs.ts';
import * as metadata from './metadata.ts';
import * as produce from './produce.ts';

type Answer = (c: HttpContext) => Promise<unknown>;

const json = 'application/json';

/** The same under each of these methods. */
function routes(
  methods: readonly Route['method'][],
  path: string,
  answer: Answer,
  more: Pick<Route, 'doc' | 'urlPassword'>,
): Route[] {
  const handle = async (c: HttpContext) => jsonResponse(await answer(c), 200, json);
  return methods.map((method) => ({ method, path, handle, ...more }));
}

const either = ['POST', 'GET'] as const;
const instance = '/:group/:instance';

export const upstashFamily: Family = {
  prefix: '/upstash',
  name: 'Upstash',
  doc: docs.upstash,
  routes: [
    ...routes(either, '/produce', produce.produceMany, { doc: docs.produceMany }),
    ...routes(either, '/produce/:topic', produce.produceToTopic, { doc: docs.produceToTopic }),
    ...routes(['GET'], '/produce/:topic/:message', produce.produceFromPath, {
      doc: docs.produceFromPath,
    }),
    ...routes(either, '/webhook', produce.produceFromWebhook, {
      doc: docs.produceFromWebhook,
      urlPassword: true,
    }),
    ...routes(either, `/consume${instance}`, consume.consume, { doc: docs.consume }),
    ...routes(['GET'], `/consume${instance}/:topic`, consume.consume, {
      doc: docs.consumeTopic,
    }),
    ...routes(either, `/commit${instance}`, consume.commitOffsets, { doc: docs.commitOffsets }),
    ...routes(['POST', 'DELETE'], `/delete-consumer${instance}`, consume.deleteConsumer, {
      doc: docs.deleteConsumer,
    }),
    ...routes(either, '/fetch', consume.fetchMessages, { doc: docs.fetchMessages }),
    ...routes(['GET'], '/topics', metadata.listTopics, { doc: docs.listTopics }),
    ...routes(['GET'], '/consumers', metadata.listConsumers, { doc: docs.listConsumers }),
    ...routes(either, `/committed${instance}`, metadata.committed, { doc: docs.committed }),
    ...routes(either, '/offsets/:timestamp', metadata.offsets, { doc: docs.offsets }),
  ],
  errorResponse: ({ message, status }) => jsonResponse({ error: message, status }, status, json),
};
