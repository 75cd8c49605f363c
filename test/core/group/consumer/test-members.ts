/**
 * Members of a consumer group around a test group: each says what it has and takes what it is told,
 * as a client does.
 */
import type { GroupCalls, PartitionsById } from '../../../../src/core/group/commands.ts';
import { TopicsTestGroup } from '../topics-test-group.ts';

type Beat = GroupCalls['consumerGroupHeartbeat'];

export class ConsumerTestGroup extends TopicsTestGroup {
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
