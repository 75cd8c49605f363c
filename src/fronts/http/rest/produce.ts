/**
 * REST Proxy v2: producing. The surprise: what fails is told record by record in a 200, with nulls
 * that are written out; only what is denied, or makes no sense as a whole, has another status.
 */
import type { EmbeddedFormat } from '../../../core/rest-consumer/calls.ts';
import { errorInfo, KafkaError } from '../../../protocol/errors.ts';
import { readJsonObject } from '../body.ts';
import {
  checkFields,
  checkInteger,
  checkList,
  checkObject,
  optional,
  queryFlag,
} from '../check.ts';
import { bytesFromJson, headersFromJson, timestampFromJson } from '../embedding.ts';
import { invalid } from '../errors.ts';
import { answerType, producedFormat } from '../media-types.ts';
import { type ProducedRecord, produceRecords, type RecordToProduce } from '../produce.ts';
import { finishLater, type HttpContext, jsonResponse } from '../routes.ts';
import { findPartition } from './topics.ts';

const requestFields = [
  'records',
  'key_schema',
  'key_schema_id',
  'value_schema',
  'value_schema_id',
] as const;
/** The dialect has the first three; the last two are what its relatives have added. */
const recordFields = ['key', 'value', 'partition', 'timestamp', 'headers'] as const;

export async function produceToTopic(c: HttpContext): Promise<Response> {
  const type = answerType(c.req.header('accept') ?? null);
  const records = await readRecords(c, null);
  return produce(c, c.req.param('topic')!, records, type);
}

export async function produceToPartition(c: HttpContext): Promise<Response> {
  const type = answerType(c.req.header('accept') ?? null);
  // Said before the body is looked at, as it is when only the records are wrong.
  const { topic, partition } = await findPartition(c, true);
  const records = await readRecords(c, partition.partitionIndex);
  return produce(c, topic, records, type);
}

/** Who does not want to wait (`?async=true`) is answered nothing, whatever becomes of it. */
async function produce(
  c: HttpContext,
  topic: string,
  records: readonly RecordToProduce[],
  type: string,
): Promise<Response> {
  const isAsync = queryFlag(c, 'async');
  const work = produceRecords(c.get('kafka'), topic, records);
  if (!isAsync) {
    const offsets = (await orDenied(work, records)).map(offsetToJson);
    const body = { offsets, key_schema_id: null, value_schema_id: null };
    return jsonResponse(body, statusOf(offsets), type);
  }
  finishLater(c, work);
  return new Response(null, { status: 204 });
}

/** Who may not write learns no more of a topic that is not there than of one that is. */
async function orDenied(
  work: Promise<readonly ProducedRecord[]>,
  records: readonly RecordToProduce[],
): Promise<readonly ProducedRecord[]> {
  try {
    return await work;
  } catch (error) {
    if (!(error instanceof KafkaError) || !isDenial(recordErrorCode(error.code))) throw error;
    return records.map(() => ({ errorCode: error.code, message: error.message }));
  }
}

async function readRecords(c: HttpContext, partition: number | null): Promise<RecordToProduce[]> {
  const format = producedFormat(c.req.header('content-type') ?? null);
  const body = await readJsonObject(c.req.raw);
  if (body === undefined) throw invalid('The request needs a body with records');
  checkFields(body, requestFields);
  const records = checkList(body.records, 'records');
  if (records.length === 0) throw invalid('records may not be empty');
  const now = c.get('kafka').context.now();
  return records.map((record, index) => readRecord(record, index, format, partition, now));
}

function readRecord(
  value: unknown,
  index: number,
  format: EmbeddedFormat,
  partition: number | null,
  now: number,
): RecordToProduce {
  const where = `records[${index}]`;
  const record = checkObject(value, where);
  checkFields(record, recordFields);
  const chosen = optional(record.partition, (one) => checkInteger(one, `${where}.partition`, 0));
  if (partition !== null && chosen !== undefined && chosen !== partition) {
    throw invalid(`${where}.partition is not the partition of the path`);
  }
  return {
    key: bytesFromJson(record.key, format),
    value: bytesFromJson(record.value, format),
    partition: partition ?? chosen ?? null,
    timestamp:
      optional(record.timestamp, (one) => timestampFromJson(one, `${where}.timestamp`)) ?? now,
    headers:
      optional(record.headers, (one) => headersFromJson(one, `${where}.headers`, 'key')) ?? [],
  };
}

function offsetToJson(result: ProducedRecord) {
  if ('offset' in result) {
    const { partition, offset } = result;
    return { partition, offset, error_code: null, error: null };
  }
  const error_code = recordErrorCode(result.errorCode);
  return { partition: null, offset: null, error_code, error: result.message };
}

/** One record that was denied denies the request. */
function statusOf(offsets: readonly { readonly error_code: number | null }[]): number {
  const denial = offsets.find(({ error_code }) => isDenial(error_code))?.error_code;
  return denial ? Math.floor(denial / 100) : 200;
}

const isDenial = (code: number | null): boolean => code === 40101 || code === 40301;

/** A record's error has one of four codes: who may not, or whether to try again. */
function recordErrorCode(code: number): number {
  const { restCode, retriable } = errorInfo(code);
  if (isDenial(restCode)) return restCode;
  return retriable ? 50003 : 50002;
}
