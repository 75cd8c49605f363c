/**
 * Which leader a caller believes in. The surprise: there is one leader for ever, the object itself,
 * so the epoch is a constant and only a caller with an epoch from elsewhere is refused.
 */
import { ErrorCode } from '../../protocol/errors.ts';

export const leaderEpoch = 0;

/** NONE, or how the epoch a caller names (-1: none) is wrong. */
export function checkLeaderEpoch(currentLeaderEpoch: number): number {
  if (currentLeaderEpoch === -1 || currentLeaderEpoch === leaderEpoch) return ErrorCode.NONE;
  return currentLeaderEpoch < leaderEpoch
    ? ErrorCode.FENCED_LEADER_EPOCH
    : ErrorCode.UNKNOWN_LEADER_EPOCH;
}
