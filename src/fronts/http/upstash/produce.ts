/**
 * Upstash: producing, to one topic or to many, from JSON or from whatever a webhook sends. The
 * surprise: the answer is an array even for one message, except where the message is in the path.
 */
import { errorInfo } from '../../../protocol/errors.ts';
import type { RecordHeader } from '../../../protocol/records/index.ts';
import { readBody } from '../body.ts';
import { fromKafka } from '../errors.ts';
import type { JsonObject } from '../json.ts';
import { type ProducedRecord, produceRecords, type RecordToProduce } from '../produce.ts';
import type { HttpContext } from '../routes.ts';
import { badRequest, isGiven, listOf, text, whole } from './request.ts';

interface Message {
  readonly topic: string;
  readonly record: RecordToProduce;
}

const utf8 = new TextEncoder();

/** Headers of HTTP itself and of what a request comes through: they are not the sender's. */
const standardHeader = new RegExp(
  `^(${[
    'accept(-.+)?|authorization|cache-control|cdn-loop|cf-.+|connection|content-.+|cookie|date|dnt',
    'expect|forwarded|from|host|if-.+|keep-alive|max-forwards|mf-.+|origin|pragma|priority|proxy-.+',
    'range|referer|sec-.+|te|trailer|transfer-encoding|upgrade(-.+)?|user-agent|via|warning',
    'x-forwarded-.+|x-real-ip',
  ].join('|')})$`,
);

export async function produceMany(c: HttpContext): Promise<unknown> {
  const now = c.get('kafka').context.now();
  const messages = await listOf(c);
  return produced(
    c,
    messages.map((message) => ({
      topic: text(message, 'topic'),
      record: recordOf(message, now),
    })),
  );
}

export async function produceToTopic(c: HttpContext): Promise<unknown> {
  const topic = c.req.param('topic')!;
  const now = c.get('kafka').context.now();
  const messages = await listOf(c);
  return produced(
    c,
    messages.map((message) => ({ topic, record: recordOf(message, now) })),
  );
}

export async function produceFromPath(c: HttpContext): Promise<unknown> {
  const { topic, message } = c.req.param() as { topic: string; message: string };
  const record = newRecord(c, utf8.encode(message), c.req.query('key'));
  return (await produced(c, [{ topic, record }]))[0];
}

export async function produceFromWebhook(c: HttpContext): Promise<unknown> {
  const topic = c.req.query('topic');
  if (!topic) throw badRequest('The query must name a topic');
  const headers = [...c.req.raw.headers]
    .filter(([key]) => !standardHeader.test(key))
    .map(([key, value]) => ({ key, value: utf8.encode(value) }));
  const record = { ...newRecord(c, await readBody(c.req.raw)), headers };
  return (await produced(c, [{ topic, record }]))[0];
}

/** Where each message was written, in their order. Throws what went wrong with the first. */
async function produced(c: HttpContext, messages: readonly Message[]): Promise<unknown[]> {
  if (messages.length === 0) throw badRequest('There is no message to produce');
  const topics = Map.groupBy(messages, ({ topic }) => topic);
  const results = new Map<Message, ProducedRecord>();
  await Promise.all(
    [...topics].map(async ([topic, list]) => {
      const records = list.map(({ record }) => record);
      const answers = await produceRecords(c.get('kafka'), topic, records);
      for (const [index, message] of list.entries()) results.set(message, answers[index]);
    }),
  );
  return messages.map((message) => {
    const result = results.get(message)!;
    if ('offset' in result) {
      const { partition, offset, timestamp } = result;
      return { topic: message.topic, partition, offset, timestamp };
    }
    throw fromKafka(result.errorCode, result.message || errorInfo(result.errorCode).message);
  });
}

function newRecord(c: HttpContext, value: Uint8Array, key?: string): RecordToProduce {
  const timestamp = c.get('kafka').context.now();
  return { key: key ? utf8.encode(key) : null, value, partition: null, timestamp, headers: [] };
}

function recordOf(message: JsonObject, now: number): RecordToProduce {
  const { key, value } = message;
  if (typeof value !== 'string' && value !== null) throw badRequest('value must be a string');
  if (isGiven(message, 'key') && typeof key !== 'string') throw badRequest('key must be a string');
  return {
    // To the dialect a key that is empty is none.
    key: key ? utf8.encode(key as string) : null,
    value: value === null ? null : utf8.encode(value),
    partition: isGiven(message, 'partition') ? whole(message, 'partition') : null,
    timestamp: isGiven(message, 'timestamp') ? whole(message, 'timestamp') : now,
    headers: isGiven(message, 'headers') ? headersOf(message.headers) : [],
  };
}

function headersOf(value: unknown): RecordHeader[] {
  if (!Array.isArray(value)) throw badRequest('headers must be an array');
  return value.map((header) => {
    if (typeof header?.key === 'string' && typeof header.value === 'string') {
      return { key: header.key, value: utf8.encode(header.value) };
    }
    throw badRequest('A header must have a key and a value, both strings');
  });
}
