/**
 * The receiving end of a webhook: whether a request comes from who knows the secret, and what it
 * brings. The surprise: any of several signatures will do, and any of several secrets, so that a
 * secret is changed without a message lost.
 */
import { fromBase64 } from '../../bytes/base64.ts';
import type { Batch, Message } from '../../core/push/messages.ts';
import { keyOfSecret, signedContent } from '../../core/push/webhook.ts';
import { type PushBatch, verdictOf } from './batch.ts';

export interface VerifyOptions {
  /** `whsec_…`; several while one takes the place of another. */
  readonly secret: string | readonly string[];
  /** How far the sender's clock may be off, and how long a request is good. Default 300. */
  readonly toleranceSeconds?: number;
}

/** It does not come from who knows the secret, or comes too late. */
export class WebhookVerificationError extends Error {
  override readonly name = 'WebhookVerificationError';
}

/**
 * The batch that a request brings. Rejects with a WebhookVerificationError, which is to be answered
 * with 401. The body must not have been read.
 */
export async function verifyWebhook(request: Request, options: VerifyOptions): Promise<Batch> {
  const id = request.headers.get('webhook-id') ?? '';
  const seconds = Number(request.headers.get('webhook-timestamp') ?? Number.NaN);
  const signatures = request.headers.get('webhook-signature')?.split(' ') ?? [];
  const { secret, toleranceSeconds = 300 } = options;
  if (!(Math.abs(Date.now() / 1_000 - seconds) <= toleranceSeconds)) {
    throw new WebhookVerificationError('the timestamp is missing, or too far from now');
  }
  const body = await request.text();
  const content = new TextEncoder().encode(
    signedContent(id, seconds, body),
  ) as Uint8Array<ArrayBuffer>;
  for (const one of [secret].flat()) {
    if (await isSigned(one, content, signatures)) return batchOf(JSON.parse(body));
  }
  throw new WebhookVerificationError('no signature is right');
}

/** WebCrypto compares in constant time. */
async function isSigned(
  secret: string,
  content: BufferSource,
  signatures: readonly string[],
): Promise<boolean> {
  const bytes = keyOfSecret(secret);
  if (bytes === undefined) throw new TypeError('a secret is whsec_ and the base64 of its bytes');
  const algorithm = { name: 'HMAC', hash: 'SHA-256' };
  const raw = bytes as Uint8Array<ArrayBuffer>;
  const key = await crypto.subtle.importKey('raw', raw, algorithm, false, ['verify']);
  for (const text of signatures) {
    const signature = text.startsWith('v1,') ? fromBase64(text.slice('v1,'.length)) : undefined;
    if (signature === undefined) continue;
    const given = signature as Uint8Array<ArrayBuffer>;
    if (await crypto.subtle.verify('HMAC', key, given, content)) return true;
  }
  return false;
}

/** `{ key_base64 }` is bytes under the name `key`. */
function told(value: Record<string, unknown>, name: string): unknown {
  const encoded = value[`${name}_base64`];
  return typeof encoded === 'string' ? fromBase64(encoded) : value[name];
}

function batchOf(json: Record<string, never>): Batch {
  const { id, subscription, topic, partition, backlog } = json;
  const messages = (json.messages as readonly Record<string, never>[]).map((message) => ({
    id: message.id,
    timestamp: message.timestamp,
    attempts: message.attempts,
    topic,
    partition,
    offset: message.offset,
    key: told(message, 'key') as Message['key'],
    headers: (message.headers as readonly Record<string, never>[]).map((header) => ({
      key: header.key,
      value: told(header, 'value') as string | Uint8Array | null,
    })),
    body: told(message, 'body'),
  }));
  return { id, subscription, topic, partition, backlog, messages };
}

/** Verifies a request, lets a handler have its batch, and answers it. */
export async function answerWebhook<Body = unknown>(
  request: Request,
  options: VerifyOptions,
  handle: (batch: PushBatch<Body>) => unknown,
): Promise<Response> {
  let batch: Batch;
  try {
    batch = await verifyWebhook(request, options);
  } catch (error) {
    if (!(error instanceof WebhookVerificationError)) throw error;
    return new Response(error.message, { status: 401 });
  }
  const { acks = [], retries = [], error } = await verdictOf(batch, handle);
  const again = retries.map(({ id, delaySeconds }) => ({ id, delay_seconds: delaySeconds }));
  return Response.json({ acks, retries: again, error });
}
