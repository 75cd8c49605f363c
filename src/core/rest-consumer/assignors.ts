/**
 * How a leader of a classic group shares partitions out, by the rules of the Java client's range
 * and round-robin assignors. The surprise: which rule applies is the group's choice, so a consumer
 * that wants to sit in one group with other clients must know every name they may agree on.
 */

export interface GroupMember {
  readonly memberId: string;
  /** Null: a dynamic member. */
  readonly groupInstanceId: string | null;
  readonly topics: readonly string[];
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
 * another name only.
 */
export const assignors: Readonly<Record<string, Assignor>> = {
  range: rangeAssignor,
  roundrobin: roundRobinAssignor,
  RoundRobinAssigner: roundRobinAssignor,
};

type Share = { topic: string; partition: number }[];

function newShares(members: readonly GroupMember[]): Map<string, Share> {
  return new Map(members.map(({ memberId }) => [memberId, []]));
}

/**
 * Static members first, by their instance id: their share survives a restart under a new member
 * id.
 */
function sorted(members: readonly GroupMember[]): GroupMember[] {
  const order = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);
  return [...members].sort((a, b) => {
    if (a.groupInstanceId !== null && b.groupInstanceId !== null) {
      return order(a.groupInstanceId, b.groupInstanceId);
    }
    if (a.groupInstanceId !== null) return -1;
    return b.groupInstanceId !== null ? 1 : order(a.memberId, b.memberId);
  });
}

function inOrder(partitionCounts: ReadonlyMap<string, number>): [string, number][] {
  return [...partitionCounts].sort(([a], [b]) => (a < b ? -1 : 1));
}

function grouped(shares: Map<string, Share>): GroupAssignment {
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
