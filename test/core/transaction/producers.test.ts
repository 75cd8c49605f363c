import { describe, expect, it } from 'vitest';
import { ErrorCode } from '../../../src/protocol/errors.ts';
import { Coordinator, nobodyYet } from './test-coordinator.ts';

const started = (producerId: number, producerEpoch: number) => ({
  errorCode: ErrorCode.NONE,
  producerId,
  producerEpoch,
});
const refused = (errorCode: number) => ({ errorCode, producerId: -1, producerEpoch: -1 });

describe('a producer that starts', () => {
  it('gets the unused id at first, and then that id with the next epoch', () => {
    const coordinator = new Coordinator();
    expect(coordinator.init()).toEqual(started(100, 0));
    expect(coordinator.init()).toEqual(started(100, 1));
    coordinator.restart();
    expect(coordinator.init()).toEqual(started(100, 2));
    expect(coordinator.described).toEqual({
      ...{ state: 'Empty', timeoutMs: 60_000, startTimeMs: -1, producerId: 100, producerEpoch: 2 },
      ...{ topics: [], groupIds: [] },
    });
  });

  it.each([0, -1, 900_001])('is refused a timeout of %i ms', (timeout) => {
    const coordinator = new Coordinator();
    const reply = refused(ErrorCode.INVALID_TRANSACTION_TIMEOUT);
    expect(coordinator.init(nobodyYet, timeout)).toEqual(reply);
    expect(coordinator.written).toBe(0);
    expect(coordinator.init(nobodyYet, 900_000)).toEqual(started(101, 0));
  });

  it('may bring an id that this coordinator has forgotten', () => {
    const known = { producerId: 7, producerEpoch: 3 };
    expect(new Coordinator().init(known)).toEqual(started(100, 0));
  });

  it('needs a name', () => {
    const command = { transactionalId: '', ...nobodyYet, transactionTimeoutMs: 1 };
    const reply = new Coordinator().call('initProducerId', { ...command, newProducerId: 1 });
    expect(reply).toEqual(refused(ErrorCode.INVALID_REQUEST));
  });
});

describe('a producer that says who it was', () => {
  it('goes on with the next epoch, and gets the same answer when it asks again', () => {
    const coordinator = new Coordinator();
    const first = coordinator.init();
    expect(coordinator.init(first)).toEqual(started(100, 1));
    coordinator.restart();
    expect(coordinator.init(first)).toEqual(started(100, 1));
    expect(coordinator.init({ producerId: 100, producerEpoch: 1 })).toEqual(started(100, 2));
    expect(coordinator.init(first)).toEqual(refused(ErrorCode.PRODUCER_FENCED));
  });

  it('is fenced once somebody else has started', () => {
    const coordinator = new Coordinator();
    const first = coordinator.init();
    coordinator.init();
    expect(coordinator.init(first)).toEqual(refused(ErrorCode.PRODUCER_FENCED));
    const stranger = { producerId: 7, producerEpoch: 1 };
    expect(coordinator.init(stranger)).toEqual(refused(ErrorCode.PRODUCER_FENCED));
  });

  it('goes on with the epoch an end has raised', () => {
    const coordinator = new Coordinator();
    const first = coordinator.init();
    coordinator.enlist(first);
    coordinator.end(first, false);
    coordinator.tellAll();
    expect(coordinator.init(first)).toEqual(started(100, 1));
  });
});

describe('a producer whose epochs ran out', () => {
  it('gets another id, and again when it asks again', () => {
    const coordinator = new Coordinator();
    const last = coordinator.atEpoch(32_766);
    const { producerId } = coordinator.init(last);
    expect(producerId).not.toBe(last.producerId);
    expect(coordinator.init(last)).toEqual(started(producerId, 0));
    expect(coordinator.init({ producerId, producerEpoch: 0 })).toEqual(started(producerId, 1));
    expect(coordinator.init(last)).toEqual(refused(ErrorCode.PRODUCER_FENCED));
  });

  it('gets another id when it starts anew, and the one before is fenced', () => {
    const coordinator = new Coordinator();
    const last = coordinator.atEpoch(32_766);
    const { producerId } = coordinator.init();
    expect(producerId).not.toBe(last.producerId);
    expect(coordinator.described.producerEpoch).toBe(0);
    expect(coordinator.init(last)).toEqual(refused(ErrorCode.PRODUCER_FENCED));
  });

  it('never gets the epoch that is there to fence it', () => {
    const coordinator = new Coordinator();
    const last = coordinator.atEpoch(32_765);
    expect(coordinator.init(last)).toEqual(started(last.producerId, 32_766));
    expect(coordinator.init(last)).toEqual(started(last.producerId, 32_766));
  });
});

describe('a transaction that was left open', () => {
  it('is aborted under a higher epoch, and the producer is asked to wait until all have heard', () => {
    const coordinator = new Coordinator();
    const first = coordinator.init();
    coordinator.enlist(first);
    const wait = refused(ErrorCode.CONCURRENT_TRANSACTIONS);
    expect(coordinator.init()).toEqual(wait);
    expect(coordinator.described).toMatchObject({ state: 'PrepareAbort', producerEpoch: 1 });
    expect(coordinator.init()).toEqual(wait);
    expect(coordinator.machine.news(9)?.marker).toEqual({
      ...{ producerId: 100, producerEpoch: 1, coordinatorEpoch: 0 },
      ...{ committed: false, transactionNumber: 1 },
    });
    coordinator.tellAll();
    expect(coordinator.init()).toEqual(started(100, 2));
    expect(coordinator.enlist(first).errorCode).toBe(ErrorCode.PRODUCER_FENCED);
    expect(coordinator.end(first, true).errorCode).toBe(ErrorCode.PRODUCER_FENCED);
  });

  it('is not aborted by one who never had the id', () => {
    const coordinator = new Coordinator();
    coordinator.enlist(coordinator.init());
    const stranger = { producerId: 7, producerEpoch: 0 };
    expect(coordinator.init(stranger)).toEqual(refused(ErrorCode.PRODUCER_FENCED));
    expect(coordinator.described.state).toBe('Ongoing');
  });

  it('leads to another id if the epochs ran out over it', () => {
    const coordinator = new Coordinator();
    const last = coordinator.atEpoch(32_766);
    coordinator.enlist(last);
    coordinator.init();
    expect(coordinator.machine.news(9)?.marker.producerEpoch).toBe(32_767);
    coordinator.tellAll();
    const { producerId, producerEpoch } = coordinator.described;
    expect(producerEpoch).toBe(0);
    expect(coordinator.end(last, false)).toEqual(started(producerId, 0));
    expect(coordinator.init()).toEqual(started(producerId, 1));
  });
});
