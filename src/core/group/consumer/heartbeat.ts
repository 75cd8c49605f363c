/**
 * ConsumerGroupHeartbeat: a member joins, says what it reads and has, hears what it may have, and
 * leaves, all in one call. The surprise: a member that says an older epoch than it has is still
 * believed if it was its last one and it has nothing it should not have: the answer with the new
 * one may have been lost.
 */
import { ErrorCode, KafkaError } from '../../../protocol/errors.ts';
import { matcherOf, PatternError } from '../../pattern/pattern.ts';
import type { GroupCalls } from '../commands.ts';
import type { KindOptions } from '../group-kind.ts';
import { Epoch, same, unknownMember } from '../modern-group.ts';
import type { ConsumerMember, OwnedPartitions } from './consumer-group.ts';
import type { ConsumerDraft } from './draft.ts';
import {
  type Circumstances,
  memberOrNew,
  moveOn,
  readsAnew,
  replaceMember,
  updateMember,
} from './epochs.ts';
import type { Reported } from './reconcile.ts';

type Heartbeat = GroupCalls['consumerGroupHeartbeat']['command'];
type Reply = GroupCalls['consumerGroupHeartbeat']['reply'];

export interface Beating extends Circumstances, Pick<KindOptions, 'config' | 'newUuid'> {
  readonly command: Heartbeat;
}

/** Throws KafkaError. */
export function beat(beating: Beating): Reply {
  const { command, draft, config } = beating;
  const joins = command.memberEpoch === Epoch.JOIN;
  checkRoom(beating);
  const memberId = command.memberId === '' ? beating.newUuid() : command.memberId;
  const before =
    command.groupInstanceId === null
      ? dynamicMember(memberId, command, draft)
      : staticMember(memberId, command.groupInstanceId, command, draft);
  const after = updated(before, command);
  const subscriptionChanged = readsAnew(before, after);
  if (after.subscribedTopicRegex !== '' && subscriptionChanged) {
    checkPattern(after.subscribedTopicRegex);
  }
  updateMember(before, after, beating);
  const member = moveOn(memberId, { owned: command.owned, subscriptionChanged }, beating);
  const isFull =
    command.rebalanceTimeoutMs !== -1 &&
    (command.subscribedTopicNames !== null || command.subscribedTopicRegex !== null) &&
    command.owned !== null;
  const tells = joins || isFull || !samePartitions(before.assigned, member.assigned);
  return {
    errorCode: ErrorCode.NONE,
    errorMessage: null,
    memberId,
    memberEpoch: member.memberEpoch,
    heartbeatIntervalMs: config.groupConsumerHeartbeatIntervalMs,
    assignedPartitions: tells ? listed(member.assigned) : null,
  };
}

/** Throws INVALID_REGULAR_EXPRESSION. */
function checkPattern(pattern: string): void {
  try {
    matcherOf(pattern);
  } catch (error) {
    if (!(error instanceof PatternError)) throw error;
    throw new KafkaError(
      ErrorCode.INVALID_REGULAR_EXPRESSION,
      `SubscribedTopicRegex \`${pattern}\` is not a valid regular expression: ${error.message}.`,
    );
  }
}

function checkRoom({ command, draft, config }: Beating): void {
  const { memberId, groupInstanceId } = command;
  if (draft.memberCount < config.groupConsumerMaxSize) return;
  if (memberId !== '' && draft.member(memberId)) return;
  if (groupInstanceId !== null && draft.staticMember(groupInstanceId)) return;
  throw new KafkaError(
    ErrorCode.GROUP_MAX_SIZE_REACHED,
    `The consumer group has reached its maximum capacity of ${config.groupConsumerMaxSize} members.`,
  );
}

/** What a member says of itself; what it leaves out stays. */
function updated(member: ConsumerMember, command: Heartbeat): ConsumerMember {
  const names = command.subscribedTopicNames;
  const { reader: readBefore, ...rest } = member;
  const reader = command.subscribedTopicRegex === null ? readBefore : command.reader;
  return {
    ...rest,
    // A row that has the property without a value would be another row.
    ...(reader && { reader }),
    groupInstanceId: command.groupInstanceId ?? member.groupInstanceId,
    rackId: command.rackId ?? member.rackId,
    rebalanceTimeoutMs:
      command.rebalanceTimeoutMs === -1 ? member.rebalanceTimeoutMs : command.rebalanceTimeoutMs,
    serverAssignor: command.serverAssignor ?? member.serverAssignor,
    subscribedTopicNames: names === null ? member.subscribedTopicNames : [...new Set(names)].sort(),
    subscribedTopicRegex: command.subscribedTopicRegex ?? member.subscribedTopicRegex,
    clientId: command.clientId,
    clientHost: command.clientHost,
    classic: null,
  };
}

