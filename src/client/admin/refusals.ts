/** What an answer says went wrong, thrown; with what it was about, if the answer says no more. */
import { ErrorCode, errorInfo, KafkaError } from '../../protocol/errors.ts';

export function throwIfRefused(
  { errorCode, errorMessage }: { errorCode: number; errorMessage?: string | null | undefined },
  what?: string,
): void {
  if (errorCode === ErrorCode.NONE) return;
  const standard = errorInfo(errorCode).message;
  const message = errorMessage ?? (what === undefined ? standard : `${standard} (${what})`);
  throw new KafkaError(errorCode, message);
}
