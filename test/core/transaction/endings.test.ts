import { describe, expect, it } from 'vitest';
import { ErrorCode } from '../../../src/protocol/errors.ts';
import { Coordinator, type Who } from './test-coordinator.ts';

type State = 'Empty' | 'Ongoing' | 'CompleteCommit' | 'CompleteAbort' | 'PrepareCommit';

/** A coordinator in a state, the epoch that its producer has there, and the one it had before. */
function inState(state: State, transactionVersion = 2) {
  const coordinator = new Coordinator();
  const before = coordinator.init();
  if (state === 'Empty') return { coordinator, current: before, before };
  coordinator.enlist(before);
  if (state === 'Ongoing') return { coordinator, current: before, before };
  coordinator.end(before, state.endsWith('Commit'), transactionVersion);
  if (state !== 'PrepareCommit') coordinator.tellAll();
  const { producerId, producerEpoch } = coordinator.described;
  expect(coordinator.described.state).toBe(state);
  const written = coordinator.written;
  return { coordinator, current: { producerId, producerEpoch }, before, written };
}

const { NONE, PRODUCER_FENCED, INVALID_TXN_STATE, CONCURRENT_TRANSACTIONS } = ErrorCode;

/** What the producer hears, and the epoch it then has. */
function outcome(coordinator: Coordinator, who: Who, committed: boolean, version: number) {
  const { errorCode, producerEpoch } = coordinator.end(who, committed, version);
  return [errorCode, producerEpoch];
}

describe('the end of a transaction, v2', () => {
  it.each([
    ['Ongoing', 'current', true, [NONE, 1]],
    ['Ongoing', 'current', false, [NONE, 1]],
    ['Empty', 'current', true, [INVALID_TXN_STATE, -1]],
    ['Empty', 'current', false, [NONE, 1]],
    ['CompleteAbort', 'before', false, [NONE, 1]],
    ['CompleteAbort', 'before', true, [INVALID_TXN_STATE, -1]],
    ['CompleteAbort', 'current', false, [NONE, 2]],
    ['CompleteAbort', 'current', true, [INVALID_TXN_STATE, -1]],
    ['CompleteCommit', 'before', true, [NONE, 1]],
    ['CompleteCommit', 'before', false, [INVALID_TXN_STATE, -1]],
    ['CompleteCommit', 'current', false, [NONE, 2]],
    ['CompleteCommit', 'current', true, [INVALID_TXN_STATE, -1]],
    ['PrepareCommit', 'before', true, [CONCURRENT_TRANSACTIONS, -1]],
    ['PrepareCommit', 'before', false, [CONCURRENT_TRANSACTIONS, -1]],
  ] as const)(
    'in %s, asked with the epoch of %s, commits: %s',
    (state, epoch, commits, expected) => {
      const { coordinator, ...producers } = inState(state);
      coordinator.restart();
      expect(outcome(coordinator, producers[epoch], commits, 2)).toEqual(expected);
    },
  );

  it('is refused to a producer that was fenced', () => {
    const { coordinator, current } = inState('Empty');
    coordinator.init();
    expect(outcome(coordinator, current, false, 2)).toEqual([PRODUCER_FENCED, -1]);
    const stranger = { producerId: 7, producerEpoch: 1 };
    expect(coordinator.end(stranger, false).errorCode).toBe(ErrorCode.INVALID_PRODUCER_ID_MAPPING);
    const nobody = new Coordinator();
    expect(nobody.end(stranger, false).errorCode).toBe(ErrorCode.INVALID_PRODUCER_ID_MAPPING);
    expect(nobody.written).toBe(0);
  });

  it('costs a row for the decision and one for the completion; asked again, none', () => {
    const { coordinator, current } = inState('Ongoing');
    const before = coordinator.written;
    coordinator.end(current, true);
    coordinator.tellAll();
    expect(coordinator.written).toBe(before + 2);
    coordinator.end(current, true);
    expect(coordinator.written).toBe(before + 2);
  });

  it('of nothing is complete at once, and has a time all the same', () => {
    const { coordinator, current } = inState('Empty');
    const before = coordinator.written;
    coordinator.end(current, false);
    expect(coordinator.written).toBe(before + 1);
    expect(coordinator.described).toMatchObject({ state: 'CompleteAbort', startTimeMs: 1_000_000 });
  });

  it('gives the producer another id when its epochs ran out, and again when asked again', () => {
    const coordinator = new Coordinator();
    const last = coordinator.atEpoch(32_766);
    coordinator.enlist(last);
    const next = coordinator.end(last, true);
    expect(next).toMatchObject({ errorCode: NONE, producerEpoch: 0 });
    expect(next.producerId).not.toBe(last.producerId);
    expect(coordinator.machine.news(1)?.marker).toMatchObject({ ...last, producerEpoch: 32_767 });
    expect(coordinator.enlist(next).errorCode).toBe(CONCURRENT_TRANSACTIONS);
    coordinator.restart();
    coordinator.tellAll();
    expect(coordinator.end(last, true)).toEqual(next);
    expect(outcome(coordinator, last, false, 2)).toEqual([INVALID_TXN_STATE, -1]);
    expect(coordinator.enlist(next)).toEqual({ errorCode: NONE, transactionNumber: 2 });
    const { INVALID_PRODUCER_ID_MAPPING } = ErrorCode;
    expect(coordinator.end(last, true).errorCode).toBe(INVALID_PRODUCER_ID_MAPPING);
  });

  it('waits for a new id that nobody brought', () => {
    const coordinator = new Coordinator();
    const last = coordinator.atEpoch(32_766);
    coordinator.enlist(last);
    const command = { transactionalId: 'x', ...last, committed: true, transactionVersion: 2 };
    const { errorCode } = coordinator.call('endTxn', { ...command, newProducerId: -1 });
    expect(errorCode).toBe(ErrorCode.COORDINATOR_NOT_AVAILABLE);
    expect(coordinator.described.state).toBe('Ongoing');
  });
});

