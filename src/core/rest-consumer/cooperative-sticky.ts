/**
 * How a leader shares partitions out where members keep what they have while the group settles
 * (KIP-429). The surprise: a partition that is to change hands is given to nobody at first; its
 * owner learns that it is gone, lets go of it and joins again, and only then does the other get it.
 */
import type { Assignor, GroupMember } from './assignors.ts';
import { grouped, inOrder, newShares, type Share, sorted } from './shares.ts';

type Partition = Share[number];

export const cooperativeStickyAssignor: Assignor = (members, partitionCounts) => {
  const all = inOrder(partitionCounts).flatMap(([topic, count]) =>
    Array.from({ length: count }, (_, partition) => ({ topic, partition })),
  );
  const owners = ownersOf(members);
  const dealt = deal(sorted(members), all, owners);
  const shares = newShares(members);
  for (const partition of all) {
    const to = dealt.get(nameOf(partition));
    if (to === undefined) continue;
    const from = owners.get(nameOf(partition));
    if (from === undefined || from === to) shares.get(to.memberId)!.push(partition);
  }
  return grouped(shares);
};

/** Topic names have no slash. */
const nameOf = ({ topic, partition }: Partition): string => `${topic}/${partition}`;

/** Who holds a partition: who says so and was in the newest generation, unless two of it do. */
function ownersOf(members: readonly GroupMember[]): ReadonlyMap<string, GroupMember> {
  const owners = new Map<string, GroupMember>();
  const disputed = new Set<string>();
  const newestFirst = [...members].sort((a, b) => generationOf(b) - generationOf(a));
  for (const member of newestFirst) {
    for (const partition of member.owned ?? []) {
      const name = nameOf(partition);
      const owner = owners.get(name);
      if (owner === undefined) owners.set(name, member);
      else if (generationOf(owner) === generationOf(member)) disputed.add(name);
    }
  }
  for (const name of disputed) owners.delete(name);
  return owners;
}

const generationOf = ({ generationId }: GroupMember): number => generationId ?? -1;

/** Who shall have each partition: owners keep theirs as far as that leaves others their share. */
function deal(
  members: readonly GroupMember[],
  all: readonly Partition[],
  owners: ReadonlyMap<string, GroupMember>,
): ReadonlyMap<string, GroupMember> {
  const dealt = new Map<string, GroupMember>();
  const load = new Map(members.map((member) => [member, 0]));
  const give = (partition: Partition, member: GroupMember): void => {
    const before = dealt.get(nameOf(partition));
    if (before !== undefined) load.set(before, load.get(before)! - 1);
    dealt.set(nameOf(partition), member);
    load.set(member, load.get(member)! + 1);
  };
  const idlest = ({ topic }: Partition): GroupMember | undefined =>
    members
      .filter(({ topics }) => topics.includes(topic))
      .reduce<GroupMember | undefined>(
        (least, one) => (least === undefined || load.get(one)! < load.get(least)! ? one : least),
        undefined,
      );
  for (const partition of all) {
    const owner = owners.get(nameOf(partition));
    if (owner?.topics.includes(partition.topic)) give(partition, owner);
  }
  for (const partition of all) {
    const member = dealt.has(nameOf(partition)) ? undefined : idlest(partition);
    if (member !== undefined) give(partition, member);
  }
  // Each move brings two loads closer together, so there is an end to it.
  for (let moved = true; moved; ) {
    moved = false;
    for (const partition of all) {
      const from = dealt.get(nameOf(partition));
      const to = from && idlest(partition)!;
      if (!from || !to || load.get(from)! - load.get(to)! < 2) continue;
      give(partition, to);
      moved = true;
    }
  }
  return dealt;
}
