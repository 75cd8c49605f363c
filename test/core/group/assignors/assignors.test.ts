import { describe, expect, it } from 'vitest';
import type { AssignedMember, Assignment } from '../../../../src/core/group/assignors/assignor.ts';
import { range } from '../../../../src/core/group/assignors/range.ts';
import { uniform } from '../../../../src/core/group/assignors/uniform.ts';

function member(
  memberId: string,
  subscribed: readonly string[],
  target: AssignedMember['target'] = {},
): AssignedMember {
  return { memberId, groupInstanceId: null, subscribed: new Set(subscribed), target };
}

function topicsOf(counts: Record<string, number>): Map<string, number> {
  return new Map(Object.entries(counts));
}

function sizes(assignment: Assignment): number[] {
  return [...assignment.values()].map((topics) => Object.values(topics).flat().length);
}

const both = ['T', 'U'];

describe('range', () => {
  it('gives neighbours, the same numbers of every topic', () => {
    const members = ['a', 'b'].map((name) => member(name, both));
    const given = range({ members, topics: topicsOf({ T: 3, U: 3 }) });
    expect(Object.fromEntries(given)).toEqual({
      a: { T: [0, 1], U: [0, 1] },
      b: { T: [2], U: [2] },
    });
  });

  it('lets members keep their share, and knows who reads what', () => {
    const members = [member('a', ['T'], { T: [2, 3] }), member('b', both), member('c', ['U'])];
    const given = range({ members, topics: topicsOf({ T: 4, U: 1 }) });
    expect(Object.fromEntries(given)).toEqual({
      a: { T: [2, 3] },
      b: { T: [0, 1], U: [0] },
      c: {},
    });
  });

  it('gives nothing that is no longer there', () => {
    const members = [member('a', ['T'], { T: [0, 5], U: [0] })];
    const given = range({ members, topics: topicsOf({ T: 2 }) });
    expect(Object.fromEntries(given)).toEqual({ a: { T: [0, 1] } });
  });
});

describe('uniform', () => {
  it('evens out what everybody reads, and moves no more than it must', () => {
    const members = [
      member('a', both, { T: [0, 1, 2, 3], U: [0, 1] }),
      member('b', both),
      member('c', both),
    ];
    const given = uniform({ members, topics: topicsOf({ T: 4, U: 3 }) });
    expect(sizes(given)).toEqual([3, 2, 2]);
    expect(given.get('a')).toEqual({ T: [0, 1, 2] });
    const settled = members.map((one) => ({ ...one, target: given.get(one.memberId)! }));
    expect(uniform({ members: settled, topics: topicsOf({ T: 4, U: 3 }) })).toEqual(given);
  });

  it('evens out as far as different subscriptions allow', () => {
    const members = [member('a', ['T']), member('b', both, { T: [0, 1, 2], U: [0, 1, 2] })];
    const given = uniform({ members, topics: topicsOf({ T: 3, U: 3 }) });
    expect(Object.fromEntries(given)).toEqual({ a: { T: [0, 1, 2] }, b: { U: [0, 1, 2] } });
  });

  it('gives nothing to nobody, and nothing that is no longer there', () => {
    expect(uniform({ members: [], topics: new Map() }).size).toBe(0);
    const members = [member('a', ['T'], { T: [0, 7], X: [1] })];
    const given = uniform({ members, topics: topicsOf({ T: 1 }) });
    expect(Object.fromEntries(given)).toEqual({ a: { T: [0] } });
  });
});
