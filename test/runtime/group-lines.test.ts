import { describe, expect, it } from 'vitest';
import type { VouchedMember } from '../../src/core/group/commands.ts';
import { type GroupLine, GroupLines, silenceOf } from '../../src/runtime/group-lines.ts';
import { TestGroup } from '../core/group/test-group.ts';

const sessionTimeoutMs = 10_000;

/** A stable group of so many members, and the lines that are open to it. */
function group(count: number) {
  const group = new TestGroup();
  const members = group.stable(count).map(
    ({ memberId, generationId }): VouchedMember => ({
      protocol: 'classic',
      memberId,
      groupInstanceId: null,
      epoch: generationId,
    }),
  );
  const open: (GroupLine & { provenAt: number })[] = [];
  const told: string[] = [];
  const lines = new GroupLines(
    () => [...open],
    () => group.now,
  );
  const vouch = (member: VouchedMember) => {
    const timeout = lines.vouch(member, group.machine);
    if (timeout === undefined) return undefined;
    const line = {
      member,
      sessionTimeoutMs: timeout,
      provenAt: group.now,
      tell: (partitions: readonly string[]) => {
        told.push(`${member.memberId}: ${partitions}`);
      },
      close: () => {
        open.splice(open.indexOf(line), 1);
      },
    };
    open.push(line);
    return line;
  };
  return { group, members, open, told, lines, vouch, review: () => lines.review(group.machine) };
}

describe('the lines of gateways that vouch for members', () => {
  it('stay while there is nothing new, and the group needs no alarm', () => {
    const { group: g, members, open, vouch, review } = group(2);
    expect(members.map((member) => vouch(member)?.sessionTimeoutMs)).toEqual([10_000, 10_000]);
    review();
    expect(open).toHaveLength(2);
    expect(g.machine.deadline).toBeUndefined();
  });

  it('close when there is, and everybody has a full session', () => {
    const { group: g, members, open, vouch, review } = group(2);
    for (const member of members) vouch(member);
    g.advance(60_000);
    for (const line of open) line.provenAt = g.now;
    g.join();
    review();
    expect(open).toEqual([]);
    expect(g.machine.deadline).toBe(g.now + sessionTimeoutMs);
  });

  it('that closed have told how long the member was silent', () => {
    const { group: g, members, open, lines, vouch, review } = group(1);
    const line = vouch(members[0])!;
    open.pop();
    lines.closed(line, 4_000, g.machine);
    review();
    expect(g.machine.deadline).toBe(g.now + 6_000);
  });

  it('that closed when another speaks for the member change nothing', () => {
    const { group: g, members, open, lines, vouch } = group(1);
    const first = vouch(members[0])!;
    expect(vouch(members[0])).toBeDefined();
    expect(open).toHaveLength(1);
    lines.closed(first, 10_000, g.machine);
    expect(g.machine.deadline).toBeUndefined();
  });

  it('that never came leave the member its session', () => {
    const { group: g, members, lines, review } = group(1);
    expect(lines.vouch(members[0], g.machine)).toBe(sessionTimeoutMs);
    expect(g.machine.deadline).toBeUndefined();
    review();
    expect(g.machine.deadline).toBe(g.now + sessionTimeoutMs);
  });

  it('that give no sign of life for two sessions lead to nobody', () => {
    const { group: g, members, open, vouch, review } = group(2);
    const [lost] = members.map((member) => vouch(member)!);
    for (let i = 0; i < 5; i++) {
      g.advance(5_000);
      for (const line of open) if (line !== lost) line.provenAt = g.now;
      review();
    }
    expect(open.map(({ member }) => member)).toEqual([members[1]]);
    expect(g.machine.deadline).toBe(g.now + sessionTimeoutMs);
  });

  it('tell of offsets that others changed, but not whoever did', () => {
    const { group: g, members, told, vouch, review } = group(2);
    for (const member of members) vouch(member);
    const [first, second] = members;
    const { memberId, epoch: generationId } = first;
    g.commit({ 3: 7 }, { memberId, generationId, isKeptInMind: true });
    review();
    expect(told).toEqual([`${second.memberId}: t:3`]);
  });
});

it('what a gateway says of silence is a number of milliseconds, or nothing', () => {
  expect(['45000', '', 'gone', '-5', 'Infinity'].map(silenceOf)).toEqual([45_000, 0, 0, 0, 0]);
});