function dynamicMember(memberId: string, command: Heartbeat, draft: ConsumerDraft): ConsumerMember {
  const known = draft.member(memberId);
  if (!known && command.memberEpoch !== Epoch.JOIN) throw unknownMember(command);
  const member = memberOrNew(memberId, draft);
  checkEpoch(member, command);
  return member;
}

function staticMember(
  memberId: string,
  groupInstanceId: string,
  command: Heartbeat,
  draft: ConsumerDraft,
): ConsumerMember {
  const known = draft.staticMember(groupInstanceId);
  if (command.memberEpoch !== Epoch.JOIN) {
    const member = instance(known, command);
    checkEpoch(member, command);
    return member;
  }
  if (!known) return memberOrNew(memberId, draft);
  if (known.classic === null && known.memberEpoch !== Epoch.LEAVE_STATIC) {
    throw new KafkaError(
      ErrorCode.UNRELEASED_INSTANCE_ID,
      `Static member ${memberId} with instance id ${groupInstanceId} cannot join the group ` +
        `because the instance id is owned by ${known.memberId} member.`,
    );
  }
  return replaceMember(known, memberId, draft);
}

/** The static member that acts under these ids. Throws UNKNOWN_MEMBER_ID, FENCED_INSTANCE_ID. */
export function instance(
  known: ConsumerMember | undefined,
  { memberId, groupInstanceId }: { memberId: string; groupInstanceId: string | null },
): ConsumerMember {
  if (!known) {
    const what = `Instance id ${groupInstanceId} is unknown.`;
    throw new KafkaError(ErrorCode.UNKNOWN_MEMBER_ID, what);
  }
  if (known.memberId === memberId) return known;
  throw new KafkaError(
    ErrorCode.FENCED_INSTANCE_ID,
    `Static member ${memberId} with instance id ${groupInstanceId} was fenced by member ` +
      `${known.memberId}.`,
  );
}

function checkEpoch(member: ConsumerMember, { memberEpoch, owned }: Heartbeat): void {
  if (memberEpoch === Epoch.JOIN || memberEpoch === member.memberEpoch) return;
  const isGreater = memberEpoch > member.memberEpoch;
  const isLast = !isGreater && memberEpoch === member.previousMemberEpoch;
  if (isLast && hasOnly(owned, member.assigned)) return;
  throw new KafkaError(
    ErrorCode.FENCED_MEMBER_EPOCH,
    `The consumer group member has a ${isGreater ? 'greater' : 'smaller'} member epoch ` +
      `(${memberEpoch}) than the one known by the group coordinator (${member.memberEpoch}). ` +
      'The member must abandon all its partitions and rejoin.',
  );
}

function hasOnly(owned: Reported | null, assigned: OwnedPartitions): boolean {
  return (
    owned?.every(({ topicId, partitions }) => {
      const known = assigned[topicId];
      return known !== undefined && partitions.every((partition) => known[partition] !== undefined);
    }) ?? false
  );
}

function samePartitions(left: OwnedPartitions, right: OwnedPartitions): boolean {
  return same(listed(left), listed(right));
}

/** Partitions without their epochs, in order. */
export function listed(assigned: OwnedPartitions): Reported {
  return Object.keys(assigned)
    .sort()
    .map((topicId) => ({ topicId, partitions: Object.keys(assigned[topicId]).map(Number) }));
}

/**
 * What a member that leaves is told, and whether it goes for good: a static one may say that it
 * comes back, and then keeps its place until its session ends.
 */
export function leaving(command: Heartbeat, draft: ConsumerDraft): { goes: string | null } {
  const { memberId, groupInstanceId, memberEpoch } = command;
  if (groupInstanceId === null) {
    if (!draft.member(memberId)) throw unknownMember(command);
    return { goes: memberId };
  }
  const member = instance(draft.staticMember(groupInstanceId), command);
  if (memberEpoch !== Epoch.LEAVE_STATIC) return { goes: memberId };
  const { revokeBy: _, ...kept } = member;
  draft.put({ ...kept, memberEpoch: Epoch.LEAVE_STATIC, pendingRevocation: {} });
  return { goes: null };
}
