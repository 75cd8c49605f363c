/** Which committed offsets a group can be made to forget, and what is left of it then. */
import { describe, expect, it } from 'vitest';
import { encodeSubscription } from '../../../src/protocol/embedded/consumer-protocol.ts';
import { ErrorCode } from '../../../src/protocol/errors.ts';
import { TestGroup } from './test-group.ts';

const done = { errorCode: ErrorCode.NONE, subscribedTopics: [] };

/** A group with one consumer that reads these topics. */
function consumers(...topics: string[]): { group: TestGroup; memberId: string } {
  const group = new TestGroup();
  const subscription = { topics, userData: null, ownedPartitions: [], generationId: -1 };
  const metadata = encodeSubscription(0, { ...subscription, rackId: null });
  const joined = group.join({ protocols: [{ name: 'range', metadata }] });
  group.advance(3_000);
  group.sync(joined.answer, { [joined.answer.memberId]: 'all' });
  const { memberId, generationId } = joined.answer;
  group.commit({ 0: 1 }, { topic: 'read', memberId, generationId });
  group.commit({ 0: 2 }, { topic: 'unread', memberId, generationId });
  return { group, memberId };
}

describe('deleting offsets', () => {
  it('removes those that are named and keeps the others, over a crash', () => {
    const group = new TestGroup();
    group.commit({ 0: 5, 1: 6, 2: 7 });
    expect(group.deleteOffsets(['t', 0, 9], ['never', 0], ['t', 2])).toEqual(done);
    expect(group.committed()).toEqual({ 1: 6 });
    group.crash();
    expect(group.committed()).toEqual({ 1: 6 });
  });

  it('writes nothing when there is nothing to remove', () => {
    const group = new TestGroup();
    group.commit({ 0: 5 });
    const { length } = group.written;
    expect(group.deleteOffsets(['t', 3], ['never', 0])).toEqual(done);
    expect(group.deleteOffsets()).toEqual(done);
    expect(group.written).toHaveLength(length);
  });

  it('leaves an empty group for ten minutes when nothing else is left of it', () => {
    const group = new TestGroup();
    group.commit({ 0: 5 });
    group.deleteOffsets(['t', 0]);
    group.crash();
    expect(group.describe()).toMatchObject({ groupState: 'Empty', protocolType: '' });
    expect(group.deleteOffsets(['t', 0])).toEqual(done);
    group.advance(599_999);
    expect(group.machine.exists).toBe(true);
    group.advance(1);
    expect(group.machine.exists).toBe(false);
    expect(group.table.size).toBe(0);
  });

  it('refuses topics that a member reads, until it has left', () => {
    const { group, memberId } = consumers('read');
    expect(group.deleteOffsets(['read', 0], ['unread', 0])).toEqual({
      errorCode: ErrorCode.NONE,
      subscribedTopics: ['read'],
    });
    const left = () => [...group.table.keys()].filter((key) => key.startsWith('offsets/'));
    expect(left()).toEqual(['offsets/read']);
    group.leave(memberId);
    expect(group.deleteOffsets(['read', 0])).toEqual(done);
    expect(left()).toEqual([]);
  });

  it('refuses every topic while it is not known what a member reads', () => {
    const group = new TestGroup();
    group.stable(1);
    expect(group.deleteOffsets(['t', 0]).subscribedTopics).toEqual(['t']);
  });

  it('refuses a group whose members are no consumers, until they have left', () => {
    const group = new TestGroup();
    const joined = group.join({ protocolType: 'connect' });
    group.advance(3_000);
    expect(group.deleteOffsets(['t', 0]).errorCode).toBe(ErrorCode.NON_EMPTY_GROUP);
    group.leave(joined.answer.memberId);
    expect(group.deleteOffsets(['t', 0])).toEqual(done);
  });

  it('refuses a group that does not exist, or has no name', () => {
    const group = new TestGroup();
    expect(group.deleteOffsets(['t', 0]).errorCode).toBe(ErrorCode.GROUP_ID_NOT_FOUND);
    const unnamed = group.call('deleteOffsets', { groupId: '', topics: [] });
    expect(unnamed.answer.errorCode).toBe(ErrorCode.INVALID_GROUP_ID);
  });
});
