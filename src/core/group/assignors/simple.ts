/**
 * The assignor of share groups, `simple`: everybody gets as many partitions as everybody else, give
 * or take one, and keeps what it has as far as that allows; where there are fewer partitions than
 * members, members share. The surprise: where members read different topics, each topic is shared
 * out by itself.
 */
import {
  type AssignedMember,
  type Assignment,
  AssignmentBuilder,
  type Partitions,
} from './assignor.ts';

interface Slot {
  readonly topicId: string;
  readonly partition: number;
}

export interface SimpleInput {
  readonly members: readonly AssignedMember[];
  /** What may be assigned of the topics that members read. */
  readonly partitions: Partitions;
}

export function simple({ members, partitions }: SimpleInput): Assignment {
  const assignment = new AssignmentBuilder(members);
  const [first, ...others] = members;
  if (!first) return assignment.build();
  const alike = others.every(({ subscribed }) => sameSet(subscribed, first.subscribed));
  const topics = Object.entries(partitions).map(([topicId, each]) =>
    each.map((partition): Slot => ({ topicId, partition })),
  );
  const readersOf = ([slot]: readonly Slot[]): AssignedMember[] =>
    members.filter(({ subscribed }) => slot !== undefined && subscribed.has(slot.topicId));
  const pools = alike ? [topics.flat()] : topics;
  for (const slots of pools) {
    for (const { member, has } of shareOut(slots, alike ? members : readersOf(slots))) {
      for (const slot of has) assignment.give(member.memberId, slot.topicId, slot.partition);
    }
  }
  return assignment.build();
}

function sameSet(left: ReadonlySet<string>, right: ReadonlySet<string>): boolean {
  return left.size === right.size && [...left].every((one) => right.has(one));
}

/** What a member gets of a pool of partitions. */
interface Portion {
  readonly member: AssignedMember;
  /** How many it should have. */
  readonly due: number;
  readonly has: Set<Slot>;
}

function shareOut(slots: readonly Slot[], members: readonly AssignedMember[]): Portion[] {
  if (slots.length === 0 || members.length === 0) return [];
  const sharing = Math.ceil(members.length / slots.length);
  const upTo = (count: number): number =>
    Math.ceil((sharing * slots.length * count) / members.length);
  const portions = members.map((member, index): Portion => {
    const due = upTo(index + 1) - upTo(index);
    // Whoever has too much keeps as much as is due.
    const had = slots.filter(({ topicId, partition }) =>
      member.target[topicId]?.includes(partition),
    );
    return { member, due, has: new Set(had.slice(0, due)) };
  });
  for (const slot of slots) leaveTo(sharing, slot, portions);
  fill(slots, sharing, portions);
  return portions;
}

/** No more than so many share a partition. */
function leaveTo(sharing: number, slot: Slot, portions: readonly Portion[]): void {
  const sharers = portions.filter(({ has }) => has.has(slot));
  for (const { has } of sharers.slice(sharing)) has.delete(slot);
}

/**
 * Gives every partition as many members as it should have, in turns. A partition that nobody can
 * take who should have more goes without; at least one member it has in any case.
 */
function fill(slots: readonly Slot[], sharing: number, portions: readonly Portion[]): void {
  let turn = 0;
  for (const slot of slots) {
    let sharers = portions.filter(({ has }) => has.has(slot)).length;
    for (let tried = 0; tried < portions.length && sharers < sharing; tried++) {
      const { has, due } = portions[turn++ % portions.length];
      if (has.size >= due || has.has(slot)) continue;
      has.add(slot);
      sharers++;
    }
  }
}
