/**
 * The replies of a group coordinator that say no: each in the shape of its call, with nothing in it
 * but the code.
 */
import { ErrorCode } from '../../protocol/errors.ts';
import type { CallOf, ReplyOf } from '../machine.ts';
import type {
  GroupCalls,
  GroupDescription,
  JoinGroupReply,
  LeavingMember,
  SyncGroupReply,
} from './commands.ts';
import type { ShareGroupCalls } from './share/calls.ts';

export type GroupCall = CallOf<GroupCalls>;
export type GroupReply = ReplyOf<GroupCalls>;

export function joinRefusal(memberId: string, errorCode: number): JoinGroupReply {
  return {
    errorCode,
    generationId: -1,
    protocolType: null,
    protocolName: null,
    leader: '',
    skipAssignment: false,
    memberId,
    members: [],
  };
}

export function syncRefusal(errorCode: number): SyncGroupReply {
  return { errorCode, protocolType: null, protocolName: null, assignment: new Uint8Array(0) };
}

/** Who would leave is none of these. */
export function nobodyLeaves(members: readonly LeavingMember[]): GroupCalls['leaveGroup']['reply'] {
  const unknown = members.map(({ memberId, groupInstanceId }) => ({
    memberId,
    groupInstanceId,
    errorCode: ErrorCode.UNKNOWN_MEMBER_ID,
  }));
  return { errorCode: ErrorCode.NONE, members: unknown };
}

function description(groupState: string): GroupDescription {
  return { groupState, protocolType: '', protocolData: '', members: [] };
}

/** How any call to a group coordinator is refused. */
export function refuseGroupCall(
  call: GroupCall,
  errorCode: number,
  errorMessage: string | null = null,
): GroupReply {
  switch (call.kind) {
    case 'consumerGroupHeartbeat':
      return {
        errorCode,
        errorMessage,
        memberId: null,
        memberEpoch: 0,
        heartbeatIntervalMs: 0,
        assignedPartitions: null,
      };
    case 'describeConsumerGroup':
      return { errorCode, errorMessage, group: null };
    case 'joinGroup':
      return joinRefusal(call.command.memberId, errorCode);
    case 'syncGroup':
      return syncRefusal(errorCode);
    case 'leaveGroup':
      return { errorCode, members: [] };
    case 'commitOffsets':
    case 'commitTransactionalOffsets':
    case 'fetchOffsets':
      return { errorCode, topics: [] };
    case 'deleteOffsets':
      return { errorCode, subscribedTopics: [] };
    case 'describeGroup': {
      const missing = errorCode === ErrorCode.GROUP_ID_NOT_FOUND;
      return { errorCode, group: description(missing ? 'Dead' : '') };
    }
    case 'listGroup':
      return { errorCode, group: null };
    case 'deleteGroup':
      return { errorCode, toForget: [] };
    case 'heartbeat':
    case 'endTransaction':
      return { errorCode };
    default:
      return refuseShareCall(call, errorCode, errorMessage);
  }
}

function refuseShareCall(
  call: CallOf<ShareGroupCalls>,
  errorCode: number,
  errorMessage: string | null,
): GroupReply {
  switch (call.kind) {
    case 'shareGroupHeartbeat':
      return {
        errorCode,
        errorMessage,
        memberId: null,
        memberEpoch: 0,
        heartbeatIntervalMs: 0,
        assignedPartitions: null,
        toStart: [],
      };
    case 'describeShareGroup':
      return { errorCode, errorMessage, group: null };
    case 'listSharePartitions':
      return { errorCode, topics: [] };
    case 'alterShareOffsets':
      return { errorCode, errorMessage };
    case 'deleteShareOffsets':
      return { errorCode, errorMessage, topics: [] };
    case 'startSharePartitions':
    case 'forgetSharePartitions':
      return { errorCode };
  }
}
