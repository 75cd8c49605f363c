/**
 * A JSON Schema as people read it: JSON with the kinds of things in the place of things. The
 * surprise: what a name stands for is written out where it is used, once; a schema that comes back
 * to itself is named only.
 */
import type { Schema } from './doc.ts';

const indent = '  ';

/** `{ "topic": string, "key"?: string }`, over several lines when it is long. */
export function outline(
  schema: Schema,
  schemas: Readonly<Record<string, Schema>> = {},
  seen: readonly string[] = [],
): string {
  const inner = (one: unknown, more: readonly string[] = []) =>
    outline(one as Schema, schemas, [...seen, ...more]);
  const { $ref, anyOf, oneOf, enum: values, type, items, properties } = schema;
  if (typeof $ref === 'string') {
    const name = $ref.slice($ref.lastIndexOf('/') + 1);
    return seen.includes(name) || !schemas[name] ? name : inner(schemas[name], [name]);
  }
  if ('const' in schema) return JSON.stringify(schema.const);
  const choices = (anyOf ?? oneOf) as readonly unknown[] | undefined;
  if (choices) return choices.map((one) => inner(one)).join(' | ');
  if (Array.isArray(values)) {
    return values.map((one) => JSON.stringify(one)).join(' | ') + defaultOf(schema);
  }
  if (items) return `[${inner(items)}, …]`;
  if (properties) return objectOf(schema, (one) => inner(one));
  const { additionalProperties } = schema;
  if (typeof additionalProperties === 'object') return `{ …: ${inner(additionalProperties)} }`;
  const kind = Array.isArray(type) ? type.join(' | ') : (type ?? 'any');
  return `${kind}${defaultOf(schema)}`;
}

function objectOf({ properties, required }: Schema, inner: (schema: unknown) => string): string {
  const needed = new Set(Array.isArray(required) ? required : []);
  const fields = Object.entries(properties as Record<string, unknown>).map(
    ([name, schema]) => `"${name}"${needed.has(name) ? '' : '?'}: ${inner(schema)}`,
  );
  const line = `{ ${fields.join(', ')} }`;
  if (line.length <= 72 && !line.includes('\n')) return line;
  const lines = fields.map((field) => indent + field.replaceAll('\n', `\n${indent}`));
  return `{\n${lines.join(',\n')}\n}`;
}

function defaultOf(schema: Schema): string {
  return 'default' in schema ? ` = ${JSON.stringify(schema.default)}` : '';
}
