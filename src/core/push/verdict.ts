/**
 * What a target answers to a batch, as plain data, and what that means for each message. The
 * surprise: saying nothing is saying yes, as with Cloudflare Queues: a handler that returns has
 * taken all that it did not ask to have again, one that throws only what it acknowledged before.
 */
import type { Message } from './messages.ts';
import { mostDelaySeconds } from './queue-message.ts';
import type { Outcome } from './window.ts';

/** The answer of a `consume` method; a webhook says the same with `delay_seconds`. */
export interface Verdict {
  readonly acks?: readonly { readonly id: string }[];
  readonly retries?: readonly { readonly id: string; readonly delaySeconds?: number }[];
  readonly retryAll?: { readonly delaySeconds?: number } | boolean;
  /** What the handler threw: all that is not acknowledged comes again. */
  readonly error?: string;
}

/** One outcome a message. What cannot be understood is left out, so that nothing is lost by it. */
export function outcomesOf(messages: readonly Message[], verdict: unknown): Outcome[] {
  const { acks, retries, retryAll, retry_all, error } = objectOf(verdict);
  const acked = new Set(listOf(acks).map(idOf));
  const again = new Map(listOf(retries).map((one) => [idOf(one), delayOf(one)]));
  const all = retryAll ?? retry_all;
  const failed = typeof error === 'string' ? error : undefined;
  const retriesAll = failed !== undefined || (all !== undefined && all !== false && all !== null);
  return messages.map(({ id }) => {
    if (again.has(id)) return retried(failed ?? 'the target asked for it', again.get(id) ?? null);
    if (acked.has(id) || !retriesAll) return { acked: true };
    return retried(failed ?? 'the target asked for all', delayOf(all));
  });
}

/** All come again. */
export function allFailed(
  messages: readonly Message[],
  error: string,
  delayMs: number | null = null,
): Outcome[] {
  return messages.map(() => retried(error, delayMs));
}

function retried(error: string, delayMs: number | null): Outcome {
  return { acked: false, error, delayMs };
}

function delayOf(value: unknown): number | null {
  const { delaySeconds, delay_seconds } = objectOf(value);
  const seconds = delaySeconds ?? delay_seconds;
  if (typeof seconds !== 'number' || !(seconds >= 0)) return null;
  return Math.min(seconds, mostDelaySeconds) * 1_000;
}

/** An id by itself, or in an object. */
function idOf(value: unknown): unknown {
  return typeof value === 'string' ? value : objectOf(value).id;
}

function objectOf(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
