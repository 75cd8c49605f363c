/**
 * DeleteAcls: removes access control entries, and says which. The surprise: an entry that two
 * filters match is answered for both; without an authorizer each filter is refused, and a request
 * without any succeeds.
 *
 * Behaviour
 * - To alter the cluster is asked for. Without an authorizer: SECURITY_DISABLED.
 *
 * Versions
 * - 1: pattern types (KIP-290) · 2: flexible (KIP-482) · 3: resources that are users (KIP-373)
 */
import type { DeleteAclsRequest, DeleteAclsResponse } from '../../protocol/apis/delete-acls.ts';
import { filterOf, noAuthorizer } from '../acl-requests.ts';
import type { Handler } from '../context.ts';
import { demandOfCluster } from '../permissions.ts';

export const handleDeleteAcls: Handler<DeleteAclsRequest, DeleteAclsResponse> = async (
  request,
  context,
) => {
  const { acls: known, objects } = context;
  const filters = request.filters.map(filterOf);
  await demandOfCluster(context, 'ALTER');
  if (known === null) {
    const filterResults = filters.map(() => ({ ...noAuthorizer, matchingAcls: [] }));
    return { throttleTimeMs: 0, filterResults };
  }
  const { results } = await objects.controller().call('deleteAcls', { filters });
  known.changed();
  const filterResults = results.map(({ acls, ...result }) => ({
    ...result,
    matchingAcls: acls.map((acl) => ({ errorCode: 0, errorMessage: null, ...acl })),
  }));
  return { throttleTimeMs: 0, filterResults };
};
