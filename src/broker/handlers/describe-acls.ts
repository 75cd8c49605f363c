/**
 * DescribeAcls: which access control entries match. The surprise: without an authorizer there are
 * no entries and no way to say so but an error, which tools read as "switched off".
 *
 * Versions
 * - 1: pattern types (KIP-290) · 2: flexible (KIP-482) · 3: resources that are users (KIP-373)
 */
import type {
  DescribeAclsRequest,
  DescribeAclsResponse,
} from '../../protocol/apis/describe-acls.ts';
import type { Handler } from '../context.ts';
import { noAuthorizer } from '../no-authorizer.ts';

export const handleDescribeAcls: Handler<DescribeAclsRequest, DescribeAclsResponse> = async () => ({
  throttleTimeMs: 0,
  ...noAuthorizer,
  resources: [],
});
