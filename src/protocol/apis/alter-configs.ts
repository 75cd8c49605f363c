/**
 * AlterConfigs: gives topics, brokers and others a whole new set of configs. The surprise: what the
 * request does not name goes back to its default, which is why IncrementalAlterConfigs followed.
 *
 * Behaviour
 * - Resource type 2 is a topic, 4 a broker, 8 a broker logger, 16 client metrics, 32 a group.
 *
 * Versions
 * - 1 the client throttles itself (KIP-219)
 * - 2 flexible (KIP-482)
 */
import { api, array, boolean, type Infer, int8, int16, int32, string, struct } from '../schema.ts';

export const alterConfigs = api(33, 'AlterConfigs', {
  versions: [0, 2],
  flexible: 2,
  request: {
    resources: array(
      struct({
        resourceType: int8,
        resourceName: string,
        configs: array(
          struct({
            name: string,
            value: string.nullable(),
          }),
        ),
      }),
    ),
    validateOnly: boolean,
  },
  response: {
    throttleTimeMs: int32,
    responses: array(
      struct({
        errorCode: int16,
        errorMessage: string.nullable(),
        resourceType: int8,
        resourceName: string,
      }),
    ),
  },
});

export interface AlterConfigsRequest extends Infer<typeof alterConfigs.request.fields> {}
export interface AlterConfigsResponse extends Infer<typeof alterConfigs.response.fields> {}
