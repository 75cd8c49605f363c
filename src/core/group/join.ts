/**
 * Who may join a group, and what their joining sets in motion. The surprise: a member that knows
 * its id and brings nothing new is answered at once with the generation that stands; only what
 * changes something starts a rebalance.
 */
import { ErrorCode, KafkaError } from '../../protocol/errors.ts';
import type { Parked, Ticket } from '../machine.ts';
import { type Member, memberOf, sameProtocols } from './classic-group.ts';
import type { GroupCalls, JoinGroupReply } from './commands.ts';
import type { Rebalance } from './rebalance.ts';
import { joinRefusal, syncRefusal } from './replies.ts';
import type { GroupConfig, Turn } from './rows.ts';

type JoinGroup = GroupCalls['joinGroup']['command'];

/** What a join works on. */
export interface Joining {
  readonly command: JoinGroup;
  readonly rebalance: Rebalance;
  readonly config: GroupConfig;
  readonly newUuid: () => string;
  readonly turn: Turn;
  /** The ticket of this caller, should it have to wait. */
  readonly ticket: Ticket;
}

/** Refuses what no group would take: an empty group id, a session timeout out of bounds. */
export function checkJoin({ groupId, sessionTimeoutMs }: JoinGroup, config: GroupConfig): void {
  if (groupId === '') throw new KafkaError(ErrorCode.INVALID_GROUP_ID);
  if (
    sessionTimeoutMs < config.groupMinSessionTimeoutMs ||
    sessionTimeoutMs > config.groupMaxSessionTimeoutMs
  ) {
    throw new KafkaError(ErrorCode.INVALID_SESSION_TIMEOUT);
  }
}

export function join(joining: Joining): JoinGroupReply | Parked {
  const { command, rebalance, turn } = joining;
  const { group } = rebalance;
  if (!hasRoomFor(joining)) {
    const member = group.members.get(command.memberId);
    if (member) rebalance.remove(member, turn);
    return joinRefusal('', ErrorCode.GROUP_MAX_SIZE_REACHED);
  }
  if (!group.supportsProtocols(command.protocolType, command.protocols)) {
    throw new KafkaError(ErrorCode.INCONSISTENT_GROUP_PROTOCOL);
  }
  if (command.memberId === '') return joinUnknown(joining);
  if (group.pendingMembers.has(command.memberId)) return add(joining, command.memberId);
  return joinKnown(joining);
}

/**
 * While members are joining, those who wait are counted: the last ones of a group that is too large
 * are put out.
 */
function hasRoomFor({ command, rebalance: { group }, config }: Joining): boolean {
  const member = group.members.get(command.memberId);
  switch (group.state) {
    case 'Empty':
      return true;
    case 'PreparingRebalance':
      return member?.joinTicket !== undefined || group.awaitingJoin < config.groupMaxSize;
    case 'CompletingRebalance':
    case 'Stable':
      return member !== undefined || group.members.size < config.groupMaxSize;
  }
}

function joinUnknown(joining: Joining): JoinGroupReply | Parked {
  const { command, rebalance, turn } = joining;
  const { group } = rebalance;
  const { groupInstanceId } = command;
  const memberId = `${groupInstanceId ?? command.clientId}-${joining.newUuid()}`;
  if (groupInstanceId !== null) {
    const currentId = group.staticMembers.get(groupInstanceId);
    const current = currentId === undefined ? undefined : group.members.get(currentId);
    return current ? replace(joining, current, memberId) : add(joining, memberId);
  }
  if (!command.requiresKnownMemberId) return add(joining, memberId);
  group.pendingMembers.set(memberId, turn.now + command.sessionTimeoutMs);
  return joinRefusal(memberId, ErrorCode.MEMBER_ID_REQUIRED);
}

function add(joining: Joining, memberId: string): Parked {
  const { command, rebalance, turn, ticket } = joining;
  const member: Member = {
    ...memberOf({
      memberId,
      groupInstanceId: command.groupInstanceId,
      clientId: command.clientId,
      clientHost: command.clientHost,
      sessionTimeoutMs: command.sessionTimeoutMs,
      rebalanceTimeoutMs: command.rebalanceTimeoutMs,
      protocols: command.protocols,
      assignment: new Uint8Array(0),
    }),
    isNew: true,
    joinTicket: ticket,
  };
  rebalance.group.add(member, command.protocolType);
  rebalance.heardNew(member, turn);
  rebalance.prepareOrComplete(turn);
  return { parked: ticket };
}

/** A member of the group comes (back) with its id. */
function joinKnown(joining: Joining): JoinGroupReply | Parked {
  const { command, rebalance } = joining;
  const { group } = rebalance;
  const member = group.validMember(command.memberId, command.groupInstanceId);
  const unchanged = sameProtocols(member.protocols, command.protocols);
  switch (group.state) {
    case 'PreparingRebalance':
      return rejoin(joining, member);
    case 'CompletingRebalance':
      // The answer to its first JoinGroup may have been lost.
      return unchanged ? group.joinReply(member.memberId) : rejoin(joining, member);
    case 'Stable': {
      // The leader may know of changes that no metadata shows, such as new partitions.
      const follows = group.leader !== member.memberId;
      return follows && unchanged ? group.joinReply(member.memberId) : rejoin(joining, member);
    }
    case 'Empty':
      throw new KafkaError(ErrorCode.UNKNOWN_MEMBER_ID);
  }
}

function rejoin(joining: Joining, member: Member): Parked {
  update(joining, member);
  joining.rebalance.prepareOrComplete(joining.turn);
  return { parked: joining.ticket };
}

/**
 * Takes over what the member now says of itself, and its caller: one that waited before has been
 * given up by its client.
 */
function update({ command, rebalance, turn, ticket }: Joining, member: Member): void {
  rebalance.answerJoin(member, joinRefusal(member.memberId, ErrorCode.REBALANCE_IN_PROGRESS), turn);
  member.protocols = command.protocols;
  member.rebalanceTimeoutMs = command.rebalanceTimeoutMs;
  member.sessionTimeoutMs = command.sessionTimeoutMs;
  member.joinTicket = ticket;
}

/**
 * A static member restarted: it gets a new id, the old one is fenced, and a Stable group stays as
 * it is if it can.
 */
function replace(joining: Joining, current: Member, newMemberId: string): JoinGroupReply | Parked {
  const { command, rebalance, turn, ticket } = joining;
  const { group } = rebalance;
  const leaderBefore = group.leader;
  fence(joining, current);
  const member = group.replaceStaticMember(current, newMemberId);
  update(joining, member);
  rebalance.heard(member, turn);
  if (group.state === 'Stable' && group.selectProtocol() === group.protocolName) {
    member.joinTicket = undefined;
    rebalance.checkpoint(turn);
    if (command.supportsSkippingAssignment) {
      return group.joinReply(newMemberId, group.leader === newMemberId);
    }
    // An older leader would compute an assignment for a generation that has one: it is told the
    // leader is its former self.
    return { ...group.joinReply(newMemberId), leader: leaderBefore ?? '', members: [] };
  }
  // In CompletingRebalance the leader may already be assigning to the old id, so everybody joins
  // again.
  if (group.state === 'PreparingRebalance') rebalance.maybeCompleteJoin(turn);
  else rebalance.prepare(turn);
  return { parked: ticket };
}

function fence({ rebalance, turn }: Joining, member: Member): void {
  const errorCode = ErrorCode.FENCED_INSTANCE_ID;
  rebalance.answerJoin(member, joinRefusal(member.memberId, errorCode), turn);
  rebalance.answerSync(member, syncRefusal(errorCode), turn);
}
