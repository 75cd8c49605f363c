/**
 * DescribeClientQuotas: the quotas that were set for users, client ids and addresses. The surprise:
 * a null name is an entity of its own, the default of its kind.
 *
 * Behaviour
 * - Match type 0 is an exact name, 1 the default, 2 any name.
 *
 * Versions
 * - 0 KIP-546
 * - 1 flexible (KIP-482)
 */
import {
  api,
  array,
  boolean,
  float64,
  type Infer,
  int8,
  int16,
  int32,
  string,
  struct,
} from '../schema.ts';

export const describeClientQuotas = api(48, 'DescribeClientQuotas', {
  versions: [0, 1],
  flexible: 1,
  request: {
    components: array(struct({ entityType: string, matchType: int8, match: string.nullable() })),
    strict: boolean,
  },
  response: {
    throttleTimeMs: int32,
    errorCode: int16,
    errorMessage: string.nullable(),
    entries: array(
      struct({
        entity: array(struct({ entityType: string, entityName: string.nullable() })),
        values: array(struct({ key: string, value: float64 })),
      }),
    ).nullable(),
  },
});

export interface DescribeClientQuotasRequest
  extends Infer<typeof describeClientQuotas.request.fields> {}
export interface DescribeClientQuotasResponse
  extends Infer<typeof describeClientQuotas.response.fields> {}
