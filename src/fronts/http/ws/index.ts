/** The routes of WebSockets, and what their frames are, for the API's document. */
import type { ParameterDoc } from '../doc.ts';
import { isolationParameter, liveParameters, showingParameters } from '../live/parameters.ts';
import { type Family, type Route, restErrorDoc, restErrors } from '../routes.ts';
import { consumeOver, produceOver, readOver } from './doors.ts';

const protocol: ParameterDoc = {
  in: 'header',
  name: 'Sec-WebSocket-Protocol',
  description:
    '`kafka.json.v1`: frames are records in JSON; so they are without the header. ' +
    '`cloudevents.json`: frames are CloudEvents in JSON. Beside one of them `bearer.<token>` ' +
    'says who asks, for browsers, which can send no other header.',
};

const flow: readonly ParameterDoc[] = [
  {
    in: 'query',
    name: 'pullMode',
    description: 'Records come only as they are asked for: `{type: "permit", permitMessages: n}`.',
    schema: { type: 'boolean', default: false },
  },
  {
    in: 'query',
    name: 'batch',
    description: 'How many records a frame may have; with more than one, frames are arrays.',
    schema: { type: 'integer', minimum: 1, maximum: 1_000, default: 1 },
  },
];

const answers = {
  101: { description: 'The WebSocket is open.' },
  426: { description: 'This was no handshake of a WebSocket.', type: 'application/json' },
};

const topics = 'A topic, or several with commas between them.';
const frames =
  'Frames are text. `{type: "ping"}` may come from either side, at the latest after 30 s of ' +
  'silence from here; `{type: "pong"}` is its answer. `{type: "error", error_code, message}` ' +
  'says what went wrong. Closed with 1012, come again: nothing is lost.';

const routes: readonly Route[] = [
  {
    method: 'GET',
    path: '/producer/:topic',
    handle: produceOver,
    urlToken: true,
    doc: {
      summary: 'Produce over a WebSocket',
      description:
        'Each frame is a record `{key, value, partition, timestamp, headers, context}`, or an ' +
        'array of up to 500. Each is answered, in order, by `{result: "ok", topic, partition, ' +
        'offset, timestamp, context}` or `{result: "send-error", error_code, message, context}`. ' +
        `What was not answered was not begun when the line was closed with 1012. ${frames}`,
      parameters: [...showingParameters, protocol],
      answers,
    },
  },
  {
    method: 'GET',
    path: '/consumer/:topic/:group',
    handle: consumeOver,
    urlToken: true,
    doc: {
      summary: 'Consume in a group over a WebSocket',
      description:
        'The client is a member of the consumer group while the line is open. Frames out are ' +
        'records with a redeliveryCount, and `{type: "assigned", partitions}`. Frames in are ' +
        '`{type: "ack", topic, partition, offset}` (the type and, of a single topic, the topic ' +
        'may be left out), the same with `ackCumulative` or `negativeAcknowledge`, arrays of ' +
        'them, and `permit`. Committed is the offset of the first record that is not acked: an ack of a ' +
        `later one says nothing of it. ${frames}`,
      path: { topic: topics },
      parameters: [
        {
          in: 'query',
          name: 'auto.offset.reset',
          description: 'Where to begin what the group has committed nothing of.',
          schema: { type: 'string', enum: ['latest', 'earliest', 'none'], default: 'latest' },
        },
        {
          in: 'query',
          name: 'receiverQueueSize',
          description: 'How many records may be under way without an ack.',
          schema: { type: 'integer', minimum: 1, maximum: 10_000, default: 1_000 },
        },
        ...flow,
        ...showingParameters,
        isolationParameter,
        protocol,
      ],
      answers,
    },
  },
  {
    method: 'GET',
    path: '/reader/:topic',
    handle: readOver,
    urlToken: true,
    doc: {
      summary: 'Read over a WebSocket',
      description:
        'Frames out are records, from wherever the query says; there is no group and nothing to ' +
        `ack. ${frames}`,
      path: { topic: topics },
      parameters: [...liveParameters, ...flow, protocol],
      answers,
    },
  },
];

export const wsFamily: Family = {
  prefix: '/ws',
  name: 'WebSocket',
  doc: {
    description:
      'Records in and out as JSON frames, with the words of Pulsar and the places of Kafka.',
    error: restErrorDoc('application/json'),
  },
  routes,
  errorResponse: restErrors('application/json'),
};
