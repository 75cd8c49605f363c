import { describe, expect, it } from 'vitest';
import {
  checkBatch,
  checkMarker,
  type ProducerAppend,
  type ProducerEntry,
  repeatedBatch,
  withBatch,
  withMarker,
} from '../../../src/core/log/producer.ts';
import { ErrorCode } from '../../../src/protocol/errors.ts';
import { RecordBatch } from '../../../src/protocol/records/index.ts';
import { batch, sequenced } from './samples.ts';

const lastSequence = 2 ** 31 - 1;

function appended(
  epoch: number,
  baseSequence: number,
  recordCount: number,
  baseOffset: number,
  transactionNumber?: number,
): ProducerAppend {
  const batch = { baseSequence, recordCount, baseOffset, maxTimestamp: 7 };
  return { producerId: 1, epoch, ...batch, transactionNumber };
}

function entryOf(...appends: ProducerAppend[]): ProducerEntry {
  return appends.reduce<ProducerEntry | undefined>(
    (entry, append) => withBatch(entry, append, 0),
    undefined,
  )!;
}

/** The batch it repeats, or undefined when it may be appended; throws when it may not. */
function check(entry: ProducerEntry | undefined, epoch: number, sequence: number, count = 1) {
  const values = Array<string>(count).fill('v');
  const batch = new RecordBatch(sequenced(1, epoch, sequence, values));
  const repeated = repeatedBatch(entry, batch);
  if (repeated === undefined) checkBatch(entry, batch);
  return repeated;
}

const outOfOrder = expect.objectContaining({ code: ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER });
const fenced = expect.objectContaining({ code: ErrorCode.INVALID_PRODUCER_EPOCH });

describe('checkBatch, of sequences', () => {
  it('takes any first sequence of an unknown producer', () => {
    expect(check(undefined, 3, 17)).toBeUndefined();
  });

  it('takes the next sequence and no other', () => {
    const entry = entryOf(appended(0, 5, 3, 100));
    expect(check(entry, 0, 8)).toBeUndefined();
    for (const sequence of [0, 4, 6, 7, 9, lastSequence]) {
      expect(() => check(entry, 0, sequence), `${sequence}`).toThrow(outOfOrder);
    }
  });

  it('knows a repeated batch among the last five, by first and last sequence', () => {
    const entry = entryOf(...[0, 2, 4, 6, 8, 10].map((s) => appended(0, s, 2, 100 + s)));
    expect(entry.batches).toHaveLength(5);
    for (const sequence of [2, 4, 6, 8, 10]) {
      expect(check(entry, 0, sequence, 2)).toMatchObject({ baseOffset: 100 + sequence });
    }
    expect(() => check(entry, 0, 0, 2)).toThrow(outOfOrder);
    expect(() => check(entry, 0, 8, 1)).toThrow(outOfOrder);
    expect(() => check(entry, 0, 8, 4)).toThrow(outOfOrder);
  });

  it('follows 2^31 - 1 with 0, between batches and inside one', () => {
    expect(check(entryOf(appended(0, lastSequence, 1, 9)), 0, 0)).toBeUndefined();
    const across = entryOf(appended(0, lastSequence - 1, 4, 9));
    expect(check(across, 0, 2)).toBeUndefined();
    expect(check(across, 0, lastSequence - 1, 4)).toMatchObject({ baseOffset: 9 });
    expect(() => check(across, 0, 3)).toThrow(outOfOrder);
  });

  it('fences an epoch of the past, even for a batch it once took', () => {
    const entry = entryOf(appended(0, 0, 1, 0), appended(1, 0, 1, 1));
    expect(() => check(entry, 0, 0)).toThrow(fenced);
    expect(() => check(entry, 0, 1)).toThrow(fenced);
  });

  it('lets a new epoch start at 0 only', () => {
    const entry = entryOf(appended(1, 0, 4, 0));
    expect(check(entry, 2, 0)).toBeUndefined();
    expect(check(entry, 9, 0)).toBeUndefined();
    expect(() => check(entry, 2, 4)).toThrow(outOfOrder);
  });
});

function transactional(epoch: number, sequence: number): RecordBatch {
  const producer = { producerId: 1, producerEpoch: epoch, baseSequence: sequence };
  return new RecordBatch(batch(['v'], { ...producer, isTransactional: true }));
}

function ended(entry: ProducerEntry | undefined, epoch: number, transactionNumber: number) {
  return withMarker(entry, { producerId: 1, epoch, coordinatorEpoch: 0, transactionNumber }, 99);
}

const noTransaction = expect.objectContaining({ code: ErrorCode.INVALID_TXN_STATE });

