/**
 * Records as messages, and those that failed as dead letters. The surprise: a record may say itself
 * what its value is (`content-type`) and that it is not to be delivered before some moment, which
 * is how delayed messages work: it lies in the log like all others, and only its delivery waits.
 */
import type { DecodedRecord, RecordHeader } from '../../protocol/records/index.ts';
import type { BodyFormat } from './subscription.ts';

/** Milliseconds since the epoch, as decimal text. */
export const notBeforeHeader = 'kedge.push.not-before';
export const contentTypeHeader = 'content-type';

/** What a message can hold: text, JSON, bytes; null where the record has none. */
export interface Message {
  /** The same for every attempt, and for nothing else. */
  readonly id: string;
  /** Milliseconds since the epoch. */
  readonly timestamp: number;
  readonly body: unknown;
  /** 1 for the first. */
  readonly attempts: number;
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  /** Text, or bytes where it is none. */
  readonly key: string | Uint8Array | null;
  readonly headers: readonly { readonly key: string; readonly value: string | Uint8Array | null }[];
}

/** What a target is handed. */
export interface Batch {
  /** The same for the same records. */
  readonly id: string;
  readonly subscription: string;
  readonly topic: string;
  readonly partition: number;
  /** How many records of the partition lie behind these, as far as is known. */
  readonly backlog: number;
  readonly messages: readonly Message[];
}

/** The value is not what it is said to be: no further attempt helps. */
export class UnreadableBody extends Error {
  override readonly name = 'UnreadableBody';
}

const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const utf8 = new TextEncoder();

export function messageId(topic: string, partition: number, offset: number): string {
  return `${topic}-${partition}-${offset}`;
}

/** Throws UnreadableBody. */
export function messageOf(
  topic: string,
  partition: number,
  { record, attempts }: { readonly record: DecodedRecord; readonly attempts: number },
  format: BodyFormat,
): Message {
  const { offset, timestamp, key, value, headers } = record;
  return {
    id: messageId(topic, partition, offset),
    timestamp,
    body: bodyOf(value, formatOf(headers) ?? format),
    attempts: attempts + 1,
    topic,
    partition,
    offset,
    key: textOrBytes(key),
    headers: headers.map((header) => ({ key: header.key, value: textOrBytes(header.value) })),
  };
}

function bodyOf(value: Uint8Array | null, format: BodyFormat): unknown {
  if (value === null) return null;
  if (format === 'bytes') return value.slice();
  let text: string;
  try {
    text = strictUtf8.decode(value);
  } catch {
    throw new UnreadableBody('the value is not UTF-8');
  }
  if (format === 'text') return text;
  try {
    return JSON.parse(text);
  } catch {
    throw new UnreadableBody('the value is not JSON');
  }
}

/** What the record says of its value; undefined: nothing that is known here. */
function formatOf(headers: readonly RecordHeader[]): BodyFormat | undefined {
  const type = headerText(headers, contentTypeHeader)?.split(';')[0].trim().toLowerCase();
  if (type === undefined) return undefined;
  if (type === 'application/json' || type.endsWith('+json')) return 'json';
  if (type.startsWith('text/')) return 'text';
  return type === 'application/octet-stream' ? 'bytes' : undefined;
}

/** 0: at once. */
export function notBeforeOf({ headers }: DecodedRecord): number {
  const at = Number(headerText(headers, notBeforeHeader) ?? 0);
  return Number.isSafeInteger(at) && at > 0 ? at : 0;
}

function headerText(headers: readonly RecordHeader[], name: string): string | undefined {
  const value = headers.find(({ key }) => key.toLowerCase() === name)?.value;
  const text = value ? textOrBytes(value) : undefined;
  return typeof text === 'string' ? text : undefined;
}

/** Text where it is that; a copy of the bytes where it is not. */
function textOrBytes(bytes: Uint8Array | null): string | Uint8Array | null {
  if (bytes === null) return null;
  try {
    return strictUtf8.decode(bytes);
  } catch {
    return bytes.slice();
  }
}

/** Where a dead letter comes from, and why it is one. */
export interface Death {
  readonly subscription: string;
  readonly topic: string;
  readonly partition: number;
  readonly attempts: number;
  readonly error: string;
}

/** Longer words of a target are cut. */
const longestError = 1_000;

/** The record with what Kafka Connect's dead letters say in their headers (KIP-298). */
export function deadLetter(record: DecodedRecord, death: Death): DecodedRecord {
  const said: Record<string, string> = {
    '__connect.errors.topic': death.topic,
    '__connect.errors.partition': `${death.partition}`,
    '__connect.errors.offset': `${record.offset}`,
    '__connect.errors.connector.name': death.subscription,
    '__connect.errors.task.id': `${death.partition}`,
    '__connect.errors.stage': death.attempts === 0 ? 'VALUE_CONVERTER' : 'TASK_PUT',
    '__connect.errors.exception.message': death.error.slice(0, longestError),
    'kedge.push.attempts': `${death.attempts}`,
  };
  const headers = Object.entries(said).map(([key, text]) => ({ key, value: utf8.encode(text) }));
  // It is late already: who reads dead letters need not wait once more.
  const kept = record.headers.filter(({ key }) => key !== notBeforeHeader);
  return { ...record, headers: [...kept, ...headers] };
}
