/** Members of the consumer protocol, as the scripts have them. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Infer } from '../../../src/protocol/schema.ts';
import { consumerGroupDescribe, consumerGroupHeartbeat, createPartitions } from './apis.ts';
import type { Player, Sparse, Topic } from './player.ts';

/** Targets are made at most once in a second. */
export const nextAssignment = () => delay(1_200);

export type Beat = Sparse<Infer<typeof consumerGroupHeartbeat.request.fields>>;

/** A member of the script's group: what it says next, with what it has. */
export class Member {
  readonly #on: Player;
  readonly memberId: string;
  readonly #topic: Topic;
  memberEpoch = 0;
  partitions: readonly number[] = [];

  constructor(on: Player, label: string, topic: Topic) {
    this.#on = on;
    this.memberId = on.name(label);
    // From here on it bears the same name in both transcripts.
    on.note('a member', { memberId: this.memberId });
    this.#topic = topic;
  }

  get self() {
    return {
      groupId: this.#on.name('group'),
      memberId: this.memberId,
      memberEpoch: this.memberEpoch,
    };
  }

  get owned() {
    const { topicId } = this.#topic;
    return this.partitions.length > 0 ? [{ topicId, partitions: this.partitions }] : [];
  }

  async join(more: Beat = {}) {
    return this.#told(
      await this.#on.quietly(consumerGroupHeartbeat, 1, { ...first(this.#on, this), ...more }),
    );
  }

  /** Says what it has, and takes what it is told. */
  async beat(more: Beat = {}) {
    const request = { ...this.self, topicPartitions: this.owned, ...more };
    return this.#told(await this.#on.quietly(consumerGroupHeartbeat, 1, request));
  }

  /** What it is told, and what it then has: how many, since which ones is a broker's choice. */
  #told(answer: { errorCode: number; memberEpoch: number; assignment: Assignment | null }) {
    const { errorCode, memberEpoch, assignment } = answer;
    if (errorCode === 0) this.memberEpoch = memberEpoch;
    if (assignment) this.partitions = assignment.topicPartitions.flatMap((one) => one.partitions);
    const many = assignment ? this.partitions.length : null;
    this.#on.note('heartbeat', { errorCode, memberEpoch, many });
    return answer;
  }
}

interface Assignment {
  readonly topicPartitions: readonly { readonly partitions: readonly number[] }[];
}

/** A topic of which the group's coordinator knows too. */
export async function topicOf(on: Player, label: string, partitions = 1): Promise<Topic> {
  const topic = await on.topic(label, {}, partitions);
  await delay(500);
  return topic;
}

export async function grow(on: Player, { name }: Topic, count: number): Promise<void> {
  const topics = [{ name, count, assignments: null }];
  await on.quietly(createPartitions, 3, { topics, timeoutMs: 10_000 });
  await on.known(name, count);
}

export function first(on: Player, { memberId }: { memberId: string }): Beat {
  return {
    groupId: on.name('group'),
    memberId,
    memberEpoch: 0,
    rebalanceTimeoutMs: 30_000,
    subscribedTopicNames: [on.name('topic')],
    topicPartitions: [],
  };
}

export async function describe(on: Player): Promise<void> {
  const groupIds = [on.name('group')];
  await on.ask(consumerGroupDescribe, 1, { groupIds, includeAuthorizedOperations: true });
}

export function offsetsOf({ name }: Topic, partitions: readonly number[], committedOffset = 5) {
  const all = partitions.map((partitionIndex) => ({ partitionIndex, committedOffset }));
  return [{ name, partitions: all }];
}
