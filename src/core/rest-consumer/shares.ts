/** What assignors have in common: members and topics in one order, and shares by topic. */
import type { AssignedTopic, GroupAssignment, GroupMember } from './assignors.ts';

export type Share = { topic: string; partition: number }[];

export function newShares(members: readonly GroupMember[]): Map<string, Share> {
  return new Map(members.map(({ memberId }) => [memberId, []]));
}

/**
 * Static members first, by their instance id: their share survives a restart under a new member
 * id.
 */
export function sorted(members: readonly GroupMember[]): GroupMember[] {
  const order = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);
  return [...members].sort((a, b) => {
    if (a.groupInstanceId !== null && b.groupInstanceId !== null) {
      return order(a.groupInstanceId, b.groupInstanceId);
    }
    if (a.groupInstanceId !== null) return -1;
    return b.groupInstanceId !== null ? 1 : order(a.memberId, b.memberId);
  });
}

export function inOrder(partitionCounts: ReadonlyMap<string, number>): [string, number][] {
  return [...partitionCounts].sort(([a], [b]) => (a < b ? -1 : 1));
}

export function grouped(shares: Map<string, Share>): GroupAssignment {
  const assignment = new Map<string, AssignedTopic[]>();
  for (const [memberId, share] of shares) {
    const topics = new Map<string, number[]>();
    for (const { topic, partition } of share) {
      const partitions = topics.get(topic);
      if (partitions) partitions.push(partition);
      else topics.set(topic, [partition]);
    }
    assignment.set(
      memberId,
      [...topics].map(([topic, partitions]) => ({ topic, partitions })),
    );
  }
  return assignment;
}
