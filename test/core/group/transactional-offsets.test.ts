/** What a group keeps of open transactions, what their ends make of it, and what others see. */
import { describe, expect, it } from 'vitest';
import { ErrorCode } from '../../../src/protocol/errors.ts';
import { Producer, stableOffsets as stable, type TransactionalCommit } from './producer.ts';
import { TestGroup } from './test-group.ts';

const week = 7 * 24 * 3_600_000;

function producing(changes = {}): { group: TestGroup; producer: Producer } {
  const group = new TestGroup(changes);
  return { group, producer: new Producer(group).begin() };
}

describe('offsets of an open transaction', () => {
  it('are not committed yet, and whoever wants stable offsets hears so', () => {
    const { group, producer } = producing();
    group.commit({ 0: 5, 1: 5 });
    expect(producer.commit({ 0: 10, 2: 10 })).toEqual({
      errorCode: 0,
      topics: [
        {
          name: 't',
          partitions: [
            { partitionIndex: 0, errorCode: 0 },
            { partitionIndex: 2, errorCode: 0 },
          ],
        },
      ],
    });
    expect(group.committed()).toEqual({ 0: 5, 1: 5 });
    expect(stable(group)).toEqual({ 0: 'unstable', 1: 5, 2: 'unstable' });
    const unstable = { committedOffset: -1, committedLeaderEpoch: -1, metadata: '', errorCode: 88 };
    const five = { committedOffset: 5, committedLeaderEpoch: -1, metadata: '', errorCode: 0 };
    // All that is committed: what is only pending is not among it.
    expect(group.fetch(null, true)).toEqual([
      {
        name: 't',
        topicId: 'id-of-t',
        partitions: [
          { partitionIndex: 0, ...unstable },
          { partitionIndex: 1, ...five },
        ],
      },
    ]);
  });

  it('stand once it is committed, over a crash', () => {
    const { group, producer } = producing();
    group.commit({ 0: 5, 1: 5 });
    producer.commit({ 0: 10, 2: 10 });
    group.crash();
    expect(stable(group)).toEqual({ 0: 'unstable', 1: 5, 2: 'unstable' });
    expect(producer.end(true)).toBe(0);
    expect(stable(group)).toEqual({ 0: 10, 1: 5, 2: 10 });
    group.crash();
    expect(stable(group)).toEqual({ 0: 10, 1: 5, 2: 10 });
  });

  it('are forgotten once it is aborted', () => {
    const { group, producer } = producing();
    group.commit({ 0: 5 });
    producer.commit({ 0: 10, 1: 10 });
    expect(producer.end(false)).toBe(0);
    expect(stable(group)).toEqual({ 0: 5 });
  });

  it('add up: a later commit of the same transaction stands', () => {
    const { group, producer } = producing();
    producer.commit({ 0: 1, 1: 1 });
    producer.commit({ 1: 2, 2: 2 }, { enlisted: undefined });
    producer.end(true);
    expect(group.committed()).toEqual({ 0: 1, 1: 2, 2: 2 });
  });

  it('make a group by themselves, which stays for a while when nothing came of it', () => {
    const { group, producer } = producing();
    producer.commit({ 0: 1 });
    expect(group.machine.exists).toBe(true);
    expect(group.describe()).toMatchObject({ groupState: 'Empty', protocolType: '' });
    producer.end(false);
    expect(group.describe()).toMatchObject({ groupState: 'Empty', protocolType: '' });
    group.advance(600_000);
    expect(group.machine.exists).toBe(false);
    expect(group.table.size).toBe(0);
  });

  it('with metadata that is too long are refused one by one', () => {
    const { group, producer } = producing();
    const offset = { committedOffset: 1, committedLeaderEpoch: 4 };
    const partitions = [
      { partitionIndex: 0, ...offset, metadata: 'x'.repeat(4_097) },
      { partitionIndex: 1, ...offset, metadata: 'mine' },
    ];
    const topics = [{ name: 't', topicId: 'id-of-t', partitions }];
    const answer = producer.commit({}, { topics });
    expect(answer.topics[0].partitions.map(({ errorCode }) => errorCode)).toEqual([
      ErrorCode.OFFSET_METADATA_TOO_LARGE,
      0,
    ]);
    producer.end(true);
    expect(group.fetch(null)).toEqual([
      {
        name: 't',
        topicId: 'id-of-t',
        partitions: [{ partitionIndex: 1, ...offset, metadata: 'mine', errorCode: 0 }],
      },
    ]);
  });
});

