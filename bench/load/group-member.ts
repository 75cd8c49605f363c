/**
 * A member of a classic group, at its coordinator: joins, is told its partitions, beats, commits,
 * leaves. The surprise: members that come one by one are led through a generation for each, as far
 * as the broker does not wait for others; nobody begins before all are in the same.
 */
import { heartbeat } from '../../src/protocol/apis/heartbeat.ts';
import { joinGroup } from '../../src/protocol/apis/join-group.ts';
import { leaveGroup } from '../../src/protocol/apis/leave-group.ts';
import { offsetCommit } from '../../src/protocol/apis/offset-commit.ts';
import { offsetFetch } from '../../src/protocol/apis/offset-fetch.ts';
import { syncGroup } from '../../src/protocol/apis/sync-group.ts';
import {
  decodeAssignment,
  encodeAssignment,
  encodeSubscription,
} from '../../src/protocol/embedded/consumer-protocol.ts';
import { ErrorCode } from '../../src/protocol/errors.ts';
import { Asking, checkCode, findCoordinatorOf, patiently } from './setup.ts';

/** What all members of a group know, being of one process. */
export interface Membership {
  readonly groupId: string;
  readonly topic: string;
  readonly topicId: string;
  readonly partitions: number;
  readonly members: number;
  /** By generation: how many members it has. */
  readonly generations: Map<number, number>;
}

interface Place {
  readonly memberId: string;
  readonly generationId: number;
}

const protocolType = 'consumer';
const protocolName = 'range';

export class Member {
  readonly #asking: Asking;
  readonly #membership: Membership;
  #place: Place = { memberId: '', generationId: -1 };

  private constructor(asking: Asking, membership: Membership) {
    this.#asking = asking;
    this.#membership = membership;
  }

  static async open(
    target: { host: string; port: number },
    membership: Membership,
  ): Promise<Member> {
    const asking = await Asking.open(target);
    await findCoordinatorOf(asking, membership.groupId, 0);
    return new Member(asking, membership);
  }

  /** Settles with the partitions that are its own, when all members are in the group. */
  async join(): Promise<number[]> {
    for (;;) {
      const assigned = await this.#joinOnce();
      const { generationId } = this.#place;
      const isWhole = this.#membership.generations.get(generationId) === this.#membership.members;
      if (assigned !== undefined && isWhole) return assigned;
      while (assigned !== undefined && (await this.beat())) await delay(10);
    }
  }

  /** Whether the generation still stands. */
  async beat(): Promise<boolean> {
    const { groupId } = this.#membership;
    const { errorCode } = await this.#asking.ask(heartbeat, 4, { groupId, ...this.#place });
    if (errorCode === ErrorCode.REBALANCE_IN_PROGRESS) return false;
    checkCode(errorCode, 'Heartbeat');
    return true;
  }

  /** Where the group has come to; nothing is known of partitions it has never committed. */
  async committed(partitions: readonly number[]): Promise<ReadonlyMap<number, number>> {
    const { groupId, topic: name } = this.#membership;
    const topics = [{ name, topicId: '', partitionIndexes: [...partitions] }];
    const group = { groupId, memberId: null, memberEpoch: -1, topics };
    const { groups } = await this.#asking.ask(offsetFetch, 9, { groups: [group] });
    checkCode(groups[0].errorCode, 'OffsetFetch');
    const known = groups[0].topics.flatMap((topic) => topic.partitions);
    for (const { errorCode } of known) checkCode(errorCode, 'OffsetFetch');
    return new Map(
      known
        .filter(({ committedOffset }) => committedOffset >= 0)
        .map(({ partitionIndex, committedOffset }) => [partitionIndex, committedOffset]),
    );
  }

  async commit(offsets: ReadonlyMap<number, number>): Promise<void> {
    const { groupId, topic: name } = this.#membership;
    const { memberId, generationId } = this.#place;
    const partitions = [...offsets].map(([partitionIndex, committedOffset]) => {
      return { partitionIndex, committedOffset, committedLeaderEpoch: -1, committedMetadata: '' };
    });
    const answer = await this.#asking.ask(offsetCommit, 9, {
      groupId,
      memberId,
      generationIdOrMemberEpoch: generationId,
      topics: [{ name, topicId: '', partitions }],
    });
    const answered = answer.topics.flatMap((topic) => topic.partitions);
    for (const { errorCode } of answered) checkCode(errorCode, 'OffsetCommit');
    if (answered.length !== offsets.size) throw new Error('OffsetCommit did not answer all');
  }

  async leave(): Promise<void> {
    const { groupId } = this.#membership;
    const members = [{ memberId: this.#place.memberId, groupInstanceId: null, reason: null }];
    const { errorCode } = await this.#asking.ask(leaveGroup, 5, { groupId, members });
    checkCode(errorCode, 'LeaveGroup');
  }

  close(): void {
    this.#asking[Symbol.dispose]();
  }

  /** Undefined when somebody came in between. */
  async #joinOnce(): Promise<number[] | undefined> {
    const { groupId, topic, generations } = this.#membership;
    const joined = await this.#askToJoin();
    this.#place = { memberId: joined.memberId, generationId: joined.generationId };
    const isLeader = joined.leader === joined.memberId;
    if (isLeader) generations.set(joined.generationId, joined.members.length);
    const members = joined.members.map(({ memberId }) => memberId).sort();
    const { errorCode, assignment } = await this.#asking.ask(syncGroup, 5, {
      groupId,
      ...this.#place,
      protocolType,
      protocolName,
      assignments: isLeader ? this.#assigned(members) : [],
    });
    if (errorCode === ErrorCode.REBALANCE_IN_PROGRESS) return undefined;
    checkCode(errorCode, 'SyncGroup');
    const { assignedPartitions } = decodeAssignment(assignment);
    return assignedPartitions
      .filter((each) => each.topic === topic)
      .flatMap(({ partitions }) => [...partitions]);
  }

  /** The first answer to a newcomer is its name alone. */
  async #askToJoin() {
    const subscribed = { topics: [this.#membership.topic], userData: null, ownedPartitions: [] };
    const metadata = encodeSubscription(1, { ...subscribed, generationId: -1, rackId: null });
    const ask = () =>
      this.#asking.ask(joinGroup, 9, {
        groupId: this.#membership.groupId,
        sessionTimeoutMs: 45_000,
        rebalanceTimeoutMs: 60_000,
        memberId: this.#place.memberId,
        protocolType,
        protocols: [{ name: protocolName, metadata }],
      });
    return patiently('JoinGroup', async () => {
      let answer = await ask();
      if (answer.errorCode === ErrorCode.MEMBER_ID_REQUIRED) {
        this.#place = { memberId: answer.memberId, generationId: -1 };
        answer = await ask();
      }
      return { codes: [answer.errorCode], answer };
    });
  }

  /** Ranges of partitions, the first members' one longer if need be. */
  #assigned(members: readonly string[]) {
    const { topic, partitions } = this.#membership;
    return members.map((memberId, nth) => {
      const from = Math.ceil((partitions * nth) / members.length);
      const to = Math.ceil((partitions * (nth + 1)) / members.length);
      const own = Array.from({ length: to - from }, (_, i) => from + i);
      const assignedPartitions = [{ topic, partitions: own }];
      return { memberId, assignment: encodeAssignment(1, { assignedPartitions, userData: null }) };
    });
  }
}

export function delay(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
