/**
 * JSON that keeps its numbers. A value that only passes through (a record in JSON) must come out
 * as it went in, and a JavaScript number cannot hold 12345678901234567890 or 1.0. The surprise:
 * such numbers are kept as their own text, so a field that must be a number is checked with
 * `typeof`.
 */

interface RawJson {
  readonly rawJSON: string;
}

/** Standard since 2025 and in workerd, not yet in TypeScript's library. */
const withSource = JSON as unknown as {
  rawJSON(text: string): RawJson;
  parse(
    text: string,
    reviver: (key: string, value: unknown, context: { readonly source?: string }) => unknown,
  ): unknown;
};

/** Numbers that may read differently after a round trip: long ones, fractions, exponents. */
const delicate = /\d{16}|\d[.eE]|-0/;

/** Throws SyntaxError. */
export function parseJson(text: string): unknown {
  if (!delicate.test(text)) return JSON.parse(text);
  return withSource.parse(text, (_key, value, { source }) =>
    typeof value === 'number' && source !== undefined && String(value) !== source
      ? withSource.rawJSON(source)
      : value,
  );
}

export type JsonObject = Readonly<Record<string, unknown>>;

/** A JSON object, and not null, an array or a number kept as text. */
export function isObject(value: unknown): value is JsonObject {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    Object.getPrototypeOf(value) !== null
  );
}
