/**
 * DeleteGroups: removes groups with their committed offsets (KIP-229). The surprise: only groups
 * without members go; nobody is put out.
 *
 * Behaviour
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
import { forgetPartitions } from '../share-states.ts';

export const handleDeleteGroups: Handler<DeleteGroupsRequest, DeleteGroupsResponse> = async (
  { groupsNames },
  context,
) => {
  const groupIds = [...new Set(groupsNames)];
  const groupOf = await namedGroups(groupIds, context);
  const results = await eachBounded(groupIds, async (groupId) => ({
    groupId,
    errorCode: await remove(groupId, groupOf(groupId), context),
    errorMessage: null,
  }));
  return { throttleTimeMs: 0, results };
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
