/** What the routes of Durable Streams say of themselves in the API's document. */
import type { AnswerDoc, Doc, FamilyDoc, ParameterDoc, Schema } from '../doc.ts';

const text: Schema = { type: 'string' };
const plain = 'text/plain';
const bytes = 'application/octet-stream';
const types = [bytes, 'application/json', plain] as const;

const path = {
  stream:
    'The stream: any path. Its topic has the same name, with two dots for a slash and the bytes ' +
    'of what no topic may have in hexadecimal, as in `--C3--A9`.',
};
const partition: ParameterDoc = {
  in: 'query',
  name: 'partition',
  description: 'A partition of a topic that has several',
  schema: { type: 'integer', minimum: 0, default: 0 },
};
const header = (name: string, description: string): ParameterDoc => ({
  in: 'header',
  name,
  description,
});
const query = (name: string, description: string, schema: Schema = text): ParameterDoc => ({
  in: 'query',
  name,
  description,
  schema,
});

const nextOffset = { 'Stream-Next-Offset': 'Where the stream goes on' };
const closed = { 'Stream-Closed': '`true` where nothing more will ever come' };
const where = { ...nextOffset, ...closed };
const error = (description: string): AnswerDoc => ({ description, type: plain, schema: text });
const missing = {
  404: error('There is no such stream, or it has ended.'),
  410: error('The stream was deleted and forks of it live, or the offset is no longer kept.'),
};

const created = { ...where, Location: 'Its URL' };
const closes = header('Stream-Closed', '`true`: nothing more may be written behind this');
const lifetime = [
  header('Stream-TTL', 'Seconds after the last reading or writing at which the stream ends'),
  header('Stream-Expires-At', 'When the stream ends, by RFC 3339; instead of Stream-TTL'),
];

export const streams: FamilyDoc = {
  description:
    'Durable Streams: a stream of bytes or of JSON messages at a URL. Each stream is a topic with ' +
    'one partition; clients of Kafka may read and write it.',
  error: { type: plain, schema: text },
  schemas: {
    StreamsProblem: {
      type: 'object',
      properties: {
        error: {
          type: 'object',
          properties: { code: text, message: text },
          required: ['code', 'message'],
        },
      },
      required: ['error'],
    },
    StreamsSubscription: {
      type: 'object',
      properties: {
        type: { type: 'string', enum: ['webhook', 'pull-wake'] },
        pattern: { ...text, description: '`*` for one part of a path, `**` for any number' },
        webhook: { type: 'object', properties: { url: text } },
        wake_stream: text,
        lease_ttl_ms: { type: 'integer', minimum: 1_000, maximum: 600_000, default: 30_000 },
        description: text,
      },
      required: ['type'],
    },
    StreamsClaimed: {
      type: 'object',
      properties: {
        wake_id: text,
        generation: { type: 'integer' },
        acks: {
          type: 'array',
          items: { type: 'object', properties: { stream: text, offset: text } },
        },
        done: { type: 'boolean' },
      },
      required: ['wake_id', 'generation'],
    },
  },
};

export const createStream: Doc = {
  summary: 'Create a stream',
  description: 'Or makes sure that it is there as it is asked for. The body is its first content.',
  path,
  parameters: [
    ...lifetime,
    closes,
    header('Stream-Forked-From', 'The path of a stream whose content it begins with'),
    header('Stream-Fork-Offset', 'Up to where; the end of that stream unless it is given'),
    header('Stream-Fork-Sub-Offset', 'So many messages of JSON, or else bytes, beyond that'),
  ],
  body: { types, schema: {} },
  answers: {
    200: { description: 'It was there before.', type: bytes, headers: where },
    201: { description: 'It was created.', type: bytes, headers: created },
    409: error('There is another stream of this name.'),
  },
};

export const appendToStream: Doc = {
  summary: 'Append to a stream',
  description: 'One message; of JSON, one for each element of an array.',
  path,
  parameters: [
    closes,
    header('Stream-Seq', "The writer's own number of this request: it grows, compared as text"),
    header('Producer-Id', 'Who writes; with the two that follow, a request is written once'),
    header('Producer-Epoch', 'Which life of the producer it is'),
    header('Producer-Seq', 'Which request of this life it is, from 0 on'),
    partition,
  ],
  body: { types, schema: {}, example: 'first' },
  answers: {
    200: { description: "A producer's request was written.", headers: where },
    204: { description: 'It was written, or had been before.', headers: where },
    403: error('The producer has a newer epoch.'),
    409: error('The stream is closed, has another content type, or something is missing.'),
    413: error('A message is larger than the topic allows.'),
    ...missing,
  },
};

