/**
 * CreateAcls: adds access control entries. The surprise: without an authorizer each is refused by
 * itself, and a request for none succeeds.
 *
 * Versions
 * - 1: pattern types (KIP-290) · 2: flexible (KIP-482) · 3: resources that are users (KIP-373)
 */
import type { CreateAclsRequest, CreateAclsResponse } from '../../protocol/apis/create-acls.ts';
import type { Handler } from '../context.ts';
import { noAuthorizer } from '../no-authorizer.ts';

export const handleCreateAcls: Handler<CreateAclsRequest, CreateAclsResponse> = async ({
  creations,
}) => ({ throttleTimeMs: 0, results: creations.map(() => noAuthorizer) });
