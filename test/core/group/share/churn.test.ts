/**
 * Members that join, leave, fall silent and change what they read, over a coordinator that crashes
 * too: when all is quiet, every partition has a member and nobody has what it does not read.
 */
import { describe, expect, it } from 'vitest';
import { ShareTestGroup, TestMember } from './test-members.ts';

/** A small generator of numbers below a bound, the same for the same seed. */
function chance(seed: number): (below: number) => number {
  let state = seed * 2_654_435_761 + 1;
  return (below) => {
    state = (Math.imul(state ^ (state >>> 15), 2_246_822_519) + 0x9e37_79b9) | 0;
    return ((state ^ (state >>> 13)) >>> 0) % below;
  };
}

class Churn {
  readonly group = new ShareTestGroup();
  readonly members = new Map<string, { member: TestMember; reads: string[] }>();
  readonly #next: (below: number) => number;
  #named = 0;

  constructor(seed: number) {
    this.#next = chance(seed);
    this.group.topics.set('u', 3);
  }

  step(): void {
    const { group, members } = this;
    group.advance(this.#next(3_000));
    const all = [...members.values()];
    const one = all[this.#next(Math.max(1, all.length))];
    const dice = this.#next(24);
    if (dice < 3 && all.length < 9) this.#join();
    else if (dice === 3 && one) this.#drop(one.member, true);
    else if (dice === 4 && one) this.#drop(one.member, false);
    else if (dice === 5) group.crash();
    else if (dice === 6 && one) {
      one.reads = this.#topics();
      one.member.beat({ subscribedTopicNames: one.reads });
    } else if (dice === 7) group.topics.set('t', (group.topics.get('t') ?? 0) + 1);
    this.round();
  }

  #topics(): string[] {
    return [['t'], ['u'], ['t', 'u']][this.#next(3)];
  }

  #join(): void {
    const member = new TestMember(this.group, `m${++this.#named}`);
    const reads = this.#topics();
    member.join(reads);
    this.members.set(member.memberId, { member, reads });
  }

  #drop(member: TestMember, politely: boolean): void {
    this.members.delete(member.memberId);
    if (politely) member.leave();
  }

  round(): void {
    for (const { member, reads } of this.members.values()) {
      const reply = member.beat();
      if (reply.errorCode !== 0) member.join(reads);
      const { toStart: topics } = reply;
      if (topics.length > 0) this.group.call('startSharePartitions', { groupId: 'g', topics });
    }
  }

  settle(): void {
    if (this.members.size === 0) this.#join();
    // Whoever fell silent is out, and topics are looked up again.
    for (let round = 0; round < 40; round++) {
      this.group.advance(3_000);
      this.round();
    }
  }
}

describe('a share group in turmoil', () => {
  it.each(Array.from({ length: 60 }, (_, seed) => seed))('comes to rest: seed %i', (seed) => {
    const churn = new Churn(seed);
    for (let step = 0; step < 80; step++) churn.step();
    churn.settle();
    const { group, members } = churn;
    const has = new Map<string, number>();
    for (const { member, reads } of members.values()) {
      const ids = reads.map((name) => name.toUpperCase());
      for (const name of member.partitions) {
        expect(ids).toContain(name.split(':')[0]);
        has.set(name, (has.get(name) ?? 0) + 1);
      }
    }
    const read = new Set([...members.values()].flatMap(({ reads }) => reads));
    for (const name of read) {
      for (let partition = 0; partition < group.topics.get(name)!; partition++) {
        expect(has.get(`${name.toUpperCase()}:${partition}`)).toBeGreaterThan(0);
      }
    }
    const { groupEpoch, assignmentEpoch } = group.describe932();
    expect(assignmentEpoch).toBe(groupEpoch);
    const before = group.written.length;
    churn.round();
    expect(group.written.length).toBe(before);
  });
});
