/**
 * ConsumerGroupDescribe: state, epochs and members of groups of the consumer protocol. The
 * surprise: groups know topics by id; their names are added here, and a topic that is gone is left
 * out.
 *
 * Behaviour
 * - A group that does not exist, or is of another kind: GROUP_ID_NOT_FOUND, with a message. An
 *   empty name: INVALID_GROUP_ID.
 *
 * Versions
 * - 1: the protocol each member speaks (KIP-1099)
 */
import type { ConsumerGroupDescription, GroupCalls } from '../../core/group/commands.ts';
import type {
  ConsumerGroupDescribeRequest,
  ConsumerGroupDescribeResponse,
} from '../../protocol/apis/consumer-group-describe.ts';
import { ErrorCode, errorInfo, KafkaError } from '../../protocol/errors.ts';
import { eachBounded } from '../../runtime/each-bounded.ts';
import type { Stub } from '../../runtime/stubs.ts';
import type { Handler, RequestContext } from '../context.ts';
import { failureCode } from '../failures.ts';
import { authorizedOperations } from '../group-operations.ts';
import { namedGroups } from '../named-groups.ts';
import { namesOf } from '../named-partitions.ts';

type Described = ConsumerGroupDescribeResponse['groups'][number];

const memberType = { classic: 0, consumer: 1 };

export const handleConsumerGroupDescribe: Handler<
  ConsumerGroupDescribeRequest,
  ConsumerGroupDescribeResponse
> = async ({ groupIds, includeAuthorizedOperations }, context) => {
  const groupOf = await namedGroups(groupIds, context);
  const groups = await eachBounded(groupIds, async (groupId) => {
    const described = await describe(groupId, groupOf(groupId), context);
    const { errorCode } = described;
    const operations = authorizedOperations(includeAuthorizedOperations, errorCode);
    return { ...described, authorizedOperations: operations };
  });
  return { throttleTimeMs: 0, groups };
};

async function describe(
  groupId: string,
  stub: Stub<GroupCalls>,
  { metadata }: RequestContext,
): Promise<Described> {
  try {
    if (groupId === '') throw new KafkaError(ErrorCode.INVALID_GROUP_ID);
    const reply = await stub.call('describeConsumerGroup', { groupId });
    const { errorCode, errorMessage, group } = reply;
    if (group === null) return undescribed(groupId, errorCode, errorMessage);
    const all = group.members.flatMap((member) => [member.assignment, member.targetAssignment]);
    return answer(groupId, group, await namesOf(all, metadata));
  } catch (error) {
    const errorCode = failureCode(error, ErrorCode.NOT_COORDINATOR);
    return undescribed(groupId, errorCode, errorInfo(errorCode).message);
  }
}

function undescribed(groupId: string, errorCode: number, errorMessage: string | null): Described {
  return {
    errorCode,
    errorMessage,
    groupId,
    groupState: '',
    groupEpoch: 0,
    assignmentEpoch: 0,
    assignorName: '',
    members: [],
    authorizedOperations: 0,
  };
}

function answer(
  groupId: string,
  group: ConsumerGroupDescription,
  named: Awaited<ReturnType<typeof namesOf>>,
): Described {
  return {
    ...undescribed(groupId, ErrorCode.NONE, null),
    ...group,
    members: group.members.map(({ groupInstanceId, isClassic, ...member }) => ({
      ...member,
      instanceId: groupInstanceId,
      assignment: { topicPartitions: named(member.assignment) },
      targetAssignment: { topicPartitions: named(member.targetAssignment) },
      memberType: isClassic ? memberType.classic : memberType.consumer,
    })),
  };
}