describe('the end of a transaction, v1', () => {
  it.each([
    ['Ongoing', true, NONE],
    ['Ongoing', false, NONE],
    ['Empty', true, INVALID_TXN_STATE],
    ['Empty', false, INVALID_TXN_STATE],
    ['CompleteAbort', false, NONE],
    ['CompleteAbort', true, INVALID_TXN_STATE],
    ['CompleteCommit', true, NONE],
    ['CompleteCommit', false, INVALID_TXN_STATE],
    ['PrepareCommit', true, CONCURRENT_TRANSACTIONS],
    ['PrepareCommit', false, CONCURRENT_TRANSACTIONS],
  ] as const)('in %s, commits: %s', (state, commits, expected) => {
    const { coordinator, current } = inState(state, 1);
    coordinator.restart();
    // Neither id nor epoch: the producer goes on with those it has.
    expect(coordinator.end(current, commits, 1)).toEqual({
      ...{ errorCode: expected, producerId: -1, producerEpoch: -1 },
    });
  });

  it('keeps the epoch, in the marker and afterwards', () => {
    const { coordinator, current } = inState('Ongoing');
    coordinator.end(current, true, 1);
    expect(coordinator.machine.news(1)?.marker.producerEpoch).toBe(0);
    coordinator.tellAll();
    expect(coordinator.described.producerEpoch).toBe(0);
    expect(coordinator.enlist(current)).toEqual({ errorCode: NONE, transactionNumber: 2 });
  });

  it('looks at the epoch first', () => {
    const { coordinator, current } = inState('PrepareCommit', 1);
    const old = { ...current, producerEpoch: current.producerEpoch - 1 };
    expect(coordinator.end(old, true, 1).errorCode).toBe(PRODUCER_FENCED);
  });
});
