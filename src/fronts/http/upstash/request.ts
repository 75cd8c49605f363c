/**
 * What a request of the Upstash dialect may say. The surprise: content types mean nothing here,
 * `curl -d` sends a form's; what is not known is passed over; and where the dialect takes a list,
 * it takes a single element just as well.
 */
import type { PartitionOffset, TopicPartition } from '../../../core/rest-consumer/state.ts';
import { readJson } from '../body.ts';
import { HttpError } from '../errors.ts';
import { isObject, type JsonObject } from '../json.ts';
import type { HttpContext } from '../routes.ts';

/** What the dialect says of everything it cannot take. */
export const badRequest = (why: string): HttpError => new HttpError(400, 400, why);

/** The body, or an empty object when there is none. */
export async function objectOf(c: HttpContext): Promise<JsonObject> {
  const body = (await readJson(c.req.raw)) ?? {};
  if (isObject(body)) return body;
  throw badRequest('The body must be a JSON object.');
}

/** The elements of the body, one or many; none when there is no body. */
export async function listOf(c: HttpContext): Promise<readonly JsonObject[]> {
  const body = (await readJson(c.req.raw)) ?? [];
  return (Array.isArray(body) ? body : [body]).map((item) => {
    if (isObject(item)) return item;
    throw badRequest('The body must be a JSON object or an array of them.');
  });
}

export function topicPartition(item: JsonObject): TopicPartition {
  return { topic: text(item, 'topic'), partition: whole(item, 'partition') };
}

export function topicPartitionOffset(item: JsonObject): PartitionOffset {
  return { ...topicPartition(item), offset: whole(item, 'offset') };
}

export function text(item: JsonObject, name: string): string {
  const value = item[name];
  if (typeof value === 'string' && value !== '') return value;
  throw badRequest(`${name} must be a string`);
}

export function whole(item: JsonObject, name: string): number {
  const value = item[name];
  if (Number.isSafeInteger(value) && (value as number) >= 0) return value as number;
  throw badRequest(`${name} must be a whole number, at least 0`);
}

export function isGiven(item: JsonObject, name: string): boolean {
  return item[name] !== undefined && item[name] !== null;
}

/** A number in the query or a header; undefined when it is not there. */
export function numberIn(value: string | undefined, name: string): number | undefined {
  if (value === undefined) return undefined;
  const number = Number(value);
  if (/^\d+$/.test(value) && Number.isSafeInteger(number)) return number;
  throw badRequest(`${name} must be a whole number, not ${value}`);
}

/** `?timeout=`, in milliseconds. */
export const queryTimeout = (c: HttpContext): number | undefined =>
  numberIn(c.req.query('timeout'), 'timeout');
