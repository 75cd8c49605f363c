/**
 * REST v3: producing, one record or an endless stream of them over one request. The surprise: the
 * status is 200 as soon as the connection stands; how each record fared is in an answer of its
 * own, in order, and records that arrive together are written together.
 */
import { errorInfo } from '../../../protocol/errors.ts';
import { checkFields, checkInteger, checkObject, checkString, optional } from '../check.ts';
import { base64Bytes, bytesFromJson, headersFromJson } from '../embedding.ts';
import { HttpError, payloadError } from '../errors.ts';
import { parseJson } from '../json.ts';
import type { Kafka } from '../kafka.ts';
import { type ProducedRecord, produceRecords, type RecordToProduce } from '../produce.ts';
import { finishLater, type HttpContext } from '../routes.ts';
import { JsonStream } from './json-stream.ts';
import { fromKafkaV3, requireCluster, v3ErrorOf } from './shapes.ts';

/** A Worker may make so many calls in one request; past that the client has to connect again. */
const maxCalls = 9_000;
const separator = '\r\n';

type DataType = 'BINARY' | 'JSON' | 'STRING';

interface Part {
  readonly type: DataType;
  readonly bytes: Uint8Array | null;
}

interface ParsedRecord extends RecordToProduce {
  readonly keyPart: Part | undefined;
  readonly valuePart: Part | undefined;
}

export async function produceStream(c: HttpContext): Promise<Response> {
  const clusterId = await requireCluster(c);
  const contentType = c.req.header('content-type')?.split(';')[0].trim().toLowerCase();
  if (contentType !== undefined && contentType !== 'application/json') {
    throw new HttpError(415, 415, 'HTTP 415 Unsupported Media Type');
  }
  const { body } = c.req.raw;
  if (body === null || c.req.header('content-length') === '0') {
    throw new HttpError(422, 422, 'Payload error. Null input provided. Data is required.');
  }
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const target = { kafka: c.get('kafka'), clusterId, topic: c.req.param('topic')! };
  finishLater(c, answerAll(body, writable, target));
  return new Response(readable, { headers: { 'content-type': 'application/json' } });
}

interface Target {
  readonly kafka: Kafka;
  readonly clusterId: string;
  readonly topic: string;
}

async function answerAll(
  body: ReadableStream<Uint8Array>,
  writable: WritableStream<Uint8Array>,
  target: Target,
): Promise<void> {
  const writer = writable.getWriter();
  const utf8 = new TextEncoder();
  const stream = new JsonStream();
  let count = 0;
  const send = async (answers: readonly unknown[]) => {
    count += answers.length;
    const text = answers.map((answer) => JSON.stringify(answer) + separator).join('');
    if (text !== '') await writer.write(utf8.encode(text));
  };
  try {
    for await (const chunk of body) {
      const texts = stream.push(chunk);
      await send(await answerTexts(texts, target));
      if (stream.error !== undefined || target.kafka.calls > maxCalls) break;
    }
    if (target.kafka.calls > maxCalls) await send([connectionTooLong.body]);
    else stream.end();
    if (stream.error !== undefined) await send([malformed(stream.error).body]);
    else if (count === 0) await send([noData.body]);
    await writer.close();
  } catch (error) {
    // The client is gone, or stopped listening.
    await writer.abort(error).catch(() => {});
  }
}

const connectionTooLong = new HttpError(
  408,
  408,
  'Streaming connection open for longer than allowed: Connection will be closed.',
);
const noData = new HttpError(422, 422, 'Payload error. Null input provided. Data is required.');
const malformed = (why: string) =>
  new HttpError(400, 400, `Bad Request: Error processing JSON: ${why}`);

/** One answer a text, in their order. All that can be produced are produced together. */
async function answerTexts(texts: readonly string[], target: Target): Promise<unknown[]> {
  const { kafka, topic } = target;
  const parsed = texts.map((text) => parseText(text, kafka.context.now()));
  const records = parsed.filter((one): one is ParsedRecord => !(one instanceof HttpError));
  if (records.length === 0) return parsed.map((one) => (one as HttpError).body);
  let results: readonly (ProducedRecord | HttpError)[];
  try {
    results = await produceRecords(kafka, topic, records);
  } catch (error) {
    const failure = v3ErrorOf(error, topic);
    results = records.map(() => failure);
  }
  let next = 0;
  return parsed.map((one) =>
    one instanceof HttpError ? one.body : answerOf(one, results[next++], target),
  );
}

function answerOf(record: ParsedRecord, result: ProducedRecord | HttpError, target: Target) {
  if (result instanceof HttpError) return result.body;
  if ('errorCode' in result) {
    const { errorCode, message } = result;
    return fromKafkaV3(errorCode, message || errorInfo(errorCode).message, target.topic).body;
  }
  return {
    error_code: 200,
    cluster_id: target.clusterId,
    topic_name: target.topic,
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

function parseText(text: string, now: number): ParsedRecord | HttpError {
  try {
    return parseRecord(parseJson(text), now);
  } catch (error) {
    if (error instanceof SyntaxError) return malformed(error.message);
    return v3ErrorOf(error);
  }
}

function parseRecord(value: unknown, now: number): ParsedRecord {
  const record = checkObject(value, 'the record');
  checkFields(record, ['partition_id', 'headers', 'key', 'value', 'timestamp']);
  const keyPart = optional(record.key, (part) => parsePart(part, 'key'));
  const valuePart = optional(record.value, (part) => parsePart(part, 'value'));
  return {
    keyPart,
    valuePart,
    key: keyPart?.bytes ?? null,
    value: valuePart?.bytes ?? null,
    partition: optional(record.partition_id, (id) => checkInteger(id, 'partition_id', 0)) ?? null,
    headers: optional(record.headers, (list) => headersFromJson(list, 'headers', 'name')) ?? [],
    timestamp: optional(record.timestamp, parseTime) ?? now,
  };
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
