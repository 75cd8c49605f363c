/**
 * Push subscriptions over HTTP: Kedge's own routes, for there is no dialect to go by. The surprise:
 * a subscription is made by putting it where it is to be, so that whoever repeats a request that
 * got lost changes nothing.
 */
import type { AnswerDoc, Doc, Schema } from '../doc.ts';
import { type Family, type HttpContext, type Route, restErrorDoc, restErrors } from '../routes.ts';
import { list, object, one, orNull, text, whole } from '../schemas.ts';
import * as subscriptions from './subscriptions.ts';

const json = 'application/json';
const path = '/subscriptions/:subscription';

const error: Schema = object({ at: whole, message: text });
const target: Schema = {
  oneOf: [
    object({ type: { const: 'worker' }, binding: text }),
    object(
      { type: { const: 'webhook' }, url: text },
      { secrets: list(text), secrets_count: whole, timeout_ms: whole },
    ),
  ],
};
const start: Schema = {
  description: 'Where partitions begin of which the group has committed nothing',
  oneOf: [
    one('earliest', 'latest'),
    object({ timestamp: whole }),
    object({ offsets: list(object({ topic: text, partition: whole, offset: whole })) }),
  ],
};
const settings = {
  body: one('json', 'text', 'bytes'),
  max_batch_size: whole,
  max_batch_timeout_ms: whole,
  max_retries: whole,
  retry_delay_ms: whole,
  max_retry_delay_ms: whole,
  dead_letter_topic: orNull(text),
  order: one('partition', 'key'),
  max_concurrency: whole,
  partition_concurrency: whole,
};
const shown = {
  name: text,
  topics: list(text),
  target,
  ...settings,
  principal: text,
  created_at: whole,
  updated_at: whole,
  state: one('running', 'paused'),
};
const progress: Schema = object({
  topic: text,
  partition: whole,
  position: whole,
  end_offset: orNull(whole),
  lag: orNull(whole),
  in_flight: whole,
  waiting_for_retry: whole,
  due_at: orNull(whole),
  last_error: orNull(error),
});
const subscription: Schema = object({
  ...shown,
  in_flight: whole,
  lag: orNull(whole),
  last_error: orNull(error),
  partitions: list(progress),
});

const shownAs = (schema: Schema, description: string): AnswerDoc => ({
  description,
  type: json,
  schema,
});
const done: Doc['answers'] = {
  204: { description: 'It is done.' },
  404: shownAs(restErrorDoc(json).schema, 'There is no such subscription.'),
};

function route(
  method: Route['method'],
  where: string,
  handle: (c: HttpContext) => Promise<Response>,
  doc: Doc,
): Route {
  return { method, path: where, handle, doc };
}

export const pushFamily: Family = {
  prefix: '/push',
  name: 'Push',
  doc: {
    description:
      'Subscriptions that deliver records to Workers and webhooks. What a subscription has ' +
      'delivered stands as the committed offsets of the consumer group of its name.',
    error: restErrorDoc(json),
  },
  routes: [
    route('GET', '/subscriptions', subscriptions.listSubscriptions, {
      summary: 'List subscriptions',
      description: 'Those whose group the client may describe.',
      answers: {
        200: shownAs(object({ subscriptions: list(object(shown)) }), 'The subscriptions.'),
      },
    }),
    route('PUT', path, subscriptions.putSubscription, {
      summary: 'Make a subscription, or change it',
      description:
        'Takes ALTER on the cluster, READ on the topics and on the group of the same name, and ' +
        'WRITE on the dead-letter topics. It acts as the user who has put it last. Secrets that ' +
        'are left out stay as they are.',
      body: {
        types: [json],
        required: true,
        schema: object({ topics: list(text), target }, { start, ...settings }),
        example: { topics: ['orders'], target: { type: 'worker', binding: 'PUSH_ORDERS' } },
      },
      answers: {
        200: shownAs(subscription, 'It was changed.'),
        201: shownAs(subscription, 'It was made.'),
      },
    }),
    route('GET', path, subscriptions.getSubscription, {
      summary: 'Describe a subscription',
      description: 'With its lag, what is in flight, and what went wrong last.',
      answers: { 200: shownAs(subscription, 'The subscription.'), 404: done[404] },
    }),
    route('DELETE', path, subscriptions.deleteSubscription, {
      summary: 'Delete a subscription',
      description: 'The offsets of its group stay.',
      answers: done,
    }),
    route('POST', `${path}/pause`, subscriptions.pauseSubscription, {
      summary: 'Pause a subscription',
      description:
        'Answers when nothing is in flight any more. From then on the offsets of its group may ' +
        'be set to anything, and are where it goes on.',
      answers: done,
    }),
    route('POST', `${path}/resume`, subscriptions.resumeSubscription, {
      summary: 'Resume a subscription',
      answers: done,
    }),
  ],
  errorResponse: restErrors(json),
};
