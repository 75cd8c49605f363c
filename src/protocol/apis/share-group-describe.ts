/**
 * ShareGroupDescribe: share groups with their epochs, and what each member has. The surprise: there
 * is no target beside it, since no member waits for another to give something up.
 *
 * Behaviour
 * - Each group has an error of its own.
 *
 * Versions
 * - 0 was for early access only
 * - 1 (KIP-932)
 */
import { api, array, boolean, type Infer, int16, int32, string, struct, uuid } from '../schema.ts';

const topicPartitions = array(
  struct({ topicId: uuid, topicName: string, partitions: array(int32) }),
);

export const shareGroupDescribe = api(77, 'ShareGroupDescribe', {
  versions: [1, 1],
  flexible: 0,
  request: {
    groupIds: array(string),
    includeAuthorizedOperations: boolean,
  },
  response: {
    throttleTimeMs: int32,
    groups: array(
      struct({
        errorCode: int16,
        errorMessage: string.nullable().default(null),
        groupId: string,
        groupState: string,
        groupEpoch: int32,
        assignmentEpoch: int32,
        assignorName: string,
        members: array(
          struct({
            memberId: string,
            rackId: string.nullable().default(null),
            memberEpoch: int32,
            clientId: string,
            clientHost: string,
            subscribedTopicNames: array(string),
            assignment: struct({ topicPartitions }),
          }),
        ),
        authorizedOperations: int32.default(-0x8000_0000),
      }),
    ),
  },
});

export interface ShareGroupDescribeRequest
  extends Infer<typeof shareGroupDescribe.request.fields> {}
export interface ShareGroupDescribeResponse
  extends Infer<typeof shareGroupDescribe.response.fields> {}
