/**
 * ShareAcknowledge: what became of records that a member of a share group holds. The surprise: its
 * epoch is that of the session that ShareFetch opened on the same connection.
 *
 * Behaviour
 * - To read in the group is asked for, and to read each topic.
 * - Epoch 0 is INVALID_SHARE_SESSION_EPOCH; -1 acknowledges and then gives back all that is held.
 * - All that is said of a partition takes effect, or none of it.
 * - A group that never fetched from a partition has nothing to acknowledge there:
 *   UNKNOWN_TOPIC_OR_PARTITION.
 *
 * Versions
 * - 1: the first (KIP-932) · 2: locks that are renewed (KIP-1222)
 */
import type {
  ShareAcknowledgeRequest,
  ShareAcknowledgeResponse,
} from '../../protocol/apis/share-acknowledge.ts';
import { ErrorCode, KafkaError } from '../../protocol/errors.ts';
import type { Handler } from '../context.ts';
import { ShareAcknowledgements } from '../share-acknowledgements.ts';
import { byTopic, lockDurationOf, memberOf, noLeader, settingsOf } from '../share-request.ts';
import { finalEpoch } from '../share-sessions.ts';

export const handleShareAcknowledge: Handler<
  ShareAcknowledgeRequest,
  ShareAcknowledgeResponse
> = async (request, context) => {
  const { groupId, memberId } = await memberOf(request, context);
  const { shareSessionEpoch: epoch } = request;
  const { shareSessions } = context;
  if (epoch === 0) throw new KafkaError(ErrorCode.INVALID_SHARE_SESSION_EPOCH);
  const session =
    epoch === finalEpoch
      ? shareSessions.get(groupId, memberId)
      : shareSessions.next(groupId, memberId, epoch);
  const acknowledgements = new ShareAcknowledgements(request, context);
  const settings = await settingsOf(groupId, context);
  await acknowledgements.send({ groupId, memberId, settings });
  if (epoch === finalEpoch) await shareSessions.close(session);
  const partitions = [...acknowledgements.results.values()].map(
    ({ topicId, partition: partitionIndex, result }) => ({
      topicId,
      partition: { partitionIndex, ...result, currentLeader: noLeader },
    }),
  );
  return {
    throttleTimeMs: 0,
    errorCode: ErrorCode.NONE,
    errorMessage: null,
    acquisitionLockTimeoutMs: await lockDurationOf(groupId, context),
    responses: byTopic(partitions),
    nodeEndpoints: [],
  };
};
