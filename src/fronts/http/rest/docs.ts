/** What the routes of REST v2 say of themselves in the API's document. */
import type { AnswerDoc, BodyDoc, Doc, FamilyDoc, ParameterDoc, Schema } from '../doc.ts';
import { typeOfFormat, v2Type } from '../media-types.ts';
import { anything, flag, list, map, object, one, orNull, text, whole } from '../schemas.ts';

const formats = (['json', 'binary', 'text'] as const).map(typeOfFormat);

const ok = (description: string, schema: Schema): Readonly<Record<number, AnswerDoc>> => ({
  200: { description, type: v2Type, schema },
});
const done = (description: string): Readonly<Record<number, AnswerDoc>> => ({
  204: { description },
});
const body = (schema: Schema, example: unknown, required = true): BodyDoc => ({
  types: [v2Type, 'application/json'],
  schema,
  required,
  example,
});
const query = (name: string, description: string, schema: Schema = whole): ParameterDoc => ({
  in: 'query',
  name,
  description,
  schema,
});

export const restDoc: FamilyDoc = {
  description:
    'The REST Proxy’s version 2, with what the Strimzi bridge, Karapace and Redpanda have added.',
  error: { type: v2Type, schema: object({ error_code: whole, message: text }) },
};

const partitionSchema = object({
  partition: whole,
  leader: whole,
  replicas: list(object({ broker: whole, leader: flag, in_sync: flag })),
});
const headers = list(object({ key: text }, { value: orNull(text) }));
const recordSchema = object({
  topic: text,
  key: anything,
  value: anything,
  partition: whole,
  offset: whole,
  timestamp: whole,
  headers,
});
const place = { topic: text, partition: whole };
const partitions = object({ partitions: list(object(place)) });
const partitionsExample = { partitions: [{ topic: 'orders', partition: 0 }] };

export const info: Doc = {
  summary: 'Get which Kedge this is',
  answers: ok('Its version.', object({ bridge_version: text })),
};

export const healthy: Doc = {
  summary: 'Ask whether Kedge answers',
  answers: done('It does.'),
};

export const ready: Doc = {
  summary: 'Ask whether the cluster can be reached',
  answers: done('It can.'),
};

export const status: Doc = {
  summary: 'Ask whether the cluster can be reached, and be told so',
  answers: ok('It can.', object({ status: one('ready') })),
};

export const openApi: Doc = {
  summary: 'Find the document of this API',
  answers: { 302: { description: 'It is there.', headers: { location: '/openapi.json' } } },
};

export const listBrokers: Doc = {
  summary: 'List the brokers',
  answers: ok('Their numbers.', object({ brokers: list(whole) })),
};

export const listTopics: Doc = {
  summary: 'List topics',
  answers: ok('Their names.', list(text)),
};

export const createTopic: Doc = {
  summary: 'Create a topic',
  body: body(
    object(
      { topic_name: text },
      { partitions_count: orNull(whole), replication_factor: orNull(whole) },
    ),
    { topic_name: 'bills', partitions_count: 3 },
  ),
  answers: { 201: { description: 'It is there.' } },
};

export const describeTopic: Doc = {
  summary: 'Get a topic, with its configs',
  answers: ok(
    'The topic.',
    object({ name: text, configs: map(orNull(text)), partitions: list(partitionSchema) }),
  ),
};

export const listPartitions: Doc = {
  summary: 'List the partitions of a topic',
  answers: ok('The partitions.', list(partitionSchema)),
};

export const describePartition: Doc = {
  summary: 'Get a partition',
  answers: ok('The partition.', partitionSchema),
};

export const partitionOffsets: Doc = {
  summary: 'Get the first offset of a partition and the one its next record will have',
  answers: ok('The offsets.', object({ beginning_offset: whole, end_offset: whole })),
};

export const partitionRecords: Doc = {
  summary: 'Read a partition, without a group',
  description: `Accept says how keys and values are embedded: ${formats.join(', ')}.`,
  parameters: [
    query('offset', 'Where to begin; at the first offset if it is left out.'),
    query('timeout', 'How long to wait for a record, in milliseconds. Default: 1000.'),
    query('max_bytes', 'How many bytes of keys and values to answer at most.'),
  ],
  answers: {
    200: {
      description: 'Records, from that offset on.',
      type: typeOfFormat('binary'),
      schema: list(recordSchema),
    },
  },
};

const recordFields = {
  key: anything,
  value: anything,
  timestamp: orNull(whole),
  headers: orNull(headers),
};

