/**
 * DeleteGroups: removes groups with their committed offsets (KIP-229). The surprise: only groups
 * without members go; nobody is put out.
 *
 * Behaviour
 * - A group with members: NON_EMPTY_GROUP. One that does not exist: GROUP_ID_NOT_FOUND. A name
 *   given twice counts once.
 *
 * Versions
 * - 2: flexible
 */
import type {
  DeleteGroupsRequest,
  DeleteGroupsResponse,
} from '../../protocol/apis/delete-groups.ts';
import { ErrorCode } from '../../protocol/errors.ts';
import type { Handler, RequestContext } from '../context.ts';
import { eachBounded } from '../each-bounded.ts';
import { failureCode } from '../failures.ts';

export const handleDeleteGroups: Handler<DeleteGroupsRequest, DeleteGroupsResponse> = async (
  { groupsNames },
  context,
) => {
  const groupIds = [...new Set(groupsNames)];
  const results = await eachBounded(groupIds, async (groupId) => ({
    groupId,
    errorCode: await remove(groupId, context),
  }));
  return { throttleTimeMs: 0, results };
};

async function remove(groupId: string, { objects }: RequestContext): Promise<number> {
  try {
    return (await objects.group(groupId).call('deleteGroup', { groupId })).errorCode;
  } catch (error) {
    return failureCode(error, ErrorCode.NOT_COORDINATOR);
  }
}
