/** What the routes of the Upstash dialect say of themselves in the API's document. */
import type { AnswerDoc, Doc, FamilyDoc, ParameterDoc, Schema } from '../doc.ts';

const json = 'application/json';
const ref = (name: string): Schema => ({ $ref: `#/components/schemas/Upstash${name}` });
const arrayOf = (items: Schema): Schema => ({ type: 'array', items });
/** Where the dialect takes a list, it takes one element just as well. */
const oneOrMany = (items: Schema): Schema => ({ anyOf: [items, arrayOf(items)] });
const object = (
  properties: Record<string, Schema>,
  required = Object.keys(properties),
): Schema => ({
  type: 'object',
  properties,
  required,
});
const text: Schema = { type: 'string' };
const whole: Schema = { type: 'integer', minimum: 0 };

const body = (schema: Schema, example?: unknown, required = true) => ({
  body: { types: [json], schema, required, example },
});
const ok = (description: string, schema: Schema): Record<number, AnswerDoc> => ({
  200: { description, type: json, schema },
});

const topicPartition = { topic: text, partition: whole };
const topicPartitionOffset = { ...topicPartition, offset: whole };
const headers = arrayOf(object({ key: text, value: text }));
const message = {
  value: { type: ['string', 'null'] },
  key: text,
  partition: whole,
  timestamp: { ...whole, description: 'Milliseconds since 1970' },
  headers,
};

export const upstash: FamilyDoc = {
  description:
    'The REST API that Upstash had for its Kafka. `@upstash/kafka` works with its address set to ' +
    'this one and `/upstash` behind it.',
  error: { type: json, schema: object({ error: text, status: { type: 'integer' } }) },
  schemas: {
    UpstashNewMessage: object(message, ['value']),
    UpstashNewTopicMessage: object({ topic: text, ...message }, ['topic', 'value']),
    UpstashProduced: object({ ...topicPartitionOffset, timestamp: whole }),
    UpstashMessage: object({
      ...topicPartitionOffset,
      timestamp: { type: 'integer' },
      key: text,
      value: { type: ['string', 'null'] },
      headers,
    }),
    UpstashTopicPartition: object(topicPartition),
    UpstashTopicPartitionOffset: object(topicPartitionOffset),
    UpstashSuccess: object({ result: { const: 'Success' }, status: { const: 200 } }),
    UpstashGroup: object({
      name: text,
      instances: arrayOf(
        object({
          name: text,
          topics: arrayOf(object({ topic: text, partitions: arrayOf(whole) })),
        }),
      ),
    }),
  },
};

const timeout: ParameterDoc = {
  in: 'query',
  name: 'timeout',
  description: 'How long to wait at most, in milliseconds',
  schema: whole,
};
const path = { instance: 'The name of the consumer in its group' };

const consumerHeaders: readonly ParameterDoc[] = [
  {
    in: 'header',
    name: 'Kafka-Enable-Auto-Commit',
    description: 'Whether what was consumed is committed by itself, at a later request',
    schema: { type: 'boolean', default: true },
  },
  {
    in: 'header',
    name: 'Kafka-Auto-Commit-Interval',
    description: 'How often, in milliseconds',
    schema: { ...whole, default: 5_000 },
  },
  {
    in: 'header',
    name: 'Kafka-Auto-Offset-Reset',
    description: 'Where to begin when nothing is committed',
    schema: { enum: ['latest', 'earliest', 'none'], default: 'latest' },
  },
  {
    in: 'header',
    name: 'Kafka-Session-Timeout-Ms',
    description: 'After how long without a request the consumer is gone',
    schema: { ...whole, default: 120_000 },
  },
];

const produced = ok('Where each was written, in their order', arrayOf(ref('Produced')));
const producedOne = ok('Where it was written', ref('Produced'));
const messages = ok('What was there, or has come in time', arrayOf(ref('Message')));
const success = ok('Done', ref('Success'));
const found = (description: string) => ok(description, arrayOf(ref('TopicPartitionOffset')));

