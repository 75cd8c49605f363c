/**
 * A group as it will be after this turn: what stands, and what the turn changes of it. The
 * surprise: nothing changes until the rows of a draft are replayed, so a call that is refused half
 * way leaves no trace.
 */
import type { GroupRow } from '../rows.ts';
import {
  type ConsumerGroupCheckpoint,
  type ConsumerGroupView,
  type ConsumerMember,
  same,
} from './consumer-group.ts';

export class ConsumerDraft implements ConsumerGroupView {
  checkpoint: ConsumerGroupCheckpoint;
  #base: ReadonlyMap<string, ConsumerMember>;
  #before: ConsumerGroupCheckpoint | undefined;
  /** Null: removed. */
  readonly #changed = new Map<string, ConsumerMember | null>();

  /** Without `before`, the group is new. */
  constructor(
    checkpoint: ConsumerGroupCheckpoint,
    members: ReadonlyMap<string, ConsumerMember>,
    before?: ConsumerGroupCheckpoint,
  ) {
    this.checkpoint = checkpoint;
    this.#base = members;
    this.#before = before;
  }

  member(memberId: string): ConsumerMember | undefined {
    const changed = this.#changed.get(memberId);
    return changed === undefined ? this.#base.get(memberId) : (changed ?? undefined);
  }

  *members(): Generator<ConsumerMember> {
    for (const [memberId, member] of this.#base) {
      const changed = this.#changed.get(memberId);
      if (changed !== null) yield changed ?? member;
    }
    for (const [memberId, member] of this.#changed) {
      if (member !== null && !this.#base.has(memberId)) yield member;
    }
  }

  get memberCount(): number {
    let count = this.#base.size;
    for (const [memberId, member] of this.#changed) {
      const was = this.#base.has(memberId);
      if (was && member === null) count--;
      if (!was && member !== null) count++;
    }
    return count;
  }

  staticMember(groupInstanceId: string): ConsumerMember | undefined {
    for (const member of this.members()) {
      if (member.groupInstanceId === groupInstanceId) return member;
    }
    return undefined;
  }

  put(member: ConsumerMember): void {
    this.#changed.set(member.memberId, member);
  }

  remove(memberId: string): void {
    this.#changed.set(memberId, null);
  }

  /** The members that this draft takes out. */
  get removed(): string[] {
    return [...this.#changed].flatMap(([memberId, member]) => (member === null ? [memberId] : []));
  }

  /** The first epoch of a group is 2, as in Kafka. A group without members has its targets. */
  bumpEpoch(topicsHash: string, now: number): void {
    const { checkpoint } = this;
    const groupEpoch = Math.max(2, checkpoint.groupEpoch + 1);
    const assignmentEpoch = this.memberCount === 0 ? groupEpoch : checkpoint.assignmentEpoch;
    this.checkpoint = { ...checkpoint, groupEpoch, assignmentEpoch, topicsHash, changedAtMs: now };
  }

  /** The rows of what was changed since this was last asked, and of nothing else. */
  flush(): GroupRow[] {
    const rows: GroupRow[] = [];
    if (!this.#before || !same(this.#before, this.checkpoint)) {
      rows.push({ key: 'consumer/group', value: this.checkpoint });
    }
    for (const [memberId, member] of this.#changed) {
      const was = this.#base.get(memberId);
      const stands = member === null ? was === undefined : same(was, member);
      if (!stands) rows.push({ key: `consumer/member/${memberId}`, value: member });
    }
    this.#base = new Map([...this.members()].map((member) => [member.memberId, member]));
    this.#changed.clear();
    this.#before = this.checkpoint;
    return rows;
  }
}
