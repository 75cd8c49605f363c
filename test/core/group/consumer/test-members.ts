/**
 * Members of a consumer group around a test group: each says what it has and takes what it is told,
 * as a client does; topics are looked up as the group's host would.
 */
import type { GroupCalls, PartitionsById } from '../../../../src/core/group/commands.ts';
import type { GroupCall } from '../../../../src/core/group/replies.ts';
import { TestGroup } from '../test-group.ts';

type Beat = GroupCalls['consumerGroupHeartbeat'];

export class ConsumerTestGroup extends TestGroup {
  /** Name → partitions; the id of a topic is its name in capitals. */
  readonly topics = new Map<string, number>([['t', 4]]);
  /** How often topics were looked up. */
  lookUps = 0;

  ask<K extends 'consumerGroupHeartbeat' | 'joinGroup' | 'syncGroup'>(
    kind: K,
    command: GroupCalls[K]['command'],
  ): GroupCalls[K]['reply'] {
    const asked = this.machine.wantedTopics({ kind, command } as GroupCall, this.now);
    if (asked === undefined) return this.call(kind, command).answer;
    this.lookUps++;
    const topics = [...this.topics]
      .filter(([name]) => asked === 'all' || asked.includes(name))
      .map(([name, partitions]) => ({ name, topicId: name.toUpperCase(), partitions }));
    return this.call(kind, { ...command, seen: { asked, topics } }).answer;
  }

  describe848() {
    return this.call('describeConsumerGroup', { groupId: 'g' }).answer.group!;
  }
}

export class TestMember {
  readonly memberId: string;
  memberEpoch = 0;
  /** What it was told that it may have. */
  owned: PartitionsById = [];
  readonly #group: ConsumerTestGroup;

  constructor(group: ConsumerTestGroup, memberId: string) {
    this.#group = group;
    this.memberId = memberId;
  }

  get count(): number {
    return this.partitions.length;
  }

  get partitions(): string[] {
    return this.owned.flatMap(({ topicId, partitions }) =>
      partitions.map((partition) => `${topicId}:${partition}`),
    );
  }

  join(more: Partial<Beat['command']> = {}): Beat['reply'] {
    this.memberEpoch = 0;
    this.owned = [];
    return this.beat({ rebalanceTimeoutMs: 30_000, subscribedTopicNames: ['t'], ...more });
  }

  beat(more: Partial<Beat['command']> = {}): Beat['reply'] {
    const reply = this.#group.ask('consumerGroupHeartbeat', {
      groupId: 'g',
      memberId: this.memberId,
      memberEpoch: this.memberEpoch,
      groupInstanceId: null,
      rackId: null,
      rebalanceTimeoutMs: -1,
      subscribedTopicNames: null,
      subscribedTopicRegex: null,
      serverAssignor: null,
      owned: this.owned,
      clientId: 'c',
      clientHost: '/h',
      topicsChangedAtMs: 0,
      ...more,
    });
    if (reply.errorCode === 0) this.memberEpoch = reply.memberEpoch;
    if (reply.assignedPartitions) this.owned = reply.assignedPartitions;
    return reply;
  }

  leave(): Beat['reply'] {
    return this.beat({ memberEpoch: -1 });
  }
}
