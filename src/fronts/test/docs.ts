/**
 * What the routes of tests say of themselves in the API's document, which only a Kedge that was
 * started with them shows.
 */
import type { AnswerDoc, Doc, Schema } from '../http/doc.ts';
import { anything, flag, list, map, object, orNull, text, whole } from '../http/schemas.ts';

const json = 'application/json';

export const description =
  'What a test can do to its Kedge: empty it, have requests go wrong, move its clock, crash it. ' +
  'Only in a Kedge that was started with --test-controls, and never in a deployed one.';

const done: Readonly<Record<number, AnswerDoc>> = { 204: { description: 'Done.' } };
const begun: Readonly<Record<number, AnswerDoc>> = {
  202: { description: 'It begins. GET /test has a higher `starts` when Kedge is back.' },
};

const faultFields: Readonly<Record<string, Schema>> = {
  topic: { ...text, description: 'Only requests that name this topic.' },
  group: { ...text, description: 'Only requests of this group.' },
  clientId: { ...text, description: 'Only requests of clients that call themselves so.' },
  errorCode: {
    anyOf: [text, whole],
    description: 'Answer with this error of Kafka, by name or number.',
  },
  delayMs: { ...whole, description: 'Go on so much later.' },
  throttleTimeMs: { ...whole, description: 'Tell the client to wait for so long.' },
  disconnect: { ...flag, description: 'Close the connection in the place of an answer.' },
  after: { ...flag, description: 'Do what is asked first: only the answer goes wrong.' },
  times: { ...whole, description: 'How many requests it strikes; 0: all. Default: 1.' },
};

const faultSchema = object(
  { id: text, api: text, disconnect: flag, after: flag, times: whole, hits: whole },
  faultFields,
);
const faultList = object({ faults: list(faultSchema) });

export const state: Doc = {
  summary: 'Tell how often Kedge was started, what time it is for it, and which faults there are',
  answers: {
    200: {
      description: 'Its state',
      type: json,
      schema: object({
        starts: whole,
        now: whole,
        clockOffsetMs: whole,
        faults: list(faultSchema),
      }),
    },
  },
};

const seeds = {
  types: [json],
  required: true,
  schema: object(
    {},
    {
      topics: list(object({ name: text }, { partitions: whole, configs: map(anything) })),
      records: list(
        object(
          { topic: text },
          {
            key: anything,
            value: anything,
            headers: anything,
            partition: whole,
            timestamp: orNull(whole),
          },
        ),
      ),
    },
  ),
  example: { records: [{ topic: 'orders', key: 'a', value: { amount: 1 } }] },
};

export const reset: Doc = {
  summary: 'Empty it',
  description:
    'No topics, groups, offsets, transactions, users or tokens are left, no quotas, subscriptions ' +
    'and faults, and the clock is right again. Kafka connections stay; requests that wait are ' +
    'answered now. What the body names is there before any client comes.',
  body: { ...seeds, required: false },
  answers: done,
};

export const listFaults: Doc = {
  summary: 'List the faults',
  answers: { 200: { description: 'In the order they were made', type: json, schema: faultList } },
};

export const addFault: Doc = {
  summary: 'Have requests go wrong',
  description:
    'Of several faults that fit a request the one strikes that was made first. With an `errorCode` ' +
    'each partition or topic that the fault is about has it, and what else the request asks is ' +
    'answered as ever; where the API has one place for errors, it is there.',
  body: {
    types: [json],
    required: true,
    schema: object(
      { api: { ...text, description: 'Requests of this API, by Kafka’s name.' } },
      faultFields,
    ),
    example: { api: 'Produce', topic: 'orders', errorCode: 'NOT_LEADER_OR_FOLLOWER', times: 2 },
  },
  answers: { 201: { description: 'The fault', type: json, schema: faultSchema } },
};

export const clearFaults: Doc = { summary: 'Remove all faults', answers: done };

export const removeFault: Doc = {
  summary: 'Remove a fault',
  path: { fault: 'The id of the fault.' },
  answers: done,
};

export const advance: Doc = {
  summary: 'Move the clock forward',
  description:
    'Answers when what became due was done: members whose sessions ended are gone, transactions ' +
    'that took too long are aborted, old records deleted. To every member it looks as if it had ' +
    'been silent for so long. Clients have clocks of their own, which nobody moves.',
  body: {
    types: [json],
    required: true,
    schema: object({ advanceMs: whole }),
    example: { advanceMs: 60_000 },
  },
  answers: {
    200: {
      description: 'What time it is',
      type: json,
      schema: object({ now: whole, clockOffsetMs: whole }),
    },
  },
};

export const rebalance: Doc = {
  summary: 'Have the members of a group join again',
  description: 'As if another member had come and gone. Groups of every kind.',
  body: { types: [json], required: true, schema: object({ group: text }) },
  answers: done,
};

export const seed: Doc = {
  summary: 'Make topics and records',
  description:
    'A key, a value and the value of a header are text, null, `{"base64": "…"}`, or any other ' +
    'JSON, which is stored as JSON. Topics that are not named are made where clients may make them.',
  body: seeds,
  answers: done,
};

export const crash: Doc = {
  summary: 'End it as kill -9 does, and start it again with its data',
  answers: begun,
};

export const restart: Doc = {
  summary: 'End it in good order, and start it again with its data',
  answers: begun,
};

const file = 'application/octet-stream';
const bytes = { type: 'string', contentEncoding: 'binary' };

export const snapshot: Doc = {
  summary: 'Fetch everything it keeps, as one file',
  answers: { 200: { description: 'The file', type: file, schema: bytes } },
};

export const restore: Doc = {
  summary: 'Put what a snapshot holds in the place of what it keeps',
  body: { types: [file], required: true, schema: bytes },
  answers: begun,
};
