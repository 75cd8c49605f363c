/**
 * REST Proxy v2: consumer instances, from creation to deletion. The surprise: offsets are read by
 * a GET with a body; clients that cannot send one get everything the group has committed.
 */
import { matcherOf, PatternError } from '../../../core/pattern/pattern.ts';
import type { Position } from '../../../core/rest-consumer/calls.ts';
import {
  assign,
  newState,
  type PartitionOffset,
  seek,
  subscribe,
  subscribeToPattern,
  type TopicPartition,
  unsubscribe,
} from '../../../core/rest-consumer/state.ts';
import { readJsonObject } from '../body.ts';
import {
  checkFields,
  checkInteger,
  checkList,
  checkObject,
  checkString,
  optional,
  parseInteger,
} from '../check.ts';
import { type Consumer, instanceOf, mayBeMember, visit, visitMs } from '../consumer/consumer.ts';
import { leave, retire } from '../consumer/membership.ts';
import {
  commit,
  commitBeforeRebalance,
  commitConsumed,
  committedOffsets,
} from '../consumer/offsets.ts';
import { poll, pollTimeoutMs } from '../consumer/poll.ts';
import { jsonForm } from '../embedding.ts';
import { formatMismatch, instanceExists, invalid } from '../errors.ts';
import type { JsonObject } from '../json.ts';
import { checkJsonType, consumedFormat, typeOfFormat } from '../media-types.ts';
import { finishLater, type HttpContext } from '../routes.ts';
import { parseNewInstance } from './consumer-config.ts';

export async function createConsumer(c: HttpContext): Promise<unknown> {
  const group = c.req.param('group')!;
  const { name, config } = parseNewInstance((await readBody(c)) ?? {});
  const instance = name ?? `rest-consumer-${crypto.randomUUID()}`;
  const kafka = c.get('kafka');
  await mayBeMember({ kafka, group });
  const state = newState(group, config, kafka.context.now());
  const { created } = await c.env.restConsumer(group, instance).call('create', { state });
  if (!created) throw instanceExists();
  const url = new URL(c.req.url);
  const prefix = url.pathname.slice(0, url.pathname.indexOf('/consumers/'));
  const path = `/consumers/${encodeURIComponent(group)}/instances/${encodeURIComponent(instance)}`;
  return { instance_id: instance, base_uri: `${url.origin}${prefix}${path}` };
}

export function deleteConsumer(c: HttpContext): Promise<unknown> {
  return visit(instanceOf(c), visitMs, retire);
}

export async function subscribeConsumer(c: HttpContext): Promise<unknown> {
  const body = await requireBody(c, ['topics', 'topic_pattern']);
  const topics = optional(body.topics, (value) =>
    checkList(value, 'topics').map((topic, index) => checkString(topic, `topics[${index}]`)),
  );
  const pattern = optional(body.topic_pattern, (value) => checkPattern(value));
  if ((topics === undefined) === (pattern === undefined)) {
    throw invalid('Either topics or topic_pattern must be given');
  }
  return visit(instanceOf(c), visitMs, async (consumer) => {
    if (topics?.length === 0) await leave(consumer);
    consumer.state = topics
      ? subscribe(consumer.state, topics)
      : subscribeToPattern(consumer.state, pattern!);
  });
}

export function subscription(c: HttpContext): Promise<unknown> {
  return visit(instanceOf(c), visitMs, async ({ state: { subscription, member } }) => ({
    topics: subscription.kind === 'topics' ? subscription.topics : (member?.topics ?? []),
  }));
}

export function unsubscribeConsumer(c: HttpContext): Promise<unknown> {
  return visit(instanceOf(c), visitMs, async (consumer) => {
    await leave(consumer);
    consumer.state = unsubscribe(consumer.state);
  });
}

export async function assignPartitions(c: HttpContext): Promise<unknown> {
  const partitions = parsePartitions(await requireBody(c, ['partitions']));
  return visit(instanceOf(c), visitMs, async (consumer) => {
    const assigned = () => assign(consumer.state, partitions);
    // Refuses before anything is done, then is done to what committing leaves.
    assigned();
    if (partitions.length === 0) await leave(consumer);
    else await commitBeforeRebalance(consumer);
    consumer.state = assigned();
  });
}

export function assignments(c: HttpContext): Promise<unknown> {
  return visit(instanceOf(c), visitMs, async ({ state }) => ({
    partitions: state.partitions
      .map(({ topic, partition }) => ({ topic, partition }))
      .sort((a, b) => (a.topic < b.topic ? -1 : a.topic > b.topic ? 1 : a.partition - b.partition)),
  }));
}

/** The only answer with records in it: in the instance's format, if that is what is asked for. */
export async function records(c: HttpContext): Promise<Response> {
  const wanted = consumedFormat(c.req.header('accept') ?? null);
  const asked = queryNumber(c, 'timeout');
  const maxBytes = queryNumber(c, 'max_bytes') ?? Number.MAX_SAFE_INTEGER;
  const work = visit(instanceOf(c), visitMs + (asked ?? 0), async (consumer) => {
    const { format } = consumer.state.config;
    if (wanted !== undefined && wanted !== format) throw formatMismatch();
    const timeoutMs = pollTimeoutMs(consumer.state, asked);
    return { format, texts: await poll(consumer, { timeoutMs, maxBytes, form: jsonForm(format) }) };
  });
  finishLater(c, work);
  const { format, texts } = await work;
  return new Response(`[${texts.join(',')}]`, {
    headers: { 'content-type': typeOfFormat(format) },
  });
}

