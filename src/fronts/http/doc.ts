/**
 * What a route says of itself, in the terms of OpenAPI 3.1: the API's document is made of these.
 * The surprise: nothing is checked by them. The dialects have content types and errors of their
 * own, so each route reads its request itself; tests hold the two together.
 */

/** A JSON Schema (2020-12), as plain data. `{ $ref: '#/components/schemas/Name' }` is allowed. */
export type Schema = Readonly<Record<string, unknown>>;

export interface ParameterDoc {
  readonly in: 'query' | 'header';
  readonly name: string;
  readonly description: string;
  /** Default: a string. */
  readonly schema?: Schema;
  readonly required?: boolean;
  /** A request with it and every other example succeeds: required where `required` is true. */
  readonly example?: unknown;
}

export interface BodyDoc {
  /** Content types; the first is the usual one. */
  readonly types: readonly string[];
  readonly schema: Schema;
  /** Default: it may be left out. */
  readonly required?: boolean;
  /** A small request that succeeds, for the topic `orders` with partition 0; a test sends it. */
  readonly example?: unknown;
}

export interface AnswerDoc {
  readonly description: string;
  /** Left out where there is no body. */
  readonly type?: string;
  readonly schema?: Schema;
  /** What headers it has besides, and what they say. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** What all routes of a dialect have in common. */
export interface FamilyDoc {
  readonly description: string;
  /** What went wrong, as the dialect says it. */
  readonly error: { readonly type: string; readonly schema: Schema };
  /** Schemas that its routes name as `#/components/schemas/…`. */
  readonly schemas?: Readonly<Record<string, Schema>>;
}

export interface Doc {
  /** Starts with a verb: "Produce records to a topic". */
  readonly summary: string;
  readonly description?: string;
  /** What each `:name` of the path is, where its name does not say it. */
  readonly path?: Readonly<Record<string, string>>;
  readonly parameters?: readonly ParameterDoc[];
  readonly body?: BodyDoc;
  /** By status. Errors that every route of the dialect has are the family's and not listed. */
  readonly answers: Readonly<Record<number, AnswerDoc>>;
}
