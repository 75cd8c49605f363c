/**
 * OffsetFetch: how far groups have read. The surprise: a partition without a committed offset is
 * not an error; it answers offset -1, empty metadata and NONE.
 *
 * Behaviour
 * - Null topics ask for all, from version 2 on.
 * - From version 8 the answer is a list of groups, each with its own error; before, one group and
 *   one error.
 *
 * Versions
 * - 2 all topics, an error for the group (KIP-88)
 * - 3 throttle time (KIP-124)
 * - 4 the client throttles itself (KIP-219)
 * - 5 leader epoch (KIP-320)
 * - 6 flexible (KIP-482)
 * - 7 stable offsets only (KIP-447)
 * - 8 many groups (KIP-709)
 * - 9 member id and epoch (KIP-848)
 * - 10 topics by id (KIP-848)
 */
import {
  api,
  array,
  boolean,
  type Infer,
  int16,
  int32,
  int64,
  string,
  struct,
  uuid,
} from '../schema.ts';

export const offsetFetch = api(9, 'OffsetFetch', {
  versions: [1, 10],
  flexible: 6,
  request: {
    groupId: string.until(7),
    topics: array(
      struct({
        name: string,
        partitionIndexes: array(int32),
      }),
    )
      .until(7)
      .nullable(2),
    groups: array(
      struct({
        groupId: string,
        memberId: string.since(9).nullable().default(null).ignorable(),
        memberEpoch: int32.since(9).default(-1).ignorable(),
        topics: array(
          struct({
            name: string.until(9).ignorable(),
            topicId: uuid.since(10).ignorable(),
            partitionIndexes: array(int32),
          }),
        ).nullable(),
      }),
    ).since(8),
    requireStable: boolean.since(7),
  },
  response: {
    throttleTimeMs: int32.since(3).ignorable(),
    topics: array(
      struct({
        name: string,
        partitions: array(
          struct({
            partitionIndex: int32,
            committedOffset: int64,
            committedLeaderEpoch: int32.since(5).default(-1).ignorable(),
            metadata: string.nullable(),
            errorCode: int16,
          }),
        ),
      }),
    ).until(7),
    errorCode: int16.since(2).until(7).ignorable(),
    groups: array(
      struct({
        groupId: string,
        topics: array(
          struct({
            name: string.until(9).ignorable(),
            topicId: uuid.since(10).ignorable(),
            partitions: array(
              struct({
                partitionIndex: int32,
                committedOffset: int64,
                committedLeaderEpoch: int32.default(-1),
                metadata: string.nullable(),
                errorCode: int16,
              }),
            ),
          }),
        ),
        errorCode: int16,
      }),
    ).since(8),
  },
});

export interface OffsetFetchRequest extends Infer<typeof offsetFetch.request.fields> {}
export interface OffsetFetchResponse extends Infer<typeof offsetFetch.response.fields> {}
