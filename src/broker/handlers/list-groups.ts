/**
 * ListGroups: every group there is, with its state. The surprise: the controller knows only names;
 * each group is asked for its own state, so this is a call for tools, not for consumers.
 *
 * Behaviour
 * - Only those are listed that the client may describe, or all to who may describe the cluster.
 * - Empty filters let everything through; both compare without regard to case.
 * - A group that cannot be reached is left out and the answer as a whole is
 *   COORDINATOR_NOT_AVAILABLE, which tools repeat.
 *
 * Versions
 * - 3: flexible · 4: filter by state (KIP-518) · 5: filter by type (KIP-848)
 */
import type { ListGroupsRequest, ListGroupsResponse } from '../../protocol/apis/list-groups.ts';
import { ErrorCode } from '../../protocol/errors.ts';
import { eachBounded } from '../../runtime/each-bounded.ts';
import type { Handler, RequestContext } from '../context.ts';
import { failureCode } from '../failures.ts';
import { mayEach, mayWithCluster } from '../permissions.ts';

type Listed = ListGroupsResponse['groups'][number];

export const handleListGroups: Handler<ListGroupsRequest, ListGroupsResponse> = async (
  { statesFilter, typesFilter },
  context,
) => {
  const { groupIds } = await context.objects.controller().call('listGroups', {});
  const mayList = await mayListEach(groupIds, context);
  const all = await eachBounded(groupIds.filter(mayList), (groupId) => list(groupId, context));
  const listed = all.filter((group) => typeof group === 'object');
  return {
    throttleTimeMs: 0,
    errorCode: all.find((group) => typeof group === 'number') ?? ErrorCode.NONE,
    groups: listed.filter(
      (group) => lets(statesFilter, group.groupState) && lets(typesFilter, group.groupType),
    ),
  };
};

/** To describe the cluster is to list all of its groups. */
async function mayListEach(
  groupIds: readonly string[],
  context: RequestContext,
): Promise<(groupId: string) => boolean> {
  if (await mayWithCluster(context, 'DESCRIBE')) return () => true;
  return mayEach(context, 'DESCRIBE', 'GROUP', groupIds);
}

/** Undefined for a group that is gone, a code for one that cannot be asked. */
async function list(
  groupId: string,
  { objects }: RequestContext,
): Promise<Listed | number | undefined> {
  try {
    const { errorCode, group } = await objects.group(groupId).call('listGroup', { groupId });
    if (errorCode !== ErrorCode.NONE) return errorCode;
    return group === null ? undefined : { groupId, ...group };
  } catch (error) {
    return failureCode(error, ErrorCode.COORDINATOR_NOT_AVAILABLE);
  }
}

function lets(filter: readonly string[], value: string): boolean {
  const wanted = value.toLowerCase();
  return filter.length === 0 || filter.some((each) => each.toLowerCase() === wanted);
}