describe('what it costs', () => {
  const topic = (name: string) => ({
    name,
    topicId: name,
    partitions: [0, 1].map((partitionIndex) => ({
      partitionIndex,
      committedOffset: 1,
      committedLeaderEpoch: -1,
      metadata: null,
    })),
  });

  it('a row a write, a row a topic and one more a commit, one row an abort', () => {
    const { group, producer } = producing();
    const topics = [topic('a'), topic('b')];
    group.commit({ 0: 1 });
    group.written.splice(0);
    producer.commit({}, { topics });
    expect(group.written.splice(0).map(({ key }) => key)).toEqual(['pending/7']);
    producer.end(true);
    expect(group.written.splice(0).map(({ key }) => key)).toEqual([
      'pending/7',
      'offsets/a',
      'offsets/b',
    ]);
    producer.begin().commit({}, { topics });
    producer.end(false);
    expect(group.written.map(({ key, value }) => [key, value === null])).toEqual([
      ['pending/7', false],
      ['pending/7', true],
    ]);
  });

  it('nothing where the group has no part in it', () => {
    const { group, producer } = producing();
    expect(producer.end(true)).toBe(0);
    expect(group.written).toEqual([]);
    expect(group.machine.exists).toBe(false);
  });
});

describe('what was committed later stands', () => {
  it('against a transaction that wrote before and ends after', () => {
    const { group, producer } = producing();
    group.commit({ 0: 5, 1: 5 });
    producer.commit({ 0: 10, 1: 10 });
    group.commit({ 0: 7 });
    expect(group.committed()).toEqual({ 0: 7, 1: 5 });
    group.crash();
    producer.end(true);
    expect(group.committed()).toEqual({ 0: 7, 1: 10 });
  });

  it('even if it only repeats what stood', () => {
    const { group, producer } = producing();
    group.commit({ 0: 7 });
    producer.commit({ 0: 20 });
    group.commit({ 0: 7 });
    producer.end(true);
    expect(group.committed()).toEqual({ 0: 7 });
    producer.begin().commit({ 0: 21 });
    producer.end(true);
    expect(group.committed()).toEqual({ 0: 21 });
  });

  it.each([true, false])('between transactions, whichever ends first (%s)', (firstEndsFirst) => {
    const { group, producer: first } = producing();
    const second = new Producer(group, 8).begin();
    first.commit({ 0: 1, 1: 1 });
    second.commit({ 0: 2 });
    group.crash();
    const order = firstEndsFirst ? [first, second] : [second, first];
    order[0].end(true);
    expect(stable(group)[0]).toBe('unstable');
    order[1].end(true);
    expect(group.committed()).toEqual({ 0: 2, 1: 1 });
  });

  it('in three transactions that overlap, and a commit between them', () => {
    const { group, producer: first } = producing();
    const second = new Producer(group, 8).begin();
    const third = new Producer(group, 9).begin();
    first.commit({ 0: 1 });
    second.commit({ 0: 2 });
    second.end(true);
    third.commit({ 0: 3 });
    first.end(true);
    expect(group.committed()).toEqual({ 0: 2 });
    group.commit({ 0: 4 });
    third.end(true);
    expect(group.committed()).toEqual({ 0: 4 });
  });

  it('also of a topic that was deleted and created again meanwhile', () => {
    const { group, producer } = producing();
    producer.commit({ 0: 10, 1: 10 });
    group.commit({ 1: 1 }, { topicId: 'born again' });
    // Of the topic that lives nothing is pending.
    expect(stable(group, 'born again')).toEqual({ 1: 1 });
    producer.end(true);
    expect(group.fetch(null)).toMatchObject([{ topicId: 'born again' }]);
    expect(group.committed()).toEqual({ 1: 1 });
    producer.begin().commit({ 0: 2 }, {}, 'and again');
    producer.end(true);
    expect(group.fetch(null)).toMatchObject([{ topicId: 'and again' }]);
    expect(group.committed()).toEqual({ 0: 2 });
  });
});

