/**
 * A message of Cloudflare Queues as a record. The surprise: what the queue knows of a message, its
 * content type and its delay, the record says itself, so that any reader of the topic knows it.
 */
import type { RecordHeader } from '../../protocol/records/index.ts';
import { contentTypeHeader, notBeforeHeader } from './messages.ts';

export type QueueContentType = 'text' | 'bytes' | 'json' | 'v8';

export interface QueueMessageOptions {
  /** Default: json. */
  readonly contentType?: QueueContentType | undefined;
  /** Not to be delivered before, in seconds; at most 12 hours. */
  readonly delaySeconds?: number | undefined;
}

export interface QueueRecord {
  readonly value: Uint8Array;
  readonly headers: readonly RecordHeader[];
}

/** As with Cloudflare Queues: twelve hours. */
export const mostDelaySeconds = 43_200;

const utf8 = new TextEncoder();
const typeNames = {
  json: 'application/json',
  text: 'text/plain;charset=UTF-8',
  bytes: 'application/octet-stream',
} as const;

/** Throws a TypeError for what a queue would not take, and for v8, which only V8 could read. */
export function queueRecord(
  body: unknown,
  { contentType = 'json', delaySeconds = 0 }: QueueMessageOptions,
  now: number,
): QueueRecord {
  if (contentType === 'v8') {
    throw new TypeError('contentType v8 is not there: a record is read by others than Workers');
  }
  const type = typeNames[contentType];
  if (type === undefined) throw new TypeError(`contentType must be json, text or bytes`);
  if (!(delaySeconds >= 0 && delaySeconds <= mostDelaySeconds)) {
    throw new TypeError(`delaySeconds must be between 0 and ${mostDelaySeconds}`);
  }
  const headers = [{ key: contentTypeHeader, value: utf8.encode(type) }];
  if (delaySeconds > 0) {
    const at = Math.round(now + delaySeconds * 1_000);
    headers.push({ key: notBeforeHeader, value: utf8.encode(`${at}`) });
  }
  return { value: bytesOf(body, contentType), headers };
}

function bytesOf(body: unknown, contentType: 'json' | 'text' | 'bytes'): Uint8Array {
  if (contentType === 'text') {
    if (typeof body !== 'string') throw new TypeError('the body of a text message is a string');
    return utf8.encode(body);
  }
  if (contentType === 'bytes') {
    if (body instanceof ArrayBuffer) return new Uint8Array(body);
    if (!ArrayBuffer.isView(body)) throw new TypeError('the body of a bytes message is bytes');
    return new Uint8Array(body.buffer, body.byteOffset, body.byteLength);
  }
  const json = JSON.stringify(body);
  if (json === undefined) throw new TypeError('the body has no form in JSON');
  return utf8.encode(json);
}
