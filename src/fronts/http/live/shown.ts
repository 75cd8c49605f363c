/**
 * A record as live streams show it, one JSON object a record, and as they take it. The surprise:
 * nothing is lost for being of another kind than expected: a value that is not the text (or JSON)
 * that was asked for comes as `value_base64` in the place of `value`, a key as `key_base64`.
 */
import { fromBase64, toBase64 } from '../../../bytes/base64.ts';
import type { DecodedRecord, RecordHeader } from '../../../protocol/records/index.ts';
import { checkFields, checkInteger, checkList, checkObject, checkString } from '../check.ts';
import { HttpError, invalid } from '../errors.ts';
import type { RecordToProduce } from '../produce.ts';

/** `text`: a string of UTF-8; `json`: the value itself; `base64`: whatever the bytes are. */
export type Shown = 'text' | 'json' | 'base64';

/** How the parts of a record are shown. Headers are text. */
export interface Showing {
  readonly key: Shown;
  readonly value: Shown;
}

const utf8 = new TextEncoder();
const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Reads `?key=` and `?value=`. Throws 400. */
export function parseShowing(query: (name: string) => string | undefined): Showing {
  const choose = (name: string): Shown => {
    const chosen = query(name) ?? 'text';
    if (chosen === 'text' || chosen === 'json' || chosen === 'base64') return chosen;
    throw new HttpError(400, 400, `${name} may be text, json or base64, not ${chosen}`);
  };
  return { key: choose('key'), value: choose('value') };
}

/** One line of JSON. */
export function recordText(
  topic: string,
  partition: number,
  { offset, timestamp, key, value, headers }: DecodedRecord,
  showing: Showing,
): string {
  const shownHeaders = headers.map(
    (header) => `{"key":${JSON.stringify(header.key)},${field('value', header.value, 'text')}}`,
  );
  return (
    `{"topic":${JSON.stringify(topic)},"partition":${partition},"offset":${offset},` +
    `"timestamp":${timestamp},${field('key', key, showing.key)},` +
    `${field('value', value, showing.value)},"headers":[${shownHeaders.join(',')}]}`
  );
}

function field(name: string, bytes: Uint8Array | null, shown: Shown): string {
  if (bytes === null) return `"${name}":null`;
  const text = shown === 'base64' ? undefined : textOf(bytes);
  if (text !== undefined && shown === 'text') return `"${name}":${JSON.stringify(text)}`;
  // White space between the parts of a JSON text; inside of its strings there is none of this kind.
  if (text !== undefined && isJson(text)) return `"${name}":${text.replaceAll(/[\r\n]+/g, ' ')}`;
  return `"${name}_base64":"${toBase64(bytes)}"`;
}

function textOf(bytes: Uint8Array): string | undefined {
  try {
    return strictUtf8.decode(bytes);
  } catch {
    return undefined;
  }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

const recordFields = [
  'key',
  'key_base64',
  'value',
  'value_base64',
  'headers',
  'partition',
  'timestamp',
];
/** Of no use to who produces, and no harm: a record that was read may be sent on as it is. */
const ignoredFields = ['topic', 'offset', 'context'];

/** The other way round: what a client wants to have produced. Throws 400 or 422. */
export function recordFrom(value: unknown, showing: Showing, now: number): RecordToProduce {
  const record = checkObject(value, 'a record');
  checkFields(record, [...recordFields, ...ignoredFields]);
  const { partition, timestamp, headers } = record;
  return {
    key: bytesOf(record, 'key', showing.key),
    value: bytesOf(record, 'value', showing.value),
    partition: isGiven(partition) ? checkInteger(partition, 'partition', 0) : null,
    timestamp: isGiven(timestamp) ? checkInteger(timestamp, 'timestamp', 0) : now,
    headers: isGiven(headers) ? headersOf(headers) : [],
  };
}

function isGiven(value: unknown): boolean {
  return value !== undefined && value !== null;
}

function headersOf(value: unknown): RecordHeader[] {
  return checkList(value, 'headers').map((item, index) => {
    const header = checkObject(item, `headers[${index}]`);
    checkFields(header, ['key', 'value', 'value_base64']);
    const key = checkString(header.key, `headers[${index}].key`);
    return { key, value: bytesOf(header, 'value', 'text') };
  });
}

function bytesOf(
  from: Readonly<Record<string, unknown>>,
  name: string,
  shown: Shown,
): Uint8Array | null {
  const value = from[name];
  const inBase64 = from[`${name}_base64`];
  if (isGiven(inBase64)) {
    if (isGiven(value)) throw invalid(`${name} and ${name}_base64 cannot both be given`);
    return base64Of(inBase64, `${name}_base64`);
  }
  if (!isGiven(value)) return null;
  if (shown === 'json') return utf8.encode(JSON.stringify(value));
  if (shown === 'base64') return base64Of(value, name);
  if (typeof value === 'string') return utf8.encode(value);
  throw invalid(`${name} must be a string; connect with ?${name}=json to send JSON`);
}

function base64Of(value: unknown, name: string): Uint8Array {
  const bytes = typeof value === 'string' ? fromBase64(value) : undefined;
  if (bytes === undefined) throw invalid(`${name} must be a string in base64`);
  return bytes;
}