export const produceMany: Doc = {
  summary: 'Produce messages to topics',
  ...body(oneOrMany(ref('NewTopicMessage')), { topic: 'orders', value: 'tea' }),
  answers: produced,
};
export const produceToTopic: Doc = {
  summary: 'Produce messages to one topic',
  ...body(oneOrMany(ref('NewMessage')), [{ value: 'tea', key: 'k' }]),
  answers: produced,
};
export const produceFromPath: Doc = {
  summary: 'Produce one message that is in the path',
  parameters: [{ in: 'query', name: 'key', description: 'The key of the message' }],
  answers: producedOne,
};
export const produceFromWebhook: Doc = {
  summary: 'Produce a body as it is',
  description:
    'Headers that are not HTTP’s own become headers of the record. Senders that cannot ' +
    'authenticate otherwise may put `user` and `pass` into the query.',
  parameters: [
    {
      in: 'query',
      name: 'topic',
      description: 'The topic',
      required: true,
      example: 'orders',
    },
    { in: 'query', name: 'user', description: 'Who asks' },
    { in: 'query', name: 'pass', description: 'The password' },
  ],
  body: { types: ['application/octet-stream'], schema: {}, example: 'tea' },
  answers: producedOne,
};
export const consume: Doc = {
  summary: 'Consume as a member of a group',
  description:
    'The first request creates the consumer, by its headers; those of later ones say nothing.',
  path,
  parameters: consumerHeaders,
  ...body(
    {
      type: 'object',
      properties: { topic: text, topics: arrayOf(text), timeout: { ...whole, default: 1_000 } },
    },
    { topic: 'orders', timeout: 100 },
  ),
  answers: messages,
};
export const consumeTopic: Doc = {
  summary: 'Consume one topic as a member of a group',
  path,
  parameters: [{ ...timeout, schema: { ...whole, default: 1_000 } }, ...consumerHeaders],
  answers: messages,
};
export const commitOffsets: Doc = {
  summary: 'Commit what was consumed, or these offsets',
  description: 'An offset is that of the next message to consume.',
  path,
  ...body(oneOrMany(ref('TopicPartitionOffset')), undefined, false),
  answers: success,
};
export const deleteConsumer: Doc = {
  summary: 'Delete a consumer',
  description: 'It commits, if it does so by itself, and leaves its group.',
  path,
  answers: success,
};
export const fetchMessages: Doc = {
  summary: 'Read from offsets, without a group',
  ...body(
    {
      type: 'object',
      properties: {
        ...topicPartitionOffset,
        topicPartitionOffsets: arrayOf(ref('TopicPartitionOffset')),
        timeout: { ...whole, default: 1_000 },
      },
    },
    { topic: 'orders', partition: 0, offset: 0, timeout: 100 },
  ),
  answers: messages,
};
export const listTopics: Doc = {
  summary: 'List topics',
  answers: ok('How many partitions each has', {
    type: 'object',
    additionalProperties: whole,
  }),
};
export const listConsumers: Doc = {
  summary: 'List groups, their members and what these consume',
  answers: ok('Groups that have members', arrayOf(ref('Group'))),
};
export const committed: Doc = {
  summary: 'Look up committed offsets',
  path,
  parameters: [{ ...timeout, schema: { ...whole, default: 10_000 } }],
  ...body(oneOrMany(ref('TopicPartition')), [{ topic: 'orders', partition: 0 }], false),
  answers: found('Of each partition that has one'),
};
export const offsets: Doc = {
  summary: 'Look up offsets by time',
  path: { timestamp: 'Milliseconds since 1970, `earliest` or `latest`' },
  parameters: [{ ...timeout, schema: { ...whole, default: 10_000 } }],
  ...body(oneOrMany(ref('TopicPartition')), { topic: 'orders', partition: 0 }),
  answers: found('The first offset that is not earlier, of each partition that has one'),
};
