import { describe, expect, test } from 'vitest';
import type { GroupMember } from '../../../src/core/rest-consumer/assignors.ts';
import { cooperativeStickyAssignor } from '../../../src/core/rest-consumer/cooperative-sticky.ts';

/** `t0` is partition 0 of topic t. */
const partition = (name: string) => ({ topic: name[0], partition: Number(name.slice(1)) });

const member = (memberId: string, topics: string, owned = '', generationId = 1): GroupMember => ({
  memberId,
  groupInstanceId: null,
  topics: [...topics],
  owned: owned === '' ? [] : owned.split(' ').map(partition),
  generationId,
});

function assign(members: readonly GroupMember[], counts: Record<string, number>) {
  const assignment = cooperativeStickyAssignor(members, new Map(Object.entries(counts)));
  return Object.fromEntries(
    [...assignment].map(([memberId, share]) => [
      memberId,
      share.flatMap(({ topic, partitions }) => partitions.map((one) => topic + one)).join(' '),
    ]),
  );
}

describe('what nobody holds', () => {
  test('is dealt out evenly', () => {
    const members = [member('b', 'tu'), member('a', 'tu'), member('c', 't')];
    expect(assign(members, { t: 4, u: 3 })).toEqual({ a: 't3 u1', b: 't1 u0 u2', c: 't0 t2' });
  });

  test('goes to who wants it, and a topic that nobody wants to nobody', () => {
    const members = [member('a', 't'), member('b', 'u')];
    expect(assign(members, { t: 2, u: 1, v: 1 })).toEqual({ a: 't0 t1', b: 'u0' });
  });

  test('leaves some with none where there is too little', () => {
    expect(assign([member('a', 't'), member('b', 't')], { t: 1 })).toEqual({ a: 't0', b: '' });
  });

  test('of a member that says nothing is free', () => {
    expect(assign([member('a', 't', 't0'), member('b', 't')], { t: 2 })).toEqual({
      a: 't0',
      b: 't1',
    });
  });
});

describe('what a member holds', () => {
  test('stays its own where that is fair', () => {
    const members = [member('a', 't', 't1 t2'), member('b', 't', 't0 t3')];
    expect(assign(members, { t: 4 })).toEqual({ a: 't1 t2', b: 't0 t3' });
  });

  test('goes to nobody before it has let go', () => {
    const first = [member('a', 't', 't0 t1 t2 t3'), member('b', 't')];
    expect(assign(first, { t: 4 })).toEqual({ a: 't2 t3', b: '' });
    const second = [member('a', 't', 't2 t3', 2), member('b', 't', '', 2)];
    expect(assign(second, { t: 4 })).toEqual({ a: 't2 t3', b: 't0 t1' });
  });

  test('is taken from who does not want the topic any more, in two steps as well', () => {
    const members = [member('a', 'u', 't0'), member('b', 't')];
    expect(assign(members, { t: 1, u: 1 })).toEqual({ a: 'u0', b: '' });
  });

  test('is gone with its topic', () => {
    expect(assign([member('a', 't', 't0 t7 x0')], { t: 1 })).toEqual({ a: 't0' });
  });

  test('belongs to who was in the newest generation', () => {
    const members = [member('a', 't', 't0 t1', 3), member('b', 't', 't1', 4)];
    expect(assign(members, { t: 2 })).toEqual({ a: 't0', b: 't1' });
  });

  test('belongs to nobody where two of the newest say it is theirs', () => {
    const members = [member('a', 't', 't0'), member('b', 't', 't0 t1')];
    expect(assign(members, { t: 2 })).toEqual({ a: 't0', b: 't1' });
  });
});

test('however groups come and go, they settle: evenly, and each partition with one', () => {
  let seed = 1;
  const random = (below: number) => {
    seed = (seed * 48_271) % 2_147_483_647;
    return seed % below;
  };
  for (let round = 0; round < 200; round++) {
    const count = 1 + random(12);
    const held = new Map<string, string>();
    for (let change = 0; change < 4; change++) {
      const ids = ['a', 'b', 'c', 'd', 'e'].filter(() => random(2) === 0);
      if (ids.length === 0) continue;
      let settled = false;
      for (let generation = 1; !settled; generation++) {
        expect(generation).toBeLessThan(4);
        const members = ids.map((id) => member(id, 't', held.get(id) ?? '', generation));
        const given = assign(members, { t: count });
        const all = Object.values(given).flatMap((share) => (share ? share.split(' ') : []));
        expect(new Set(all).size).toBe(all.length);
        const lost = ids.some((id) => {
          const before = held.get(id)?.split(' ').filter(Boolean) ?? [];
          return before.some((one) => !given[id].split(' ').includes(one));
        });
        // Nobody is given what another has not let go of.
        for (const id of ids) {
          const others = ids.filter((other) => other !== id);
          const theirs = others.flatMap((other) => (held.get(other) ?? '').split(' '));
          for (const one of given[id].split(' ').filter(Boolean)) expect(theirs).not.toContain(one);
        }
        held.clear();
        for (const id of ids) held.set(id, given[id]);
        settled = !lost;
        if (!settled) continue;
        const sizes = Object.values(given).map((share) => share.split(' ').filter(Boolean).length);
        expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThan(2);
        expect(all).toHaveLength(count);
      }
    }
  }
});
