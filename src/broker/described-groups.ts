/**
 * Groups as they are described: each for itself, with an error of its own, and with what a client
 * may do with it where that is asked. The surprise: to describe a group one must be allowed to
 * describe it and every topic that it reads.
 */
import type { GroupCalls } from '../core/group/commands.ts';
import { ErrorCode, errorInfo, KafkaError } from '../protocol/errors.ts';
import { eachBounded } from '../runtime/each-bounded.ts';
import type { Stub } from '../runtime/stubs.ts';
import { authorizedOperations, notAsked } from './authorized-operations.ts';
import type { RequestContext } from './context.ts';
import { failureCode } from './failures.ts';
import { namedGroups } from './named-groups.ts';
import { mayEach } from './permissions.ts';
import type { Refusal } from './refusals.ts';

interface Asked {
  readonly groupIds: readonly string[];
  readonly includeAuthorizedOperations: boolean;
}

interface Describing<Described> {
  /** Throws as the group does. */
  describe(groupId: string, group: Stub<GroupCalls>): Promise<Described>;
  refused(groupId: string, refusal: Refusal): Described;
  /** The topics that the group's members are assigned. */
  topicsOf(described: Described): Iterable<string>;
}

/** Who may not describe every topic of a group hears nothing of it. */
const hasSecretTopics: Refusal = {
  errorCode: ErrorCode.TOPIC_AUTHORIZATION_FAILED,
  errorMessage: 'The group has described topic(s) that the client is not authorized to describe.',
};

export async function describedGroups<Described extends { readonly errorCode: number }>(
  { groupIds, includeAuthorizedOperations }: Asked,
  context: RequestContext,
  { describe, refused, topicsOf }: Describing<Described>,
) {
  const mayDescribe = await mayEach(context, 'DESCRIBE', 'GROUP', groupIds);
  const groupOf = await namedGroups(groupIds.filter(mayDescribe), context);
  const groups = await eachBounded(groupIds, async (groupId) => {
    const described = await describeOne(groupId).catch((error: unknown) => {
      const errorCode = failureCode(error, ErrorCode.NOT_COORDINATOR);
      return refused(groupId, { errorCode, errorMessage: errorInfo(errorCode).message });
    });
    const isAsked = includeAuthorizedOperations && described.errorCode === ErrorCode.NONE;
    const operations = isAsked ? await authorizedOperations(context, 'GROUP', groupId) : notAsked;
    return { ...described, authorizedOperations: operations };
  });
  return { throttleTimeMs: 0, groups };

  async function describeOne(groupId: string): Promise<Described> {
    if (!mayDescribe(groupId)) {
      const errorCode = ErrorCode.GROUP_AUTHORIZATION_FAILED;
      return refused(groupId, { errorCode, errorMessage: null });
    }
    if (groupId === '') throw new KafkaError(ErrorCode.INVALID_GROUP_ID);
    const described = await describe(groupId, groupOf(groupId));
    const topics = [...topicsOf(described)];
    const mayName = await mayEach(context, 'DESCRIBE', 'TOPIC', topics);
    return topics.every(mayName) ? described : refused(groupId, hasSecretTopics);
  }
}
