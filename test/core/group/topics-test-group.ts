/** A test group of a newer protocol: topics are looked up as the group's host would. */
import type { GroupCalls } from '../../../src/core/group/commands.ts';
import type { GroupCall } from '../../../src/core/group/replies.ts';
import { TestGroup } from './test-group.ts';

type Looking = 'consumerGroupHeartbeat' | 'shareGroupHeartbeat' | 'joinGroup' | 'syncGroup';

export class TopicsTestGroup extends TestGroup {
  /** Name → partitions; the id of a topic is its name in capitals. */
  readonly topics = new Map<string, number>([['t', 4]]);
  /** Set on the group itself. */
  configs: Record<string, string> = {};
  /** How often topics were looked up. */
  lookUps = 0;

  ask<K extends Looking>(kind: K, command: GroupCalls[K]['command']): GroupCalls[K]['reply'] {
    const asked = this.machine.wantedTopics({ kind, command } as GroupCall, this.now);
    if (asked === undefined) return this.call(kind, command).answer;
    this.lookUps++;
    const { configs } = this;
    const topics = [...this.topics]
      .filter(([name]) => asked === 'all' || asked.includes(name))
      .map(([name, partitions]) => ({ name, topicId: name.toUpperCase(), partitions }));
    return this.call(kind, { ...command, seen: { askedAtMs: this.now, asked, topics, configs } })
      .answer;
  }
}
