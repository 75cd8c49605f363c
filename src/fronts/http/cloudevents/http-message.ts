/**
 * CloudEvents as HTTP messages: which mode one comes in, and how attributes are headers. The
 * surprise: there is no content type for the binary mode; whatever is not one of the two of
 * CloudEvents is the type of the data.
 */
import { plainHttpError } from '../errors.ts';
import {
  type Attribute,
  batchType,
  type CloudEvent,
  checkedEvent,
  eventToJson,
  eventType,
  InvalidEvent,
  parseBatch,
  parseEvent,
} from './event.ts';

export type Mode = 'binary' | 'structured' | 'batch';

export const modes: readonly Mode[] = ['binary', 'structured', 'batch'];

const prefix = 'ce-';
const jsonTypes = new Map<string, Mode>([
  [eventType, 'structured'],
  [batchType, 'batch'],
]);

/** The events of a request. Throws InvalidEvent, and 415 for formats that are not JSON. */
export function eventsFrom(
  headers: Headers,
  body: Uint8Array,
): { readonly mode: Mode; readonly events: readonly CloudEvent[] } {
  const mode = modeOf(headers.get('content-type') ?? '');
  if (mode === 'binary') return { mode, events: [eventFromHeaders(headers, body)] };
  const text = utf8Text(body);
  return { mode, events: mode === 'batch' ? parseBatch(text) : [parseEvent(text)] };
}

/** What is wanted as the answer, by Accept: a single event, or (the default) a batch. */
export function wantedMode(accept: string | undefined): Mode {
  const types = (accept ?? '').split(',').map(bare);
  const found = types.find((type) => jsonTypes.has(type));
  return found === undefined ? 'batch' : jsonTypes.get(found)!;
}

/** An event in binary mode as an answer's headers. */
export function headersOf({ attributes, data }: CloudEvent): Headers {
  const headers = new Headers();
  for (const [name, value] of Object.entries(attributes)) {
    if (name !== 'datacontenttype') headers.set(`${prefix}${name}`, encoded(String(value)));
    else if (data !== null) headers.set('content-type', String(value));
  }
  return headers;
}

/** The content type and the text of events in one of the JSON formats. */
export function jsonMessage(
  mode: 'structured' | 'batch',
  events: readonly CloudEvent[],
): { readonly type: string; readonly text: string } {
  const texts = events.map(eventToJson);
  return mode === 'batch'
    ? { type: batchType, text: `[${texts.join(',')}]` }
    : { type: eventType, text: texts[0] };
}

function modeOf(contentType: string): Mode {
  const type = bare(contentType);
  const mode = jsonTypes.get(type);
  if (mode !== undefined) return mode;
  if (!type.startsWith('application/cloudevents')) return 'binary';
  throw plainHttpError(415, `events come as ${eventType} or ${batchType}, not "${type}"`);
}

/** A body of no bytes is no data. */
function eventFromHeaders(headers: Headers, body: Uint8Array): CloudEvent {
  const attributes: Record<string, Attribute> = {};
  for (const [name, value] of headers) {
    if (name.startsWith(prefix)) attributes[name.slice(prefix.length)] = decoded(value);
  }
  const contentType = headers.get('content-type');
  if (contentType !== null && body.length > 0) attributes.datacontenttype = contentType;
  return checkedEvent({ attributes, data: body.length === 0 ? null : body });
}

/** Spaces, quotes, percent signs and whatever is not printable ASCII, as the binding says. */
function encoded(value: string): string {
  return value.replaceAll(/[^!#$&-~]/gu, (character) =>
    [...new TextEncoder().encode(character)]
      .map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`)
      .join(''),
  );
}

/** A value that is no proper encoding is taken as it is. */
function decoded(value: string): string {
  const quoted = /^"((?:[^"\\]|\\.)*)"$/.exec(value);
  const text = quoted ? quoted[1].replaceAll(/\\(.)/g, '$1') : value;
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function utf8Text(body: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: false }).decode(body);
  } catch {
    throw new InvalidEvent('Events in JSON are UTF-8.');
  }
}

function bare(type: string): string {
  return type.split(';')[0].trim().toLowerCase();
}
