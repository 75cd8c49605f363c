/**
 * The groups that a request names. The surprise: to ask an object is to make it, and somebody may
 * name thousands of groups that do not exist; so where there are more than a few, the controller
 * says first which of them there are, and nobody asks the others.
 */
import type { GroupCalls } from '../core/group/commands.ts';
import { type GroupCall, type GroupReply, refuseGroupCall } from '../core/group/replies.ts';
import { ErrorCode } from '../protocol/errors.ts';
import type { Stub } from '../runtime/stubs.ts';
import type { RequestContext } from './context.ts';
import { eachBounded } from './each-bounded.ts';

/** So many are asked without a look at the controller. */
const few = 4;
/** How many the controller is asked about in one call: names may be long, and calls are bounded. */
const namesPerCall = 500;

/** Where each of these groups answers. Throws as the controller does. */
export async function namedGroups(
  groupIds: readonly string[],
  { objects }: Pick<RequestContext, 'objects'>,
): Promise<(groupId: string) => Stub<GroupCalls>> {
  const names = [...new Set(groupIds)];
  if (names.length <= few) return (groupId) => objects.group(groupId);
  const slices = Array.from({ length: Math.ceil(names.length / namesPerCall) }, (_, index) =>
    names.slice(index * namesPerCall, (index + 1) * namesPerCall),
  );
  const replies = await eachBounded(
    slices,
    (slice) => objects.controller().call('findGroups', { groupIds: slice }),
    { atOnce: 2 },
  );
  const found = new Set(replies.flatMap((reply) => reply.groupIds));
  return (groupId) => (found.has(groupId) ? objects.group(groupId) : missingGroup);
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
  return refuseGroupCall(call, ErrorCode.GROUP_ID_NOT_FOUND);
}
