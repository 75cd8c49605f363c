/** What share groups are told by a partition that cannot serve them. */
import type { ShareCalls, ShareFetchReply } from './calls.ts';

export function shareFetchRefused(
  errorCode: number,
  errorMessage: string | null = null,
): ShareFetchReply {
  return {
    errorCode,
    errorMessage,
    acknowledgeErrorCode: 0,
    acknowledgeErrorMessage: null,
    records: [],
    acquired: [],
    availableAt: null,
    withheld: false,
    full: false,
    highWatermark: -1,
    lastStableOffset: -1,
  };
}

export function shareDescribeRefused(errorCode: number): ShareCalls['shareDescribe']['reply'] {
  return {
    errorCode,
    startOffset: -1,
    leaderEpoch: -1,
    deliveryCompleteCount: -1,
    logStartOffset: -1,
    highWatermark: -1,
  };
}
