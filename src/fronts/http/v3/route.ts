/**
 * How a route of REST v3 is written down: what it answers, and what its description says. The
 * surprise: whatever is thrown is told in the codes of v3, which knows a missing topic by another
 * number than v2.
 */
import type { AnswerDoc, BodyDoc, Doc, Schema } from '../doc.ts';
import type { HttpContext, Route } from '../routes.ts';
import { list, object, orNull, text } from '../schemas.ts';
import { v3ErrorOf } from './shapes.ts';

export const jsonType = 'application/json';

export const clusterPath = '/clusters/:cluster';
export const topicPath = `${clusterPath}/topics/:topic`;
export const partitionPath = `${topicPath}/partitions/:partition`;

export function route(
  method: Route['method'],
  path: string,
  answer: (c: HttpContext) => Promise<Response>,
  doc: Doc,
): Route {
  const handle = async (c: HttpContext) => {
    try {
      return await answer(c);
    } catch (error) {
      throw v3ErrorOf(error, c.req.param('topic'));
    }
  };
  return { method, path, handle, doc };
}

/** What comes back with this status, 200 unless said otherwise. */
export function answers(
  schema: Schema,
  description: string,
  status = 200,
): Readonly<Record<number, AnswerDoc>> {
  return { [status]: { description, type: jsonType, schema } };
}

/** Nothing comes back. */
export const done: Readonly<Record<number, AnswerDoc>> = { 204: { description: 'It is done.' } };

export function body(schema: Schema, example: unknown): BodyDoc {
  return { types: [jsonType], schema, required: true, example };
}

/** A resource: its kind, where it lives, and its own fields. */
export function resourceOf(
  kind: string,
  fields: Readonly<Record<string, Schema>>,
  optional: Readonly<Record<string, Schema>> = {},
): Schema {
  const metadata = object({ self: text }, { resource_name: orNull(text) });
  return object({ kind: { const: kind }, metadata, cluster_id: text, ...fields }, optional);
}

/** A list of resources of one kind. */
export function resourcesOf(kind: string, item: Schema): Schema {
  const metadata = object({ self: text, next: orNull(text) });
  return object({ kind: { const: kind }, metadata, data: list(item) });
}

/** A link to relatives. */
export const link: Schema = object({ related: text });
