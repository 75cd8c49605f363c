/**
 * REST v3: producing a handful of records in one request. The surprise: the answer is always 207,
 * and says by the ids that the client gave what was written and what was not.
 */
import { checkFields, checkList, checkObject } from '../check.ts';
import { HttpError } from '../errors.ts';
import type { JsonObject } from '../json.ts';
import type { HttpContext } from '../routes.ts';
import { type ParsedRecord, parseRecord, produceParsed, recordFields } from './record-json.ts';
import { clusterAt, json, requireBody, v3ErrorOf } from './shapes.ts';

const maxEntries = 10;
const maxIdLength = 80;

export async function produceBatch(c: HttpContext): Promise<Response> {
  const { id: clusterId } = await clusterAt(c);
  const { entries } = await requireBody(c, ['entries']);
  const list = checkList(entries, 'entries').map(checkEntry);
  if (list.length === 0) throw badBatch('it is empty');
  if (list.length > maxEntries) throw badBatch(`it has more than ${maxEntries} entries`);
  if (new Set(list.map(({ id }) => id)).size < list.length) {
    throw badBatch('its entries must have distinct ids');
  }
  const kafka = c.get('kafka');
  const now = kafka.context.now();
  const results = await produceParsed(
    list.map((entry) => parseEntry(entry, now)),
    { kafka, clusterId, topic: c.req.param('topic')! },
  );
  const successes: JsonObject[] = [];
  const failures: JsonObject[] = [];
  for (const [index, { id }] of list.entries()) {
    const result = results[index];
    if (result instanceof HttpError) failures.push({ id, ...result.body });
    else successes.push({ id, ...result });
  }
  return json({ successes, failures }, 207);
}

function checkEntry(value: unknown, index: number): JsonObject & { readonly id: string } {
  const entry = checkObject(value, `entries[${index}]`);
  const { id } = entry;
  if (typeof id === 'string' && id !== '' && id.length <= maxIdLength) return { ...entry, id };
  throw badBatch(`entries[${index}].id must be a text of 1 to ${maxIdLength} characters`);
}

/** Its own mistakes are its own failure, and nobody else's. */
function parseEntry(entry: JsonObject, now: number): ParsedRecord | HttpError {
  try {
    checkFields(entry, ['id', ...recordFields]);
    return parseRecord(entry, now);
  } catch (error) {
    return v3ErrorOf(error);
  }
}

function badBatch(why: string): HttpError {
  return new HttpError(422, 42208, `Produce batch error: ${why}.`);
}
