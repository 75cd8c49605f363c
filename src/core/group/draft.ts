/**
 * A group as it will be after this turn: what stands, and what the turn changes of it. The
 * surprise: nothing changes until the rows of a draft are replayed, so a call that is refused half
 * way leaves no trace.
 */
import type { Assignment } from './assignors/assignor.ts';
import { type GroupEpochs, type ModernGroup, type ModernMember, same } from './modern-group.ts';
import { topicsHashOf } from './subscriptions.ts';
import type { TopicsImage } from './topics-image.ts';

/** What a draft's rows are: those of one kind of group. */
export type DraftRow<Kind extends string, Member> =
  | { readonly key: `${Kind}/group`; readonly value: GroupEpochs | null }
  | { readonly key: `${Kind}/member/${string}`; readonly value: Member | null };

export class Draft<Kind extends string, Member extends ModernMember>
  implements ModernGroup<Member>
{
  checkpoint: GroupEpochs;
  readonly #kind: Kind;
  #base: ReadonlyMap<string, Member>;
  #before: GroupEpochs | undefined;
  /** Null: removed. */
  readonly #changed = new Map<string, Member | null>();

  /** Without `before`, the group is new. */
  constructor(
    kind: Kind,
    checkpoint: GroupEpochs,
    members: ReadonlyMap<string, Member>,
    before?: GroupEpochs,
  ) {
    this.#kind = kind;
    this.checkpoint = checkpoint;
    this.#base = members;
    this.#before = before;
  }

  member(memberId: string): Member | undefined {
    const changed = this.#changed.get(memberId);
    return changed === undefined ? this.#base.get(memberId) : (changed ?? undefined);
  }

  *members(): Generator<Member> {
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

  put(member: Member): void {
    this.#changed.set(member.memberId, member);
  }

  remove(memberId: string): void {
    this.#changed.set(memberId, null);
  }

  /** The members that this draft takes out. */
  get removed(): string[] {
    return [...this.#changed].flatMap(([memberId, member]) => (member === null ? [memberId] : []));
  }

  /** Takes members out: those who stay learn of it at their next heartbeat. */
  takeOut(memberIds: readonly string[], image: TopicsImage | undefined, now: number): void {
    if (memberIds.length === 0) return;
    for (const memberId of memberIds) this.remove(memberId);
    this.bumpEpoch(image ? topicsHashOf(this, image) : this.checkpoint.topicsHash, now);
  }

  /** The first epoch of a group is 2, as in Kafka. A group without members has its targets. */
  bumpEpoch(topicsHash: string, now: number): void {
    const groupEpoch = Math.max(2, this.checkpoint.groupEpoch + 1);
    const isEmpty = this.memberCount === 0;
    const targets = isEmpty ? { assignmentEpoch: groupEpoch, assignedAtMs: 0 } : {};
    this.checkpoint = { ...this.checkpoint, groupEpoch, topicsHash, changedAtMs: now, ...targets };
  }

  /** Whether targets are to be made for this group epoch, now. */
  wantsTargets(intervalMs: number, now: number): boolean {
    const { groupEpoch, assignmentEpoch, assignedAtMs } = this.checkpoint;
    return groupEpoch > assignmentEpoch && now >= assignedAtMs + intervalMs;
  }

  setTargets(targets: Assignment, now: number): void {
    for (const member of [...this.members()]) {
      const target = targets.get(member.memberId) ?? {};
      if (!same(member.target, target)) this.put({ ...member, target });
    }
    const assignmentEpoch = this.checkpoint.groupEpoch;
    this.checkpoint = { ...this.checkpoint, assignmentEpoch, assignedAtMs: now };
  }

  /** The rows of what was changed since this was last asked, and of nothing else. */
  flush(): DraftRow<Kind, Member>[] {
    const rows: DraftRow<Kind, Member>[] = [];
    if (!this.#before || !same(this.#before, this.checkpoint)) {
      rows.push({ key: `${this.#kind}/group`, value: this.checkpoint });
    }
    for (const [memberId, member] of this.#changed) {
      const was = this.#base.get(memberId);
      const stands = member === null ? was === undefined : same(was, member);
      if (!stands) rows.push({ key: `${this.#kind}/member/${memberId}`, value: member });
    }
    this.#base = new Map([...this.members()].map((member) => [member.memberId, member]));
    this.#changed.clear();
    this.#before = this.checkpoint;
    return rows;
  }
}