describe('which transaction is meant', () => {
  it('a marker that comes twice or late ends no other', () => {
    const { group, producer } = producing();
    producer.commit({ 0: 1 });
    producer.end(true);
    expect(producer.end(true)).toBe(0);
    producer.begin().commit({ 0: 2 });
    expect(producer.end(false, 1)).toBe(0);
    expect(producer.end(true, 1)).toBe(0);
    expect(stable(group)[0]).toBe('unstable');
    producer.end(true);
    expect(group.committed()).toEqual({ 0: 2 });
  });

  it('a write that was overtaken by the end of its transaction is refused', () => {
    const { group, producer } = producing();
    producer.end(false);
    expect(producer.commit({ 0: 1 }).errorCode).toBe(ErrorCode.INVALID_TXN_STATE);
    producer.begin().commit({ 0: 2 });
    const late = { enlisted: { errorCode: 0, transactionNumber: 1 } };
    expect(producer.commit({ 0: 1 }, late).errorCode).toBe(ErrorCode.INVALID_TXN_STATE);
    producer.end(true);
    expect(group.committed()).toEqual({ 0: 2 });
  });

  it('a marker without a number ends what is open, unless its epoch is old', () => {
    const { group, producer } = producing();
    producer.commit({ 0: 1 });
    producer.producerEpoch--;
    const { producerId, producerEpoch } = producer;
    const marker = { producerId, producerEpoch, coordinatorEpoch: 0, committed: false };
    const end = (changes = {}) =>
      group.call('endTransaction', { groupId: 'g', marker: { ...marker, ...changes } }).answer;
    expect(end().errorCode).toBe(ErrorCode.INVALID_PRODUCER_EPOCH);
    expect(stable(group)).toEqual({ 0: 'unstable' });
    expect(end({ producerEpoch: producerEpoch + 1 }).errorCode).toBe(0);
    expect(stable(group)).toEqual({});
  });

  it('only who is enlisted, or was, may write', () => {
    const { group, producer } = producing();
    const unasked = { enlisted: undefined };
    expect(producer.commit({ 0: 1 }, unasked).errorCode).toBe(ErrorCode.INVALID_TXN_STATE);
    producer.commit({ 0: 1 });
    expect(producer.commit({ 1: 1 }, unasked).errorCode).toBe(0);
    producer.producerEpoch++;
    expect(producer.commit({ 2: 1 }, unasked).errorCode).toBe(ErrorCode.INVALID_TXN_STATE);
    expect(stable(group)).toEqual({ 0: 'unstable', 1: 'unstable' });
  });

  it('what the coordinator refuses is refused; a fenced producer has an old epoch', () => {
    const { group, producer } = producing();
    const codeOf = (errorCode: number) =>
      producer.commit({ 0: 1 }, { enlisted: { errorCode, transactionNumber: -1 } });
    const refused = (errorCode: number) => ({ errorCode, topics: [] });
    for (const name of ['TRANSACTION_ABORTABLE', 'CONCURRENT_TRANSACTIONS'] as const) {
      expect(codeOf(ErrorCode[name])).toEqual(refused(ErrorCode[name]));
    }
    const fenced = refused(ErrorCode.INVALID_PRODUCER_EPOCH);
    expect(codeOf(ErrorCode.PRODUCER_FENCED)).toEqual(fenced);
    expect(group.written).toEqual([]);
  });
});

