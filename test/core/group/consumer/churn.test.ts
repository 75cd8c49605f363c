/**
 * Members that join, leave, crash, stall and change what they read, over a coordinator that crashes
 * too: no partition ever has two owners, and when all is quiet every partition has one.
 */
import { describe, expect, it } from 'vitest';
import { ConsumerTestGroup, TestMember } from './test-members.ts';

/** A small generator of numbers below a bound, the same for the same seed. */
function chance(seed: number): (below: number) => number {
  let state = seed * 2_654_435_761 + 1;
  return (below) => {
    state = (Math.imul(state ^ (state >>> 15), 2_246_822_519) + 0x9e37_79b9) | 0;
    return ((state ^ (state >>> 13)) >>> 0) % below;
  };
}

class Churn {
  readonly group = new ConsumerTestGroup();
  readonly members = new Map<string, TestMember>();
  /** Until when a member says nothing. */
  readonly stalled = new Map<string, number>();
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
    const dice = this.#next(40);
    if (dice < 3 && all.length < 6) this.#join();
    else if (dice === 3 && one) this.#drop(one, true);
    else if (dice === 4 && one) this.#drop(one, false);
    else if (dice === 5 && one) this.stalled.set(one.memberId, group.now + this.#next(90_000));
    else if (dice === 6) group.crash();
    else if (dice === 7 && one) one.beat({ subscribedTopicNames: this.#topics() });
    else if (dice === 8) group.topics.set('t', (group.topics.get('t') ?? 0) + 1);
    this.round();
  }

  #topics(): string[] {
    return [['t'], ['u'], ['t', 'u']][this.#next(3)];
  }

  #join(): void {
    const member = new TestMember(this.group, `m${++this.#named}`);
    member.join({ subscribedTopicNames: this.#topics() });
    this.members.set(member.memberId, member);
  }

  #drop(member: TestMember, politely: boolean): void {
    this.members.delete(member.memberId);
    if (politely) member.leave();
  }

  /** Everybody who is not stalled says that it lives. */
  round(): void {
    for (const member of this.members.values()) {
      if ((this.stalled.get(member.memberId) ?? 0) > this.group.now) continue;
      const { errorCode } = member.beat();
      if (errorCode !== 0) member.join({ subscribedTopicNames: ['t', 'u'] });
    }
  }

  /** By what the coordinator lets members have, now. */
  owners(): Map<string, string[]> {
    const owners = new Map<string, string[]>();
    for (const { memberId, assignment } of this.group.describe848().members) {
      for (const { topicId, partitions } of assignment) {
        for (const partition of partitions) {
          const name = `${topicId}:${partition}`;
          owners.set(name, [...(owners.get(name) ?? []), memberId]);
        }
      }
    }
    return owners;
  }
}

describe('churn', () => {
  it.each(Array.from({ length: 40 }, (_, seed) => seed + 1))('seed %i', (seed) => {
    const churn = new Churn(seed);
    for (let step = 0; step < 250; step++) {
      churn.step();
      if (churn.group.machine.exists && churn.members.size > 0) {
        const shared = [...churn.owners()].filter(([, owners]) => owners.length > 1);
        expect(shared).toEqual([]);
      }
    }
    churn.stalled.clear();
    for (let round = 0; round < 60; round++) {
      churn.group.advance(4_000);
      churn.round();
    }
    if (churn.members.size === 0) return;
    const group = churn.group.describe848();
    expect(group.groupState).toBe('Stable');
    const read = new Set(group.members.flatMap((member) => member.subscribedTopicNames));
    const wanted = [...churn.group.topics].flatMap(([name, count]) =>
      read.has(name) ? Array.from({ length: count }, (_, index) => `${name}:${index}`) : [],
    );
    expect([...churn.owners().keys()].sort()).toEqual(
      wanted.map((name) => name.toUpperCase()).sort(),
    );
    const held = [...churn.members.values()].flatMap(({ partitions }) => partitions);
    expect(held.sort()).toEqual([...churn.owners().keys()].sort());
  });
});
