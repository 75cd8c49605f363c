/**
 * TxnOffsetCommit: remembers how far a group has read, once the transaction is committed. The
 * surprise: who asks need be no member of the group; producers older than KIP-447 cannot say that
 * they are.
 *
 * Behaviour
 * - To write with the transactional id is asked for, to read in the group, and to read each topic.
 * - Partitions that do not exist: UNKNOWN_TOPIC_OR_PARTITION. An id that no topic
 *   has: UNKNOWN_TOPIC_ID. If no partition is left, the group is not asked.
 * - The group asks the transaction's coordinator whether it is part of it, before the first offsets
 *   of a transaction, and only then looks at the member.
 *
 * Versions
 * - 0, 1: COORDINATOR_NOT_AVAILABLE instead of COORDINATOR_LOAD_IN_PROGRESS, which the clients of
 *   that time did not survive
 * - 3: generation and member (KIP-447), flexible · 4: TRANSACTION_ABORTABLE (KIP-890), before it
 *   INVALID_TXN_STATE · 5: adds the group to the transaction (KIP-890)
 * - 6: topics by id, STALE_MEMBER_EPOCH (KIP-1319), before it ILLEGAL_GENERATION
 */
import type {
  TxnOffsetCommitRequest,
  TxnOffsetCommitResponse,
} from '../../protocol/apis/txn-offset-commit.ts';
import { ErrorCode } from '../../protocol/errors.ts';
import { commitExisting } from '../committable-offsets.ts';
import type { Handler } from '../context.ts';
import { demand } from '../permissions.ts';
import { abortableCode } from '../transaction-codes.ts';

export const handleTxnOffsetCommit: Handler<
  TxnOffsetCommitRequest,
  TxnOffsetCommitResponse
> = async (request, context) => {
  const { apiVersion, objects } = context;
  const { groupId, transactionalId, producerId, producerEpoch } = request;
  await demand(context, 'WRITE', 'TRANSACTIONAL_ID', transactionalId);
  await demand(context, 'READ', 'GROUP', groupId);
  const topics = await commitExisting(request.topics, context, async (existing) => {
    const reply = await objects.group(groupId).call('commitTransactionalOffsets', {
      groupId,
      transactionalId,
      producerId,
      producerEpoch,
      addsGroup: apiVersion >= 5,
      generationId: request.generationIdOrMemberEpoch,
      memberId: request.memberId,
      groupInstanceId: request.groupInstanceId,
      topics: existing,
    });
    return { ...reply, errorCode: codeFor(apiVersion, reply.errorCode) };
  });
  return { throttleTimeMs: 0, topics };
};

/** A code that clients of this version know. */
function codeFor(apiVersion: number, errorCode: number): number {
  if (errorCode === ErrorCode.COORDINATOR_LOAD_IN_PROGRESS && apiVersion < 2) {
    return ErrorCode.COORDINATOR_NOT_AVAILABLE;
  }
  if (errorCode === ErrorCode.STALE_MEMBER_EPOCH && apiVersion < 6) {
    return ErrorCode.ILLEGAL_GENERATION;
  }
  return abortableCode(errorCode, apiVersion, 4);
}
