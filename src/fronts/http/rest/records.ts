/**
 * Reading a partition from an offset on, without a group. The surprise: nothing is remembered; the
 * client asks for the next offset itself, which is one more than that of the last record it got.
 */
import { parseInteger } from '../check.ts';
import { checkFetched, fetchRecords, maxAnswerBytes } from '../consume.ts';
import { jsonForm } from '../embedding.ts';
import { HttpError, invalid } from '../errors.ts';
import { Timestamp } from '../kafka.ts';
import { consumedFormat, typeOfFormat } from '../media-types.ts';
import type { HttpContext } from '../routes.ts';
import { findPartition } from './topics.ts';

const defaultTimeoutMs = 1_000;
const maxTimeoutMs = 300_000;

export async function partitionRecords(c: HttpContext): Promise<Response> {
  const format = consumedFormat(c.req.header('accept') ?? null) ?? 'binary';
  if (format === 'other') throw new HttpError(406, 406, 'HTTP 406 Not Acceptable');
  const { topic, partition } = await findPartition(c);
  const { partitionIndex } = partition;
  const kafka = c.get('kafka');
  const given = queryInteger(c, 'offset');
  const offset = given ?? (await kafka.offsetAt(topic, partitionIndex, Timestamp.EARLIEST));
  const maxWaitMs = Math.min(queryInteger(c, 'timeout') ?? defaultTimeoutMs, maxTimeoutMs);
  const consumed = await fetchRecords(kafka, [{ topic, partition: partitionIndex, offset }], {
    maxWaitMs,
    minBytes: 1,
    maxBytes: queryInteger(c, 'max_bytes') ?? maxAnswerBytes,
    isolationLevel: 0,
    form: jsonForm(format),
  });
  checkFetched(consumed.errors);
  return new Response(`[${consumed.records.join(',')}]`, {
    headers: { 'content-type': typeOfFormat(format) },
  });
}

function queryInteger(c: HttpContext, name: string): number | undefined {
  const text = c.req.query(name);
  if (text === undefined) return undefined;
  const value = parseInteger(text, name, 400);
  if (value < 0) throw invalid(`${name} must be greater than or equal to 0`);
  return value;
}
