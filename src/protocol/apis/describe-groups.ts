/**
 * DescribeGroups: state, protocol and members of classic groups. The surprise: up to version 5 a
 * group that does not exist is described, as "Dead" and without an error.
 *
 * Behaviour
 * - From version 6 a missing group is GROUP_ID_NOT_FOUND, with a message.
 * - Subscriptions and assignments are the members' own bytes.
 *
 * Versions
 * - 1 throttle time (KIP-124)
 * - 2 the client throttles itself (KIP-219)
 * - 3 authorised operations (KIP-430)
 * - 4 static members (KIP-345)
 * - 5 flexible (KIP-482)
 * - 6 GROUP_ID_NOT_FOUND (KIP-1043)
 */
import { api, array, boolean, bytes, type Infer, int16, int32, string, struct } from '../schema.ts';

export const describeGroups = api(15, 'DescribeGroups', {
  versions: [0, 6],
  flexible: 5,
  request: {
    groups: array(string),
    includeAuthorizedOperations: boolean.since(3),
  },
  response: {
    throttleTimeMs: int32.since(1).ignorable(),
    groups: array(
      struct({
        errorCode: int16,
        errorMessage: string.since(6).nullable().default(null),
        groupId: string,
        groupState: string,
        protocolType: string,
        protocolData: string,
        members: array(
          struct({
            memberId: string,
            groupInstanceId: string.since(4).nullable().default(null).ignorable(),
            clientId: string,
            clientHost: string,
            memberMetadata: bytes,
            memberAssignment: bytes,
          }),
        ),
        authorizedOperations: int32.since(3).default(-0x8000_0000),
      }),
    ),
  },
});

export interface DescribeGroupsRequest extends Infer<typeof describeGroups.request.fields> {}
export interface DescribeGroupsResponse extends Infer<typeof describeGroups.response.fields> {}
