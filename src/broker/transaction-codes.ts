/**
 * Codes of transactions as a version of a request may see them: what came later is said in the
 * words of before. `since` is the first version of the API that knows the newer code.
 */
import { ErrorCode } from '../protocol/errors.ts';

/** For a producer that another one has taken the place of (KIP-588). */
export function fencedCode(errorCode: number, apiVersion: number, since: number): number {
  return errorCode === ErrorCode.PRODUCER_FENCED && apiVersion < since
    ? ErrorCode.INVALID_PRODUCER_EPOCH
    : errorCode;
}

/** For what is no part of the transaction, which is to be aborted (KIP-890). */
export function abortableCode(errorCode: number, apiVersion: number, since: number): number {
  return errorCode === ErrorCode.TRANSACTION_ABORTABLE && apiVersion < since
    ? ErrorCode.INVALID_TXN_STATE
    : errorCode;
}
