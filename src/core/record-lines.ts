/**
 * Topics, records and offsets of groups as lines of JSON: what `kedge export` writes and what
 * `kedge import` and seeds of test brokers read. The surprise: text stands there as text, and only
 * bytes that are no UTF-8 as `{"base64": …}`, so that a line can be read and written by hand and
 * still gives back the very same bytes.
 */
import { fromBase64, toBase64 } from '../bytes/base64.ts';

/** `{"topic":"orders","partitions":3,"configs":{"retention.ms":"60000"}}` */
export interface TopicLine {
  readonly topic: string;
  /** Tells it from another of that name; left out where nobody knows. */
  readonly topicId?: string;
  readonly partitions: number;
  readonly configs: Readonly<Record<string, string>>;
}

/** `{"group":"billing","topic":"orders","partition":0,"offset":42}` */
export interface GroupLine {
  readonly group: string;
  readonly topic: string;
  readonly partition: number;
  /** The next one to be read. */
  readonly offset: number;
}

export interface LineHeader {
  readonly key: string;
  readonly value: Uint8Array | null;
}

/** `{"topic":"orders","partition":0,"offset":7,"timestamp":1700000000000,"key":"a","value":"b"}` */
export interface RecordLine {
  readonly topic: string;
  /** Undefined: where the key belongs. */
  readonly partition: number | undefined;
  readonly offset: number | undefined;
  /** Milliseconds since the epoch; undefined: when it is written. */
  readonly timestamp: number | undefined;
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly headers: readonly LineHeader[];
}

/** A record as it lies in a log, to be written down. */
export interface LoggedRecord {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly timestamp: number;
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly headers: readonly LineHeader[];
}

export type Line =
  | { readonly kind: 'topic'; readonly line: TopicLine }
  | { readonly kind: 'group'; readonly line: GroupLine }
  | { readonly kind: 'record'; readonly line: RecordLine };

const encoder = new TextEncoder();
const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Without a line's end. */
export function recordLine(record: LoggedRecord): string {
  const { topic, partition, offset, timestamp, key, value, headers } = record;
  const place = `{"topic":${JSON.stringify(topic)},"partition":${partition},"offset":${offset}`;
  const body = `,"timestamp":${timestamp},"key":${bytesJson(key)},"value":${bytesJson(value)}`;
  const pairs = headers.map((one) => `[${JSON.stringify(one.key)},${bytesJson(one.value)}]`);
  return `${place}${body},"headers":[${pairs.join(',')}]}`;
}

export function topicLine({ topic, topicId, partitions, configs }: TopicLine): string {
  return JSON.stringify({ topic, topicId, partitions, configs });
}

export function groupLine({ group, topic, partition, offset }: GroupLine): string {
  return JSON.stringify({ group, topic, partition, offset });
}

function bytesJson(bytes: Uint8Array | null): string {
  if (bytes === null) return 'null';
  try {
    return JSON.stringify(strict.decode(bytes));
  } catch {
    return `{"base64":"${toBase64(bytes)}"}`;
  }
}

/** What a line says. Throws SyntaxError, in words for who wrote it. */
export function parseLine(text: string): Line {
  const said = objectOf(text);
  if ('group' in said) return { kind: 'group', line: groupOf(said) };
  if ('partitions' in said) return { kind: 'topic', line: topicOf(said) };
  return { kind: 'record', line: recordOf(said) };
}

type Said = Readonly<Record<string, unknown>>;

function objectOf(text: string): Said {
  let said: unknown;
  try {
    said = JSON.parse(text);
  } catch (error) {
    throw new SyntaxError(`this is not JSON: ${(error as Error).message}`);
  }
  if (isObject(said)) return said;
  throw new SyntaxError('a line holds one JSON object');
}

function isObject(value: unknown): value is Said {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function groupOf(said: Said): GroupLine {
  return {
    group: nameIn(said, 'group'),
    topic: nameIn(said, 'topic'),
    partition: countIn(said, 'partition', 0) ?? missing('partition'),
    offset: countIn(said, 'offset', 0) ?? missing('offset'),
  };
}

function topicOf(said: Said): TopicLine {
  const { configs = {} } = said;
  if (!isObject(configs)) throw new SyntaxError('"configs" is an object of names and values');
  return {
    topic: nameIn(said, 'topic'),
    ...(said.topicId !== undefined && { topicId: nameIn(said, 'topicId') }),
    partitions: countIn(said, 'partitions', 1) ?? missing('partitions'),
    configs: Object.fromEntries(
      Object.entries(configs).map(([name, value]) => [name, String(value)]),
    ),
  };
}

function recordOf(said: Said): RecordLine {
  return {
    topic: nameIn(said, 'topic'),
    partition: countIn(said, 'partition', 0),
    offset: countIn(said, 'offset', 0),
    timestamp: countIn(said, 'timestamp', -1),
    key: bytesOf(said.key),
    value: bytesOf(said.value),
    headers: headersOf(said.headers),
  };
}

/**
 * The bytes that a JSON value stands for: text as UTF-8, `{"base64": …}` decoded, nothing for null
 * or what is left out; every other value is written as JSON, which seeds by hand are glad of.
 */
export function bytesOf(value: unknown): Uint8Array | null {
  if (value === null || value === undefined) return null;
  if (typeof value === 'string') return encoder.encode(value);
  const encoded = isObject(value) ? value.base64 : undefined;
  if (encoded === undefined || Object.keys(value).length > 1) {
    return encoder.encode(JSON.stringify(value));
  }
  const bytes = typeof encoded === 'string' ? fromBase64(encoded) : undefined;
  if (bytes === undefined) throw new SyntaxError('"base64" holds no base64');
  return bytes;
}

/** Pairs `[name, value]`, since a name may come twice; or an object. */
export function headersOf(value: unknown): LineHeader[] {
  if (value === null || value === undefined) return [];
  const pairs: unknown[] = Array.isArray(value)
    ? value
    : isObject(value)
      ? Object.entries(value)
      : [undefined];
  return pairs.map((pair) => {
    if (!Array.isArray(pair) || pair.length !== 2 || typeof pair[0] !== 'string') {
      throw new SyntaxError('"headers" is a list of [name, value], or an object');
    }
    return { key: pair[0], value: bytesOf(pair[1]) };
  });
}

function nameIn(said: Said, field: string): string {
  const value = said[field];
  if (typeof value === 'string' && value !== '') return value;
  throw new SyntaxError(`"${field}" is missing, or is no text`);
}

function countIn(said: Said, field: string, least: number): number | undefined {
  const value = said[field];
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= least) return value;
  throw new SyntaxError(`"${field}" is a whole number, ${least} or more`);
}

function missing(field: string): never {
  throw new SyntaxError(`"${field}" is missing`);
}
