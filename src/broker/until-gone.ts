/**
 * Waits for an answer no longer than there is somebody to give it to. A call that an object holds
 * for minutes (a member that waits for its group) would keep the connection of a client that left.
 */
import { ErrorCode, KafkaError } from '../protocol/errors.ts';

/** The answer; throws NETWORK_EXCEPTION, which nobody reads, once the client is gone. */
export async function untilGone<Answer>(
  answer: Promise<Answer>,
  signal: AbortSignal,
): Promise<Answer> {
  const gone = Promise.withResolvers<never>();
  const leave = () => gone.reject(new KafkaError(ErrorCode.NETWORK_EXCEPTION));
  if (signal.aborted) leave();
  signal.addEventListener('abort', leave);
  try {
    return await Promise.race([answer, gone.promise]);
  } finally {
    signal.removeEventListener('abort', leave);
    // Whoever loses the race has nobody to tell.
    answer.catch(() => {});
    gone.promise.catch(() => {});
  }
}
