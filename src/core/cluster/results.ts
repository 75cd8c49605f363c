/**
 * What came of one thing that a request asked for: a code and words. The surprise: only a refusal
 * becomes one; a bug is thrown on, to whoever can say that it was one.
 */
import { ErrorCode, KafkaError } from '../../protocol/errors.ts';
import type { TopicResult, TopicView } from './commands.ts';

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

export function topicResultOf(name: string, make: () => TopicView): TopicResult {
  try {
    return { name, errorCode: ErrorCode.NONE, errorMessage: null, topic: make() };
  } catch (error) {
    return failedTopic(name, error);
  }
}

/** Rethrows what is not a refusal. */
export function failedTopic(name: string, error: unknown): TopicResult {
  if (!(error instanceof KafkaError)) throw error;
  return { name, errorCode: error.code, errorMessage: error.message, topic: null };
}

/** Named twice in one request. */
export function duplicateTopic(name: string): TopicResult {
  return failedTopic(name, new KafkaError(ErrorCode.INVALID_REQUEST, 'Duplicate topic name.'));
}
