/**
 * Keys and values inside JSON: as base64 (binary) or as themselves (json). The surprise: JSON is
 * written into an answer as the text it was stored as, so that no number changes on the way.
 */
import { fromBase64, toBase64 } from '../../bytes/base64.ts';
import type { EmbeddedFormat } from '../../core/rest-consumer/calls.ts';
import type { DecodedRecord, RecordHeader } from '../../protocol/records/index.ts';
import { checkFields, checkList, checkObject, checkString } from './check.ts';
import type { Form } from './consume.ts';
import { conversionFailed, invalid, payloadError } from './errors.ts';
import { typeOfFormat } from './media-types.ts';

const utf8 = new TextEncoder();
const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The bytes of a key or value; null stays null, and a missing one is null too. */
export function bytesFromJson(value: unknown, format: EmbeddedFormat): Uint8Array | null {
  if (value === undefined || value === null) return null;
  if (format === 'json') return utf8.encode(JSON.stringify(value));
  if (format === 'binary') return base64Bytes(value);
  if (typeof value === 'string') return utf8.encode(value);
  throw payloadError(`data=${JSON.stringify(value)} is not a string.`);
}

/** Throws 422 for what is not a string of base64. */
export function base64Bytes(value: unknown): Uint8Array {
  if (typeof value !== 'string') {
    throw payloadError(`data=${JSON.stringify(value)} is not a base64 string.`);
  }
  const bytes = fromBase64(value);
  if (bytes === undefined) throw payloadError(`data="${value}" is not a valid base64 string.`);
  return bytes;
}

/**
 * Headers as `[{ <nameField>, value: base64 or null }]`; dialects differ in what the name is
 * called.
 */
export function headersFromJson(
  value: unknown,
  where: string,
  nameField: 'key' | 'name',
): RecordHeader[] {
  return checkList(value, where).map((item, index) => {
    const name = `${where}[${index}]`;
    const header = checkObject(item, name);
    checkFields(header, [nameField, 'value']);
    const key = checkString(header[nameField], `${name}.${nameField}`);
    if (header.value === undefined || header.value === null) return { key, value: null };
    return { key, value: base64Bytes(header.value) };
  });
}

/** Milliseconds since the epoch; negative ones Kafka has no use for. */
export function timestampFromJson(value: unknown, where: string): number {
  if (!Number.isSafeInteger(value) || (value as number) < 0) {
    throw invalid(`${where} must be milliseconds since the epoch`);
  }
  return value as number;
}

/** Records as the JSON text of an answer. Throws 422 for a value that is not of the format. */
export function jsonForm(format: EmbeddedFormat): Form<string> {
  return (topic, partition, record) => recordToJson(topic, partition, record, format);
}

function recordToJson(
  topic: string,
  partition: number,
  record: DecodedRecord,
  format: EmbeddedFormat,
): string {
  const embed = (bytes: Uint8Array | null, field: string) => {
    const place = `the ${field} of ${topic}-${partition} at offset ${record.offset}`;
    return bytesToJson(bytes, format, place);
  };
  const headers = record.headers.map(({ key, value }) => ({
    key,
    value: value && toBase64(value),
  }));
  return (
    `{"topic":${JSON.stringify(topic)},"key":${embed(record.key, 'key')},` +
    `"value":${embed(record.value, 'value')},"partition":${partition},` +
    `"offset":${record.offset},"timestamp":${record.timestamp},` +
    `"headers":${JSON.stringify(headers)}}`
  );
}

function bytesToJson(bytes: Uint8Array | null, format: EmbeddedFormat, place: string): string {
  if (bytes === null) return 'null';
  if (format === 'binary') return `"${toBase64(bytes)}"`;
  try {
    const text = strictUtf8.decode(bytes);
    if (format === 'text') return JSON.stringify(text);
    JSON.parse(text);
    return text;
  } catch {
    const what = format === 'text' ? 'text in UTF-8' : 'JSON';
    throw conversionFailed(
      `${place} is not ${what}. Read it in the binary format (Accept: ${typeOfFormat('binary')}), or ` +
        'go on behind it: a consumer by POST …/positions, others by a later offset.',
    );
  }
}
