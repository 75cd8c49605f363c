/**
 * ListOffsets: the offset of a point in time, or of the beginning or the end. The surprise:
 * negative timestamps are not times but questions, and each was added by its own version.
 *
 * Behaviour
 * - -1 the end (the last stable offset with read_committed), -2 the log start, -3 the record with
 *   the largest timestamp, -4 the start of the local log, -5 the end of the tiered log, -6 the
 *   first offset not yet tiered.
 * - kafka-python 3 sends replica id 0: no reader is taken for a follower.
 *
 * Versions
 * - 1 one offset for one timestamp (KIP-79)
 * - 2 isolation level (KIP-98)
 * - 3 the client throttles itself (KIP-219)
 * - 4 leader epochs (KIP-320)
 * - 5 OFFSET_NOT_AVAILABLE (KIP-207)
 * - 6 flexible (KIP-482)
 * - 7 -3 (KIP-734)
 * - 8 -4 (KIP-405)
 * - 9 -5 (KIP-1005)
 * - 10 timeout of remote look-ups (KIP-1075)
 * - 11 -6 (KIP-1023)
 */
import { api, array, type Infer, int8, int16, int32, int64, string, struct } from '../schema.ts';

export const listOffsets = api(2, 'ListOffsets', {
  versions: [1, 11],
  flexible: 6,
  request: {
    replicaId: int32,
    isolationLevel: int8.since(2),
    topics: array(
      struct({
        name: string,
        partitions: array(
          struct({
            partitionIndex: int32,
            currentLeaderEpoch: int32.since(4).default(-1).ignorable(),
            timestamp: int64,
          }),
        ),
      }),
    ),
    timeoutMs: int32.since(10).ignorable(),
  },
  response: {
    throttleTimeMs: int32.since(2).ignorable(),
    topics: array(
      struct({
        name: string,
        partitions: array(
          struct({
            partitionIndex: int32,
            errorCode: int16,
            timestamp: int64.default(-1),
            offset: int64.default(-1),
            leaderEpoch: int32.since(4).default(-1),
          }),
        ),
      }),
    ),
  },
});

export interface ListOffsetsRequest extends Infer<typeof listOffsets.request.fields> {}
export interface ListOffsetsResponse extends Infer<typeof listOffsets.response.fields> {}
