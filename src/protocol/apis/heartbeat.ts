/**
 * Heartbeat: a member of a classic group says that it lives, and learns of a rebalance. The
 * surprise: the news comes as an error, REBALANCE_IN_PROGRESS.
 *
 * Behaviour
 * - A generation that is not current is ILLEGAL_GENERATION, a member that is gone
 *   UNKNOWN_MEMBER_ID.
 *
 * Versions
 * - 1 throttle time (KIP-124)
 * - 2 the client throttles itself (KIP-219)
 * - 3 static members (KIP-345)
 * - 4 flexible (KIP-482)
 */
import { api, type Infer, int16, int32, string } from '../schema.ts';

export const heartbeat = api(12, 'Heartbeat', {
  versions: [0, 4],
  flexible: 4,
  request: {
    groupId: string,
    generationId: int32,
    memberId: string,
    groupInstanceId: string.since(3).nullable().default(null),
  },
  response: {
    throttleTimeMs: int32.since(1).ignorable(),
    errorCode: int16,
  },
});

export interface HeartbeatRequest extends Infer<typeof heartbeat.request.fields> {}
export interface HeartbeatResponse extends Infer<typeof heartbeat.response.fields> {}
