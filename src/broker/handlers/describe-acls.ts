/**
 * DescribeAcls: which access control entries match. The surprise: without an authorizer there are
 * no entries and no way to say so but an error, which tools read as "switched off".
 *
 * Behaviour
 * - To describe the cluster is asked for. Without an authorizer: SECURITY_DISABLED.
 * - A filter may ask for all that speak of a name (MATCH): by itself, by its beginning, or by `*`.
 *
 * Versions
 * - 1: pattern types (KIP-290) · 2: flexible (KIP-482) · 3: resources that are users (KIP-373)
 */
import type {
  DescribeAclsRequest,
  DescribeAclsResponse,
} from '../../protocol/apis/describe-acls.ts';
import { filterOf, noAuthorizer } from '../acl-requests.ts';
import type { Handler } from '../context.ts';
import { demandOfCluster } from '../permissions.ts';

export const handleDescribeAcls: Handler<DescribeAclsRequest, DescribeAclsResponse> = async (
  request,
  context,
) => {
  const filter = filterOf(request);
  await demandOfCluster(context, 'DESCRIBE');
  if (context.acls === null) return { throttleTimeMs: 0, ...noAuthorizer, resources: [] };
  const { acls } = await context.objects.controller().call('describeAcls', filter);
  const byResource = Map.groupBy(acls, ({ resourceType, resourceName, patternType }) =>
    JSON.stringify([resourceType, resourceName, patternType]),
  );
  const resources = Array.from(byResource.values(), (entries) => ({
    resourceType: entries[0].resourceType,
    resourceName: entries[0].resourceName,
    patternType: entries[0].patternType,
    acls: entries.map(({ principal, host, operation, permissionType }) => {
      return { principal, host, operation, permissionType };
    }),
  }));
  return { throttleTimeMs: 0, errorCode: 0, errorMessage: null, resources };
};
