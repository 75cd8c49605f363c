/**
 * Where a live stream begins: which partitions it reads, and from which offsets on. The surprise: a
 * stream that comes again says with one id how far it was in all of its partitions, and goes on
 * exactly there; those it does not name have come since, and are read from their beginning.
 */
import type { PartitionOffset, TopicPartition } from '../../../core/rest-consumer/state.ts';
import { ErrorCode, KafkaError } from '../../../protocol/errors.ts';
import { parseInteger } from '../check.ts';
import { fromKafka, HttpError, partitionNotFound } from '../errors.ts';
import { isObject, type JsonObject, parseJson } from '../json.ts';
import { type Kafka, Timestamp } from '../kafka.ts';
import type { HttpContext } from '../routes.ts';

/** How far one partition was read: up to an offset, or everything before a time. */
type Reached = TopicPartition & ({ readonly offset: number } | { readonly timestamp: number });

export interface Wish {
  readonly topics: readonly string[];
  /** These partitions of each topic; undefined: all. */
  readonly partitions: readonly number[] | undefined;
  /** Where to begin: a time, or an end of the log. */
  readonly from: number;
  /** 0 read_uncommitted, 1 read_committed. */
  readonly isolationLevel: number;
  /** Set when the stream comes again. */
  readonly reached: readonly Reached[] | undefined;
}

/** A stream that comes again, and whose topic is gone: there will be nothing more. */
export class NothingMore extends Error {
  override readonly name = 'NothingMore';
}

/** An id names every partition, and browsers send it as a header. */
export const maxIdLength = 8_192;

/** KafkaSSE's name for a place: the next offset to read of each partition. */
export function idOf(places: Iterable<PartitionOffset>): string {
  return JSON.stringify(
    [...places].map(({ topic, partition, offset }) => ({ topic, partition, offset })),
  );
}

/** Reads the path's topics and the query. Throws 400. */
export function parseWish(c: HttpContext): Wish {
  const topics = [...new Set((c.req.param('topic') ?? '').split(','))].filter((name) => name);
  if (topics.length === 0) throw badRequest('Must provide the name of a topic.');
  // Undefined where nothing was said, and where it was said in vain.
  const id = c.req.header('last-event-id') || c.req.query('lastEventId') || undefined;
  return {
    topics,
    partitions: c.req.query('partition')?.split(',').map(parsePartition),
    from: parseFrom(c.req.query('since'), c.req.query('offset')),
    isolationLevel: parseIsolation(c.req.query('isolation.level')),
    reached: id === undefined ? undefined : parseId(id, topics),
  };
}

/** Throws 404 or 403; NothingMore for a stream that comes again in vain. */
export async function findPlaces(kafka: Kafka, wish: Wish): Promise<PartitionOffset[]> {
  const { topics, partitions, reached, isolationLevel } = wish;
  const found = await kafka.topics(topics);
  const missing = found.filter(({ errorCode }) => isUnknown(errorCode)).map(({ name }) => name);
  if (missing.length > 0 && reached !== undefined) throw new NothingMore();
  if (missing.length > 0) {
    const names = missing.join(', ');
    throw new HttpError(404, 40401, `Topics ${names} are not available for consumption.`);
  }
  for (const { errorCode } of found) if (errorCode !== ErrorCode.NONE) throw fromKafka(errorCode);
  const wanted = found.flatMap(({ name, partitions: all }) => {
    const there = all.map(({ partitionIndex }) => partitionIndex).sort((a, b) => a - b);
    if (partitions?.some((one) => !there.includes(one))) throw partitionNotFound();
    return (partitions ?? there).map((partition) => ({ topic: name ?? '', partition }));
  });
  const places = await offsetsOf(
    kafka,
    wanted.map((one) => startOf(one, wish)),
    isolationLevel,
  );
  // Offsets grow.
  const largest = places.map((one) => ({ ...one, offset: Number.MAX_SAFE_INTEGER }));
  if (idOf(largest).length > maxIdLength) {
    const count = places.length;
    throw badRequest(`${count} partitions are too many for one stream: choose with ?partition=`);
  }
  return places;
}

type Start = TopicPartition & { readonly offset?: number; readonly timestamp: number };

function startOf(one: TopicPartition, { reached, from }: Wish): Start {
  if (reached === undefined) return { ...one, timestamp: from };
  const known = reached.find((at) => at.topic === one.topic && at.partition === one.partition);
  if (known === undefined) return { ...one, timestamp: Timestamp.EARLIEST };
  if (!('offset' in known)) return { ...one, timestamp: known.timestamp };
  const isEnd = known.offset < 0;
  return isEnd
    ? { ...one, timestamp: known.offset }
    : { ...one, offset: known.offset, timestamp: 0 };
}

