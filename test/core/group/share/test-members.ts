/**
 * Members of a share group around a test group. After every step a machine that only knows the rows
 * must say the same of the group.
 */
import { expect } from 'vitest';
import type { GroupCalls, PartitionsById } from '../../../../src/core/group/commands.ts';
import type { GroupConfig } from '../../../../src/core/group/rows.ts';
import type { ShareGroupCalls } from '../../../../src/core/group/share/calls.ts';
import { TestGroup } from '../test-group.ts';
import { TopicsTestGroup } from '../topics-test-group.ts';

type Beat = ShareGroupCalls['shareGroupHeartbeat'];

export class ShareTestGroup extends TopicsTestGroup {
  readonly #changes: Partial<GroupConfig>;

  constructor(changes: Partial<GroupConfig> = {}) {
    super(changes);
    this.#changes = changes;
  }

  override call<K extends keyof GroupCalls>(kind: K, command: GroupCalls[K]['command']) {
    const caller = super.call(kind, command);
    // A classic group in flux is memory.
    if (!/share/i.test(kind)) return caller;
    const reader = new TestGroup(this.#changes);
    for (const [key, value] of this.table) reader.table.set(key, value);
    reader.crash();
    expect(told(reader)).toEqual(told({ call: (...asked) => super.call(...asked) }));
    return caller;
  }

  describe932() {
    return this.call('describeShareGroup', { groupId: 'g' }).answer.group!;
  }

  /** Topic id → partitions that have a state of the group. */
  get kept(): Record<string, readonly number[]> {
    const { topics } = this.call('listSharePartitions', { groupId: 'g' }).answer;
    return Object.fromEntries(topics.map(({ topicId, partitions }) => [topicId, partitions]));
  }
}

/** All that can be read of a group. */
function told(group: Pick<TestGroup, 'call'>): unknown[] {
  const command = { groupId: 'g' };
  return [
    group.call('describeShareGroup', command).answer,
    group.call('listSharePartitions', command).answer,
    group.call('listGroup', command).answer,
  ];
}

export class TestMember {
  readonly memberId: string;
  memberEpoch = 0;
  /** What it was told that it may have. */
  owned: PartitionsById = [];
  readonly #group: ShareTestGroup;

  constructor(group: ShareTestGroup, memberId: string) {
    this.#group = group;
    this.memberId = memberId;
  }

  get partitions(): string[] {
    return this.owned.flatMap(({ topicId, partitions }) =>
      partitions.map((partition) => `${topicId}:${partition}`),
    );
  }

  join(subscribedTopicNames: readonly string[] = ['t']): Beat['reply'] {
    this.memberEpoch = 0;
    this.owned = [];
    return this.beat({ subscribedTopicNames });
  }

  beat(more: Partial<Beat['command']> = {}): Beat['reply'] {
    const reply = this.#group.ask('shareGroupHeartbeat', {
      groupId: 'g',
      memberId: this.memberId,
      memberEpoch: this.memberEpoch,
      rackId: null,
      subscribedTopicNames: null,
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
