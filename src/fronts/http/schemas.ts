/**
 * Words to describe JSON with, for what routes say of themselves. The surprise: what an object may
 * hold besides is not forbidden, since answers grow fields.
 */
import type { Schema } from './doc.ts';

export const text: Schema = { type: 'string' };
export const whole: Schema = { type: 'integer' };
export const flag: Schema = { type: 'boolean' };
/** Any JSON there is. */
export const anything: Schema = {};

export const one = (...values: readonly string[]): Schema => ({ type: 'string', enum: values });

export const orNull = (schema: Schema): Schema => ({ anyOf: [schema, { type: 'null' }] });

export const list = (items: Schema, more: Schema = {}): Schema => ({
  type: 'array',
  items,
  ...more,
});

/** Text by text: names and their values. */
export const map = (values: Schema): Schema => ({ type: 'object', additionalProperties: values });

export function object(
  required: Readonly<Record<string, Schema>>,
  optional: Readonly<Record<string, Schema>> = {},
): Schema {
  return {
    type: 'object',
    properties: { ...required, ...optional },
    required: Object.keys(required),
  };
}
