/**
 * What a thrown error is on the wire. A refusal has its own code; weather becomes a code that
 * Kafka's clients answer by looking again and repeating; anything else is a bug, the only case
 * worth a log line.
 */
import { ErrorCode, KafkaError } from '../protocol/errors.ts';
import { Weather } from '../runtime/weather.ts';

/** `weather` is the retriable code that fits the API: by default that of a partition. */
export function failureCode(
  error: unknown,
  weather: number = ErrorCode.NOT_LEADER_OR_FOLLOWER,
): number {
  if (error instanceof KafkaError) return error.code;
  if (error instanceof Weather) return weather;
  console.error('Kedge met a bug:', error);
  return ErrorCode.UNKNOWN_SERVER_ERROR;
}
