/**
 * CreateAcls: adds access control entries. The surprise: an entry that is there already is made
 * again without complaint; without an authorizer each is refused, and a request for none succeeds.
 *
 * Behaviour
 * - To alter the cluster is asked for. Without an authorizer: SECURITY_DISABLED.
 * - Each entry is accepted or refused by itself, with Kafka's words.
 * - This gateway goes by them at once, those that watch the controller as soon as they hear of it,
 *   any other within a minute.
 *
 * Versions
 * - 1: pattern types (KIP-290) · 2: flexible (KIP-482) · 3: resources that are users (KIP-373)
 */
import type { CreateAclsRequest, CreateAclsResponse } from '../../protocol/apis/create-acls.ts';
import { checkNumbers, noAuthorizer } from '../acl-requests.ts';
import type { Handler } from '../context.ts';
import { demandOfCluster } from '../permissions.ts';

export const handleCreateAcls: Handler<CreateAclsRequest, CreateAclsResponse> = async (
  { creations },
  context,
) => {
  const { acls: known, objects } = context;
  const acls = creations.map(({ resourcePatternType: patternType, ...acl }) => {
    checkNumbers({ ...acl, patternType });
    return { ...acl, patternType };
  });
  await demandOfCluster(context, 'ALTER');
  if (known === null) return { throttleTimeMs: 0, results: creations.map(() => noAuthorizer) };
  const { results } = await objects.controller().call('createAcls', { acls });
  known.changed();
  return { throttleTimeMs: 0, results: [...results] };
};