describe('checkBatch, of transactions', () => {
  const open = entryOf(appended(0, 0, 1, 10, 4));

  it('takes what follows in an open transaction, and nothing that is no part of it', () => {
    expect(() => checkBatch(open, transactional(0, 1))).not.toThrow();
    expect(() => check(open, 0, 1)).toThrow(noTransaction);
  });

  it('takes the first batch only with the number of one that has not ended', () => {
    const over = ended(open, 0, 4);
    expect(() => checkBatch(undefined, transactional(0, 0))).toThrow(noTransaction);
    expect(() => checkBatch(over, transactional(0, 1))).toThrow(noTransaction);
    for (const transactionNumber of [3, 4]) {
      const member = { transactionNumber };
      expect(() => checkBatch(over, transactional(0, 1), member)).toThrow(noTransaction);
    }
    expect(() => checkBatch(over, transactional(0, 1), { transactionNumber: 5 })).not.toThrow();
    const late = { transactionNumber: 3 };
    expect(() => checkBatch(open, transactional(0, 1), late)).toThrow(noTransaction);
  });

  it('says that the epoch is old before anything else', () => {
    const over = ended(open, 1, 4);
    expect(() => checkBatch(over, transactional(0, 7))).toThrow(fenced);
  });

  it('has transactions v2 begin at sequence 0 where nothing is known', () => {
    const first = { transactionNumber: 5 };
    const adding = { ...first, addsPartition: true };
    expect(() => checkBatch(undefined, transactional(0, 3), first)).not.toThrow();
    expect(() => checkBatch(undefined, transactional(0, 3), adding)).toThrow(outOfOrder);
    const over = ended(open, 1, 4);
    expect(() => checkBatch(over, transactional(1, 3), first)).toThrow(outOfOrder);
    expect(() => checkBatch(over, transactional(1, 0), adding)).not.toThrow();
  });

  it('lets no batch begin a transaction in the place of one before it', () => {
    const member = { transactionNumber: 5, lowestSequence: 2 };
    expect(() => checkBatch(undefined, transactional(0, 3), member)).toThrow(outOfOrder);
    expect(() => checkBatch(undefined, transactional(0, 2), member)).not.toThrow();
  });
});

describe('checkMarker', () => {
  const open = entryOf(appended(2, 0, 1, 10, 4));
  const marker = { producerId: 1, producerEpoch: 2, coordinatorEpoch: 0, committed: true };
  const over = ended(open, 2, 4);

  it('knows by the number what it heard before, whatever the epoch', () => {
    expect(checkMarker(open, { ...marker, transactionNumber: 4 })).toBe(true);
    expect(checkMarker(open, { ...marker, producerEpoch: 0, transactionNumber: 3 })).toBe(false);
    for (const producerEpoch of [0, 2, 3]) {
      expect(checkMarker(over, { ...marker, producerEpoch, transactionNumber: 4 })).toBe(false);
    }
    expect(checkMarker(over, { ...marker, transactionNumber: 5 })).toBe(true);
    expect(checkMarker(undefined, { ...marker, transactionNumber: 1 })).toBe(true);
  });

  it('fences producers and coordinators of the past', () => {
    const late = { ...marker, producerEpoch: 1 };
    expect(() => checkMarker(open, late)).toThrow(fenced);
    expect(() => checkMarker(open, { ...late, transactionNumber: 5 })).toThrow(fenced);
    const heard = withMarker(
      open,
      { producerId: 1, epoch: 2, coordinatorEpoch: 7, transactionNumber: 4 },
      99,
    );
    expect(() => checkMarker(heard, { ...marker, coordinatorEpoch: 6 })).toThrow(
      expect.objectContaining({ code: ErrorCode.TRANSACTION_COORDINATOR_FENCED }),
    );
  });

  it('by an operator who knows of transactions v2 ends what is open with a higher epoch', () => {
    const higher = { ...marker, raisesEpoch: true };
    expect(() => checkMarker(open, higher)).toThrow(fenced);
    expect(checkMarker(open, { ...higher, producerEpoch: 3 })).toBe(true);
    expect(checkMarker(over, higher)).toBe(true);
  });

  it('without a number ends what is open', () => {
    expect(checkMarker(open, marker)).toBe(true);
    expect(ended(open, 2, 0)).toMatchObject({ open: undefined, lastEnded: 4 });
  });
});

describe('withMarker', () => {
  it('keeps the batches of its epoch and forgets those before', () => {
    const open = entryOf(appended(2, 0, 1, 10, 4));
    expect(ended(open, 2, 4)).toMatchObject({ lastTimestamp: 99, batches: [{ baseOffset: 10 }] });
    expect(ended(open, 3, 4)).toMatchObject({ epoch: 3, batches: [], lastEnded: 4 });
    expect(ended(undefined, 3, 4)).toMatchObject({ epoch: 3, batches: [], lastEnded: 4 });
  });
});
