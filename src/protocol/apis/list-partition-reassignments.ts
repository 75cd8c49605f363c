/**
 * ListPartitionReassignments: the partitions whose replicas are being moved. The surprise: what is
 * not being moved is left out, even when it was asked for by name.
 *
 * Versions
 * - 0 KIP-455
 */
import { api, array, type Infer, int16, int32, string, struct } from '../schema.ts';

export const listPartitionReassignments = api(46, 'ListPartitionReassignments', {
  versions: [0, 0],
  flexible: 0,
  request: {
    timeoutMs: int32.default(60_000),
    topics: array(struct({ name: string, partitionIndexes: array(int32) }))
      .nullable()
      .default(null),
  },
  response: {
    throttleTimeMs: int32,
    errorCode: int16,
    errorMessage: string.nullable(),
    topics: array(
      struct({
        name: string,
        partitions: array(
          struct({
            partitionIndex: int32,
            replicas: array(int32),
            addingReplicas: array(int32),
            removingReplicas: array(int32),
          }),
        ),
      }),
    ),
  },
});

export interface ListPartitionReassignmentsRequest
  extends Infer<typeof listPartitionReassignments.request.fields> {}
export interface ListPartitionReassignmentsResponse
  extends Infer<typeof listPartitionReassignments.response.fields> {}
