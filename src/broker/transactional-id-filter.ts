/**
 * Which transactional ids a pattern of ListTransactions lets through.
 */
import { ErrorCode, KafkaError } from '../protocol/errors.ts';

/** Throws INVALID_REGULAR_EXPRESSION. */
export function transactionalIdFilter(
  pattern: string | null,
): (transactionalId: string) => boolean {
  if (pattern === null || pattern === '') return () => true;
  try {
    const expression = new RegExp(`^(?:${pattern})$`, 'su');
    return (transactionalId) => expression.test(transactionalId);
  } catch {
    throw new KafkaError(ErrorCode.INVALID_REGULAR_EXPRESSION);
  }
}
