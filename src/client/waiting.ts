/**
 * Waiting, as a client does it: for a while, with a limit, until it is told to stop. The surprise:
 * every timer is cleared as soon as nobody waits for it, since a Worker's event, or a process,
 * lives on for as long as there is one.
 */
import { ErrorCode, KafkaError } from '../protocol/errors.ts';

/** Rejects with the signal's reason as soon as it is aborted. */
export function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const stop = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop);
      resolve();
    }, ms);
    signal?.addEventListener('abort', stop, { once: true });
  });
}

export interface Limits {
  readonly signal?: AbortSignal | undefined;
  readonly timeoutMs?: number | undefined;
}

/**
 * What `work` becomes, unless the time is up (REQUEST_TIMED_OUT) or the signal is aborted (its
 * reason). What becomes of the work then is nobody's business any more. `late`: the time is up.
 */
export function within<T>(work: Promise<T>, limits: Limits, late?: () => void): Promise<T> {
  const { signal, timeoutMs } = limits;
  if (signal === undefined && timeoutMs === undefined) return work;
  return new Promise((resolve, reject) => {
    const end = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', stop);
    };
    const fail = (error: unknown) => {
      end();
      reject(error);
    };
    const stop = () => fail(signal?.reason);
    const timer =
      timeoutMs === undefined
        ? undefined
        : setTimeout(() => {
            fail(new KafkaError(ErrorCode.REQUEST_TIMED_OUT));
            late?.();
          }, timeoutMs);
    work.then((value) => {
      end();
      resolve(value);
    }, fail);
    if (signal?.aborted) stop();
    else signal?.addEventListener('abort', stop, { once: true });
  });
}

/** As Kafka's clients: twice as long each time, up to a second, and never all at once (KIP-580). */
export function backoffMs(attempt: number, firstMs = 100): number {
  return Math.min(firstMs * 2 ** Math.min(attempt, 10), 1_000) * (0.8 + 0.4 * Math.random());
}

export function isRetriable(error: unknown): error is KafkaError {
  return error instanceof KafkaError && error.retriable;
}

export interface Persistence {
  readonly signal?: AbortSignal | undefined;
  /** For how long to try again, from the first attempt. */
  readonly timeoutMs: number | ((error: KafkaError) => number);
}

/** Attempts again what failed with a retriable error, for as long as it may take. */
export async function persistently<T>(
  attempt: () => Promise<T>,
  { signal, timeoutMs }: Persistence,
): Promise<T> {
  const started = Date.now();
  const mayLast = (error: KafkaError) =>
    typeof timeoutMs === 'number' ? timeoutMs : timeoutMs(error);
  for (let attempts = 0; ; attempts++) {
    signal?.throwIfAborted();
    try {
      return await attempt();
    } catch (error) {
      if (!isRetriable(error)) throw error;
      const pause = backoffMs(attempts);
      if (Date.now() + pause - started > mayLast(error)) throw error;
      await sleep(pause, signal);
    }
  }
}
