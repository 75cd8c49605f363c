/**
 * A batch as an HTTP request, in the words of Standard Webhooks. The surprise: what is signed is
 * text that anybody can put together, id, time and body with dots between; only the key is secret.
 */
import { fromBase64, toBase64 } from '../../bytes/base64.ts';
import type { Batch } from './messages.ts';

export const secretPrefix = 'whsec_';

/** The key of a secret; undefined: it is none (24 to 64 bytes, as the specification has it). */
export function keyOfSecret(secret: string): Uint8Array | undefined {
  if (!secret.startsWith(secretPrefix)) return undefined;
  const key = fromBase64(secret.slice(secretPrefix.length));
  return key !== undefined && key.length >= 24 && key.length <= 64 ? key : undefined;
}

/** `seconds`: since the epoch. */
export function signedContent(id: string, seconds: number, body: string): string {
  return `${id}.${seconds}.${body}`;
}

/** Text as it is; bytes as base64 under a name that says so. */
export function webhookBody({ messages, ...batch }: Batch): string {
  return JSON.stringify({
    ...batch,
    messages: messages.map((message) => ({
      id: message.id,
      timestamp: message.timestamp,
      attempts: message.attempts,
      offset: message.offset,
      ...told('key', message.key),
      headers: message.headers.map(({ key, value }) => ({ key, ...told('value', value) })),
      ...told('body', message.body),
    })),
  });
}

function told(name: string, value: unknown): Record<string, unknown> {
  return value instanceof Uint8Array ? { [`${name}_base64`]: toBase64(value) } : { [name]: value };
}
