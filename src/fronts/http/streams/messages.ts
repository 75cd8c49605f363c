/**
 * From a request's body to records, and from records to an answer's body. The surprise: a message
 * of JSON is kept as the text it came as, so that no number loses a digit on its way; what is not
 * JSON, which only clients of Kafka can have written, is told as a string.
 */
import { concat } from '../../../bytes/writer.ts';
import { mediaType } from '../../../core/stream/stream-state.ts';
import { batchOverhead, buildBatch, type DecodedRecord } from '../../../protocol/records/index.ts';
import { invalid, StreamError } from './stream-errors.ts';

/** What one request may bring: each message is an object while it is written. */
const mostMessages = 100_000;
/** What a record takes beside its value, at most. */
const recordOverhead = 24;
const utf8 = new TextEncoder();

export function isJson(contentType: string): boolean {
  return mediaType(contentType) === 'application/json';
}

/** What can be shown as text in an event; the rest goes as base64. */
export function isText(contentType: string): boolean {
  return isJson(contentType) || mediaType(contentType).startsWith('text/');
}

/** The messages of a body: one, or of JSON one for each element of an array. */
export function messagesOf(body: Uint8Array, contentType: string): Uint8Array[] {
  if (body.length === 0) return [];
  return isJson(contentType) ? jsonMessages(body).map((text) => utf8.encode(text)) : [body];
}

/** Batches no larger than the topic takes, one after the other; null: there are no messages. */
export function batchesOf(
  messages: readonly Uint8Array[],
  maxBatchBytes: number,
  timestamp: number,
): Uint8Array | null {
  const batches: Uint8Array[] = [];
  let records: { value: Uint8Array; timestamp: number }[] = [];
  let size: number = batchOverhead;
  const flush = () => {
    if (records.length > 0) batches.push(buildBatch(records));
    records = [];
    size = batchOverhead;
  };
  for (const value of messages) {
    if (size + value.length + recordOverhead > maxBatchBytes) flush();
    records.push({ value, timestamp });
    size += value.length + recordOverhead;
  }
  flush();
  return batches.length === 0 ? null : concat(batches);
}

/** The body that these records make. */
export function bodyOf(records: readonly DecodedRecord[], contentType: string): Uint8Array {
  if (!isJson(contentType)) return concat(records.flatMap(({ value }) => value ?? []));
  const values = records.map(({ value }) => value ?? utf8.encode('null'));
  const body = jsonArray(values);
  return isParsed(body, values.length) ? body : jsonArray(values.map(asJson));
}

function jsonArray(values: readonly Uint8Array[]): Uint8Array {
  const comma = utf8.encode(',');
  const parts = values.flatMap((value, i) => (i === 0 ? [value] : [comma, value]));
  return concat([utf8.encode('['), ...parts, utf8.encode(']')]);
}

function isParsed(body: Uint8Array, count: number): boolean {
  try {
    return (
      JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: false }).decode(body))
        .length === count
    );
  } catch {
    return false;
  }
}

function asJson(value: Uint8Array): Uint8Array {
  const text = new TextDecoder().decode(value);
  try {
    JSON.parse(text);
    return utf8.encode(text);
  } catch {
    return utf8.encode(JSON.stringify(text));
  }
}

/** The texts of the elements of an array, one level deep, or that of the one value there is. */
function jsonMessages(body: Uint8Array): string[] {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: false }).decode(body).trim();
    JSON.parse(text);
  } catch {
    throw invalid('The body is not JSON.');
  }
  return text.startsWith('[') ? elementsOf(text) : [text];
}

/** Of text that is known to be an array. */
function elementsOf(text: string): string[] {
  const elements: string[] = [];
  let depth = 0;
  let start = 1;
  let isQuoted = false;
  for (let at = 0; at < text.length; at++) {
    const mark = text[at];
    if (isQuoted) {
      if (mark === '\\') at++;
      else isQuoted = mark !== '"';
      continue;
    }
    if (mark === '"') isQuoted = true;
    else if (mark === '[' || mark === '{') depth++;
    else if (mark === ']' || mark === '}') depth--;
    if (depth > 1 || (depth === 1 && mark !== ',')) continue;
    const element = text.slice(start, at).trim();
    if (element !== '') elements.push(element);
    if (elements.length > mostMessages) throw tooMany();
    start = at + 1;
  }
  return elements;
}

const tooMany = () => new StreamError(413, `A request may bring ${mostMessages} messages.`);
