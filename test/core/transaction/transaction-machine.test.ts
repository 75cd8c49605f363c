import { describe, expect, it } from 'vitest';
import { ErrorCode } from '../../../src/protocol/errors.ts';
import { Coordinator, partitionOf, type Who } from './test-coordinator.ts';

const enlisted = (transactionNumber: number) => ({ errorCode: ErrorCode.NONE, transactionNumber });
const refused = (errorCode: number) => ({ errorCode, transactionNumber: -1 });

/** A coordinator and its producer. */
function withProducer(): { coordinator: Coordinator; producer: Who } {
  const coordinator = new Coordinator();
  const { producerId, producerEpoch } = coordinator.init();
  return { coordinator, producer: { producerId, producerEpoch } };
}

describe('a participant that asks', () => {
  it('is part of the transaction once it was added, by itself or by the producer', () => {
    const { coordinator, producer } = withProducer();
    const { TRANSACTION_ABORTABLE } = ErrorCode;
    expect(coordinator.enlist(producer, partitionOf(0), false)).toEqual(
      refused(TRANSACTION_ABORTABLE),
    );
    expect(coordinator.addPartitions(producer, 0, 1)).toEqual({ errorCode: ErrorCode.NONE });
    expect(coordinator.enlist(producer, partitionOf(1), false)).toEqual(enlisted(1));
    expect(coordinator.enlist(producer, partitionOf(2), false)).toEqual(
      refused(TRANSACTION_ABORTABLE),
    );
    expect(coordinator.enlist(producer, partitionOf(2))).toEqual(enlisted(1));
    expect(coordinator.enlist(producer, { groupId: 'g' }, false)).toEqual(
      refused(TRANSACTION_ABORTABLE),
    );
    const command = { transactionalId: 'x', ...producer, groupId: 'g' };
    expect(coordinator.call('addGroup', command)).toEqual({ errorCode: ErrorCode.NONE });
    expect(coordinator.enlist(producer, { groupId: 'g' }, false)).toEqual(enlisted(1));
    expect(coordinator.described).toEqual({
      ...{ state: 'Ongoing', timeoutMs: 60_000, startTimeMs: 1_000_000 },
      ...{ producerId: 100, producerEpoch: 0, groupIds: ['g'] },
      topics: [{ topicId: 'the-id-of-t', topic: 't', partitions: [0, 1, 2] }],
    });
  });

  it('costs a row when it is new, and nothing when it asks again', () => {
    const { coordinator, producer } = withProducer();
    coordinator.enlist(producer);
    expect(coordinator.written).toBe(2);
    coordinator.enlist(producer);
    coordinator.enlist(producer, partitionOf(0), false);
    coordinator.addPartitions(producer, 0, 0);
    expect(coordinator.written).toBe(2);
    coordinator.addPartitions(producer, 0, 1, 2);
    expect(coordinator.written).toBe(3);
  });

  it('hears which transaction it is: each has a number of its own', () => {
    const { coordinator, producer } = withProducer();
    for (const number of [1, 2, 3]) {
      expect(coordinator.enlist(producer)).toEqual(enlisted(number));
      coordinator.restart();
      expect(coordinator.enlist(producer, partitionOf(1))).toEqual(enlisted(number));
      coordinator.end(producer, true, 1);
      coordinator.tellAll();
    }
    // Nothing took part in this one, which needs no number.
    coordinator.end(producer, false, 2);
    const next = { ...producer, producerEpoch: 1 };
    expect(coordinator.enlist(next)).toEqual(enlisted(4));
  });

  it.each([true, false])('is refused for another producer, if it adds itself: %s', (adds) => {
    const { coordinator, producer } = withProducer();
    const ask = (who: Who) => coordinator.enlist(who, partitionOf(0), adds);
    const { PRODUCER_FENCED, INVALID_PRODUCER_ID_MAPPING } = ErrorCode;
    coordinator.init();
    expect(ask(producer)).toEqual(refused(PRODUCER_FENCED));
    expect(ask({ ...producer, producerEpoch: 2 })).toEqual(refused(PRODUCER_FENCED));
    expect(ask({ producerId: 7, producerEpoch: 1 })).toEqual(refused(INVALID_PRODUCER_ID_MAPPING));
    const nobody = new Coordinator();
    expect(nobody.enlist(producer, partitionOf(0), adds)).toEqual(
      refused(INVALID_PRODUCER_ID_MAPPING),
    );
    expect(nobody.written).toBe(0);
  });

  it('waits while the last transaction is not complete', () => {
    const { coordinator, producer } = withProducer();
    coordinator.enlist(producer);
    coordinator.end(producer, true, 1);
    const { CONCURRENT_TRANSACTIONS } = ErrorCode;
    expect(coordinator.enlist(producer)).toEqual(refused(CONCURRENT_TRANSACTIONS));
    expect(coordinator.enlist(producer, partitionOf(0), false)).toEqual(
      refused(CONCURRENT_TRANSACTIONS),
    );
    expect(coordinator.addPartitions(producer, 0).errorCode).toBe(CONCURRENT_TRANSACTIONS);
    coordinator.tellAll();
    expect(coordinator.enlist(producer)).toEqual(enlisted(2));
  });

  it('is not part of the next transaction because it was of the last', () => {
    const { coordinator, producer } = withProducer();
    coordinator.addPartitions(producer, 0);
    coordinator.end(producer, true, 1);
    coordinator.tellAll();
    expect(coordinator.enlist(producer, partitionOf(0), false)).toEqual(
      refused(ErrorCode.TRANSACTION_ABORTABLE),
    );
  });
});

