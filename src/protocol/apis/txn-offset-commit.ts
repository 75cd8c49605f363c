/**
 * TxnOffsetCommit: stores how far a group has read, as a part of a transaction. The surprise: it
 * goes to the group's coordinator, and from version 5 on it also makes the group a part of the
 * transaction.
 *
 * Behaviour
 * - The metadata is text of the client's own; null is stored as empty.
 *
 * Versions
 * - 1 the client throttles itself (KIP-219)
 * - 2 leader epoch (KIP-320)
 * - 3 member, generation and static members (KIP-447), flexible (KIP-482)
 * - 4 a transaction that can only be aborted has a code of its own (KIP-890)
 * - 5 adds the group to the transaction (KIP-890)
 * - 6 topics by id (KIP-1319)
 */
import { api, array, type Infer, int16, int32, int64, string, struct, uuid } from '../schema.ts';

export const txnOffsetCommit = api(28, 'TxnOffsetCommit', {
  versions: [0, 6],
  flexible: 3,
  request: {
    transactionalId: string,
    groupId: string,
    producerId: int64,
    producerEpoch: int16,
    generationIdOrMemberEpoch: int32.since(3).default(-1),
    memberId: string.since(3),
    groupInstanceId: string.since(3).nullable().default(null),
    topics: array(
      struct({
        name: string.until(5).ignorable(),
        topicId: uuid.since(6).ignorable(),
        partitions: array(
          struct({
            partitionIndex: int32,
            committedOffset: int64,
            committedLeaderEpoch: int32.since(2).default(-1).ignorable(),
            committedMetadata: string.nullable(),
          }),
        ),
      }),
    ),
  },
  response: {
    throttleTimeMs: int32,
    topics: array(
      struct({
        name: string.until(5).ignorable(),
        topicId: uuid.since(6).ignorable(),
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

export interface TxnOffsetCommitRequest extends Infer<typeof txnOffsetCommit.request.fields> {}
export interface TxnOffsetCommitResponse extends Infer<typeof txnOffsetCommit.response.fields> {}
