/**
 * The code for a producer that another one has taken the place of. The surprise: there are two, and
 * versions of a request from before PRODUCER_FENCED (KIP-588) must not see it.
 */
import { ErrorCode } from '../protocol/errors.ts';

/** `since`: the first version of the API that knows PRODUCER_FENCED. */
export function fencedCode(errorCode: number, apiVersion: number, since: number): number {
  return errorCode === ErrorCode.PRODUCER_FENCED && apiVersion < since
    ? ErrorCode.INVALID_PRODUCER_EPOCH
    : errorCode;
}
