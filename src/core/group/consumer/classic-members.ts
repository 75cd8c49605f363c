/**
 * Members of a consumer group that speak the classic protocol, while the group migrates: each sees
 * a classic group of which somebody else is the leader. The surprise: nobody waits for anybody.
 * JoinGroup is answered at once with the member's own epoch as the generation, SyncGroup with what
 * the server assigned, and Heartbeat says when to join again.
 */
import { DecodeError } from '../../../bytes/reader.ts';
import {
  type ConsumerSubscription,
  decodeSubscription,
} from '../../../protocol/embedded/consumer-protocol.ts';
import { ErrorCode, KafkaError } from '../../../protocol/errors.ts';
import type { GroupCalls, MemberProtocol } from '../commands.ts';
import type { KindOptions } from '../group-kind.ts';
import { unknownMember } from '../modern-group.ts';
import { joinRefusal } from '../replies.ts';
import type { TopicsImage } from '../topics-image.ts';
import type { ConsumerGroupView, ConsumerMember } from './consumer-group.ts';
import type { ConsumerDraft } from './draft.ts';
import {
  type Circumstances,
  memberOrNew,
  moveOn,
  readsAnew,
  replaceMember,
  updateMember,
} from './epochs.ts';
import { instance } from './heartbeat.ts';
import { type Reported, waitsForOthers } from './reconcile.ts';

type Join = GroupCalls['joinGroup'];

export interface ClassicJoin extends Circumstances, Pick<KindOptions, 'config' | 'newUuid'> {
  readonly command: Join['command'];
}

/** The answer, and whom it lets in: nobody, where a new member is only told its id. */
export interface Joined {
  readonly reply: Join['reply'];
  readonly member: ConsumerMember | null;
}

/** Throws KafkaError. */
export function joinConsumerGroup(join: ClassicJoin): Joined {
  const { command, draft, config, image } = join;
  const memberId =
    command.memberId || `${command.groupInstanceId ?? command.clientId}-${join.newUuid()}`;
  if (draft.memberCount >= config.groupConsumerMaxSize && !draft.member(memberId)) {
    throw new KafkaError(ErrorCode.GROUP_MAX_SIZE_REACHED);
  }
  checkProtocols(command, memberId, draft);
  const { groupInstanceId, requiresKnownMemberId } = command;
  if (requiresKnownMemberId && groupInstanceId === null && command.memberId === '') {
    return { reply: joinRefusal(memberId, ErrorCode.MEMBER_ID_REQUIRED), member: null };
  }
  const before = joining(memberId, command, draft);
  const subscription = subscriptionOf(command.protocols);
  const after: ConsumerMember = {
    ...before,
    groupInstanceId: groupInstanceId ?? before.groupInstanceId,
    rackId: subscription.rackId || before.rackId,
    rebalanceTimeoutMs: command.rebalanceTimeoutMs,
    serverAssignor: before.serverAssignor,
    subscribedTopicNames: [...new Set(subscription.topics)].sort(),
    subscribedTopicRegex: '',
    clientId: command.clientId,
    clientHost: command.clientHost,
    classic: { sessionTimeoutMs: command.sessionTimeoutMs, protocols: command.protocols },
  };
  const subscriptionChanged = readsAnew(before, after);
  updateMember(before, after, join);
  const owned = ownedBy(subscription, image);
  const member = moveOn(memberId, { owned, subscriptionChanged }, join);
  const reply = {
    errorCode: ErrorCode.NONE,
    generationId: member.memberEpoch,
    protocolType: 'consumer',
    protocolName: command.protocols[0].name,
    leader: '',
    skipAssignment: false,
    memberId,
    members: [],
  };
  return { reply, member };
}

function checkProtocols(
  { protocolType, protocols }: Join['command'],
  memberId: string,
  draft: ConsumerDraft,
): void {
  const others = [...draft.members()].filter((one) => one.classic && one.memberId !== memberId);
  const fits = protocols.some(({ name }) =>
    others.every(({ classic }) => classic!.protocols.some((one) => one.name === name)),
  );
  if (protocolType !== 'consumer' || !fits) {
    throw new KafkaError(ErrorCode.INCONSISTENT_GROUP_PROTOCOL);
  }
}

