/**
 * ConsumerGroupHeartbeat: carries a member's word to its group and the group's back. The surprise:
 * the gateway adds when it last noticed that a topic changed, and so a group learns of new topics
 * without asking the controller at every heartbeat.
 *
 * Behaviour
 * - To read in the group is asked for, and to describe the topics that the member names. A pattern
 *   finds no other topics than those it may describe.
 * - What no group would take is INVALID_REQUEST here: empty ids, a first request that leaves
 *   something out, an epoch that means nothing. An assignor nobody has: UNSUPPORTED_ASSIGNOR.
 * - FENCED_MEMBER_EPOCH and UNKNOWN_MEMBER_ID mean: give everything up and join again.
 *   UNRELEASED_INSTANCE_ID: another member has this group instance id.
 *   INVALID_REGULAR_EXPRESSION: the pattern is none of RE2's.
 *
 * Versions
 * - 0: the group names a member that has no id yet · 1: the client names it (KIP-1082); patterns
 */
import { assignors } from '../../core/group/assignors/index.ts';
import type { VouchedMember } from '../../core/group/commands.ts';
import { Epoch } from '../../core/group/modern-group.ts';
import type {
  ConsumerGroupHeartbeatRequest,
  ConsumerGroupHeartbeatResponse,
} from '../../protocol/apis/consumer-group-heartbeat.ts';
import { ErrorCode, KafkaError } from '../../protocol/errors.ts';
import { readerOf } from '../acl-authorizer.ts';
import type { Handler } from '../context.ts';
import { answerHeartbeat, isBlank } from '../modern-heartbeat.ts';
import { demand, demandEach } from '../permissions.ts';

type Request = ConsumerGroupHeartbeatRequest;

export const handleConsumerGroupHeartbeat: Handler<
  Request,
  ConsumerGroupHeartbeatResponse
> = async (request, context) => {
  const { apiVersion, clientId, clientHost, metadata, objects } = context;
  await demand(context, 'READ', 'GROUP', request.groupId);
  await demandEach(context, 'DESCRIBE', 'TOPIC', request.subscribedTopicNames ?? []);
  check(request, apiVersion);
  const { instanceId, topicPartitions, ...said } = request;
  return answerHeartbeat(request, routineOf(request), context, async () => ({
    reply: await objects.group(request.groupId).call('consumerGroupHeartbeat', {
      ...said,
      reader: request.subscribedTopicRegex ? readerOf(context) : undefined,
      groupInstanceId: instanceId,
      owned: topicPartitions,
      clientId: clientId ?? '',
      clientHost,
      topicsChangedAtMs: metadata.changedAt,
    }),
  }));
};

/** The member that says no more than that it lives. */
function routineOf(request: Request): VouchedMember | undefined {
  const { memberId, memberEpoch, instanceId, rebalanceTimeoutMs } = request;
  const { rackId, subscribedTopicNames, subscribedTopicRegex } = request;
  const said = [rackId, subscribedTopicNames, subscribedTopicRegex, request.serverAssignor];
  const isRoutine = said.every((field) => field === null) && rebalanceTimeoutMs === -1;
  if (!isRoutine || request.topicPartitions !== null || memberEpoch <= Epoch.JOIN) return undefined;
  return { protocol: 'consumer', memberId, groupInstanceId: instanceId, epoch: memberEpoch };
}

/** Throws INVALID_REQUEST or UNSUPPORTED_ASSIGNOR. */
function check(request: Request, apiVersion: number): void {
  const { memberId, memberEpoch, serverAssignor } = request;
  const isNamed = apiVersion >= 1 || memberEpoch > Epoch.JOIN || memberEpoch === Epoch.LEAVE;
  if (isNamed && isBlank(memberId)) throw invalid("MemberId can't be empty.");
  if (isBlank(request.groupId)) throw invalid("GroupId can't be empty.");
  if (isBlank(request.instanceId)) throw invalid("InstanceId can't be empty.");
  if (isBlank(request.rackId)) throw invalid("RackId can't be empty.");
  if (memberEpoch === Epoch.JOIN) checkFirst(request);
  if (memberEpoch === Epoch.LEAVE_STATIC && request.instanceId === null) {
    throw invalid("InstanceId can't be null.");
  }
  if (memberEpoch < Epoch.LEAVE_STATIC) throw invalid(`MemberEpoch is invalid.`);
  if (serverAssignor !== null && !assignors.has(serverAssignor)) {
    const what = `ServerAssignor ${serverAssignor} is not supported. Supported assignors: `;
    const all = `${[...assignors.keys()].join(', ')}.`;
    throw new KafkaError(ErrorCode.UNSUPPORTED_ASSIGNOR, what + all);
  }
}

function checkFirst(request: Request): void {
  if (request.rebalanceTimeoutMs === -1) {
    throw invalid('RebalanceTimeoutMs must be provided in first request.');
  }
  if (request.topicPartitions === null || request.topicPartitions.length > 0) {
    throw invalid('TopicPartitions must be empty when (re-)joining.');
  }
  if (request.subscribedTopicNames === null && request.subscribedTopicRegex === null) {
    throw invalid('SubscribedTopicNames or SubscribedTopicRegex must be set in first request.');
  }
}

function invalid(what: string): KafkaError {
  return new KafkaError(ErrorCode.INVALID_REQUEST, what);
}
