/**
 * What a client may do with a group, as descriptions of groups answer it when asked: everything,
 * since everybody may do everything.
 */
import { ErrorCode } from '../protocol/errors.ts';

/** Nobody asked. */
const notAsked = -0x8000_0000;
/** READ, DELETE, DESCRIBE, DESCRIBE_CONFIGS and ALTER_CONFIGS, one bit each. */
const everything = (1 << 3) | (1 << 6) | (1 << 8) | (1 << 10) | (1 << 11);

export function authorizedOperations(isAsked: boolean, errorCode: number): number {
  return isAsked && errorCode === ErrorCode.NONE ? everything : notAsked;
}
