/**
 * The assignor `uniform`, the default: everybody gets as many partitions as everybody else, give or
 * take one, and keeps what it has as far as that allows. The surprise: where members read different
 * topics there is no quota to go by; then partitions move one by one from those who have most to
 * those who have least, while that evens things out.
 */
import {
  type AssignedMember,
  type Assignment,
  AssignmentBuilder,
  type Assignor,
  type AssignorInput,
} from './assignor.ts';

interface Slot {
  readonly topicId: string;
  readonly partition: number;
}

export const uniform: Assignor = (input) => {
  const [first, ...others] = input.members;
  if (!first) return new Map();
  const alike = others.every(({ subscribed }) => sameSet(subscribed, first.subscribed));
  return alike ? homogeneous(input) : heterogeneous(input);
};

function sameSet(left: ReadonlySet<string>, right: ReadonlySet<string>): boolean {
  return left.size === right.size && [...left].every((one) => right.has(one));
}

/** What a member had and may still have. */
function* retained({ target, subscribed }: AssignedMember, topics: AssignorInput['topics']) {
  for (const [topicId, partitions] of Object.entries(target)) {
    if (!subscribed.has(topicId)) continue;
    const count = topics.get(topicId) ?? 0;
    for (const partition of partitions) if (partition < count) yield { topicId, partition };
  }
}

/** All partitions that nobody of these had. */
function unassigned({ members, topics }: AssignorInput): Slot[] {
  const taken = new Set<string>();
  for (const member of members) {
    for (const slot of retained(member, topics)) taken.add(nameOf(slot));
  }
  return [...topics].flatMap(([topicId, count]) =>
    Array.from({ length: count }, (_, partition) => ({ topicId, partition })).filter(
      (slot) => !taken.has(nameOf(slot)),
    ),
  );
}

function nameOf({ topicId, partition }: Slot): string {
  return `${topicId}:${partition}`;
}

function homogeneous(input: AssignorInput): Assignment {
  const { members, topics } = input;
  const assignment = new AssignmentBuilder(members);
  const free = unassigned(input);
  let total = 0;
  for (const count of topics.values()) total += count;
  let extras = total % members.length;
  const unfilled: { memberId: string; missing: number }[] = [];
  for (const member of members) {
    let quota = Math.floor(total / members.length);
    if (extras > 0) {
      quota++;
      extras--;
    }
    for (const slot of retained(member, topics)) {
      if (quota > 0) {
        quota--;
        assignment.give(member.memberId, slot.topicId, slot.partition);
      } else free.push(slot);
    }
    if (quota > 0) unfilled.push({ memberId: member.memberId, missing: quota });
  }
  for (const { memberId, missing } of unfilled) {
    for (const { topicId, partition } of free.splice(0, missing)) {
      assignment.give(memberId, topicId, partition);
    }
  }
  return assignment.build();
}

/** How much a member has, while partitions move. */
interface Load {
  readonly member: AssignedMember;
  readonly slots: Map<string, Slot>;
}

function heterogeneous(input: AssignorInput): Assignment {
  const { members, topics } = input;
  const loads = members.map((member): Load => {
    const slots = [...retained(member, topics)];
    return { member, slots: new Map(slots.map((slot) => [nameOf(slot), slot])) };
  });
  for (const slot of unassigned(input)) {
    const least = lightest(loads, slot.topicId);
    least?.slots.set(nameOf(slot), slot);
  }
  evenOut(loads);
  const assignment = new AssignmentBuilder(members);
  for (const { member, slots } of loads) {
    for (const { topicId, partition } of slots.values()) {
      assignment.give(member.memberId, topicId, partition);
    }
  }
  return assignment.build();
}

function lightest(loads: readonly Load[], topicId: string): Load | undefined {
  let least: Load | undefined;
  for (const load of loads) {
    if (!load.member.subscribed.has(topicId)) continue;
    if (!least || load.slots.size < least.slots.size) least = load;
  }
  return least;
}

/**
 * Moves partitions along chains: a partition goes from one member to another of the same topic that
 * has at least two less. Each move makes the sum of squares smaller, so it ends.
 */
function evenOut(loads: readonly Load[]): void {
  for (let moved = true; moved; ) {
    moved = false;
    for (const from of [...loads].sort((a, b) => b.slots.size - a.slots.size)) {
      for (const [name, slot] of [...from.slots]) {
        const to = lightest(loads, slot.topicId);
        if (!to || to.slots.size + 1 >= from.slots.size) continue;
        from.slots.delete(name);
        to.slots.set(name, slot);
        moved = true;
      }
    }
  }
}
