/**
 * One record of REST v3 as JSON, on its way in and what is said of it afterwards. The surprise:
 * each key and value says for itself what it is, so one record may have a key of JSON and bytes for
 * a value.
 */
import { errorInfo } from '../../../protocol/errors.ts';
import { checkFields, checkInteger, checkObject, checkString, optional } from '../check.ts';
import { base64Bytes, bytesFromJson, headersFromJson } from '../embedding.ts';
import { HttpError, partitionNotFound, payloadError } from '../errors.ts';
import type { JsonObject } from '../json.ts';
import type { Kafka } from '../kafka.ts';
import { type ProducedRecord, produceRecords, type RecordToProduce } from '../produce.ts';
import { anything, list, object, one, orNull, text, whole } from '../schemas.ts';
import { fromKafkaV3, v3ErrorOf } from './shapes.ts';

type DataType = 'BINARY' | 'JSON' | 'STRING';

interface Part {
  readonly type: DataType;
  readonly bytes: Uint8Array | null;
}

export interface ParsedRecord extends RecordToProduce {
  readonly keyPart: Part | undefined;
  readonly valuePart: Part | undefined;
}

/** Where records go. */
export interface Target {
  readonly kafka: Kafka;
  readonly clusterId: string;
  readonly topic: string;
}

export const recordFields = ['partition_id', 'headers', 'key', 'value', 'timestamp'] as const;

/** What can be produced is produced together; the answers are in the order of the records. */
export async function produceParsed(
  parsed: readonly (ParsedRecord | HttpError)[],
  target: Target,
): Promise<(JsonObject | HttpError)[]> {
  const { kafka, topic } = target;
  const records = parsed.filter((one): one is ParsedRecord => !(one instanceof HttpError));
  if (records.length === 0) return [...parsed] as HttpError[];
  let results: readonly (ProducedRecord | HttpError)[];
  try {
    results = await produceRecords(kafka, topic, records);
  } catch (error) {
    const failure = v3ErrorOf(error, topic);
    results = records.map(() => failure);
  }
  let next = 0;
  return parsed.map((one) =>
    one instanceof HttpError ? one : answerOf(one, results[next++], target),
  );
}

function answerOf(
  record: ParsedRecord,
  result: ProducedRecord | HttpError,
  { clusterId, topic }: Target,
): JsonObject | HttpError {
  if (result instanceof HttpError) return result;
  if ('errorCode' in result) {
    const { errorCode, message } = result;
    return fromKafkaV3(errorCode, message || errorInfo(errorCode).message, topic);
  }
  return {
    cluster_id: clusterId,
    topic_name: topic,
    partition_id: result.partition,
    offset: result.offset,
    timestamp: new Date(result.timestamp).toISOString(),
    ...(record.keyPart && { key: partToJson(record.keyPart) }),
    ...(record.valuePart && { value: partToJson(record.valuePart) }),
  };
}

function partToJson({ type, bytes }: Part) {
  return { type, size: bytes?.length ?? 0 };
}

/** Reads what it knows of; what else there is has been looked at by the caller. */
export function parseRecord(record: JsonObject, now: number): ParsedRecord {
  const keyPart = optional(record.key, (part) => parsePart(part, 'key'));
  const valuePart = optional(record.value, (part) => parsePart(part, 'value'));
  return {
    keyPart,
    valuePart,
    key: keyPart?.bytes ?? null,
    value: valuePart?.bytes ?? null,
    partition: optional(record.partition_id, parsePartition) ?? null,
    headers: optional(record.headers, (list) => headersFromJson(list, 'headers', 'name')) ?? [],
    timestamp: optional(record.timestamp, parseTime) ?? now,
  };
}

function parsePartition(value: unknown): number {
  const id = checkInteger(value, 'partition_id', Number.MIN_SAFE_INTEGER);
  if (id < 0) throw partitionNotFound();
  return id;
}

function parsePart(value: unknown, where: string): Part {
  const part = checkObject(value, where);
  const type = optional(part.type, (name) => checkString(name, `${where}.type`))?.toUpperCase();
  const fields = ['subject', 'subject_name_strategy', 'schema_id', 'schema_version', 'schema'];
  const needsSchema = type === undefined || ['AVRO', 'JSONSCHEMA', 'PROTOBUF'].includes(type);
  if (needsSchema || fields.some((field) => part[field] !== undefined)) {
    throw payloadError('Schema Registry must be configured when using schemas.');
  }
  checkFields(part, ['type', 'data']);
  if (type !== 'BINARY' && type !== 'JSON' && type !== 'STRING') {
    throw new HttpError(400, 400, `Bad Request: ${where}.type may be BINARY, JSON or STRING`);
  }
  return { type, bytes: dataBytes(type, part.data) };
}

function dataBytes(type: DataType, data: unknown): Uint8Array | null {
  if (data === undefined || data === null) return null;
  if (type === 'JSON') return bytesFromJson(data, 'json');
  if (type === 'BINARY') return base64Bytes(data);
  if (typeof data === 'string') return new TextEncoder().encode(data);
  throw payloadError(`data=${JSON.stringify(data)} is not a string.`);
}

/** ISO 8601. */
function parseTime(value: unknown): number {
  const time = Date.parse(checkString(value, 'timestamp'));
  if (!Number.isSafeInteger(time) || time < 0) {
    throw new HttpError(400, 400, `Bad Request: timestamp is not a time: ${value}`);
  }
  return time;
}

const partSchema = orNull(object({}, { type: one('BINARY', 'JSON', 'STRING'), data: anything }));
const sizeSchema = object({ size: whole }, { type: text });

/** What may be said of a record that is sent. */
export const recordProperties = {
  partition_id: orNull(whole),
  headers: list(object({ name: text }, { value: orNull(text) })),
  key: partSchema,
  value: partSchema,
  timestamp: orNull(text),
};

/** What is said of one that was written. */
export const writtenProperties = {
  cluster_id: text,
  topic_name: text,
  partition_id: whole,
  offset: whole,
  timestamp: text,
  key: sizeSchema,
  value: sizeSchema,
};
