/**
 * What ShareFetch and ShareAcknowledge have in common: who asks, and how the group is set. The
 * surprise: nobody looks whether the member is one of the group's: who has a session may acquire.
 */
import type { ShareMember, ShareSettings } from '../core/group/share-partition/calls.ts';
import { shareSettingsFrom } from '../core/group/share-partition/settings.ts';
import { ErrorCode, KafkaError } from '../protocol/errors.ts';
import type { RequestContext } from './context.ts';
import { demand } from './permissions.ts';

/** The longest text of a uuid: that is what clients take for their id. */
export const longestMemberId = 36;

/** Throws INVALID_REQUEST, or GROUP_AUTHORIZATION_FAILED for who may not read in the group. */
export async function memberOf(
  request: { readonly groupId: string | null; readonly memberId: string | null },
  context: RequestContext,
): Promise<ShareMember> {
  const { groupId, memberId } = request;
  if (groupId === null) throw invalidRequest();
  await demand(context, 'READ', 'GROUP', groupId);
  if (memberId === null || memberId === '' || memberId.length > longestMemberId) {
    throw invalidRequest();
  }
  return { groupId, memberId };
}

export function invalidRequest(): KafkaError {
  return new KafkaError(ErrorCode.INVALID_REQUEST);
}

export async function settingsOf(groupId: string, context: RequestContext): Promise<ShareSettings> {
  return shareSettingsFrom(await context.groupConfigs.get(groupId), context.config);
}

/** For how long records are locked, as far as it is known without asking anew. */
export async function lockDurationOf(groupId: string, context: RequestContext): Promise<number> {
  const { groupConfigs, config } = context;
  const set = groupConfigs.known(groupId) ?? (await groupConfigs.get(groupId));
  return shareSettingsFrom(set, config).recordLockDurationMs;
}

/** Answers are told of no other leader than the one there is. */
export const noLeader = { leaderId: 0, leaderEpoch: 0 };

/** In the order in which they first appear, each topic once. */
export function byTopic<P>(
  named: readonly { readonly topicId: string; readonly partition: P }[],
): { topicId: string; partitions: P[] }[] {
  return [...Map.groupBy(named, ({ topicId }) => topicId)].map(([topicId, each]) => ({
    topicId,
    partitions: each.map(({ partition }) => partition),
  }));
}
