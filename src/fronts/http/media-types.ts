/**
 * Content types of the REST Proxy's dialect: `application/vnd.kafka[.FORMAT].v2+json`. The
 * surprise: on produce the request's type says how records are embedded, on consume the wanted
 * answer's does.
 */
import type { EmbeddedFormat } from '../../core/rest-consumer/calls.ts';
import { plainHttpError } from './errors.ts';

export const v2Type = 'application/vnd.kafka.v2+json';
export const typeOfFormat = (format: EmbeddedFormat): string =>
  `application/vnd.kafka.${format}.v2+json`;

const withSchema = /^application\/vnd\.kafka\.(avro|jsonschema|protobuf)\.v2\+json$/;
const embedded = /^application\/vnd\.kafka\.(binary|json|text)\.v2\+json$/;
/** Types every v2 answer may be asked for by. */
const general = /^(\*\/\*|application\/(\*|json|octet-stream|vnd\.kafka(\.v2)?\+json))$/;

/** How the records of a produce request are embedded. Throws 415. */
export function producedFormat(contentType: string | null): EmbeddedFormat {
  const type = bare(contentType ?? '');
  if (type === v2Type) return 'binary';
  const format = embedded.exec(type)?.[1];
  if (format) return format as EmbeddedFormat;
  if (withSchema.test(type)) {
    throw plainHttpError(415, 'formats with a schema need a schema registry, and there is none');
  }
  const [json, binary, plain] = (['json', 'binary', 'text'] as const).map(typeOfFormat);
  throw plainHttpError(415, `records come as ${json}, ${binary} or ${plain}, not "${type}"`);
}

/** Refuses a body that says it is anything but JSON; one that says nothing may be. */
export function checkJsonType(contentType: string | null): void {
  const type = bare(contentType ?? '');
  if (type !== '' && !general.test(type) && !embedded.test(type) && !withSchema.test(type)) {
    throw plainHttpError(415);
  }
}

/** The type of an answer without records. Throws 406 when the client takes nothing of the kind. */
export function answerType(accept: string | null): string {
  const wanted = accepted(accept);
  const found = wanted.find(
    (type) => general.test(type) || embedded.test(type) || withSchema.test(type),
  );
  if (found === undefined) throw plainHttpError(406);
  return found === 'application/json' ? found : v2Type;
}

/** The format a client wants records in; undefined: whichever the consumer has. Throws 406. */
export function consumedFormat(accept: string | null): EmbeddedFormat | 'other' | undefined {
  for (const type of accepted(accept)) {
    const format = embedded.exec(type)?.[1];
    if (format) return format as EmbeddedFormat;
    if (withSchema.test(type)) return 'other';
    if (general.test(type)) return undefined;
  }
  throw plainHttpError(406);
}

/** What an Accept header lists, the most wanted first; no header accepts everything. */
function accepted(accept: string | null): string[] {
  if (!accept?.trim()) return ['*/*'];
  return accept
    .split(',')
    .map((item) => ({ type: bare(item), weight: weightOf(item) }))
    .filter(({ weight }) => weight > 0)
    .sort((a, b) => b.weight - a.weight)
    .map(({ type }) => type);
}

function weightOf(item: string): number {
  const weight = /;\s*q=([\d.]+)/.exec(item);
  return weight ? Number(weight[1]) : 1;
}

function bare(type: string): string {
  return type.split(';')[0].trim().toLowerCase();
}