describe('the participants', () => {
  it('are all told, and the transaction is complete when all have heard', () => {
    const { coordinator, producer } = withProducer();
    coordinator.enlist(producer);
    coordinator.enlist(producer, { groupId: 'g' });
    expect(coordinator.machine.news(9)).toBeUndefined();
    coordinator.end(producer, true);
    const news = coordinator.machine.news(9)!;
    expect(news.participants).toEqual([partitionOf(0), { groupId: 'g' }]);
    expect(news.marker).toEqual({
      ...{ producerId: 100, producerEpoch: 1, coordinatorEpoch: 0 },
      ...{ committed: true, transactionNumber: 1 },
    });
    const [heard, unreached] = [[partitionOf(0)], [{ groupId: 'g' }]];
    coordinator.call('markersTold', { transactionNumber: 1, heard, unreached });
    expect(coordinator.described).toMatchObject({ state: 'PrepareCommit', topics: [] });
    coordinator.restart();
    expect(coordinator.machine.news(9)?.participants).toEqual([{ groupId: 'g' }]);
    coordinator.tellAll();
    expect(coordinator.described).toMatchObject({ state: 'CompleteCommit', groupIds: [] });
    expect([...coordinator.rows.keys()]).toEqual(['transaction']);
  });

  it('are told after the others when they could not be reached, later and later', () => {
    const { coordinator, producer } = withProducer();
    coordinator.addPartitions(producer, 0, 1, 2, 3);
    coordinator.end(producer, false);
    const { machine } = coordinator;
    const next = () => machine.news(2)!.participants;
    const told = (reached: boolean) => {
      const some = next();
      const [heard, unreached] = reached ? [some, []] : [[], some];
      coordinator.call('markersTold', { transactionNumber: 1, heard, unreached });
      return machine.deadline! - coordinator.now;
    };
    expect(next()).toEqual([partitionOf(0), partitionOf(1)]);
    expect(told(false)).toBe(1_000);
    expect(machine.isTellingDue(coordinator.now)).toBe(false);
    expect(next()).toEqual([partitionOf(2), partitionOf(3)]);
    expect(told(true)).toBe(0);
    expect(next()).toEqual([partitionOf(0), partitionOf(1)]);
    expect([1, 2, 3, 4, 5, 6, 7].map(() => told(false) / 1_000)).toEqual([1, 2, 4, 8, 16, 30, 30]);
    expect(coordinator.described.state).toBe('PrepareAbort');
  });

  it('of a transaction that is complete say nothing about the next', () => {
    const { coordinator, producer } = withProducer();
    coordinator.enlist(producer);
    coordinator.end(producer, true, 1);
    const heard = coordinator.machine.news(9)!.participants;
    coordinator.tellAll();
    coordinator.enlist(producer);
    coordinator.end(producer, true, 1);
    coordinator.call('markersTold', { transactionNumber: 1, heard, unreached: [] });
    expect(coordinator.described.state).toBe('PrepareCommit');
  });

  it('may be ten thousand', () => {
    const { coordinator, producer } = withProducer();
    coordinator.addPartitions(producer, ...Array(9_999).keys());
    coordinator.enlist(producer, { groupId: 'g' });
    coordinator.restart();
    coordinator.end(producer, true);
    const told = new Set<string>();
    for (let rounds = 0; coordinator.machine.isTelling; rounds++) {
      expect(rounds).toBeLessThan(20);
      if (rounds % 3 === 0) coordinator.restart();
      const { participants } = coordinator.machine.news(500)!;
      for (const each of participants) told.add(JSON.stringify(each));
      const report = { transactionNumber: 1, heard: participants, unreached: [] };
      coordinator.call('markersTold', report);
    }
    expect(told.size).toBe(10_000);
    expect(coordinator.described.state).toBe('CompleteCommit');
    expect([...coordinator.rows.keys()]).toEqual(['transaction']);
  });

  it('are told at once after a restart, and a little later in case nobody lives to do it', () => {
    const { coordinator, producer } = withProducer();
    coordinator.enlist(producer);
    coordinator.end(producer, true);
    expect(coordinator.machine.isTellingDue(coordinator.now)).toBe(false);
    expect(coordinator.machine.deadline).toBe(coordinator.now + 10_000);
    coordinator.restart();
    expect(coordinator.machine.isTellingDue(coordinator.now)).toBe(true);
    coordinator.expire();
    expect(coordinator.machine.isTellingDue(coordinator.now)).toBe(false);
    expect(coordinator.machine.deadline).toBe(coordinator.now + 10_000);
  });
});