function joining(memberId: string, command: Join['command'], draft: ConsumerDraft): ConsumerMember {
  const { groupInstanceId } = command;
  if (groupInstanceId === null) return memberOrNew(memberId, draft);
  const known = draft.staticMember(groupInstanceId);
  if (command.memberId !== '') return instance(known, command);
  return known ? replaceMember(known, memberId, draft) : memberOrNew(memberId, draft);
}

/** Throws INCONSISTENT_GROUP_PROTOCOL for what cannot be read. */
function subscriptionOf(protocols: readonly MemberProtocol[]): ConsumerSubscription {
  try {
    return decodeSubscription(protocols[0].metadata);
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    throw new KafkaError(ErrorCode.INCONSISTENT_GROUP_PROTOCOL);
  }
}

function ownedBy({ ownedPartitions }: ConsumerSubscription, image: TopicsImage): Reported {
  return ownedPartitions.flatMap(({ topic, partitions }) => {
    const topicId = image.byName(topic)?.topicId;
    return topicId === undefined ? [] : [{ topicId, partitions }];
  });
}

/** Who says so, as a member that speaks the classic protocol. Throws KafkaError. */
function classicMember(
  command: GroupCalls['heartbeat']['command'],
  draft: ConsumerDraft,
): ConsumerMember {
  const { groupInstanceId, memberId, generationId } = command;
  const member =
    groupInstanceId === null
      ? draft.member(memberId)
      : instance(draft.staticMember(groupInstanceId), command);
  if (!member?.classic) throw unknownMember(command);
  if (generationId !== member.memberEpoch) throw new KafkaError(ErrorCode.ILLEGAL_GENERATION);
  return member;
}

/** The member whose assignment is asked for. Throws KafkaError. */
export function syncing(
  command: GroupCalls['syncGroup']['command'],
  draft: ConsumerDraft,
): ConsumerMember {
  const member = classicMember(command, draft);
  const { protocolType, protocolName } = command;
  const own = member.classic!.protocols[0].name;
  if ((protocolType ?? 'consumer') !== 'consumer' || (protocolName ?? own) !== own) {
    throw new KafkaError(ErrorCode.INCONSISTENT_GROUP_PROTOCOL);
  }
  // Who has to give something up hears what it keeps, and joins again without the rest.
  const isBehind = member.memberEpoch < draft.checkpoint.groupEpoch;
  if (isBehind && member.state !== 'UNREVOKED_PARTITIONS') {
    throw new KafkaError(ErrorCode.REBALANCE_IN_PROGRESS);
  }
  return member;
}

/** Who lives, and whether it is to join again. Throws KafkaError. */
export function beating(
  command: GroupCalls['heartbeat']['command'],
  draft: ConsumerDraft,
): { member: ConsumerMember; joinsAgain: boolean } {
  const member = classicMember(command, draft);
  return { member, joinsAgain: mustJoin(member, draft) };
}

function mustJoin(member: ConsumerMember, group: ConsumerGroupView): boolean {
  if (member.memberEpoch < group.checkpoint.groupEpoch) return true;
  if (member.state === 'UNREVOKED_PARTITIONS') return true;
  return member.state === 'UNRELEASED_PARTITIONS' && !waitsForOthers(member, group);
}

/** Who leaves, and what each of them is told. */
export function classicLeaving(
  { groupId, members }: GroupCalls['leaveGroup']['command'],
  draft: ConsumerDraft,
): { goes: string[]; reply: GroupCalls['leaveGroup']['reply'] } {
  const goes = new Set<string>();
  const answers = members.map(({ memberId, groupInstanceId }) => {
    try {
      goes.add(leavingId({ groupId, memberId, groupInstanceId }, draft));
      return { memberId, groupInstanceId, errorCode: ErrorCode.NONE };
    } catch (error) {
      if (!(error instanceof KafkaError)) throw error;
      return { memberId, groupInstanceId, errorCode: error.code };
    }
  });
  return { goes: [...goes], reply: { errorCode: ErrorCode.NONE, members: answers } };
}

function leavingId(
  who: { groupId: string; memberId: string; groupInstanceId: string | null },
  draft: ConsumerDraft,
): string {
  if (who.groupInstanceId === null) {
    if (!draft.member(who.memberId)) throw unknownMember(who);
    return who.memberId;
  }
  const known = draft.staticMember(who.groupInstanceId);
  // An operator puts out a static member by its instance id alone.
  return instance(known, { ...who, memberId: who.memberId || (known?.memberId ?? '') }).memberId;
}