/** Asks for the offsets that are not known; a time after the last record is the end. */
async function offsetsOf(
  kafka: Kafka,
  starts: readonly Start[],
  isolationLevel: number,
): Promise<PartitionOffset[]> {
  const ask = (those: readonly Start[]) => kafka.offsetsAt(those, isolationLevel);
  const open = starts.filter(({ offset }) => offset === undefined);
  const answers = await ask(open);
  const late = answers.filter(({ offset }) => offset < 0);
  answers.push(...(await ask(late.map((one) => ({ ...one, timestamp: Timestamp.LATEST })))));
  return starts.map(({ topic, partition, offset }) => {
    const isSame = (one: TopicPartition) => one.topic === topic && one.partition === partition;
    return { topic, partition, offset: offset ?? answers.findLast(isSame)!.offset };
  });
}

/** Partitions that the topics have now and `places` has not. They are read from their beginning. */
export async function grownPlaces(
  kafka: Kafka,
  { topics, partitions }: Wish,
  places: readonly PartitionOffset[],
): Promise<PartitionOffset[]> {
  if (partitions !== undefined) return [];
  const grown: PartitionOffset[] = [];
  for (const { name, partitions: count } of (
    await kafka.context.metadata.recent(topics)
  ).values()) {
    const known = places.filter(({ topic }) => topic === name).length;
    for (let partition = known; partition < count; partition++) {
      grown.push({ topic: name, partition, offset: 0 });
    }
  }
  return grown;
}

export function isUnknown(errorCode: number): boolean {
  return (
    errorCode === ErrorCode.UNKNOWN_TOPIC_OR_PARTITION ||
    errorCode === ErrorCode.INVALID_TOPIC_EXCEPTION
  );
}

function parseFrom(since: string | undefined, offset: string | undefined): number {
  if (since !== undefined) {
    const time = /^\d+$/.test(since) ? Number(since) : Date.parse(since);
    if (Number.isSafeInteger(time) && time >= 0) return time;
    throw badRequest(`since must be a time in ISO 8601 or milliseconds since 1970, not ${since}`);
  }
  if (offset === undefined || offset === 'latest') return Timestamp.LATEST;
  if (offset === 'earliest') return Timestamp.EARLIEST;
  throw badRequest(`offset may be earliest or latest, not ${offset}`);
}

export function parseIsolation(level = 'read_uncommitted'): number {
  if (level === 'read_committed') return 1;
  if (level === 'read_uncommitted') return 0;
  throw badRequest(`isolation.level may be read_committed or read_uncommitted, not ${level}`);
}

function parsePartition(text: string): number {
  const partition = parseInteger(text, 'partition', 400);
  if (partition < 0) throw badRequest('partition must be greater than or equal to 0');
  return partition;
}

const notAnId =
  'Last-Event-ID must be an array of objects with topic, partition and offset|timestamp.';

function parseId(id: string, topics: readonly string[]): Reached[] {
  let list: unknown;
  try {
    list = parseJson(id);
  } catch {
    throw badRequest(notAnId);
  }
  if (!Array.isArray(list) || list.length === 0) throw badRequest(notAnId);
  return list.map((item) => parseReached(item, topics));
}

function parseReached(item: unknown, topics: readonly string[]): Reached {
  if (!isObject(item)) throw badRequest(notAnId);
  const { topic, partition, offset, timestamp }: JsonObject = item;
  const time = offset ?? timestamp;
  if (!(Number.isSafeInteger(partition) && Number.isSafeInteger(time))) throw badRequest(notAnId);
  if (typeof topic !== 'string') throw badRequest(notAnId);
  if (!topics.includes(topic)) {
    throw badRequest(`Last-Event-ID names the topic ${topic}, of which this stream is not.`);
  }
  const least = offset === undefined ? 0 : Timestamp.EARLIEST;
  if ((time as number) < least || (partition as number) < 0) throw badRequest(notAnId);
  const place = { topic, partition: partition as number };
  const at = time as number;
  return offset === undefined ? { ...place, timestamp: at } : { ...place, offset: at };
}

export function badRequest(message: string): HttpError {
  return new HttpError(400, 400, message);
}

/** A refusal of the broker that says of which partition it is. */
export function refused({ topic, partition }: TopicPartition, errorCode: number): Error {
  if (!isUnknown(errorCode)) return new KafkaError(errorCode);
  return new HttpError(404, 40401, `Partition ${partition} of topic ${topic} is gone.`);
}
