/**
 * Checks of what a client sent, each naming the field in its complaint. The surprise: a field
 * nobody knows is refused, as the REST Proxy does: a record without a value, for a typing error,
 * is worse.
 */
import { HttpError, invalid } from './errors.ts';
import { isObject, type JsonObject } from './json.ts';
import type { HttpContext } from './routes.ts';

export function checkObject(value: unknown, name: string): JsonObject {
  if (isObject(value)) return value;
  throw mistyped(name, 'an object');
}

/** Missing, null and empty are all "not there", as for the dialect. */
export function checkList(value: unknown, name: string): readonly unknown[] {
  if (value === undefined || value === null) throw invalid(`${name} may not be null`);
  if (!Array.isArray(value)) throw mistyped(name, 'an array');
  return value;
}

export function checkString(value: unknown, name: string): string {
  if (value === undefined || value === null) throw invalid(`${name} may not be null`);
  if (typeof value !== 'string') throw mistyped(name, 'a string');
  return value;
}

/** A whole number, at least `min`. */
export function checkInteger(value: unknown, name: string, min: number): number {
  if (value === undefined || value === null) throw invalid(`${name} may not be null`);
  if (!Number.isSafeInteger(value)) throw mistyped(name, 'a whole number');
  if ((value as number) < min) throw invalid(`${name} must be greater than or equal to ${min}`);
  return value as number;
}

export function checkBoolean(value: unknown, name: string): boolean {
  if (typeof value !== 'boolean') throw mistyped(name, 'true or false');
  return value;
}

export function optional<T>(value: unknown, check: (value: unknown) => T): T | undefined {
  return value === undefined || value === null ? undefined : check(value);
}

/** Refuses fields that are not among these. */
export function checkFields(value: JsonObject, known: readonly string[]): void {
  for (const name of Object.keys(value)) {
    if (!known.includes(name)) throw invalid(`Unrecognized field: ${name}`);
  }
}

/** A whole number in a path or query. */
export function parseInteger(text: string, name: string, status = 404): number {
  const value = Number(text);
  if (!/^-?\d+$/.test(text) || !Number.isSafeInteger(value)) {
    throw new HttpError(status, status, `${name} must be a whole number, not ${text}`);
  }
  return value;
}

function mistyped(name: string, what: string): HttpError {
  return new HttpError(400, 400, `${name} must be ${what}`);
}

/** A query that is true or false, which it is when it is not there. */
export function queryFlag(c: HttpContext, name: string): boolean {
  const text = c.req.query(name) ?? 'false';
  if (text !== 'true' && text !== 'false') throw invalid(`${name} must be true or false`);
  return text === 'true';
}
