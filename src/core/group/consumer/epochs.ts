/**
 * What every change of a group's members leads to, whichever protocol the member speaks: a new
 * group epoch when what is read has changed, targets when they are due, and one step of this member
 * towards its own.
 */
import { same } from '../modern-group.ts';
import { topicsHashOf } from '../subscriptions.ts';
import type { TopicsImage } from '../topics-image.ts';
import { type ConsumerMember, newMember } from './consumer-group.ts';
import type { ConsumerDraft } from './draft.ts';
import { type Reported, reconciled } from './reconcile.ts';
import { makeTargets, preferredAssignor } from './target.ts';

export interface Circumstances {
  readonly draft: ConsumerDraft;
  readonly image: TopicsImage;
  readonly assignmentIntervalMs: number;
  readonly now: number;
}

/** Whether a member reads something else than before. */
export function readsAnew(before: ConsumerMember, after: ConsumerMember): boolean {
  return (
    before.subscribedTopicRegex !== after.subscribedTopicRegex ||
    !same(before.reader, after.reader) ||
    !same(before.subscribedTopicNames, after.subscribedTopicNames)
  );
}

/** Puts what a member now says of itself, and bumps the group epoch where that matters. */
export function updateMember(
  before: ConsumerMember,
  after: ConsumerMember,
  { draft, image, now }: Circumstances,
): void {
  const assignorBefore = preferredAssignor(draft);
  draft.put(after);
  const topicsHash = topicsHashOf(draft, image);
  const { groupEpoch, topicsHash: known } = draft.checkpoint;
  const bumps =
    groupEpoch === 0 ||
    readsAnew(before, after) ||
    topicsHash !== known ||
    preferredAssignor(draft) !== assignorBefore;
  if (bumps) draft.bumpEpoch(topicsHash, now);
}

/** Makes targets if they are due, and moves the member towards its own. */
export function moveOn(
  memberId: string,
  step: { readonly owned: Reported | null; readonly subscriptionChanged: boolean },
  { draft, image, assignmentIntervalMs, now }: Circumstances,
): ConsumerMember {
  makeTargets(draft, image, assignmentIntervalMs, now);
  const member = draft.member(memberId)!;
  const moved = reconciled(member, { ...step, group: draft, image });
  const { revokeBy: _, ...settled } = moved;
  const revokes = moved.state === 'UNREVOKED_PARTITIONS' && moved.classic === null;
  // The time it has starts again with every new demand.
  const revokeBy = same(moved, member) ? member.revokeBy : now + moved.rebalanceTimeoutMs;
  const after = revokes && revokeBy !== undefined ? { ...settled, revokeBy } : settled;
  draft.put(after);
  return after;
}

/**
 * A static member comes back under another id: the newcomer has what the former one had, and is to
 * have, but no epoch yet.
 */
export function replaceMember(
  former: ConsumerMember,
  memberId: string,
  draft: ConsumerDraft,
): ConsumerMember {
  const { revokeBy: _, ...kept } = former;
  const member = { ...kept, memberId, memberEpoch: 0, previousMemberEpoch: 0 };
  draft.remove(former.memberId);
  draft.put(member);
  return member;
}

/** The member of this id, or one that is new. */
export function memberOrNew(memberId: string, draft: ConsumerDraft): ConsumerMember {
  return draft.member(memberId) ?? newMember(memberId);
}
