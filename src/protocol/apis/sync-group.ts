/**
 * SyncGroup: the leader hands out the assignment and every member fetches its part. The surprise:
 * followers send the same request with an empty list and wait for the leader's.
 *
 * Behaviour
 * - What is assigned is opaque bytes; an empty range is "nothing".
 *
 * Versions
 * - 1 throttle time (KIP-124)
 * - 2 the client throttles itself (KIP-219)
 * - 3 static members (KIP-345)
 * - 4 flexible (KIP-482)
 * - 5 protocol type and name, checked against the group's (KIP-559)
 */
import { api, array, bytes, type Infer, int16, int32, string, struct } from '../schema.ts';

export const syncGroup = api(14, 'SyncGroup', {
  versions: [0, 5],
  flexible: 4,
  request: {
    groupId: string,
    generationId: int32,
    memberId: string,
    groupInstanceId: string.since(3).nullable().default(null),
    protocolType: string.since(5).nullable().default(null).ignorable(),
    protocolName: string.since(5).nullable().default(null).ignorable(),
    assignments: array(
      struct({
        memberId: string,
        assignment: bytes,
      }),
    ),
  },
  response: {
    throttleTimeMs: int32.since(1).ignorable(),
    errorCode: int16,
    protocolType: string.since(5).nullable().default(null).ignorable(),
    protocolName: string.since(5).nullable().default(null).ignorable(),
    assignment: bytes,
  },
});

export interface SyncGroupRequest extends Infer<typeof syncGroup.request.fields> {}
export interface SyncGroupResponse extends Infer<typeof syncGroup.response.fields> {}
