/**
 * AlterClientQuotas: sets and removes quotas of users, client ids and addresses. The surprise: a
 * null name is the default of its kind.
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
  int16,
  int32,
  string,
  struct,
} from '../schema.ts';

export const alterClientQuotas = api(49, 'AlterClientQuotas', {
  versions: [0, 1],
  flexible: 1,
  request: {
    entries: array(
      struct({
        entity: array(struct({ entityType: string, entityName: string.nullable() })),
        ops: array(struct({ key: string, value: float64, remove: boolean })),
      }),
    ),
    validateOnly: boolean,
  },
  response: {
    throttleTimeMs: int32,
    entries: array(
      struct({
        errorCode: int16,
        errorMessage: string.nullable(),
        entity: array(struct({ entityType: string, entityName: string.nullable() })),
      }),
    ),
  },
});

export interface AlterClientQuotasRequest extends Infer<typeof alterClientQuotas.request.fields> {}
export interface AlterClientQuotasResponse
  extends Infer<typeof alterClientQuotas.response.fields> {}
