/**
 * DescribeGroups: state, protocol and members of classic groups. The surprise: to describe a group
 * that does not exist is no error up to version 5; it is "Dead".
 *
 * Behaviour
 * - Metadata and assignments of members are shown while the group is Stable.
 * - To describe the group is asked for.
 * - Authorised operations are answered when asked for.
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
import { authorizedOperations, notAsked } from '../authorized-operations.ts';
import type { Handler, RequestContext } from '../context.ts';
import { failureCode } from '../failures.ts';
import { namedGroups } from '../named-groups.ts';
import { mayEach } from '../permissions.ts';

type Described = DescribeGroupsResponse['groups'][number];

export const handleDescribeGroups: Handler<DescribeGroupsRequest, DescribeGroupsResponse> = async (
  { groups, includeAuthorizedOperations },
  context,
) => {
  const mayDescribe = await mayEach(context, 'DESCRIBE', 'GROUP', groups);
  const groupOf = await namedGroups(groups.filter(mayDescribe), context);
  const described = await eachBounded(groups, async (groupId) => {
    if (!mayDescribe(groupId)) return answer(groupId, forbidden, unknown);
    const group = await describe(groupId, groupOf(groupId), context);
    if (!includeAuthorizedOperations || group.errorCode !== ErrorCode.NONE) return group;
    return {
      ...group,
      authorizedOperations: await authorizedOperations(context, 'GROUP', groupId),
    };
  });
  return { throttleTimeMs: 0, groups: described };
};

const forbidden = ErrorCode.GROUP_AUTHORIZATION_FAILED;
const unknown = { groupState: '', protocolType: '', protocolData: '', members: [] };

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
    return answer(groupId, failureCode(error, ErrorCode.NOT_COORDINATOR), unknown);
  }
}

function answer(
  groupId: string,
  errorCode: number,
  group: GroupCalls['describeGroup']['reply']['group'],
): Described {
  const members = [...group.members];
  const said = { errorCode, errorMessage: null, authorizedOperations: notAsked };
  return { ...group, members, groupId, ...said };
}
