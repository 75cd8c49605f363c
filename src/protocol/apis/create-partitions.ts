/**
 * CreatePartitions: adds partitions to topics (KIP-195). The surprise: `count` is the new total,
 * not how many to add.
 *
 * Behaviour
 * - Partitions are never taken away: a count that is not larger is INVALID_PARTITIONS.
 *
 * Versions
 * - 1 the client throttles itself (KIP-219)
 * - 2 flexible (KIP-482)
 * - 3 THROTTLING_QUOTA_EXCEEDED (KIP-599)
 */
import { api, array, boolean, type Infer, int16, int32, string, struct } from '../schema.ts';

export const createPartitions = api(37, 'CreatePartitions', {
  versions: [0, 3],
  flexible: 2,
  request: {
    topics: array(
      struct({
        name: string,
        count: int32,
        assignments: array(
          struct({
            brokerIds: array(int32),
          }),
        ).nullable(),
      }),
    ),
    timeoutMs: int32,
    validateOnly: boolean,
  },
  response: {
    throttleTimeMs: int32,
    results: array(
      struct({
        name: string,
        errorCode: int16,
        errorMessage: string.nullable().default(null),
      }),
    ),
  },
});

export interface CreatePartitionsRequest extends Infer<typeof createPartitions.request.fields> {}
export interface CreatePartitionsResponse extends Infer<typeof createPartitions.response.fields> {}
