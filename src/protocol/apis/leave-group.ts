/**
 * LeaveGroup: members leave a classic group. The surprise: a static member that closes does not
 * leave; this API removes it by its instance id, by hand.
 *
 * Behaviour
 * - From version 3 every member has its own error, and the request as a whole has one too.
 *
 * Versions
 * - 1 throttle time (KIP-124)
 * - 2 the client throttles itself (KIP-219)
 * - 3 many members, by instance id too (KIP-345)
 * - 4 flexible (KIP-482)
 * - 5 the reason for leaving (KIP-800)
 */
import { api, array, type Infer, int16, int32, string, struct } from '../schema.ts';

export const leaveGroup = api(13, 'LeaveGroup', {
  versions: [0, 5],
  flexible: 4,
  request: {
    groupId: string,
    memberId: string.until(2),
    members: array(
      struct({
        memberId: string,
        groupInstanceId: string.nullable().default(null),
        reason: string.since(5).nullable().default(null).ignorable(),
      }),
    ).since(3),
  },
  response: {
    throttleTimeMs: int32.since(1).ignorable(),
    errorCode: int16,
    members: array(
      struct({
        memberId: string,
        groupInstanceId: string.nullable(),
        errorCode: int16,
      }),
    ).since(3),
  },
});

export interface LeaveGroupRequest extends Infer<typeof leaveGroup.request.fields> {}
export interface LeaveGroupResponse extends Infer<typeof leaveGroup.response.fields> {}
