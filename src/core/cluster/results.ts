/**
 * What came of one thing that a request asked for: a code and words. The surprise: only a refusal
 * becomes one; a bug is thrown on, to whoever can say that it was one.
 */
import { ErrorCode, KafkaError } from '../../protocol/errors.ts';

export interface Result {
  readonly errorCode: number;
  readonly errorMessage: string | null;
}

export function resultOf(act: () => void): Result {
  try {
    act();
    return { errorCode: ErrorCode.NONE, errorMessage: null };
  } catch (error) {
    if (!(error instanceof KafkaError)) throw error;
    return { errorCode: error.code, errorMessage: error.message };
  }
}
