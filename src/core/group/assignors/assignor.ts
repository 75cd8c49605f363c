/**
 * What the assignors of the server work on and answer. They see topics by id, and only those that
 * exist. The surprise: both keep as much as they can of what a member is to have already, so the
 * target they are given is part of the question.
 */

/** Topic id → partitions, in any order. */
export type Partitions = Readonly<Record<string, readonly number[]>>;

export interface AssignedMember {
  readonly memberId: string;
  readonly groupInstanceId: string | null;
  /** Ids of the topics it reads. */
  readonly subscribed: ReadonlySet<string>;
  /** What it was to have until now. */
  readonly target: Partitions;
}

export interface AssignorInput {
  /** In the order in which they are served. */
  readonly members: readonly AssignedMember[];
  /** Topic id → how many partitions, of every topic that a member reads. */
  readonly topics: ReadonlyMap<string, number>;
}

/** Member id → what it is to have. */
export type Assignment = ReadonlyMap<string, Partitions>;

export type Assignor = (input: AssignorInput) => Assignment;

/** An assignment in the making. */
export class AssignmentBuilder {
  readonly #members = new Map<string, Map<string, Set<number>>>();

  constructor(members: readonly AssignedMember[]) {
    for (const { memberId } of members) this.#members.set(memberId, new Map());
  }

  give(memberId: string, topicId: string, partition: number): void {
    const topics = this.#members.get(memberId)!;
    const partitions = topics.get(topicId) ?? new Set();
    topics.set(topicId, partitions.add(partition));
  }

  take(memberId: string, topicId: string, partition: number): void {
    this.#members.get(memberId)?.get(topicId)?.delete(partition);
  }

  build(): Assignment {
    return new Map(
      [...this.#members].map(([memberId, topics]) => {
        const given = [...topics].filter(([, partitions]) => partitions.size > 0);
        const sorted = given.map(
          ([topicId, partitions]) => [topicId, [...partitions].sort((a, b) => a - b)] as const,
        );
        return [memberId, Object.fromEntries(sorted)];
      }),
    );
  }
}
