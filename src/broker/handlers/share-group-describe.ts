/**
 * ShareGroupDescribe: state, epochs and members of share groups. The surprise: groups know topics
 * by id; their names are added here, and a topic that is gone is left out.
 *
 * Behaviour
 * - A group that does not exist, or is of another kind: GROUP_ID_NOT_FOUND, with a message. An
 *   empty name: INVALID_GROUP_ID.
 *
 * Versions
 * - 1 only
 */
import type { GroupCalls } from '../../core/group/commands.ts';
import type {
  ShareGroupDescribeRequest,
  ShareGroupDescribeResponse,
} from '../../protocol/apis/share-group-describe.ts';
import { ErrorCode, errorInfo, KafkaError } from '../../protocol/errors.ts';
import { eachBounded } from '../../runtime/each-bounded.ts';
import type { Stub } from '../../runtime/stubs.ts';
import type { Handler, RequestContext } from '../context.ts';
import { failureCode } from '../failures.ts';
import { authorizedOperations } from '../group-operations.ts';
import { namedGroups } from '../named-groups.ts';
import { namesOf } from '../named-partitions.ts';

type Described = ShareGroupDescribeResponse['groups'][number];

export const handleShareGroupDescribe: Handler<
  ShareGroupDescribeRequest,
  ShareGroupDescribeResponse
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
    const { errorCode, errorMessage, group } = await stub.call('describeShareGroup', { groupId });
    if (group === null) return undescribed(groupId, errorCode, errorMessage);
    const all = group.members.map(({ assignment }) => assignment);
    const named = await namesOf(all, metadata);
    const members = group.members.map((member) => ({
      ...member,
      assignment: { topicPartitions: named(member.assignment) },
    }));
    return { ...undescribed(groupId, ErrorCode.NONE, null), ...group, members };
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
