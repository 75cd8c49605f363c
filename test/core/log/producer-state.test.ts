import { describe, expect, it } from 'vitest';
import {
  checkSequence,
  encodeAppends,
  type ProducerAppend,
  type ProducerEntry,
  ProducerStates,
  withBatch,
} from '../../../src/core/log/producer-state.ts';
import { ErrorCode } from '../../../src/protocol/errors.ts';
import { RecordBatch } from '../../../src/protocol/records/index.ts';
import { sequenced } from './samples.ts';

const lastSequence = 2 ** 31 - 1;

function appended(
  epoch: number,
  baseSequence: number,
  recordCount: number,
  baseOffset: number,
): ProducerAppend {
  return { producerId: 1, epoch, baseSequence, recordCount, baseOffset, maxTimestamp: 7 };
}

function entryOf(...appends: ProducerAppend[]): ProducerEntry {
  return appends.reduce<ProducerEntry | undefined>(
    (entry, append) => withBatch(entry, append, 0),
    undefined,
  )!;
}

function check(entry: ProducerEntry | undefined, epoch: number, sequence: number, count = 1) {
  const values = Array<string>(count).fill('v');
  return checkSequence(entry, new RecordBatch(sequenced(1, epoch, sequence, values)));
}

const outOfOrder = expect.objectContaining({ code: ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER });
const fenced = expect.objectContaining({ code: ErrorCode.INVALID_PRODUCER_EPOCH });

describe('checkSequence', () => {
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

describe('ProducerStates', () => {
  const expirationMs = 1_000;

  it('forgets a producer that was idle for too long', () => {
    const states = new ProducerStates(expirationMs);
    states.set(1, withBatch(undefined, appended(0, 0, 1, 0), 5_000));
    expect(states.get(1, 5_999)).toBeDefined();
    expect(states.get(1, 6_000)).toBeUndefined();
    expect(states.size).toBe(1);
    states.expire(6_000);
    expect(states.size).toBe(0);
  });

  it('is the same after replay as when the batches were appended', () => {
    const states = new ProducerStates(expirationMs);
    const row = [
      { ...appended(0, 0, 2, 50), producerId: 7 },
      { ...appended(4, lastSequence, 1, 52), producerId: 2 ** 40 },
      { ...appended(0, 2, 1, 53), producerId: 7 },
    ];
    states.replay({ baseOffset: 50, appendedAt: 100, producers: encodeAppends(row, 50) });
    expect(states.get(7, 100)).toEqual({
      epoch: 0,
      appendedAt: 100,
      batches: [
        { baseSequence: 0, recordCount: 2, baseOffset: 50, maxTimestamp: 7 },
        { baseSequence: 2, recordCount: 1, baseOffset: 53, maxTimestamp: 7 },
      ],
    });
    expect(states.get(2 ** 40, 100)?.epoch).toBe(4);
  });

  it('replays a producer that expired and came back as one that is new', () => {
    const states = new ProducerStates(expirationMs);
    const replay = (append: ProducerAppend, appendedAt: number) =>
      states.replay({ baseOffset: 0, appendedAt, producers: encodeAppends([append], 0) });
    replay(appended(0, 0, 1, 0), 0);
    replay(appended(0, 40, 1, 1), expirationMs);
    expect(states.get(1, expirationMs)?.batches).toHaveLength(1);
  });

  it('comes back from a snapshot', () => {
    const states = new ProducerStates(expirationMs);
    states.set(3, entryOf(appended(2, 0, 4, 10), appended(2, 4, 1, 14)));
    states.set(2 ** 50, withBatch(undefined, appended(-1, 0, 1, 2 ** 52), 2 ** 41));
    const restored = new ProducerStates(expirationMs);
    restored.restore(states.encode());
    expect(restored.size).toBe(2);
    expect(restored.get(3, 0)).toEqual(states.get(3, 0));
    expect(restored.get(2 ** 50, 2 ** 41)).toEqual(states.get(2 ** 50, 2 ** 41));
  });

  it('refuses a snapshot of a later version', () => {
    expect(() => new ProducerStates(1).restore(Uint8Array.of(9))).toThrow(/version 9/);
  });
});
