/**
 * How a leader of a classic group shares partitions out, by the rules of the Java client's
 * assignors. The surprise: which rule applies is the group's choice, so a consumer
 * that wants to sit in one group with other clients must know every name they may agree on.
 */

import { cooperativeStickyAssignor } from './cooperative-sticky.ts';
import { grouped, inOrder, newShares, sorted } from './shares.ts';

export interface GroupMember {
  readonly memberId: string;
  /** Null: a dynamic member. */
  readonly groupInstanceId: string | null;
  readonly topics: readonly string[];
  /** What it says that it holds, and since when; who lets go of everything says nothing. */
  readonly owned?: readonly { readonly topic: string; readonly partition: number }[];
  readonly generationId?: number;
}

export interface AssignedTopic {
  readonly topic: string;
  readonly partitions: readonly number[];
}

/** By member id; a member without partitions has an empty list. */
export type GroupAssignment = ReadonlyMap<string, readonly AssignedTopic[]>;

export type Assignor = (
  members: readonly GroupMember[],
  /** Partitions of every topic that exists; a topic that is absent is not assigned. */
  partitionCounts: ReadonlyMap<string, number>,
) => GroupAssignment;

/**
 * Topic by topic, each member takes one contiguous range; the first ones take what is left over.
 */
export const rangeAssignor: Assignor = (members, partitionCounts) => {
  const shares = newShares(members);
  for (const [topic, partitions] of inOrder(partitionCounts)) {
    const sharers = sorted(members).filter((member) => member.topics.includes(topic));
    let next = 0;
    sharers.forEach((member, index) => {
      const left = partitions - next;
      const size = Math.ceil(left / (sharers.length - index));
      for (const end = next + size; next < end; next++) {
        shares.get(member.memberId)!.push({ topic, partition: next });
      }
    });
  }
  return grouped(shares);
};

/** All partitions of all topics, dealt out one by one to the members that want their topic. */
export const roundRobinAssignor: Assignor = (members, partitionCounts) => {
  const shares = newShares(members);
  const circle = sorted(members);
  let next = 0;
  for (const [topic, partitions] of inOrder(partitionCounts)) {
    if (!circle.some((member) => member.topics.includes(topic))) continue;
    for (let partition = 0; partition < partitions; partition++) {
      while (!circle[next % circle.length].topics.includes(topic)) next++;
      shares.get(circle[next++ % circle.length].memberId)!.push({ topic, partition });
    }
  }
  return grouped(shares);
};

/**
 * The protocols a REST consumer offers when it joins, best first. KafkaJS knows round robin by
 * another name only, and franz-go offers only the last.
 */
export const assignors: Readonly<Record<string, Assignor>> = {
  range: rangeAssignor,
  roundrobin: roundRobinAssignor,
  RoundRobinAssigner: roundRobinAssignor,
  'cooperative-sticky': cooperativeStickyAssignor,
};
