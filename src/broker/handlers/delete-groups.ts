/**
 * DeleteGroups: removes groups with their committed offsets (KIP-229). The surprise: only groups
 * without members go; nobody is put out.
 *
 * Behaviour
 * - To delete the group is asked for.
 * - A group with members: NON_EMPTY_GROUP. One that does not exist: GROUP_ID_NOT_FOUND. A name
 *   given twice counts once.
 * - A share group goes when every partition has forgotten it; what failed half way is finished by
 *   asking again.
 *
 * Versions
 * - 2: flexible · 3: messages, which are for failures Kedge does not have
 */
import type { GroupCalls } from '../../core/group/commands.ts';
import type {
  DeleteGroupsRequest,
  DeleteGroupsResponse,
} from '../../protocol/apis/delete-groups.ts';
import { ErrorCode } from '../../protocol/errors.ts';
import { eachBounded } from '../../runtime/each-bounded.ts';
import type { Stub } from '../../runtime/stubs.ts';
import type { Handler, RequestContext } from '../context.ts';
import { failureCode } from '../failures.ts';
import { namedGroups } from '../named-groups.ts';
import { mayEach } from '../permissions.ts';
import { forgetPartitions } from '../share-states.ts';

export const handleDeleteGroups: Handler<DeleteGroupsRequest, DeleteGroupsResponse> = async (
  { groupsNames },
  context,
) => {
  const named = [...new Set(groupsNames)];
  const mayDelete = await mayEach(context, 'DELETE', 'GROUP', named);
  const groupIds = named.filter(mayDelete);
  const groupOf = await namedGroups(groupIds, context);
  const results = await eachBounded(groupIds, async (groupId) => ({
    groupId,
    errorCode: await remove(groupId, groupOf(groupId), context),
    errorMessage: null,
  }));
  const errorCode = ErrorCode.GROUP_AUTHORIZATION_FAILED;
  const forbidden = named.filter((groupId) => !mayDelete(groupId));
  const refused = forbidden.map((groupId) => ({ groupId, errorCode, errorMessage: null }));
  return { throttleTimeMs: 0, results: [...results, ...refused] };
};

async function remove(
  groupId: string,
  group: Stub<GroupCalls>,
  { objects }: RequestContext,
): Promise<number> {
  try {
    const { errorCode, toForget } = await group.call('deleteGroup', { groupId });
    if (toForget.length === 0) return errorCode;
    const [failed] = (await forgetPartitions(groupId, toForget, objects)).values();
    return failed ?? (await group.call('deleteGroup', { groupId })).errorCode;
  } catch (error) {
    return failureCode(error, ErrorCode.NOT_COORDINATOR);
  }
}
