/**
 * DescribeGroups: state, protocol and members of classic groups. The surprise: to describe a group
 * that does not exist is no error up to version 5; it is "Dead".
 *
 * Behaviour
 * - Metadata and assignments of members are shown while the group is Stable.
 * - Authorised operations are answered when asked for: everything a group has, since everybody may
 *   do everything.
 *
 * Versions
 * - 3: authorised operations (KIP-430) · 4: static members (KIP-345) · 5: flexible
 * - 6: GROUP_ID_NOT_FOUND with a message (KIP-1043)
 */
import type { GroupCalls } from '../../core/group/commands.ts';
import type {
  DescribeGroupsRequest,
  DescribeGroupsResponse,
} from '../../protocol/apis/describe-groups.ts';
import { ErrorCode } from '../../protocol/errors.ts';
import { eachBounded } from '../../runtime/each-bounded.ts';
import type { Stub } from '../../runtime/stubs.ts';
import type { Handler, RequestContext } from '../context.ts';
import { failureCode } from '../failures.ts';
import { authorizedOperations } from '../group-operations.ts';
import { namedGroups } from '../named-groups.ts';

type Described = DescribeGroupsResponse['groups'][number];

export const handleDescribeGroups: Handler<DescribeGroupsRequest, DescribeGroupsResponse> = async (
  { groups, includeAuthorizedOperations },
  context,
) => {
  const groupOf = await namedGroups(groups, context);
  const described = await eachBounded(groups, async (groupId) => {
    const group = await describe(groupId, groupOf(groupId), context);
    const operations = authorizedOperations(includeAuthorizedOperations, group.errorCode);
    return { ...group, authorizedOperations: operations };
  });
  return { throttleTimeMs: 0, groups: described };
};

async function describe(
  groupId: string,
  stub: Stub<GroupCalls>,
  { apiVersion }: RequestContext,
): Promise<Described> {
  try {
    const { errorCode, group } = await stub.call('describeGroup', { groupId });
    if (errorCode !== ErrorCode.GROUP_ID_NOT_FOUND) return answer(groupId, errorCode, group);
    if (apiVersion < 6) return answer(groupId, ErrorCode.NONE, group);
    return { ...answer(groupId, errorCode, group), errorMessage: `Group ${groupId} not found.` };
  } catch (error) {
    const unknown = { groupState: '', protocolType: '', protocolData: '', members: [] };
    return answer(groupId, failureCode(error, ErrorCode.NOT_COORDINATOR), unknown);
  }
}

function answer(
  groupId: string,
  errorCode: number,
  group: GroupCalls['describeGroup']['reply']['group'],
): Described {
  const members = [...group.members];
  return { ...group, members, groupId, errorCode, errorMessage: null, authorizedOperations: 0 };
}
