import { beforeEach, describe, expect, it, vi } from 'vitest';
import { PartitionLog } from '../../../src/core/log/partition-log.ts';
import { largestReadBytes } from '../../../src/core/log/read.ts';
import { ErrorCode } from '../../../src/protocol/errors.ts';
import { MemoryStore } from '../../../src/runtime/memory-store.ts';
import { append, batch, batchesOf, read, settings, startOfTime, valuesOf } from './samples.ts';

/** Rows [a0 a1] [b2] and [c3] [d4 d5] [e6], of batches as bracketed within. */
let log: PartitionLog;
let store: MemoryStore;
const size = (values: string[]) => batch(values).length;

beforeEach(() => {
  store = new MemoryStore();
  log = new PartitionLog(store, settings);
  log.append([append(batch(['a0', 'a1'])), append(batch(['b2']))], startOfTime);
  log.append(
    [['c3'], ['d4', 'd5'], ['e6']].map((v) => append(batch(v))),
    startOfTime,
  );
});

const values = (offset: number, options = {}) =>
  valuesOf(log.read(read(offset, options)).records).map(([, value]) => value);

describe('readLog', () => {
  it('gives whole batches from the one that contains the offset to the end', () => {
    expect(valuesOf(log.read(read(0)).records)).toEqual(
      ['a0', 'a1', 'b2', 'c3', 'd4', 'd5', 'e6'].map((value, offset) => [offset, value]),
    );
    expect(values(1)).toEqual(values(0));
    expect(values(2)).toEqual(['b2', 'c3', 'd4', 'd5', 'e6']);
    expect(values(5)).toEqual(['d4', 'd5', 'e6']);
    expect(values(6)).toEqual(['e6']);
  });

  it('says where the log begins and ends', () => {
    expect(log.read(read(2, { isolationLevel: 0 }))).toMatchObject({
      errorCode: ErrorCode.NONE,
      highWatermark: 7,
      lastStableOffset: 7,
      logStartOffset: 0,
      abortedTransactions: null,
    });
    expect(log.read(read(2, { isolationLevel: 1 })).abortedTransactions).toEqual([]);
  });

  it('gives no batch that begins beyond what is wanted', () => {
    expect(values(0, { upTo: 2 })).toEqual(['a0', 'a1', 'b2']);
    expect(values(1, { upTo: 4 })).toEqual(['a0', 'a1', 'b2', 'c3', 'd4', 'd5']);
    expect(values(4, { upTo: 3 })).toEqual([]);
    expect(values(0, { upTo: 2 ** 53 - 1 })).toEqual(values(0));
  });

  it('gives nothing exactly at the end, and refuses beyond either end', () => {
    expect(log.read(read(7))).toMatchObject({ errorCode: ErrorCode.NONE, records: [] });
    for (const offset of [8, -1, 2 ** 53]) {
      expect(log.read(read(offset))).toEqual({
        errorCode: ErrorCode.OFFSET_OUT_OF_RANGE,
        highWatermark: -1,
        lastStableOffset: -1,
        logStartOffset: -1,
        abortedTransactions: null,
        records: [],
      });
    }
  });

  it('checks the leader epoch before the offset', () => {
    expect(log.read(read(99, { currentLeaderEpoch: 1 })).errorCode).toBe(
      ErrorCode.UNKNOWN_LEADER_EPOCH,
    );
    for (const currentLeaderEpoch of [0, -1]) {
      expect(values(6, { currentLeaderEpoch })).toEqual(['e6']);
    }
  });

  it('stays within maxBytes by whole batches, wherever rows end', () => {
    const sizes = [['a0', 'a1'], ['b2'], ['c3'], ['d4', 'd5'], ['e6']].map(size);
    const total = sizes.reduce((sum, bytes) => sum + bytes, 0);
    for (let maxBytes = sizes[0]; maxBytes <= total + 1; maxBytes++) {
      const batches = batchesOf(log.read(read(0, { maxBytes })).records);
      let [count, sum] = [0, 0];
      while (count < sizes.length && sum + sizes[count] <= maxBytes) sum += sizes[count++];
      expect(batches.length, `${maxBytes} bytes`).toBe(count);
    }
  });

  it('gives the first batch whole where it is asked for at least one', () => {
    expect(values(3, { maxBytes: 0 })).toEqual(['c3']);
    expect(values(4, { maxBytes: 1 })).toEqual(['d4', 'd5']);
    expect(values(4, { maxBytes: size(['d4', 'd5']) - 1, minOneBatch: false })).toEqual([]);
    expect(values(4, { maxBytes: size(['d4', 'd5']), minOneBatch: false })).toEqual(['d4', 'd5']);
    expect(values(0, { maxBytes: -1, minOneBatch: false })).toEqual([]);
  });

  it('counts only what it returns, not what lies before it in the row', () => {
    expect(values(5, { maxBytes: size(['d4', 'd5']) + size(['e6']) })).toEqual(['d4', 'd5', 'e6']);
  });

  it('never holds more than its bound', () => {
    for (let i = 0; i < 12; i++) log.append([append(batch(['x'.repeat(900_000)]))], startOfTime);
    const { records } = log.read(read(0, { maxBytes: 2 ** 31 - 1 }));
    const bytes = records.reduce((sum, { length }) => sum + length, 0);
    expect(bytes).toBeLessThanOrEqual(largestReadBytes);
    expect(bytes).toBeGreaterThan(largestReadBytes - 1_000_000);
  });

  it('reads no row of which nothing can be given', () => {
    for (let i = 0; i < 12; i++) log.append([append(batch(['x'.repeat(900_000)]))], startOfTime);
    const data = vi.spyOn(store, 'data');
    const rowsRead = () => data.mock.results.flatMap(({ value }) => value);
    expect(values(7, { maxBytes: 1_000_000 })).toHaveLength(1);
    expect(rowsRead()).toHaveLength(1);
    data.mockClear();
    expect(values(7, { maxBytes: 2_000_000, upTo: 7 })).toHaveLength(1);
    expect(rowsRead()).toHaveLength(1);
    data.mockClear();
    // From within a row on, whose beginning does not count.
    expect(values(5, { maxBytes: 901_000 })).toHaveLength(4);
    expect(rowsRead()).toHaveLength(2);
    data.mockClear();
    expect(values(7, { maxBytes: 0, minOneBatch: false })).toEqual([]);
    expect(rowsRead()).toEqual([]);
  });

  it('hands out pieces that own their buffers, few where they are small', () => {
    for (let i = 0; i < 600; i++) log.append([append(batch([`small ${i}`]))], startOfTime);
    log.append([append(batch(['x'.repeat(300_000)]))], startOfTime);
    log.append([append(batch(['y']))], startOfTime);
    const { records } = log.read(read(0));
    expect(records).toHaveLength(3);
    expect(valuesOf(records)).toHaveLength(609);
    log.append([append(batch(['before'])), append(batch(['x'.repeat(300_000)]))], startOfTime);
    const withinRow = log.read(read(log.highWatermark - 1)).records;
    expect(withinRow).toHaveLength(1);
    for (const piece of [...records, ...withinRow, ...log.read(read(5)).records]) {
      expect(piece.buffer.byteLength).toBe(piece.length);
    }
  });
});
