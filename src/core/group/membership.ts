/**
 * What members of a group do between joins: collect their assignment, say that they live, and
 * leave. The surprise: a member may be removed by its group instance id alone, which is how an
 * operator puts out a static member that is gone for good.
 */
import { ErrorCode, KafkaError } from '../../protocol/errors.ts';
import type { Parked, Ticket } from '../machine.ts';
import type { GroupCalls, LeavingMember, SyncGroupReply } from './commands.ts';
import type { Rebalance } from './rebalance.ts';
import { syncRefusal } from './replies.ts';
import type { Turn } from './rows.ts';

/** The leader brings the assignment of everybody; the others wait for it. */
export function sync(
  command: GroupCalls['syncGroup']['command'],
  rebalance: Rebalance,
  turn: Turn,
  ticket: Ticket,
): SyncGroupReply | Parked {
  const { group } = rebalance;
  if (group.state === 'Empty') throw new KafkaError(ErrorCode.UNKNOWN_MEMBER_ID);
  const member = group.validMember(command.memberId, command.groupInstanceId);
  if (command.generationId !== group.generationId) {
    throw new KafkaError(ErrorCode.ILLEGAL_GENERATION);
  }
  if (
    differs(command.protocolType, group.protocolType) ||
    differs(command.protocolName, group.protocolName)
  ) {
    throw new KafkaError(ErrorCode.INCONSISTENT_GROUP_PROTOCOL);
  }
  if (group.state === 'PreparingRebalance') throw new KafkaError(ErrorCode.REBALANCE_IN_PROGRESS);
  rebalance.synced(member.memberId);
  if (group.state === 'Stable') return rebalance.syncReply(member);
  rebalance.answerSync(member, syncRefusal(ErrorCode.REBALANCE_IN_PROGRESS), turn);
  member.syncTicket = ticket;
  if (group.leader === member.memberId) {
    const assignments = command.assignments.map(
      ({ memberId, assignment }) => [memberId, assignment] as const,
    );
    rebalance.settle(new Map(assignments), turn);
  }
  return { parked: ticket };
}

/** What one side leaves open is not compared. */
function differs(asked: string | null, actual: string | null): boolean {
  return asked !== null && actual !== null && asked !== actual;
}

export function heartbeat(
  command: GroupCalls['heartbeat']['command'],
  rebalance: Rebalance,
  turn: Turn,
): { errorCode: number } {
  const { group } = rebalance;
  const member = group.validMember(command.memberId, command.groupInstanceId);
  if (command.generationId !== group.generationId) {
    throw new KafkaError(ErrorCode.ILLEGAL_GENERATION);
  }
  rebalance.heard(member, turn);
  const rebalancing = group.state === 'PreparingRebalance';
  return { errorCode: rebalancing ? ErrorCode.REBALANCE_IN_PROGRESS : ErrorCode.NONE };
}

export function leave(
  leaving: readonly LeavingMember[],
  rebalance: Rebalance,
  turn: Turn,
): GroupCalls['leaveGroup']['reply'] {
  const { group } = rebalance;
  const members = leaving.map(({ memberId, groupInstanceId }) => ({
    memberId,
    groupInstanceId,
    errorCode: leaveOne({ memberId, groupInstanceId }, rebalance, turn),
  }));
  if (members.some(({ errorCode }) => errorCode === ErrorCode.NONE)) {
    if (group.state === 'PreparingRebalance') rebalance.maybeCompleteJoin(turn);
    else if (group.state !== 'Empty') rebalance.prepare(turn);
  }
  return { errorCode: ErrorCode.NONE, members };
}

function leaveOne(
  { memberId, groupInstanceId }: LeavingMember,
  rebalance: Rebalance,
  turn: Turn,
): number {
  const { group } = rebalance;
  if (group.pendingMembers.has(memberId)) {
    group.remove(memberId);
    return ErrorCode.NONE;
  }
  const known =
    memberId !== '' || groupInstanceId === null
      ? memberId
      : (group.staticMembers.get(groupInstanceId) ?? '');
  try {
    rebalance.remove(group.validMember(known, groupInstanceId), turn);
    return ErrorCode.NONE;
  } catch (error) {
    if (error instanceof KafkaError) return error.code;
    throw error;
  }
}
