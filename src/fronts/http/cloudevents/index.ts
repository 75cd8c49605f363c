/**
 * CloudEvents over HTTP, by its HTTP and Kafka bindings and its webhooks. The surprise: the binding
 * names no paths, a receiver is any URL; so a topic has one here, apart from those that other
 * dialects give it, since there the same POST means something else.
 */

import type { AnswerDoc, Doc, FamilyDoc, ParameterDoc, Schema } from '../doc.ts';
import { type Family, restErrorDoc, restErrors } from '../routes.ts';
import { object, text, whole } from '../schemas.ts';
import * as consume from './consume.ts';
import { batchType, eventType } from './event.ts';
import { produceEvents, webhookHandshake } from './produce.ts';

const json = 'application/json';
const event: Schema = { $ref: '#/components/schemas/CloudEvent' };
const member = '/:topic/consumers/:group/:instance';

const doc: FamilyDoc = {
  description:
    'CloudEvents 1.0, in and out. An event is a record: its attributes are headers (`ce_…`), its ' +
    'data the value, its `partitionkey` the key.',
  error: restErrorDoc(json),
  schemas: {
    CloudEvent: {
      ...object(
        { specversion: { const: '1.0' }, id: text, source: text, type: text },
        { datacontenttype: text, data: {}, data_base64: text },
      ),
      description: 'An event in JSON format; extensions are further fields.',
    },
    CloudEventWritten: object({ topic: text, partition: whole, offset: whole, timestamp: whole }),
  },
};

const query = (name: string, description: string, schema: Schema = text): ParameterDoc => ({
  in: 'query',
  name,
  description,
  schema,
});

const reading: readonly ParameterDoc[] = [
  query('mode', 'How events are answered: all there are, or one; by default, what is accepted', {
    enum: ['batch', 'structured', 'binary'],
  }),
  query('timeout', 'How long to wait for an event, in milliseconds', { ...whole, default: 1_000 }),
  query('max_bytes', 'What a batch may hold', whole),
];

const events: Record<number, AnswerDoc> = {
  200: {
    description:
      'The events; with `mode` structured or binary one, which Kafka-Partition and Kafka-Offset ' +
      'place',
    type: batchType,
    schema: { type: 'array', items: event },
  },
  204: { description: 'One was asked for, and there is none' },
};

const example = {
  specversion: '1.0',
  id: '1',
  source: '/shop',
  type: 'sold',
  data: { item: 'tea' },
};

const produceDoc: Doc = {
  summary: 'Produce an event, or a batch of them',
  description:
    'Whatever the content type is, if it is none of these: an event in binary mode, with its ' +
    'attributes in `ce-…` headers.',
  parameters: [
    query('mode', 'How events are stored', { enum: ['binary', 'structured'], default: 'binary' }),
    query('key', 'The key of the records, in place of `partitionkey`'),
    query('partition', 'The partition of the records', whole),
  ],
  body: {
    types: [eventType, batchType],
    schema: { anyOf: [event, { type: 'array', items: event }] },
    required: true,
    example,
  },
  answers: {
    200: {
      description: 'Where it was written; of a batch, where each was',
      type: json,
      schema: {
        anyOf: [
          { $ref: '#/components/schemas/CloudEventWritten' },
          { type: 'array', items: { $ref: '#/components/schemas/CloudEventWritten' } },
        ],
      },
    },
  },
};

const handshakeDoc: Doc = {
  summary: 'Ask whether events may be delivered here',
  description: 'The handshake of CloudEvents’ webhooks. Whoever may write to the topic may.',
  parameters: [{ in: 'header', name: 'WebHook-Request-Origin', description: 'Who would deliver' }],
  answers: {
    200: {
      description: 'They may',
      headers: {
        'WebHook-Allowed-Origin': 'Who asked',
        'WebHook-Allowed-Rate': '`*`: no limit',
      },
    },
  },
};

const partitionDoc: Doc = {
  summary: 'Read events of a partition',
  parameters: [
    query('offset', 'Where to begin: an offset, `earliest` or `latest`', {
      type: 'string',
      default: 'earliest',
    }),
    ...reading,
  ],
  answers: {
    ...events,
    200: { ...events[200], headers: { 'Kafka-Next-Offset': 'Where to go on' } },
  },
};

const groupDoc: Doc = {
  summary: 'Consume events as a member of a group',
  description:
    'The first request creates the consumer. Each commits what the one before it was given.',
  path: { instance: 'The name of the consumer in its group' },
  parameters: [
    query('reset', 'Where to begin when nothing is committed', {
      enum: ['latest', 'earliest', 'none'],
      default: 'latest',
    }),
    ...reading,
  ],
  answers: events,
};

const deleteDoc: Doc = {
  summary: 'Delete a consumer',
  description: 'What it was given last is committed, and it leaves its group.',
  path: { instance: 'The name of the consumer in its group' },
  answers: { 204: { description: 'It is gone' } },
};

export const cloudEventsFamily: Family = {
  prefix: '/cloudevents',
  name: 'CloudEvents',
  doc,
  routes: [
    { method: 'POST', path: '/:topic', handle: produceEvents, doc: produceDoc },
    { method: 'OPTIONS', path: '/:topic', handle: webhookHandshake, doc: handshakeDoc },
    {
      method: 'GET',
      path: '/:topic/partitions/:partition',
      handle: consume.partitionEvents,
      doc: partitionDoc,
    },
    { method: 'GET', path: member, handle: consume.groupEvents, doc: groupDoc },
    { method: 'DELETE', path: member, handle: consume.deleteConsumer, doc: deleteDoc },
  ],
  errorResponse: restErrors(json),
};
