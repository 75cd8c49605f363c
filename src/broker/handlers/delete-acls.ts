/**
 * DeleteAcls: removes access control entries. The surprise: without an authorizer each filter is
 * refused by itself, and a request without any succeeds.
 *
 * Versions
 * - 1: pattern types (KIP-290) · 2: flexible (KIP-482) · 3: resources that are users (KIP-373)
 */
import type { DeleteAclsRequest, DeleteAclsResponse } from '../../protocol/apis/delete-acls.ts';
import type { Handler } from '../context.ts';
import { noAuthorizer } from '../no-authorizer.ts';

export const handleDeleteAcls: Handler<DeleteAclsRequest, DeleteAclsResponse> = async ({
  filters,
}) => ({
  throttleTimeMs: 0,
  filterResults: filters.map(() => ({ ...noAuthorizer, matchingAcls: [] })),
});
