/**
 * The groups that a request names. The surprise: one that does not exist is not asked, and still
 * answers.
 */
import type { GroupCalls } from '../core/group/commands.ts';
import { type GroupCall, type GroupReply, refuseGroupCall } from '../core/group/replies.ts';
import { ErrorCode } from '../protocol/errors.ts';
import type { Stub } from '../runtime/stubs.ts';
import type { RequestContext } from './context.ts';
import { existingNames } from './existing-names.ts';

/** Where each of these groups answers. Throws as the controller does. */
export async function namedGroups(
  groupIds: readonly string[],
  { objects }: Pick<RequestContext, 'objects'>,
): Promise<(groupId: string) => Stub<GroupCalls>> {
  const exists = await existingNames(groupIds, async (names) => {
    const reply = await objects.controller().call('findGroups', { groupIds: names });
    return reply.groupIds;
  });
  return (groupId) => (exists(groupId) ? objects.group(groupId) : missingGroup);
}

/** Answers as the object of a group does that does not exist. */
const missingGroup: Stub<GroupCalls> = {
  call: async <K extends keyof GroupCalls & string>(
    kind: K,
    command: GroupCalls[K]['command'],
  ): Promise<GroupCalls[K]['reply']> => answerMissing({ kind, command } as GroupCall),
};

function answerMissing(call: GroupCall): GroupReply {
  if (call.kind === 'fetchOffsets') return { errorCode: ErrorCode.NONE, topics: [] };
  const { groupId } = call.command;
  return refuseGroupCall(call, ErrorCode.GROUP_ID_NOT_FOUND, `Group ${groupId} not found.`);
}
