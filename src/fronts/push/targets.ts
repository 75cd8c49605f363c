/**
 * Where batches go: a Worker over a service binding, or an HTTPS address. The surprise: a Worker is
 * named by a binding of Kedge's own, and only by one whose name begins with `PUSH_`: whoever may
 * make subscriptions can reach what its owner has meant for it, and nothing else.
 */

import { toBase64 } from '../../bytes/base64.ts';
import { addressProblem } from '../../core/push/addresses.ts';
import type { Batch } from '../../core/push/messages.ts';
import { mostDelaySeconds } from '../../core/push/queue-message.ts';
import type { Subscription, Target, WebhookTarget } from '../../core/push/subscription.ts';
import { allFailed, outcomesOf } from '../../core/push/verdict.ts';
import { keyOfSecret, signedContent, webhookBody } from '../../core/push/webhook.ts';
import type { Delivery } from '../../runtime/push/outside.ts';

export const bindingPrefix = 'PUSH_';
/** An answer that is longer says nothing to us. */
const longestAnswer = 256 * 1024;
/** How long a Worker may take: as long as a consumer of Cloudflare Queues. */
const workerTimeoutMs = 15 * 60_000;

export interface TargetsOptions {
  /** The bindings of Kedge's Worker. */
  readonly bindings: Readonly<Record<string, unknown>>;
  /** Hosts of webhooks that may be private, and spoken to without TLS. */
  readonly privateHosts: readonly string[];
  readonly fetch: typeof fetch;
  now(): number;
}

/** A Worker's entrypoint, as RPC shows it. */
interface Consumer {
  consume(batch: Batch): Promise<unknown>;
}

/** Hands over one batch. Throws nothing. */
export async function deliverTo(
  options: TargetsOptions,
  { target }: Subscription,
  batch: Batch,
): Promise<Delivery> {
  const problem = targetProblem(options, target);
  if (problem !== undefined) return { misconfigured: problem };
  return target.type === 'worker'
    ? toWorker(options, target.binding, batch)
    : toWebhook(options, target, batch);
}

/** Why nothing can be delivered there; undefined: it can. */
export function targetProblem(
  { bindings, privateHosts }: TargetsOptions,
  target: Target,
): string | undefined {
  if (target.type === 'worker') {
    const problem = bindingProblem(bindings, target.binding);
    return problem && `binding ${target.binding}: ${problem}`;
  }
  const problem = addressProblem(target.url, privateHosts);
  // The address itself may hold what nobody is to read.
  return problem && `target.url: ${problem}`;
}

function bindingProblem(
  bindings: Readonly<Record<string, unknown>>,
  name: string,
): string | undefined {
  if (!name.startsWith(bindingPrefix)) return `its name must begin with ${bindingPrefix}`;
  const binding = Object.hasOwn(bindings, name) ? bindings[name] : undefined;
  const isThere = typeof binding === 'object' && binding !== null;
  return isThere ? undefined : "Kedge's Worker has no such binding";
}

async function toWorker(
  { bindings }: TargetsOptions,
  name: string,
  batch: Batch,
): Promise<Delivery> {
  try {
    const verdict = await within(workerTimeoutMs, (bindings[name] as Consumer).consume(batch));
    return { outcomes: outcomesOf(batch.messages, verdict) };
  } catch (error) {
    return { outcomes: allFailed(batch.messages, textOf(error)) };
  }
}

async function toWebhook(
  options: TargetsOptions,
  target: WebhookTarget,
  batch: Batch,
): Promise<Delivery> {
  try {
    const body = webhookBody(batch);
    const response = await options.fetch(target.url, {
      method: 'POST',
      headers: await signedHeaders(target, batch.id, body, options.now()),
      body,
      redirect: 'manual',
      signal: AbortSignal.timeout(target.timeoutMs),
    });
    if (!response.ok) {
      await response.body?.cancel();
      const error = `the webhook answered ${response.status}`;
      return { outcomes: allFailed(batch.messages, error, retryAfter(response)) };
    }
    return { outcomes: outcomesOf(batch.messages, await verdictOf(response)) };
  } catch (error) {
    return { outcomes: allFailed(batch.messages, textOf(error)) };
  }
}

async function signedHeaders(
  { secrets }: WebhookTarget,
  id: string,
  body: string,
  now: number,
): Promise<Record<string, string>> {
  const seconds = Math.floor(now / 1_000);
  const content = signedContent(id, seconds, body);
  const signatures = await Promise.all(secrets.map((secret) => signature(secret, content)));
  return {
    'content-type': 'application/json',
    'user-agent': 'kedge-push',
    'webhook-id': id,
    'webhook-timestamp': `${seconds}`,
    'webhook-signature': signatures.join(' '),
  };
}

/** By one secret; while another takes its place there are two. */
async function signature(secret: string, content: string): Promise<string> {
  const algorithm = { name: 'HMAC', hash: 'SHA-256' };
  const bytes = keyOfSecret(secret) as Uint8Array<ArrayBuffer>;
  const key = await crypto.subtle.importKey('raw', bytes, algorithm, false, ['sign']);
  const signed = await crypto.subtle.sign('HMAC', key, new TextEncoder().encode(content));
  return `v1,${toBase64(new Uint8Array(signed))}`;
}

/** Seconds; a date is not understood. */
function retryAfter({ headers }: Response): number | null {
  const seconds = Number(headers.get('retry-after') ?? Number.NaN);
  return seconds >= 0 ? Math.min(seconds, mostDelaySeconds) * 1_000 : null;
}

/** What a JSON answer says; anything else says that all is well, as its status does. */
async function verdictOf(response: Response): Promise<unknown> {
  const isJson = /^application\/(.+\+)?json\b/i.test(response.headers.get('content-type') ?? '');
  if (!isJson) {
    await response.body?.cancel();
    return undefined;
  }
  let text = '';
  const decoder = new TextDecoder();
  for await (const chunk of response.body ?? []) {
    text += decoder.decode(chunk, { stream: true });
    if (text.length > longestAnswer) throw new Error('the answer of the webhook is too long');
  }
  if (text === '') return undefined;
  try {
    return JSON.parse(text);
  } catch {
    throw new Error('the answer of the webhook is not the JSON that it says it is');
  }
}

function within<T>(ms: number, work: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('the Worker took too long')), ms);
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}

function textOf(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}
