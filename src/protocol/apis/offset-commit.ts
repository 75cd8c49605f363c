/**
 * OffsetCommit: stores how far a group has read. The surprise: generation -1 with no member id is
 * allowed, for consumers that are not members of a group but keep their offsets in one.
 *
 * Behaviour
 * - The metadata is text of the client's own; null is stored as empty.
 *
 * Versions
 * - 2 retention time
 * - 3 throttle time (KIP-124)
 * - 4 the client throttles itself (KIP-219)
 * - 5 no more retention time (KIP-211)
 * - 6 leader epoch (KIP-320)
 * - 7 static members (KIP-345)
 * - 8 flexible (KIP-482)
 * - 9 members of the new protocol (KIP-848)
 * - 10 topics by id (KIP-848)
 */
import { api, array, type Infer, int16, int32, int64, string, struct, uuid } from '../schema.ts';

export const offsetCommit = api(8, 'OffsetCommit', {
  versions: [2, 10],
  flexible: 8,
  request: {
    groupId: string,
    generationIdOrMemberEpoch: int32.default(-1),
    memberId: string,
    groupInstanceId: string.since(7).nullable().default(null),
    retentionTimeMs: int64.until(4).default(-1).ignorable(),
    topics: array(
      struct({
        name: string.until(9).ignorable(),
        topicId: uuid.since(10).ignorable(),
        partitions: array(
          struct({
            partitionIndex: int32,
            committedOffset: int64,
            committedLeaderEpoch: int32.since(6).default(-1).ignorable(),
            committedMetadata: string.nullable(),
          }),
        ),
      }),
    ),
  },
  response: {
    throttleTimeMs: int32.since(3).ignorable(),
    topics: array(
      struct({
        name: string.until(9).ignorable(),
        topicId: uuid.since(10).ignorable(),
        partitions: array(
          struct({
            partitionIndex: int32,
            errorCode: int16,
          }),
        ),
      }),
    ),
  },
});

export interface OffsetCommitRequest extends Infer<typeof offsetCommit.request.fields> {}
export interface OffsetCommitResponse extends Infer<typeof offsetCommit.response.fields> {}
