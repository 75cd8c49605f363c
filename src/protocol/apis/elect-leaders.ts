/**
 * ElectLeaders: has partitions led by their preferred replica, or by any at all. The surprise: a
 * topic list that is null means every partition there is.
 *
 * Behaviour
 * - Election type 0 prefers the first replica, 1 takes one that may lack records.
 *
 * Versions
 * - 1 election type and an error of the whole (KIP-460)
 * - 2 flexible (KIP-482)
 */
import { api, array, type Infer, int8, int16, int32, string, struct } from '../schema.ts';

export const electLeaders = api(43, 'ElectLeaders', {
  versions: [0, 2],
  flexible: 2,
  request: {
    electionType: int8.since(1),
    topicPartitions: array(struct({ topic: string, partitions: array(int32) })).nullable(),
    timeoutMs: int32.default(60_000),
  },
  response: {
    throttleTimeMs: int32,
    errorCode: int16.since(1),
    replicaElectionResults: array(
      struct({
        topic: string,
        partitionResult: array(
          struct({ partitionId: int32, errorCode: int16, errorMessage: string.nullable() }),
        ),
      }),
    ),
  },
});

export interface ElectLeadersRequest extends Infer<typeof electLeaders.request.fields> {}
export interface ElectLeadersResponse extends Infer<typeof electLeaders.response.fields> {}
