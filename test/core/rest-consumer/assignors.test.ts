import { describe, expect, test } from 'vitest';
import {
  type GroupMember,
  rangeAssignor,
  roundRobinAssignor,
} from '../../../src/core/rest-consumer/assignors.ts';

const member = (memberId: string, topics: string[], groupInstanceId: string | null = null) =>
  ({ memberId, topics, groupInstanceId }) satisfies GroupMember;

const counts = (entries: Record<string, number>) => new Map(Object.entries(entries));

describe('range', () => {
  test('the first members take what is left over, topic by topic', () => {
    const members = [member('b', ['t', 'u']), member('a', ['t', 'u']), member('c', ['t'])];
    const assignment = rangeAssignor(members, counts({ u: 3, t: 7 }));
    expect(assignment.get('a')).toEqual([
      { topic: 't', partitions: [0, 1, 2] },
      { topic: 'u', partitions: [0, 1] },
    ]);
    expect(assignment.get('b')).toEqual([
      { topic: 't', partitions: [3, 4] },
      { topic: 'u', partitions: [2] },
    ]);
    expect(assignment.get('c')).toEqual([{ topic: 't', partitions: [5, 6] }]);
  });

  test('more members than partitions leaves some with none', () => {
    const members = ['a', 'b', 'c'].map((id) => member(id, ['t']));
    const assignment = rangeAssignor(members, counts({ t: 1 }));
    expect([...assignment]).toEqual([
      ['a', [{ topic: 't', partitions: [0] }]],
      ['b', []],
      ['c', []],
    ]);
  });

  test('a topic that does not exist is not assigned', () => {
    expect(rangeAssignor([member('a', ['t', 'gone'])], counts({ t: 1 })).get('a')).toEqual([
      { topic: 't', partitions: [0] },
    ]);
  });

  test('static members come first, in the order of their instance ids', () => {
    const members = [member('a', ['t']), member('z', ['t'], 'i1'), member('b', ['t'], 'i2')];
    const assignment = rangeAssignor(members, counts({ t: 3 }));
    expect(assignment.get('z')).toEqual([{ topic: 't', partitions: [0] }]);
    expect(assignment.get('b')).toEqual([{ topic: 't', partitions: [1] }]);
    expect(assignment.get('a')).toEqual([{ topic: 't', partitions: [2] }]);
  });
});

describe('round robin', () => {
  test('partitions of all topics are dealt out in one circle', () => {
    const members = [member('b', ['t', 'u']), member('a', ['t', 'u'])];
    const assignment = roundRobinAssignor(members, counts({ t: 3, u: 3 }));
    expect(assignment.get('a')).toEqual([
      { topic: 't', partitions: [0, 2] },
      { topic: 'u', partitions: [1] },
    ]);
    expect(assignment.get('b')).toEqual([
      { topic: 't', partitions: [1] },
      { topic: 'u', partitions: [0, 2] },
    ]);
  });

  test('members are passed over for topics they did not ask for', () => {
    const members = [member('a', ['t']), member('b', ['u']), member('c', ['t', 'u'])];
    const assignment = roundRobinAssignor(members, counts({ t: 2, u: 3, v: 4 }));
    expect(assignment.get('a')).toEqual([{ topic: 't', partitions: [0] }]);
    expect(assignment.get('c')).toEqual([
      { topic: 't', partitions: [1] },
      { topic: 'u', partitions: [1] },
    ]);
    expect(assignment.get('b')).toEqual([{ topic: 'u', partitions: [0, 2] }]);
  });
});

test('every partition has exactly one owner, whatever the group', () => {
  for (let n = 1; n <= 5; n++) {
    for (let partitions = 0; partitions <= 11; partitions++) {
      const members = Array.from({ length: n }, (_, i) => member(`m${i}`, ['t', 'u']));
      for (const assignor of [rangeAssignor, roundRobinAssignor]) {
        const assignment = assignor(members, counts({ t: partitions, u: 2 }));
        const owned = [...assignment.values()]
          .flat()
          .flatMap(({ topic, partitions }) => partitions.map((p) => `${topic}/${p}`));
        expect(owned).toHaveLength(partitions + 2);
        expect(new Set(owned).size).toBe(partitions + 2);
      }
    }
  }
});
