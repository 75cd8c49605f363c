/**
 * CreateAcls: adds access control entries. The surprise: each result belongs to the entry at the
 * same place of the request and does not name it.
 *
 * Versions
 * - 1 pattern types (KIP-290)
 * - 2 flexible (KIP-482)
 * - 3 resources that are users (KIP-373)
 */
import { api, array, type Infer, int8, int16, int32, string, struct } from '../schema.ts';

export const createAcls = api(30, 'CreateAcls', {
  versions: [1, 3],
  flexible: 2,
  request: {
    creations: array(
      struct({
        resourceType: int8,
        resourceName: string,
        resourcePatternType: int8.default(3),
        principal: string,
        host: string,
        operation: int8,
        permissionType: int8,
      }),
    ),
  },
  response: {
    throttleTimeMs: int32,
    results: array(struct({ errorCode: int16, errorMessage: string.nullable() })),
  },
});

export interface CreateAclsRequest extends Infer<typeof createAcls.request.fields> {}
export interface CreateAclsResponse extends Infer<typeof createAcls.response.fields> {}