describe('who may commit in a transaction', () => {
  it('members of this generation, before the leader assigned as well', () => {
    const { group, producer } = producing();
    const { memberId, generationId } = group.stable(1)[0];
    expect(producer.commit({ 0: 1 }, { memberId, generationId }).errorCode).toBe(0);
    const rejoined = group.join({ memberId }).answer;
    expect(group.describe().groupState).toBe('CompletingRebalance');
    const current = { memberId, generationId: rejoined.generationId };
    expect(group.commit({ 0: 2 }, current).errorCode).toBe(ErrorCode.REBALANCE_IN_PROGRESS);
    expect(producer.commit({ 0: 2 }, current).errorCode).toBe(0);
  });

  it('and whoever does not say who he is', () => {
    const { group, producer } = producing();
    group.stable(1);
    expect(producer.commit({ 0: 1 }).errorCode).toBe(0);
    expect(group.commit({ 0: 1 }).errorCode).toBe(ErrorCode.UNKNOWN_MEMBER_ID);
  });

  it('nobody else', () => {
    const { group, producer } = producing();
    const code = (changes: Partial<TransactionalCommit>) =>
      producer.commit({ 0: 1 }, changes).errorCode;
    expect(code({ groupId: '' })).toBe(ErrorCode.INVALID_GROUP_ID);
    const illegal = ErrorCode.ILLEGAL_GENERATION;
    const unknown = ErrorCode.UNKNOWN_MEMBER_ID;
    expect(code({ memberId: 'm', generationId: 1 })).toBe(illegal);
    const { memberId, generationId } = group.stable(1, { groupInstanceId: 'i' })[0];
    const member = { memberId, generationId, groupInstanceId: 'i' };
    expect(code(member)).toBe(0);
    expect(code({ ...member, generationId: 9 })).toBe(illegal);
    expect(code({ ...member, generationId: -1 })).toBe(illegal);
    expect(code({ ...member, memberId: 'm', groupInstanceId: null })).toBe(unknown);
    expect(code({ ...member, memberId: 'm' })).toBe(ErrorCode.FENCED_INSTANCE_ID);
    expect(code({ generationId, groupInstanceId: 'j' })).toBe(unknown);
  });
});

describe('removing', () => {
  it('offsets removes what is pending for them, and no more', () => {
    const { group, producer } = producing();
    group.commit({ 0: 1, 1: 1 });
    producer.commit({ 0: 10, 1: 10, 2: 10 });
    expect(group.deleteOffsets(['t', 0], ['t', 2]).errorCode).toBe(0);
    expect(stable(group)).toEqual({ 1: 'unstable' });
    producer.end(true);
    expect(group.committed()).toEqual({ 1: 10 });
  });

  it('all that was pending leaves an empty group for a while', () => {
    const { group, producer } = producing();
    producer.commit({ 0: 10 });
    group.deleteOffsets(['t', 0]);
    expect(group.describe().groupState).toBe('Empty');
    expect(producer.end(true)).toBe(0);
    expect(group.committed()).toEqual({});
    group.advance(600_000);
    expect(group.machine.exists).toBe(false);
  });

  it('a group removes what is pending; its producer may go on', () => {
    const { group, producer } = producing();
    group.commit({ 0: 1 });
    producer.commit({ 0: 10, 1: 10 });
    expect(group.call('deleteGroup', { groupId: 'g' }).answer.errorCode).toBe(0);
    expect(group.table.size).toBe(0);
    expect(producer.commit({ 1: 11 }).errorCode).toBe(0);
    producer.end(true);
    expect(group.committed()).toEqual({ 1: 11 });
  });
});

describe('forgetting', () => {
  it('waits for the end of the transaction', () => {
    const { group, producer } = producing();
    group.commit({ 0: 1, 1: 1 });
    producer.commit({ 0: 10 });
    group.advance(2 * week);
    expect(group.committed()).toEqual({ 0: 1 });
    expect(stable(group)[0]).toBe('unstable');
    producer.end(false);
    group.advance(0);
    expect(group.machine.exists).toBe(false);
  });

  it('counts from the write, not from the end', () => {
    const { group, producer } = producing();
    producer.commit({ 0: 10 });
    group.advance(week / 2);
    producer.end(true);
    group.advance(week / 2 - 1);
    expect(group.committed()).toEqual({ 0: 10 });
    group.advance(1);
    expect(group.committed()).toEqual({});
  });
});