/** `extra`: what a record may say besides. */
const producing = (summary: string, extra: Readonly<Record<string, Schema>>): Doc => ({
  summary,
  description:
    'The content type says how keys and values are embedded: as JSON, as base64 or as text. What ' +
    'fails is told record by record.',
  parameters: [query('async', 'Whether to answer 204 at once, whatever becomes of it.', flag)],
  body: {
    types: formats,
    schema: object({ records: list(object({}, { ...recordFields, ...extra }), { minItems: 1 }) }),
    required: true,
    example: { records: [{ key: 4, value: { item: 'tea' } }] },
  },
  answers: {
    ...ok(
      'What became of each record, in order.',
      object({
        offsets: list(
          object({
            partition: orNull(whole),
            offset: orNull(whole),
            error_code: orNull(whole),
            error: orNull(text),
          }),
        ),
        key_schema_id: { type: 'null' },
        value_schema_id: { type: 'null' },
      }),
    ),
    ...done('They were taken (async).'),
  },
});

export const produceToTopic = producing('Produce records to a topic', {
  partition: orNull(whole),
});

export const produceToPartition = producing('Produce records to a partition', {});

export const createConsumer: Doc = {
  summary: 'Create a consumer instance in a group',
  body: body(
    object(
      {},
      {
        name: text,
        format: one('binary', 'json', 'text'),
        'auto.offset.reset': one('latest', 'earliest', 'none'),
        'auto.commit.enable': { type: ['boolean', 'string'] },
        'fetch.min.bytes': { type: ['integer', 'string'] },
        'consumer.request.timeout.ms': { type: ['integer', 'string'] },
        'consumer.instance.timeout.ms': { type: ['integer', 'string'] },
        'isolation.level': one('read_uncommitted', 'read_committed'),
      },
    ),
    { name: 'me', format: 'json', 'auto.offset.reset': 'earliest' },
    false,
  ),
  answers: ok('The instance, and where it lives.', object({ instance_id: text, base_uri: text })),
};

export const deleteConsumer: Doc = {
  summary: 'Delete a consumer instance',
  answers: done('It has left its group.'),
};

export const subscribe: Doc = {
  summary: 'Subscribe a consumer to topics, or to those that a regular expression matches',
  body: body(object({}, { topics: list(text), topic_pattern: text }), { topics: ['orders'] }),
  answers: {
    ...done('The next poll joins the group.'),
    409: { description: 'It has partitions that it was assigned by hand.' },
  },
};

export const subscription: Doc = {
  summary: 'Get what a consumer has subscribed to',
  answers: ok('The topics.', object({ topics: list(text) })),
};

export const unsubscribe: Doc = {
  summary: 'Unsubscribe a consumer from everything',
  answers: done('It has left its group.'),
};

export const assign: Doc = {
  summary: 'Assign partitions to a consumer by hand',
  body: body(partitions, partitionsExample),
  answers: {
    ...done('It reads these, and no group has a say in it.'),
    409: { description: 'It has subscribed to topics.' },
  },
};

export const assignments: Doc = {
  summary: 'Get the partitions that a consumer reads',
  answers: ok('The partitions.', partitions),
};

export const records: Doc = {
  summary: 'Poll: read what is new, and be a member of the group',
  parameters: [
    query('timeout', 'How long to wait for a record, in milliseconds.'),
    query('max_bytes', 'How many bytes of keys and values to answer at most.'),
  ],
  answers: {
    200: {
      description: 'Records, in the format that the instance was created with.',
      type: typeOfFormat('binary'),
      schema: list(recordSchema),
    },
  },
};

const offsets = list(object({ ...place, offset: whole }, { metadata: orNull(text) }));

export const commitOffsets: Doc = {
  summary: 'Commit what was read, or these offsets',
  description: 'An offset here is that of the last record read.',
  parameters: [query('async', 'Taken, and changes nothing: it is committed at once.', flag)],
  body: body(
    object({}, { offsets }),
    { offsets: [{ topic: 'orders', partition: 0, offset: 0 }] },
    false,
  ),
  answers: ok('What is committed.', list(object({ ...place, consumed: whole, committed: whole }))),
};

export const readOffsets: Doc = {
  summary: 'Get what the group has committed, of these partitions or of all',
  body: body(partitions, partitionsExample, false),
  answers: ok(
    'The next offset to read of each partition of which there is one.',
    object({ offsets: list(object({ ...place, offset: whole, metadata: text })) }),
  ),
};

export const seek: Doc = {
  summary: 'Go to offsets, or to points in time',
  body: body(object({}, { offsets, timestamps: list(object({ ...place, timestamp: whole })) }), {
    offsets: [{ topic: 'orders', partition: 0, offset: 0 }],
  }),
  answers: done('The next poll reads from there.'),
};

const seekTo = (end: string): Doc => ({
  summary: `Go to the ${end} of partitions`,
  body: body(partitions, partitionsExample),
  answers: done('The next poll reads from there.'),
});

export const seekToBeginning = seekTo('beginning');
export const seekToEnd = seekTo('end');