export const readStream: Doc = {
  summary: 'Read a stream',
  description: 'Of JSON, an array of the messages; otherwise the bytes, one message after another.',
  path,
  parameters: [
    query('offset', 'From where: `-1` the start, `now` the end, or what Stream-Next-Offset said'),
    query('live', 'To wait for more at the end', { type: 'string', enum: ['long-poll', 'sse'] }),
    query('cursor', 'What Stream-Cursor said last'),
    query('timeout', 'Seconds that a long poll waits', {
      type: 'number',
      maximum: 60,
      default: 20,
    }),
    header('If-None-Match', 'What ETag said: 304 if nothing has changed'),
    partition,
  ],
  answers: {
    200: {
      description: 'What there is.',
      type: bytes,
      headers: {
        ...where,
        'Stream-Up-To-Date': '`true` at the end of what there is now',
        'Stream-Cursor': 'To be sent as `cursor` with the next live request',
        'Stream-SSE-Data-Encoding': '`base64` where events hold bytes that are no text',
      },
    },
    204: { description: 'Nothing came while the request waited.', headers: where },
    304: { description: 'Nothing has changed.' },
    ...missing,
  },
};

export const describeStream: Doc = {
  summary: 'Describe a stream',
  path,
  parameters: [partition],
  answers: {
    200: {
      description: 'It is there.',
      type: bytes,
      headers: {
        ...where,
        'Stream-TTL': 'Seconds after the last use at which it ends',
        'Stream-Expires-At': 'When it ends',
      },
    },
    404: { description: 'There is no such stream, or it has ended.' },
    410: { description: 'The stream was deleted and forks of it live.' },
  },
};

export const deleteStream: Doc = {
  summary: 'Delete a stream',
  description: 'While forks of it live its name stays taken.',
  path,
  answers: {
    204: { description: 'It is deleted.' },
    ...missing,
  },
};

const json = 'application/json';
const problem = (description: string): AnswerDoc => ({
  description,
  type: json,
  schema: { $ref: '#/components/schemas/StreamsProblem' },
});
const missingSubscription = { 404: problem('There is no such subscription.') };
const subscriptionAnswer = (description: string): AnswerDoc => ({
  description,
  type: json,
  schema: { $ref: '#/components/schemas/StreamsSubscription' },
});
const claimed: Schema = { $ref: '#/components/schemas/StreamsClaimed' };
const example = { wake_id: 'w_1', generation: 1, acks: [], done: true };
const notAcknowledged: Doc['answers'] = {
  400: problem('It is a subscription of the other type.'),
  401: problem('The token is not of this subscription.'),
  409: problem('The wake is over, or an offset is wrong.'),
  ...missingSubscription,
};
const acknowledged: Doc['answers'] = {
  200: {
    description: 'It is acknowledged; whether there is more.',
    type: json,
    schema: { type: 'object', properties: { ok: { const: true }, next_wake: { type: 'boolean' } } },
  },
  ...notAcknowledged,
};

export const readKeys: Doc = {
  summary: 'Read the keys that notifications are signed by',
  answers: {
    200: { description: 'A JWKS', type: 'application/jwk-set+json', schema: { type: 'object' } },
  },
};

export const define: Doc = {
  summary: 'Subscribe to streams',
  description:
    'A webhook, or workers who follow the wake stream, are told that streams have grown. The ' +
    'body of a notification is signed: `t=…,kid=…,ed25519=…` of `<t>.<body>`.',
  body: {
    types: [json],
    schema: { $ref: '#/components/schemas/StreamsSubscription' },
    required: true,
    example: { type: 'pull-wake', pattern: 'rooms/*', wake_stream: 'wakes' },
  },
  answers: {
    200: subscriptionAnswer('It was there before.'),
    201: subscriptionAnswer('It was made.'),
    400: problem('It cannot be made, or nothing is sent to this address.'),
    409: problem('There is another subscription of this name.'),
  },
};

export const look: Doc = {
  summary: 'Describe a subscription to streams',
  answers: { 200: subscriptionAnswer('It is there.'), ...missingSubscription },
};

export const remove: Doc = {
  summary: 'Take away a subscription to streams',
  answers: { 204: { description: 'It is gone.' } },
};

export const addStreams: Doc = {
  summary: 'Add streams to a subscription',
  body: {
    types: [json],
    schema: { type: 'object', properties: { streams: { type: 'array', items: text } } },
    required: true,
    example: { streams: ['rooms/7'] },
  },
  answers: { 204: { description: 'They are added.' }, ...missingSubscription },
};

export const removeStream: Doc = {
  summary: 'Take a stream from a subscription',
  answers: { 204: { description: 'It is taken away.' }, ...missingSubscription },
};

export const claim: Doc = {
  summary: 'Claim what there is to do',
  body: {
    types: [json],
    schema: { type: 'object', properties: { worker: text }, required: ['worker'] },
    required: true,
    example: { worker: 'a' },
  },
  answers: {
    200: { description: "It is this worker's now.", type: json, schema: { type: 'object' } },
    400: problem('It is a subscription of the other type.'),
    409: problem('Another worker holds it, or there is nothing to do.'),
    ...missingSubscription,
  },
};

const claimedDoc = (summary: string): Doc => ({
  summary,
  description: 'With `Authorization: Bearer` and the token that came with the wake.',
  body: { types: [json], schema: claimed, required: true, example },
  answers: acknowledged,
});

export const callBack = claimedDoc('Acknowledge what a webhook was told of');
export const acknowledge = claimedDoc('Acknowledge what was claimed');
export const release: Doc = {
  ...claimedDoc('Give back what was claimed'),
  answers: { 204: { description: 'It is given back.' }, ...notAcknowledged },
};
