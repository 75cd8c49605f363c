/**
 * DeleteAcls: removes every access control entry that matches one of the filters. The surprise: it
 * takes filters, not entries, so one line can empty the list.
 *
 * Versions
 * - 1 pattern types (KIP-290)
 * - 2 flexible (KIP-482)
 * - 3 resources that are users (KIP-373)
 */
import { api, array, type Infer, int8, int16, int32, string, struct } from '../schema.ts';

export const deleteAcls = api(31, 'DeleteAcls', {
  versions: [1, 3],
  flexible: 2,
  request: {
    filters: array(
      struct({
        resourceTypeFilter: int8,
        resourceNameFilter: string.nullable(),
        patternTypeFilter: int8.default(3),
        principalFilter: string.nullable(),
        hostFilter: string.nullable(),
        operation: int8,
        permissionType: int8,
      }),
    ),
  },
  response: {
    throttleTimeMs: int32,
    filterResults: array(
      struct({
        errorCode: int16,
        errorMessage: string.nullable(),
        matchingAcls: array(
          struct({
            errorCode: int16,
            errorMessage: string.nullable(),
            resourceType: int8,
            resourceName: string,
            patternType: int8.default(3),
            principal: string,
            host: string,
            operation: int8,
            permissionType: int8,
          }),
        ),
      }),
    ),
  },
});

export interface DeleteAclsRequest extends Infer<typeof deleteAcls.request.fields> {}
export interface DeleteAclsResponse extends Infer<typeof deleteAcls.response.fields> {}
