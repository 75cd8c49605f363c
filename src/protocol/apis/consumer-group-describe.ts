/**
 * ConsumerGroupDescribe: groups of the consumer protocol with their epochs, and what each member
 * has and is to have. The surprise: a classic group is GROUP_ID_NOT_FOUND here, upon which tools
 * ask DescribeGroups.
 *
 * Behaviour
 * - Each group has an error of its own.
 *
 * Versions
 * - 0 (KIP-848)
 * - 1 the protocol each member speaks (KIP-1099)
 */
import {
  api,
  array,
  boolean,
  type Infer,
  int8,
  int16,
  int32,
  string,
  struct,
  uuid,
} from '../schema.ts';

const assignment = struct({
  topicPartitions: array(struct({ topicId: uuid, topicName: string, partitions: array(int32) })),
});

export const consumerGroupDescribe = api(69, 'ConsumerGroupDescribe', {
  versions: [0, 1],
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
            instanceId: string.nullable().default(null),
            rackId: string.nullable().default(null),
            memberEpoch: int32,
            clientId: string,
            clientHost: string,
            subscribedTopicNames: array(string),
            subscribedTopicRegex: string.nullable().default(null),
            assignment,
            targetAssignment: assignment,
            memberType: int8.since(1).default(-1).ignorable(),
          }),
        ),
        authorizedOperations: int32.default(-0x8000_0000),
      }),
    ),
  },
});

export interface ConsumerGroupDescribeRequest
  extends Infer<typeof consumerGroupDescribe.request.fields> {}
export interface ConsumerGroupDescribeResponse
  extends Infer<typeof consumerGroupDescribe.response.fields> {}