describe('a transaction that is open for too long', () => {
  it('is aborted under a higher epoch, and not before', () => {
    const { coordinator, producer } = withProducer();
    coordinator.enlist(producer);
    coordinator.now += 30_000;
    coordinator.enlist(producer, partitionOf(1));
    expect(coordinator.machine.deadline).toBe(1_060_001);
    coordinator.now = 1_060_000;
    coordinator.expire();
    expect(coordinator.described.state).toBe('Ongoing');
    coordinator.now++;
    expect(coordinator.machine.needsProducerId(coordinator.now)).toBe(false);
    coordinator.expire();
    expect(coordinator.described).toMatchObject({ state: 'PrepareAbort', producerEpoch: 1 });
    coordinator.tellAll();
    expect(coordinator.enlist(producer)).toEqual(refused(ErrorCode.PRODUCER_FENCED));
    expect(coordinator.end(producer, true).errorCode).toBe(ErrorCode.INVALID_TXN_STATE);
    // Who meant to abort it anyway goes on.
    expect(coordinator.end(producer, false)).toMatchObject({ errorCode: 0, producerEpoch: 1 });
  });

  it('waits for a new producer id if it needs one', () => {
    const coordinator = new Coordinator();
    const last = coordinator.atEpoch(32_766);
    coordinator.enlist(last);
    expect(coordinator.machine.needsProducerId(coordinator.now)).toBe(false);
    coordinator.now += 60_001;
    expect(coordinator.machine.needsProducerId(coordinator.now)).toBe(true);
    coordinator.expire();
    expect(coordinator.described.state).toBe('Ongoing');
    expect(coordinator.machine.deadline).toBe(coordinator.now + 5_000);
    coordinator.now += 5_000;
    coordinator.machine.supplyProducerId(777);
    coordinator.expire();
    coordinator.tellAll();
    expect(coordinator.end(last, false)).toMatchObject({ producerId: 777, producerEpoch: 0 });
  });
});

describe('a transactional id', () => {
  it('is forgotten a week after the last thing that was done with it', () => {
    const { coordinator, producer } = withProducer();
    const week = 604_800_000;
    expect(coordinator.machine.deadline).toBe(coordinator.now + week);
    coordinator.enlist(producer);
    coordinator.now += week;
    coordinator.expire();
    expect(coordinator.described.state).toBe('PrepareAbort');
    coordinator.now += week;
    coordinator.expire();
    coordinator.tellAll();
    coordinator.now += week - 1;
    coordinator.expire();
    expect(coordinator.described.state).toBe('CompleteAbort');
    coordinator.now++;
    coordinator.expire();
    expect(coordinator.rows.size).toBe(0);
    expect(coordinator.machine.transactionalId).toBeUndefined();
    expect(coordinator.machine.deadline).toBeUndefined();
    expect(coordinator.call('describeTransaction', { transactionalId: 'x' })).toEqual({
      errorCode: ErrorCode.TRANSACTIONAL_ID_NOT_FOUND,
      transaction: null,
    });
    expect(coordinator.init().producerId).not.toBe(producer.producerId);
  });

  it('is not there before a producer has started', () => {
    const coordinator = new Coordinator();
    expect(coordinator.machine.deadline).toBeUndefined();
    const { INVALID_PRODUCER_ID_MAPPING } = ErrorCode;
    const who = { producerId: 1, producerEpoch: 0 };
    expect(coordinator.addPartitions(who, 0).errorCode).toBe(INVALID_PRODUCER_ID_MAPPING);
    expect(coordinator.written).toBe(0);
  });
});
