/**
 * AlterPartitionReassignments: moves replicas to other brokers, or stops doing so. The surprise:
 * null replicas are the way to cancel, and no list at all the way to ask for nothing.
 *
 * Versions
 * - 0 KIP-455
 * - 1 whether the number of replicas may change (KIP-860)
 */
import { api, array, boolean, type Infer, int16, int32, string, struct } from '../schema.ts';

export const alterPartitionReassignments = api(45, 'AlterPartitionReassignments', {
  versions: [0, 1],
  flexible: 0,
  request: {
    timeoutMs: int32.default(60_000),
    allowReplicationFactorChange: boolean.since(1).default(true),
    topics: array(
      struct({
        name: string,
        partitions: array(
          struct({ partitionIndex: int32, replicas: array(int32).nullable().default(null) }),
        ),
      }),
    ),
  },
  response: {
    throttleTimeMs: int32,
    allowReplicationFactorChange: boolean.since(1).default(true).ignorable(),
    errorCode: int16,
    errorMessage: string.nullable(),
    responses: array(
      struct({
        name: string,
        partitions: array(
          struct({ partitionIndex: int32, errorCode: int16, errorMessage: string.nullable() }),
        ),
      }),
    ),
  },
});

export interface AlterPartitionReassignmentsRequest
  extends Infer<typeof alterPartitionReassignments.request.fields> {}
export interface AlterPartitionReassignmentsResponse
  extends Infer<typeof alterPartitionReassignments.response.fields> {}
