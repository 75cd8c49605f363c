/**
 * Brings what a member has towards what it is to have, a step a heartbeat: first it gives up, then
 * it moves to the new epoch, then it gets what others have given up. The surprise: while it gives
 * up it stays at its old epoch, so nobody gets a partition before its owner has said that it let
 * go.
 */
import type { Partitions } from '../assignors/assignor.ts';
import { subscribedIds } from '../subscriptions.ts';
import type { TopicsImage } from '../topics-image.ts';
import {
  type ConsumerGroupView,
  type ConsumerMember,
  isReconciled,
  type MemberState,
  type OwnedPartitions,
} from './consumer-group.ts';

/** What a client says it has: by topic id. */
export type Reported = readonly {
  readonly topicId: string;
  readonly partitions: readonly number[];
}[];

export interface Reconciling {
  readonly group: ConsumerGroupView;
  readonly image: TopicsImage;
  /** Null: it does not say. */
  readonly owned: Reported | null;
  /** What it no longer reads, it must give up at once. */
  readonly subscriptionChanged: boolean;
}

type Part = Pick<ConsumerMember, 'assigned' | 'pendingRevocation'>;

/** The member one step on, or as it is. */
export function reconciled(member: ConsumerMember, context: Reconciling): ConsumerMember {
  const { assignmentEpoch } = context.group.checkpoint;
  const { subscriptionChanged } = context;
  if (!subscriptionChanged && isReconciled(member, assignmentEpoch)) return member;
  switch (member.state) {
    case 'STABLE':
      if (member.memberEpoch !== assignmentEpoch) return next(member, context);
      return subscriptionChanged ? withoutUnread(member, context) : member;
    case 'UNREVOKED_PARTITIONS':
      if (!reportsAny(context.owned, member.pendingRevocation)) return next(member, context);
      return subscriptionChanged ? withoutUnread(member, context) : member;
    case 'UNRELEASED_PARTITIONS':
      return next(member, context);
  }
}

/** Who does not say what it has may have all of it. */
function reportsAny(owned: Reported | null, partitions: OwnedPartitions): boolean {
  if (owned === null) return true;
  return owned.some((topic) =>
    topic.partitions.some((partition) => partitions[topic.topicId]?.[partition] !== undefined),
  );
}

/** The same epoch, with no topic that the member does not read. */
function withoutUnread(member: ConsumerMember, { image, owned }: Reconciling): ConsumerMember {
  const read = subscribedIds(member, image);
  const unread = Object.keys(member.assigned).filter((topicId) => !read.has(topicId));
  if (unread.length === 0) return member;
  const assigned = { ...member.assigned };
  const pendingRevocation = { ...member.pendingRevocation };
  for (const topicId of unread) {
    pendingRevocation[topicId] = { ...pendingRevocation[topicId], ...assigned[topicId] };
    delete assigned[topicId];
  }
  if (!reportsAny(owned, pendingRevocation)) return { ...member, assigned };
  return { ...member, assigned, pendingRevocation, state: 'UNREVOKED_PARTITIONS' };
}

interface Step extends Part {
  readonly pendingAssignment: Partitions;
  readonly waits: boolean;
}

function next(member: ConsumerMember, context: Reconciling): ConsumerMember {
  const { assignmentEpoch } = context.group.checkpoint;
  const { assigned, pendingRevocation, pendingAssignment, waits } = stepOf(member, context);
  const revokes = Object.keys(pendingRevocation).length > 0;
  if (revokes && reportsAny(context.owned, pendingRevocation)) {
    return { ...member, assigned, pendingRevocation, state: 'UNREVOKED_PARTITIONS' };
  }
  const state: MemberState = waits ? 'UNRELEASED_PARTITIONS' : 'STABLE';
  const gets = Object.entries(pendingAssignment).map(([topicId, partitions]) => {
    const given = partitions.map((partition) => [partition, assignmentEpoch] as const);
    return [topicId, { ...assigned[topicId], ...Object.fromEntries(given) }] as const;
  });
  return {
    ...member,
    assigned: { ...assigned, ...Object.fromEntries(gets) },
    pendingRevocation: {},
    state,
    memberEpoch: assignmentEpoch,
    previousMemberEpoch:
      member.memberEpoch === assignmentEpoch ? member.previousMemberEpoch : member.memberEpoch,
  };
}

/** What of its target a member keeps, gives up, gets and waits for. */
function stepOf(member: ConsumerMember, { group, image }: Reconciling): Step {
  const read = subscribedIds(member, image);
  const taken = ownedByOthers(group, member.memberId);
  const assigned: Record<string, Record<number, number>> = {};
  const pendingRevocation: Record<string, Record<number, number>> = {};
  const pendingAssignment: Record<string, number[]> = {};
  let waits = false;
  for (const topicId of new Set([...Object.keys(member.target), ...Object.keys(member.assigned)])) {
    const target = new Set(read.has(topicId) ? member.target[topicId] : []);
    for (const [key, epoch] of Object.entries(member.assigned[topicId] ?? {})) {
      const partition = Number(key);
      const into = target.delete(partition) ? assigned : pendingRevocation;
      into[topicId] ??= {};
      into[topicId][partition] = epoch;
    }
    for (const partition of target) {
      if (taken.has(`${topicId}:${partition}`)) waits = true;
      else {
        pendingAssignment[topicId] ??= [];
        pendingAssignment[topicId].push(partition);
      }
    }
  }
  return { assigned, pendingRevocation, pendingAssignment, waits };
}

/** What others have, or have not yet said that they gave up. */
function ownedByOthers(group: ConsumerGroupView, memberId: string): Set<string> {
  const taken = new Set<string>();
  for (const other of group.members()) {
    if (other.memberId === memberId) continue;
    for (const part of [other.assigned, other.pendingRevocation]) {
      for (const [topicId, partitions] of Object.entries(part)) {
        for (const partition of Object.keys(partitions)) taken.add(`${topicId}:${partition}`);
      }
    }
  }
  return taken;
}

/** Whether a member's target has something that another still holds. */
export function waitsForOthers(member: ConsumerMember, group: ConsumerGroupView): boolean {
  if (member.state !== 'UNRELEASED_PARTITIONS') return false;
  const taken = ownedByOthers(group, member.memberId);
  return Object.entries(member.target).some(([topicId, partitions]) =>
    partitions.some(
      (partition) =>
        member.assigned[topicId]?.[partition] === undefined && taken.has(`${topicId}:${partition}`),
    ),
  );
}
