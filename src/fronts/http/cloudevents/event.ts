/**
 * A CloudEvent (1.0), and its form in JSON and in a Kafka record. Pure: doors of every kind use it.
 * The surprise: Kafka's headers are called `ce_…` and hold plain UTF-8, HTTP's `ce-…` are percent-
 * encoded; and an event without data is, in binary mode, a record without a value: a tombstone.
 */
import { fromBase64, toBase64 } from '../../../bytes/base64.ts';
import type { RecordHeader } from '../../../protocol/records/index.ts';
import { isObject, parseJson } from '../json.ts';

export type Attribute = string | number | boolean;

export interface CloudEvent {
  /** The context attributes: `id`, `source`, `specversion`, `type`, others, and extensions. */
  readonly attributes: Readonly<Record<string, Attribute>>;
  /** Null: no data. */
  readonly data: Uint8Array | null;
}

/** Not a CloudEvent, in words for whoever sent it. */
export class InvalidEvent extends Error {
  override readonly name = 'InvalidEvent';
}

/** What of a record an event becomes, or is read from. */
export interface EventRecord {
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly headers: readonly RecordHeader[];
}

export const eventType = 'application/cloudevents+json';
export const batchType = 'application/cloudevents-batch+json';

const structuredRecordType = `${eventType}; charset=UTF-8`;
const required = ['specversion', 'id', 'source', 'type'] as const;
const jsonType = /^[^;]*[/+]json\s*(;|$)/i;
const textType = /^(text\/|[^;]*[/+]xml\s*(;|$)|.*;\s*charset\s*=\s*"?utf-8)/i;

const utf8 = new TextEncoder();
const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const laxUtf8 = new TextDecoder('utf-8', { fatal: false, ignoreBOM: true });

/** Checks what every event must have. Throws InvalidEvent. */
export function checkedEvent(event: CloudEvent): CloudEvent {
  const { attributes } = event;
  for (const name of required) {
    const value = attributes[name];
    if (typeof value !== 'string' || value === '') {
      throw new InvalidEvent(`A CloudEvent needs the attribute ${name}, a string.`);
    }
  }
  if (attributes.specversion !== '1.0') {
    throw new InvalidEvent(`specversion must be 1.0, not ${attributes.specversion}.`);
  }
  for (const name of Object.keys(attributes)) {
    if (/^[a-z0-9]+$/.test(name) && name !== 'data') continue;
    throw new InvalidEvent(
      `Attributes are named with lower-case letters and digits, and not ${name}.`,
    );
  }
  return event;
}

/** Reads the JSON text of one event. Throws InvalidEvent. */
export function parseEvent(text: string): CloudEvent {
  return eventFromJson(parsed(text));
}

/** Reads the JSON text of a batch: an array of events. Throws InvalidEvent. */
export function parseBatch(text: string): CloudEvent[] {
  const batch = parsed(text);
  if (!Array.isArray(batch)) throw new InvalidEvent('A batch of CloudEvents is a JSON array.');
  return batch.map(eventFromJson);
}

/** An event in JSON format, as parsed by `parseJson`. Throws InvalidEvent. */
export function eventFromJson(json: unknown): CloudEvent {
  if (!isObject(json)) throw new InvalidEvent('A CloudEvent is a JSON object.');
  const { data, data_base64: base64, ...rest } = json;
  const attributes: Record<string, Attribute> = {};
  for (const [name, value] of Object.entries(rest)) {
    if (value === null) continue;
    const isWhole = typeof value === 'number' && (value | 0) === value;
    if (typeof value !== 'string' && typeof value !== 'boolean' && !isWhole) {
      throw new InvalidEvent(`${name} must be a string, a boolean or an integer of 32 bits.`);
    }
    attributes[name] = value;
  }
  const hasData = data !== undefined && data !== null;
  if (hasData && base64 !== undefined) {
    throw new InvalidEvent('An event has data or data_base64, not both.');
  }
  // By the JSON format's own rule.
  if (hasData && attributes.datacontenttype === undefined) {
    attributes.datacontenttype = 'application/json';
  }
  const bytes = hasData ? dataFromJson(data, attributes) : bytesFromBase64(base64);
  return checkedEvent({ attributes, data: bytes });
}

/** The JSON format, as text: numbers in the data stay as they were written. */
export function eventToJson({ attributes, data }: CloudEvent): string {
  const start = JSON.stringify(attributes).slice(0, -1);
  if (data === null) return `${start}}`;
  return `${start},${dataToJson(data, String(attributes.datacontenttype ?? ''))}}`;
}

/**
 * What is stored of an event: its data with the attributes as headers (binary), or all of it as
 * JSON (structured). Its `partitionkey`, if it has one, is the record's key.
 */
export function recordOf(event: CloudEvent, mode: 'binary' | 'structured'): EventRecord {
  const { partitionkey } = event.attributes;
  const key = partitionkey === undefined ? null : utf8.encode(String(partitionkey));
  if (mode === 'structured') {
    const headers = [header('content-type', structuredRecordType)];
    return { key, value: utf8.encode(eventToJson(event)), headers };
  }
  const headers = Object.entries(event.attributes).map(([name, value]) =>
    header(name === 'datacontenttype' ? 'content-type' : `ce_${name}`, String(value)),
  );
  return { key, value: event.data, headers };
}

/** The event that a record is, in either mode; null when it is none. */
export function eventOf({ value, headers }: EventRecord): CloudEvent | null {
  const attributes: Record<string, Attribute> = {};
  let contentType: string | undefined;
  for (const { key, value: bytes } of headers) {
    const text = laxUtf8.decode(bytes ?? new Uint8Array());
    if (/^content-type$/i.test(key)) contentType = text;
    else if (key.startsWith('ce_')) attributes[key.slice(3)] = text;
  }
  try {
    if (contentType !== undefined && /^application\/cloudevents\+json/i.test(contentType)) {
      return value && parseEvent(strictUtf8.decode(value));
    }
    if (contentType !== undefined) attributes.datacontenttype = contentType;
    return checkedEvent({ attributes, data: value });
  } catch {
    return null;
  }
}

/** A record as an event, whatever it is: one that is none is what an event tells of. */
export function eventAt(
  topic: string,
  partition: number,
  record: EventRecord & { readonly offset: number; readonly timestamp: number },
): CloudEvent {
  const event = eventOf(record);
  if (event !== null) return event;
  const { key, value, offset, timestamp } = record;
  const attributes = {
    specversion: '1.0',
    id: `${topic}-${partition}-${offset}`,
    source: `/topics/${encodeURIComponent(topic)}`,
    type: 'kedge.record',
    time: new Date(Math.max(0, timestamp)).toISOString(),
    ...(key && { partitionkey: laxUtf8.decode(key) }),
    ...(value && { datacontenttype: dataTypeOf(record) }),
  };
  return { attributes, data: value };
}

/** What a record that is no event says of its value, or what can be seen of it. */
function dataTypeOf({ headers, value }: EventRecord): string {
  const said = headers.find(({ key }) => /^content-type$/i.test(key))?.value;
  if (said) return laxUtf8.decode(said);
  return jsonText(value!) === undefined ? 'application/octet-stream' : 'application/json';
}

function dataFromJson(data: unknown, { datacontenttype }: CloudEvent['attributes']): Uint8Array {
  const isText = typeof data === 'string' && !jsonType.test(String(datacontenttype));
  return utf8.encode(isText ? data : JSON.stringify(data));
}

function dataToJson(data: Uint8Array, type: string): string {
  if (jsonType.test(type)) {
    const text = jsonText(data);
    if (text !== undefined) return `"data":${text}`;
  } else if (textType.test(type)) {
    const text = textOf(data);
    if (text !== undefined) return `"data":${JSON.stringify(text)}`;
  }
  return `"data_base64":"${toBase64(data)}"`;
}

function bytesFromBase64(value: unknown): Uint8Array | null {
  if (value === undefined || value === null) return null;
  const bytes = typeof value === 'string' ? fromBase64(value) : undefined;
  if (bytes === undefined) throw new InvalidEvent('data_base64 must be a string of base64.');
  return bytes;
}

function textOf(bytes: Uint8Array): string | undefined {
  try {
    return strictUtf8.decode(bytes);
  } catch {
    return undefined;
  }
}

function jsonText(bytes: Uint8Array): string | undefined {
  try {
    const text = strictUtf8.decode(bytes);
    JSON.parse(text);
    return text;
  } catch {
    return undefined;
  }
}

function parsed(text: string): unknown {
  try {
    return parseJson(text);
  } catch (error) {
    throw new InvalidEvent(`This is not JSON: ${(error as Error).message}`);
  }
}

function header(key: string, value: string): RecordHeader {
  return { key, value: utf8.encode(value) };
}
