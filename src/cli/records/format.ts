/**
 * How a record is printed: by kcat's format strings, as its JSON, or as value and delimiter. The
 * surprise: bytes that are no text stand in the JSON as they are, as in kcat's, so that what reads
 * it may find them; `kedge export` writes JSON that anybody can read.
 */
import { UsageError } from '../usage.ts';
import { unescaped } from './escapes.ts';
import type { Sink } from './sink.ts';

export interface Printable {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly timestamp: number;
  readonly timestampType: 'create' | 'logappend';
  /** The id of the broker it came from. */
  readonly broker: number;
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly headers: readonly { readonly key: string; readonly value: Uint8Array | null }[];
}

export type Print = (record: Printable, sink: Sink) => void;

export interface PrintOptions {
  /** `-f` */
  readonly format?: string | undefined;
  /** `-K` */
  readonly keyDelimiter?: string | undefined;
  /** `-D` */
  readonly delimiter?: string | undefined;
  /** `-J` */
  readonly isJson?: boolean;
  /** `-Z`: what has no value, or an empty one, is printed as NULL. */
  readonly showsNull?: boolean;
}

export function printer(options: PrintOptions): Print {
  const { format, keyDelimiter, delimiter = '\\n', isJson = false, showsNull = false } = options;
  if (isJson) return jsonPrinter(format === undefined ? unescaped(delimiter) : undefined);
  if (format !== undefined) return inTurn(parsedFormat(format, showsNull));
  const key = [tokens(showsNull).k, constant(unescaped(keyDelimiter ?? ''))];
  const value = [tokens(showsNull).s, constant(unescaped(delimiter))];
  return inTurn(keyDelimiter === undefined ? value : [...key, ...value]);
}

function inTurn(parts: readonly Print[]): Print {
  return (record, sink) => {
    for (const part of parts) part(record, sink);
  };
}

function constant(bytes: Uint8Array): Print {
  return (_, sink) => sink.bytes(bytes);
}

/** Every token there is, for the help too. */
export const tokenMeanings: Readonly<Record<string, string>> = {
  '%s': 'value',
  '%S': 'length of the value in bytes, -1 for null',
  '%R': 'the same as 4 bytes, the highest first',
  '%k': 'key',
  '%K': 'length of the key in bytes, -1 for null',
  '%T': 'timestamp, in milliseconds since 1970',
  '%h': 'headers, as name=value,name=value',
  '%t': 'topic',
  '%p': 'partition',
  '%o': 'offset',
  '%%': 'a percent sign',
};

const percent = 0x25;

function tokens(showsNull: boolean): Readonly<Record<string, Print>> {
  const field = (bytes: Uint8Array | null, sink: Sink) => {
    if (bytes !== null && bytes.length > 0) sink.bytes(bytes);
    else if (showsNull) sink.text('NULL');
  };
  return {
    s: ({ value }, sink) => field(value, sink),
    S: ({ value }, sink) => sink.text(String(value?.length ?? -1)),
    R: ({ value }, sink) => {
      const length = value?.length ?? -1;
      for (const shift of [24, 16, 8, 0]) sink.byte((length >> shift) & 0xff);
    },
    k: ({ key }, sink) => field(key, sink),
    K: ({ key }, sink) => sink.text(String(key?.length ?? -1)),
    T: ({ timestamp }, sink) => sink.text(String(timestamp)),
    h: ({ headers }, sink) => printHeaders(headers, sink),
    t: ({ topic }, sink) => sink.text(topic),
    p: ({ partition }, sink) => sink.text(String(partition)),
    o: ({ offset }, sink) => sink.text(String(offset)),
    '%': (_, sink) => sink.byte(percent),
  };
}

function printHeaders(headers: Printable['headers'], sink: Sink): void {
  for (const [index, { key, value }] of headers.entries()) {
    sink.text(`${index > 0 ? ',' : ''}${key}=`);
    if (value === null) sink.text('NULL');
    else sink.bytes(value);
  }
}

function parsedFormat(format: string, showsNull: boolean): Print[] {
  const known = tokens(showsNull);
  const pieces = format.split(/%(.?)/s);
  return pieces.flatMap((piece, index) => {
    if (index % 2 === 0) return piece === '' ? [] : [constant(unescaped(piece))];
    if (piece === '') throw new UsageError('the format ends with a single %.');
    if (Object.hasOwn(known, piece)) return [known[piece]];
    const all = Object.keys(tokenMeanings).join(' ');
    throw new UsageError(`the format has no %${piece}; it has ${all}.`);
  });
}

/** `end`: what comes behind each; with a format nothing does. */
function jsonPrinter(end: Uint8Array | undefined): Print {
  let topicName = '';
  let start = '';
  return (record, sink) => {
    const { topic, partition, offset, timestampType, timestamp, broker, headers } = record;
    if (topic !== topicName) {
      topicName = topic;
      start = `{"topic":${JSON.stringify(topic)},"partition":`;
    }
    sink.text(`${start}${partition},"offset":${offset},"tstype":"${timestampType}"`);
    sink.text(`,"ts":${timestamp},"broker":${broker}`);
    if (headers.length > 0) {
      sink.text(',"headers":[');
      for (const [index, { key, value }] of headers.entries()) {
        sink.text(`${index > 0 ? ',' : ''}${JSON.stringify(key)},`);
        jsonText(value, sink);
      }
      sink.text(']');
    }
    sink.text(',"key":');
    jsonText(record.key, sink);
    sink.text(',"payload":');
    jsonText(record.value, sink);
    sink.text('}');
    if (end !== undefined) sink.bytes(end);
  };
}

const quote = 0x22;
const backslash = 0x5c;
const shortEscapes: Readonly<Record<number, string>> = {
  8: '\\b',
  9: '\\t',
  10: '\\n',
  12: '\\f',
  13: '\\r',
  [quote]: '\\"',
  [backslash]: '\\\\',
};

function escapeOf(byte: number): string | undefined {
  if (byte >= 0x20 && byte !== quote && byte !== backslash) return undefined;
  const code = byte.toString(16).toUpperCase().padStart(4, '0');
  return shortEscapes[byte] ?? `\\u${code}`;
}

const escapes = Array.from({ length: 256 }, (_, byte) => escapeOf(byte));

function jsonText(bytes: Uint8Array | null, sink: Sink): void {
  if (bytes === null) {
    sink.text('null');
    return;
  }
  sink.byte(quote);
  let from = 0;
  for (let at = 0; at < bytes.length; at++) {
    const escaped = escapes[bytes[at]];
    if (escaped === undefined) continue;
    if (at > from) sink.bytes(bytes.subarray(from, at));
    sink.text(escaped);
    from = at + 1;
  }
  if (from < bytes.length) sink.bytes(bytes.subarray(from));
  sink.byte(quote);
}
