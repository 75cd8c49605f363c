/**
 * REST v3: producing, one record or an endless stream of them over one request. The surprise: the
 * status is 200 as soon as the connection stands; how each record fared is in an answer of its
 * own, in order, and records that arrive together are written together.
 */
import { produce } from '../../../protocol/apis/produce.ts';
import { checkFields, checkObject } from '../check.ts';
import { HttpError } from '../errors.ts';
import { parseJson } from '../json.ts';
import { finishLater, type HttpContext, type Route } from '../routes.ts';
import { list, object, text, whole } from '../schemas.ts';
import { JsonStream } from './json-stream.ts';
import {
  type ParsedRecord,
  parseRecord,
  produceParsed,
  recordFields,
  recordProperties,
  type Target,
  writtenProperties,
} from './record-json.ts';
import { produceBatch } from './records-batch.ts';
import { answers, body, jsonType, route, topicPath } from './route.ts';
import { checkContentType, clusterAt, v3ErrorOf } from './shapes.ts';

/** A Worker may make so many calls in one request; past that the client has to connect again. */
const maxCalls = 9_000;
const separator = '\r\n';

async function produceStream(c: HttpContext): Promise<Response> {
  const { id: clusterId } = await clusterAt(c);
  checkContentType(c);
  const { body: records } = c.req.raw;
  if (records === null || c.req.header('content-length') === '0') throw noData;
  const kafka = c.get('kafka');
  await kafka.admit(produce);
  kafka.waits = true;
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const target = { kafka, clusterId, topic: c.req.param('topic')! };
  finishLater(c, answerAll(records, writable, target));
  return new Response(readable, { headers: { 'content-type': 'application/json' } });
}

async function answerAll(
  records: ReadableStream<Uint8Array>,
  writable: WritableStream<Uint8Array>,
  target: Target,
): Promise<void> {
  const writer = writable.getWriter();
  const utf8 = new TextEncoder();
  const stream = new JsonStream();
  let count = 0;
  const send = async (answers: readonly unknown[]) => {
    count += answers.length;
    const text = answers.map((answer) => JSON.stringify(answer) + separator).join('');
    if (text !== '') await writer.write(utf8.encode(text));
  };
  try {
    for await (const chunk of records) {
      const texts = stream.push(chunk);
      await send(await answerTexts(texts, target));
      if (stream.error !== undefined || target.kafka.calls > maxCalls) break;
    }
    if (target.kafka.calls > maxCalls) await send([connectionTooLong.body]);
    else stream.end();
    if (stream.error !== undefined) await send([malformed(stream.error).body]);
    else if (count === 0) await send([noData.body]);
    await writer.close();
  } catch (error) {
    // The client is gone, or stopped listening.
    await writer.abort(error).catch(() => {});
  }
}

const connectionTooLong = new HttpError(
  408,
  408,
  'Streaming connection open for longer than allowed: Connection will be closed.',
);
const noData = new HttpError(422, 422, 'Payload error. Null input provided. Data is required.');
const malformed = (why: string) =>
  new HttpError(400, 400, `Bad Request: Error processing JSON: ${why}`);

/** One answer a text, in their order. */
async function answerTexts(texts: readonly string[], target: Target): Promise<unknown[]> {
  const now = target.kafka.context.now();
  const results = await produceParsed(
    texts.map((one) => parseText(one, now)),
    target,
  );
  return results.map((one) => (one instanceof HttpError ? one.body : { error_code: 200, ...one }));
}

function parseText(source: string, now: number): ParsedRecord | HttpError {
  try {
    const record = checkObject(parseJson(source), 'the record');
    checkFields(record, recordFields);
    return parseRecord(record, now);
  } catch (error) {
    if (error instanceof SyntaxError) return malformed(error.message);
    return v3ErrorOf(error);
  }
}

const recordSchema = object({}, recordProperties);
const failure = object({ error_code: whole, message: text });

export const recordRoutes: readonly Route[] = [
  route('POST', `${topicPath}/records`, produceStream, {
    summary: 'Produce a record, or a stream of them',
    description:
      'Any number of objects, one after the other. Each is answered by an object of its own, in ' +
      'order and as soon as it is written; error_code is 200 where it is.',
    body: body(recordSchema, { value: { type: 'JSON', data: { item: 'tea' } } }),
    answers: {
      200: {
        description: 'What became of each record; lines end in CR LF.',
        type: jsonType,
        schema: { anyOf: [object({ error_code: whole }, writtenProperties), failure] },
      },
    },
  }),
  route('POST', `${topicPath}/records:batch`, produceBatch, {
    summary: 'Produce up to ten records',
    description: 'Each entry has an id, by which the answer speaks of it.',
    body: body(object({ entries: list(object({ id: text }, recordProperties)) }), {
      entries: [{ id: '1', value: { type: 'JSON', data: { item: 'tea' } } }],
    }),
    answers: answers(
      object({
        successes: list(object({ id: text }, writtenProperties)),
        failures: list(object({ id: text, error_code: whole, message: text })),
      }),
      'What became of each record.',
      207,
    ),
  }),
];
