import { describe, expect, it } from 'vitest';
import type { VouchedMember } from '../../../src/core/group/commands.ts';
import { ErrorCode } from '../../../src/protocol/errors.ts';
import { ConsumerTestGroup, TestMember } from './consumer/test-members.ts';
import { TestGroup } from './test-group.ts';

const classic = (memberId: string, epoch: number): VouchedMember => ({
  protocol: 'classic',
  memberId,
  groupInstanceId: null,
  epoch,
});

function stable(count: number, group = new TestGroup()) {
  const joined = group.stable(count);
  const members = joined.map(({ memberId, generationId }) => classic(memberId, generationId));
  return { group, joined, members };
}

describe('a classic member that somebody vouches for', () => {
  it('has no session, and the group no deadline, until it is released', () => {
    const { group, members } = stable(2);
    expect(members.map((member) => group.machine.quietFor(member))).toEqual([10_000, 10_000]);
    for (const { memberId } of members) group.machine.vouchFor(memberId);
    expect(group.machine.deadline).toBeUndefined();
    group.advance(3_600_000);
    expect(group.describe()).toMatchObject({ groupState: 'Stable', members: [{}, {}] });
    group.machine.release(members[0].memberId, group.now - 4_000);
    expect(group.machine.deadline).toBe(group.now + 6_000);
    group.advance(6_000);
    expect(group.describe()).toMatchObject({ groupState: 'PreparingRebalance' });
    expect(group.describe().members.map(({ memberId }) => memberId)).toEqual([members[1].memberId]);
  });

  it('goes on without a session when it beats or commits all the same', () => {
    const { group, joined, members } = stable(1);
    group.machine.vouchFor(members[0].memberId);
    expect(group.heartbeat(joined[0])).toBe(ErrorCode.NONE);
    const { memberId, generationId } = joined[0];
    expect(group.commit({ 0: 5 }, { memberId, generationId }).errorCode).toBe(ErrorCode.NONE);
    expect(group.machine.deadline).toBeUndefined();
  });

  it('is to hear when the group rebalances, or it is another generation', () => {
    const { group, joined, members } = stable(2);
    expect(group.machine.quietFor({ ...members[0], epoch: 7 })).toBeUndefined();
    expect(group.machine.quietFor({ ...members[0], memberId: 'nobody' })).toBeUndefined();
    expect(group.machine.quietFor({ ...members[0], protocol: 'consumer' })).toBeUndefined();
    group.leave(joined[1].memberId);
    expect(group.machine.quietFor(members[0])).toBeUndefined();
  });

  it('is to hear that it was replaced, where it is a static one', () => {
    const group = new TestGroup();
    const [{ memberId, generationId }] = group.stable(1, { groupInstanceId: 'one' });
    const member = { ...classic(memberId, generationId), groupInstanceId: 'one' };
    expect(group.machine.quietFor(member)).toBe(10_000);
    expect(group.machine.quietFor({ ...member, groupInstanceId: 'two' })).toBeUndefined();
    group.join({ groupInstanceId: 'one' });
    expect(group.machine.quietFor(member)).toBeUndefined();
  });

  it('has none after a crash either, if somebody says so before anything happens', () => {
    const { group, members } = stable(2);
    group.crash();
    group.machine.vouchFor(members[0].memberId);
    group.ring();
    // The other one is silent, and nobody vouches for it.
    group.advance(10_000);
    expect(group.describe().members.map(({ memberId }) => memberId)).toEqual([members[0].memberId]);
  });

  it('is not given a new session by an alarm when it was silent before the crash', () => {
    const { group, members } = stable(1);
    group.crash();
    group.machine.release(members[0].memberId, group.now - 9_000);
    group.ring();
    expect(group.machine.deadline).toBe(group.now + 1_000);
    group.crash();
    group.advance(1_000);
    group.ring();
    expect(group.describe().members).toEqual([]);
  });
});

const modern = (memberId: string, epoch: number): VouchedMember => ({
  ...classic(memberId, epoch),
  protocol: 'consumer',
});

describe('a member of a consumer group that somebody vouches for', () => {
  it('is quiet once it has all it is to have', () => {
    const group = new ConsumerTestGroup();
    const [a, b] = ['a', 'b'].map((name) => new TestMember(group, name));
    const quiet = (member: TestMember) =>
      group.machine.quietFor(modern(member.memberId, member.memberEpoch));
    a.join();
    expect(quiet(a)).toBe(45_000);
    group.advance(1_000);
    b.join();
    // It has to let go; the other one waits for that.
    expect([quiet(a), quiet(b)]).toEqual([undefined, undefined]);
    a.beat();
    a.beat();
    b.beat();
    expect([quiet(a), quiet(b)]).toEqual([45_000, 45_000]);
    expect(group.machine.quietFor(classic('a', a.memberEpoch))).toBeUndefined();
    expect(group.machine.quietFor(modern('a', a.memberEpoch - 1))).toBeUndefined();
  });

  it('has no session until it is released', () => {
    const group = new ConsumerTestGroup();
    const a = new TestMember(group, 'a');
    a.join();
    group.machine.vouchFor('a');
    expect(group.machine.deadline).toBeUndefined();
    a.beat();
    expect(group.machine.deadline).toBeUndefined();
    group.crash();
    group.machine.vouchFor('a');
    group.ring();
    expect(group.machine.deadline).toBeUndefined();
    group.machine.release('a', group.now - 45_000);
    group.ring();
    expect(group.describe848().members).toEqual([]);
  });
});

describe('offsets that were changed', () => {
  it('are told but to the one who changed its own and has that in mind', () => {
    const { group, joined } = stable(2);
    const commit = (who: number, offset: number, isKeptInMind = true) => {
      const { memberId, generationId } = joined[who];
      group.commit({ 0: offset }, { memberId, generationId, isKeptInMind });
      return group.machine.takeOverwritten();
    };
    const [first, second] = joined.map(({ memberId }) => memberId);
    // Nobody knows who committed before.
    expect(commit(0, 1)).toEqual({ by: first, partitions: ['t:0'] });
    expect(commit(0, 2)).toEqual({ by: first, partitions: [] });
    expect(commit(0, 2)).toEqual({ by: first, partitions: [] });
    expect(commit(1, 9)).toEqual({ by: second, partitions: ['t:0'] });
    expect(commit(1, 8, false)).toEqual({ by: undefined, partitions: ['t:0'] });
    expect(commit(1, 9)).toEqual({ by: second, partitions: ['t:0'] });
    group.deleteOffsets(['t', 0]);
    expect(group.machine.takeOverwritten()).toMatchObject({ by: undefined, partitions: [] });
    group.leave(first, second);
    group.advance(1_000);
    group.deleteOffsets(['t', 0]);
    expect(group.machine.takeOverwritten()).toEqual({ by: undefined, partitions: ['t:0'] });
  });
});
