/**
 * DescribeAcls: the access control entries that match a filter. The surprise: a null filter matches
 * everything, and 1 is ANY in every kind of code.
 *
 * Versions
 * - 1 pattern types (KIP-290)
 * - 2 flexible (KIP-482)
 * - 3 resources that are users (KIP-373)
 */
import { api, array, type Infer, int8, int16, int32, string, struct } from '../schema.ts';

export const describeAcls = api(29, 'DescribeAcls', {
  versions: [1, 3],
  flexible: 2,
  request: {
    resourceTypeFilter: int8,
    resourceNameFilter: string.nullable(),
    patternTypeFilter: int8.default(3),
    principalFilter: string.nullable(),
    hostFilter: string.nullable(),
    operation: int8,
    permissionType: int8,
  },
  response: {
    throttleTimeMs: int32,
    errorCode: int16,
    errorMessage: string.nullable(),
    resources: array(
      struct({
        resourceType: int8,
        resourceName: string,
        patternType: int8.default(3),
        acls: array(
          struct({ principal: string, host: string, operation: int8, permissionType: int8 }),
        ),
      }),
    ),
  },
});

export interface DescribeAclsRequest extends Infer<typeof describeAcls.request.fields> {}
export interface DescribeAclsResponse extends Infer<typeof describeAcls.response.fields> {}
