/**
 * JoinGroup: enters a classic group and waits for the generation to form. The surprise: the answer
 * may take as long as the rebalance timeout, and only the leader's lists the members.
 *
 * Behaviour
 * - From version 4 a new dynamic member is first sent away with MEMBER_ID_REQUIRED and the id to
 *   come back with.
 * - The protocol of the answer may be null from version 7 on; before, it is empty.
 *
 * Versions
 * - 1 rebalance timeout (KIP-62)
 * - 2 throttle time (KIP-124)
 * - 3 the client throttles itself (KIP-219)
 * - 4 MEMBER_ID_REQUIRED (KIP-394)
 * - 5 static members (KIP-345)
 * - 6 flexible (KIP-482)
 * - 7 protocol type (KIP-559)
 * - 8 the reason for joining (KIP-800)
 * - 9 a leader may skip the assignment (KIP-814)
 */
import { api, array, boolean, bytes, type Infer, int16, int32, string, struct } from '../schema.ts';

export const joinGroup = api(11, 'JoinGroup', {
  versions: [0, 9],
  flexible: 6,
  request: {
    groupId: string,
    sessionTimeoutMs: int32,
    rebalanceTimeoutMs: int32.since(1).default(-1).ignorable(),
    memberId: string,
    groupInstanceId: string.since(5).nullable().default(null),
    protocolType: string,
    protocols: array(
      struct({
        name: string,
        metadata: bytes,
      }),
    ),
    reason: string.since(8).nullable().default(null).ignorable(),
  },
  response: {
    throttleTimeMs: int32.since(2).ignorable(),
    errorCode: int16,
    generationId: int32.default(-1),
    protocolType: string.since(7).nullable().default(null).ignorable(),
    protocolName: string.nullable(7),
    leader: string,
    skipAssignment: boolean.since(9),
    memberId: string,
    members: array(
      struct({
        memberId: string,
        groupInstanceId: string.since(5).nullable().default(null).ignorable(),
        metadata: bytes,
      }),
    ),
  },
});

export interface JoinGroupRequest extends Infer<typeof joinGroup.request.fields> {}
export interface JoinGroupResponse extends Infer<typeof joinGroup.response.fields> {}
