import { describe, expect, it } from 'vitest';
import type { AssignedMember, Assignment } from '../../../../src/core/group/assignors/assignor.ts';
import { simple } from '../../../../src/core/group/assignors/simple.ts';

function member(
  memberId: string,
  subscribed: readonly string[],
  target: AssignedMember['target'] = {},
): AssignedMember {
  return { memberId, groupInstanceId: null, subscribed: new Set(subscribed), target };
}

function upTo(count: number): number[] {
  return Array.from({ length: count }, (_, partition) => partition);
}

function sizes(assignment: Assignment): number[] {
  return [...assignment.values()].map((topics) => Object.values(topics).flat().length);
}

/** How many members have each partition. */
function sharing(assignment: Assignment): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const topics of assignment.values()) {
    for (const [topicId, partitions] of Object.entries(topics)) {
      for (const partition of partitions) {
        const name = `${topicId}${partition}`;
        counts[name] = (counts[name] ?? 0) + 1;
      }
    }
  }
  return counts;
}

describe('simple', () => {
  it('gives nobody anything where there is nothing', () => {
    expect(simple({ members: [], partitions: { T: [0] } }).size).toBe(0);
    const given = simple({ members: [member('a', ['T'])], partitions: {} });
    expect(Object.fromEntries(given)).toEqual({ a: {} });
  });

  it('keeps what members have, as far as it is due', () => {
    const members = [member('a', ['T'], { T: [0, 2, 3, 1] }), member('b', ['T'], { T: [3] })];
    const given = simple({ members, partitions: { T: upTo(4) } });
    expect(sizes(given)).toEqual([2, 2]);
    expect(given.get('b')!.T).toContain(3);
    const again = [...given].map(([memberId, target]) => member(memberId, ['T'], target));
    expect(simple({ members: again, partitions: { T: upTo(4) } })).toEqual(given);
  });

  it('lets as many share a partition as there are too many members', () => {
    for (const [members, partitions] of [
      [3, 2],
      [5, 3],
      [6, 3],
      [7, 1],
    ]) {
      const all = upTo(members).map((index) => member(`m${index}`, ['T']));
      const given = simple({ members: all, partitions: { T: upTo(partitions) } });
      expect(Math.min(...sizes(given))).toBeGreaterThan(0);
      expect(Math.max(...sizes(given)) - Math.min(...sizes(given))).toBeLessThanOrEqual(1);
      const counts = Object.values(sharing(given));
      expect(counts.length).toBe(partitions);
      expect(Math.max(...counts)).toBeLessThanOrEqual(Math.ceil(members / partitions));
    }
  });

  it('shares out each topic by itself where members read different ones', () => {
    const members = [member('a', ['T']), member('b', ['U']), member('c', ['T', 'U'])];
    const given = simple({ members, partitions: { T: upTo(4), U: upTo(2) } });
    expect(sizes(given)).toEqual([2, 1, 3]);
    expect(Object.keys(given.get('a')!)).toEqual(['T']);
    expect(Object.keys(given.get('b')!)).toEqual(['U']);
  });

  it('gives only what may be assigned, and takes back what no longer may', () => {
    const members = [member('a', ['T', 'U'], { T: [0, 5], U: [0] })];
    const given = simple({ members, partitions: { T: [1, 3] } });
    expect(Object.fromEntries(given)).toEqual({ a: { T: [1, 3] } });
  });

  it.each(upTo(200))('always leaves every partition to somebody: case %i', (seed) => {
    let state = seed + 1;
    const next = (below: number): number => {
      state = Math.imul(state ^ (state >>> 13), 0x5bd1_e995) + 0x9e37_79b9;
      return ((state ^ (state >>> 16)) >>> 0) % below;
    };
    const partitions = { T: upTo(1 + next(6)), U: upTo(1 + next(6)) };
    const alike = next(2) === 0;
    let members = upTo(1 + next(9)).map((index) =>
      member(`m${index}`, alike ? ['T', 'U'] : [['T'], ['U'], ['T', 'U']][next(3)]),
    );
    for (let round = 0; round < 5; round++) {
      const given = simple({ members, partitions });
      const read = new Set(members.flatMap(({ subscribed }) => [...subscribed]));
      const counts = sharing(given);
      for (const topicId of ['T', 'U'] as const) {
        if (!read.has(topicId)) continue;
        for (const partition of partitions[topicId]) {
          expect(counts[`${topicId}${partition}`]).toBeGreaterThan(0);
        }
      }
      if (alike) expect(Math.max(...sizes(given)) - Math.min(...sizes(given))).toBeLessThan(2);
      members = members
        .filter(() => members.length === 1 || next(4) > 0)
        .map(({ memberId, subscribed }) => member(memberId, [...subscribed], given.get(memberId)));
      if (members.length === 0) members = [member('n', ['T', 'U'])];
    }
  });
});
