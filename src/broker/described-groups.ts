/**
 * Groups as they are described: each for itself, with an error of its own, and with what a client
 * may do with it where that is asked. The surprise: one whose name is empty is asked of nobody.
 */
import type { GroupCalls } from '../core/group/commands.ts';
import { ErrorCode, errorInfo, KafkaError } from '../protocol/errors.ts';
import { eachBounded } from '../runtime/each-bounded.ts';
import type { Stub } from '../runtime/stubs.ts';
import type { RequestContext } from './context.ts';
import { failureCode } from './failures.ts';
import { authorizedOperations } from './group-operations.ts';
import { namedGroups } from './named-groups.ts';
import type { Refusal } from './refusals.ts';

interface Asked {
  readonly groupIds: readonly string[];
  readonly includeAuthorizedOperations: boolean;
}

interface Describing<Described> {
  /** Throws as the group does. */
  describe(groupId: string, group: Stub<GroupCalls>): Promise<Described>;
  refused(groupId: string, refusal: Refusal): Described;
}

export async function describedGroups<Described extends { readonly errorCode: number }>(
  { groupIds, includeAuthorizedOperations }: Asked,
  context: RequestContext,
  { describe, refused }: Describing<Described>,
) {
  const groupOf = await namedGroups(groupIds, context);
  const groups = await eachBounded(groupIds, async (groupId) => {
    const described = await describeOne(groupId).catch((error: unknown) => {
      const errorCode = failureCode(error, ErrorCode.NOT_COORDINATOR);
      return refused(groupId, { errorCode, errorMessage: errorInfo(errorCode).message });
    });
    const { errorCode } = described;
    const operations = authorizedOperations(includeAuthorizedOperations, errorCode);
    return { ...described, authorizedOperations: operations };
  });
  return { throttleTimeMs: 0, groups };

  async function describeOne(groupId: string): Promise<Described> {
    if (groupId === '') throw new KafkaError(ErrorCode.INVALID_GROUP_ID);
    return describe(groupId, groupOf(groupId));
  }
}
