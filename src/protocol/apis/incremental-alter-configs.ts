/**
 * IncrementalAlterConfigs: changes single configs of topics, brokers and others, and leaves the
 * rest as they are (KIP-339). The surprise: each change says by a number what is to be done.
 *
 * Behaviour
 * - Operation 0 sets, 1 deletes, 2 appends to and 3 subtracts from a list.
 * - Resource type 2 is a topic, 4 a broker, 8 a broker logger, 16 client metrics, 32 a group.
 *
 * Versions
 * - 1 flexible (KIP-482)
 */
import { api, array, boolean, type Infer, int8, int16, int32, string, struct } from '../schema.ts';

export const incrementalAlterConfigs = api(44, 'IncrementalAlterConfigs', {
  versions: [0, 1],
  flexible: 1,
  request: {
    resources: array(
      struct({
        resourceType: int8,
        resourceName: string,
        configs: array(
          struct({
            name: string,
            configOperation: int8,
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

export interface IncrementalAlterConfigsRequest
  extends Infer<typeof incrementalAlterConfigs.request.fields> {}
export interface IncrementalAlterConfigsResponse
  extends Infer<typeof incrementalAlterConfigs.response.fields> {}
