/**
 * ShareGroupHeartbeat: carries a member's word to its share group and the group's back. The
 * surprise: when a topic has grown, it is this gateway that lets the group begin in the partitions
 * that are new; the group gives them to members after that.
 *
 * Behaviour
 * - To read in the group is asked for, and to describe the topics that the member reads.
 * - What no group would take is INVALID_REQUEST here: a member id that is empty or longer than 36
 *   characters, other empty ids, a first request that reads nothing, an epoch that means nothing.
 * - FENCED_MEMBER_EPOCH and UNKNOWN_MEMBER_ID mean: give everything up and join again.
 *   GROUP_ID_NOT_FOUND: there is no group yet, or one of another kind. GROUP_MAX_SIZE_REACHED.
 *
 * Versions
 * - 1 only
 */
import type { VouchedMember } from '../../core/group/commands.ts';
import { Epoch } from '../../core/group/modern-group.ts';
import type {
  ShareGroupHeartbeatRequest,
  ShareGroupHeartbeatResponse,
} from '../../protocol/apis/share-group-heartbeat.ts';
import { ErrorCode, KafkaError } from '../../protocol/errors.ts';
import type { Handler } from '../context.ts';
import { answerHeartbeat, isBlank } from '../modern-heartbeat.ts';
import { demand, demandEach } from '../permissions.ts';
import { longestMemberId } from '../share-request.ts';
import { startPartitions } from '../share-states.ts';

type Request = ShareGroupHeartbeatRequest;

export const handleShareGroupHeartbeat: Handler<Request, ShareGroupHeartbeatResponse> = async (
  request,
  context,
) => {
  await demand(context, 'READ', 'GROUP', request.groupId);
  checkMemberId(request);
  await demandEach(context, 'DESCRIBE', 'TOPIC', request.subscribedTopicNames ?? []);
  check(request);
  const { clientId, clientHost, metadata, objects } = context;
  const { groupId } = request;
  return answerHeartbeat(request, routineOf(request), context, async () => {
    const { toStart, ...reply } = await objects.group(groupId).call('shareGroupHeartbeat', {
      ...request,
      clientId: clientId ?? '',
      clientHost,
      topicsChangedAtMs: metadata.changedAt,
    });
    const isUnsettled = toStart.length > 0;
    if (isUnsettled) await startPartitions(groupId, toStart, objects);
    return { reply, isUnsettled };
  });
};

/** The member that says no more than that it lives. */
function routineOf(request: Request): VouchedMember | undefined {
  const { memberId, memberEpoch, rackId, subscribedTopicNames } = request;
  const saysMore = rackId !== null || subscribedTopicNames !== null;
  if (saysMore || memberEpoch <= Epoch.JOIN) return undefined;
  return { protocol: 'share', memberId, groupInstanceId: null, epoch: memberEpoch };
}

/** Throws INVALID_REQUEST. */
function checkMemberId({ memberId }: Request): void {
  if (isBlank(memberId) || memberId.length > longestMemberId) {
    throw invalid('Invalid member id in the request.');
  }
}

/** Throws INVALID_REQUEST. */
function check({ groupId, memberEpoch, rackId, subscribedTopicNames }: Request): void {
  if (isBlank(groupId)) throw invalid("GroupId can't be empty.");
  if (isBlank(rackId)) throw invalid("RackId can't be empty.");
  if (memberEpoch === Epoch.JOIN && !subscribedTopicNames?.length) {
    throw invalid('SubscribedTopicNames must be set in first request.');
  }
  if (memberEpoch < Epoch.LEAVE) throw invalid('MemberEpoch is invalid.');
}

function invalid(what: string): KafkaError {
  return new KafkaError(ErrorCode.INVALID_REQUEST, what);
}