/** The offsets given and answered here are those of the last record read. */
export async function commitOffsets(c: HttpContext): Promise<unknown> {
  const body = (await readBody(c)) ?? {};
  checkFields(body, ['offsets']);
  const given = optional(body.offsets, (value) => parseOffsets(value, 'offsets'));
  return visit(instanceOf(c), visitMs, async (consumer) => {
    if (given === undefined) return (await commitConsumed(consumer)).flatMap(committedToJson);
    const next = given.map((one) => ({ ...one, offset: one.offset + 1 }));
    await commit(consumer, next);
    return next.flatMap(committedToJson);
  });
}

export async function readOffsets(c: HttpContext): Promise<unknown> {
  const body = await readJsonObject(c.req.raw);
  const wanted = body === undefined ? null : parsePartitions(body);
  return visit(instanceOf(c), visitMs, async (consumer) => ({
    offsets: await committedOffsets(consumer, wanted),
  }));
}

export async function seekToOffsets(c: HttpContext): Promise<unknown> {
  const body = await requireBody(c, ['offsets', 'timestamps']);
  const offsets = optional(body.offsets, (value) => parseOffsets(value, 'offsets')) ?? [];
  const times = optional(body.timestamps, parseTimestamps) ?? [];
  return visit(instanceOf(c), visitMs, async (consumer) => {
    // Refuses partitions that are not ours before they are looked up.
    seek(
      consumer.state,
      times.map((one) => ({ ...one, position: 'latest' })),
    );
    const found = await Promise.all(times.map((one) => findTime(consumer, one)));
    const exact = offsets.map((one) => ({ ...one, position: one.offset }));
    consumer.state = seek(consumer.state, [...exact, ...found]);
  });
}

export const seekToBeginning = (c: HttpContext): Promise<unknown> => seekToEnd(c, 'earliest');

export async function seekToEnd(c: HttpContext, position: Position = 'latest'): Promise<unknown> {
  const partitions = parsePartitions(await requireBody(c, ['partitions']));
  return visit(instanceOf(c), visitMs, async (consumer) => {
    const targets = partitions.map((one) => ({ ...one, position }));
    consumer.state = seek(consumer.state, targets);
  });
}

async function findTime(
  { kafka, state }: Consumer,
  { topic, partition, timestamp }: TopicPartition & { readonly timestamp: number },
): Promise<TopicPartition & { readonly position: Position }> {
  const { isolationLevel } = state.config;
  const offset = await kafka.offsetAt(topic, partition, timestamp, isolationLevel);
  return { topic, partition, position: offset < 0 ? 'latest' : offset };
}

function committedToJson({ topic, partition, offset }: PartitionOffset) {
  if (offset <= 0) return [];
  return [{ topic, partition, consumed: offset - 1, committed: offset - 1 }];
}

function readBody(c: HttpContext): Promise<JsonObject | undefined> {
  checkJsonType(c.req.header('content-type') ?? null);
  return readJsonObject(c.req.raw);
}

async function requireBody(c: HttpContext, fields: readonly string[]): Promise<JsonObject> {
  const body = await readBody(c);
  if (body === undefined) throw invalid(`The request needs a body with ${fields.join(' or ')}`);
  checkFields(body, fields);
  return body;
}

function parsePartitions(body: JsonObject): TopicPartition[] {
  checkFields(body, ['partitions']);
  return checkList(body.partitions, 'partitions').map((value, index) => {
    const item = checkObject(value, `partitions[${index}]`);
    checkFields(item, ['topic', 'partition']);
    return parsePartition(item, `partitions[${index}]`);
  });
}

function parsePartition(item: JsonObject, where: string): TopicPartition {
  return {
    topic: checkString(item.topic, `${where}.topic`),
    partition: checkInteger(item.partition, `${where}.partition`, 0),
  };
}

function parseOffsets(value: unknown, where: string): (PartitionOffset & { metadata?: string })[] {
  return checkList(value, where).map((element, index) => {
    const place = `${where}[${index}]`;
    const item = checkObject(element, place);
    checkFields(item, ['topic', 'partition', 'offset', 'metadata']);
    const metadata = optional(item.metadata, (text) => checkString(text, `${place}.metadata`));
    return {
      ...parsePartition(item, place),
      offset: checkInteger(item.offset, `${place}.offset`, 0),
      ...(metadata !== undefined && { metadata }),
    };
  });
}

/** Times as ISO 8601 or as milliseconds since the epoch. */
function parseTimestamps(value: unknown): (TopicPartition & { timestamp: number })[] {
  return checkList(value, 'timestamps').map((element, index) => {
    const place = `timestamps[${index}]`;
    const item = checkObject(element, place);
    checkFields(item, ['topic', 'partition', 'timestamp', 'metadata']);
    const time = item.timestamp;
    const timestamp = typeof time === 'string' ? Date.parse(time) : time;
    if (!Number.isSafeInteger(timestamp)) throw invalid(`${place}.timestamp must be a time`);
    return { ...parsePartition(item, place), timestamp: timestamp as number };
  });
}

function checkPattern(value: unknown): string {
  const pattern = checkString(value, 'topic_pattern');
  try {
    matcherOf(pattern);
    return pattern;
  } catch (error) {
    if (!(error instanceof PatternError)) throw error;
    throw invalid(`topic_pattern is not a regular expression: ${error.message}`);
  }
}

/** Absent, zero and negative are all "not given", as for the dialect. */
function queryNumber(c: HttpContext, name: string): number | undefined {
  const text = c.req.query(name);
  const value = text === undefined ? 0 : parseInteger(text, name, 400);
  return value > 0 ? value : undefined;
}
