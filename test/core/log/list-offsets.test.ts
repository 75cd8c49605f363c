import { describe, expect, it, vi } from 'vitest';
import { compress } from '../../../src/bytes/compression.ts';
import { Flush } from '../../../src/core/log/flush.ts';
import { PartitionLog } from '../../../src/core/log/partition-log.ts';
import type { LogRow } from '../../../src/core/log/store.ts';
import { ErrorCode } from '../../../src/protocol/errors.ts';
import { buildBatch } from '../../../src/protocol/records/index.ts';
import { MemoryStore } from '../../../src/runtime/memory-store.ts';
import { chance } from '../../contracts/partition-log.ts';
import { append, list, records, settings, spec } from './samples.ts';

const now = 1_000_000;
const none = { errorCode: ErrorCode.NONE, timestamp: -1, offset: -1, leaderEpoch: -1 };

class CountingStore extends MemoryStore {
  rowsRead = 0;

  override floor(offset: number) {
    this.rowsRead++;
    return super.floor(offset);
  }

  override from(offset: number, limit: number) {
    const heads = super.from(offset, limit);
    this.rowsRead += heads.length;
    return heads;
  }
}

/** A row of one record. */
function rowAt(timestamp: number, baseOffset: number): LogRow {
  return {
    baseOffset,
    nextOffset: baseOffset + 1,
    maxTimestamp: timestamp,
    maxTimestampSoFar: timestamp,
    appendedAt: now,
    producers: null,
    bytes: buildBatch(records(['v'], timestamp), { baseOffset }),
  };
}

/** A log of rows, of batches, of records with these timestamps. */
function logOf(rows: readonly (readonly (readonly number[])[])[], codec = 0): PartitionLog {
  const log = new PartitionLog(new MemoryStore(), settings);
  for (const row of rows) {
    const batches = row.map((timestamps) =>
      buildBatch(
        timestamps.flatMap((timestamp) => records(['v'], timestamp)),
        codec === 0 ? {} : { compression: { codec, compress } },
      ),
    );
    log.append(
      batches.map((bytes) => append(bytes)),
      now,
    );
  }
  return log;
}

const rows = [[[10, 20], [15]], [[30, 25, 40]], [[5]], [[40], [50, 60]]];

function find(log: PartitionLog, timestamp: number): [number, number] {
  const { errorCode, offset, timestamp: at, leaderEpoch } = log.listOffset(list(timestamp));
  expect(errorCode).toBe(ErrorCode.NONE);
  expect(leaderEpoch).toBe(offset < 0 ? -1 : 0);
  return [offset, at];
}

describe('listOffset', () => {
  it('tells the ends of the log', () => {
    const log = logOf(rows);
    expect(find(log, -1)).toEqual([10, -1]);
    expect(find(log, -2)).toEqual([0, -1]);
    expect(find(log, -4)).toEqual([0, -1]);
  });

  it('has no tiered offsets', () => {
    expect(logOf(rows).listOffset(list(-5))).toEqual(none);
    expect(logOf(rows).listOffset(list(-6))).toEqual(none);
  });

  it('finds the first record with the latest timestamp', () => {
    expect(find(logOf(rows), -3)).toEqual([9, 60]);
    expect(find(logOf([[[7, 9]], [[9, 8]]]), -3)).toEqual([1, 9]);
    expect(find(logOf([]), -3)).toEqual([-1, -1]);
    expect(find(logOf([[[-1, -1]]]), -3)).toEqual([-1, -1]);
  });

  it.each([0, 1, 2, 3, 4])('finds the first record at or after any moment, codec %i', (codec) => {
    const log = logOf(rows, codec);
    const timestamps = rows.flat(2);
    for (let moment = 0; moment <= 62; moment++) {
      const offset = timestamps.findIndex((timestamp) => timestamp >= moment);
      const expected = offset < 0 ? [-1, -1] : [offset, timestamps[offset]];
      expect(find(log, moment), `moment ${moment}`).toEqual(expected);
    }
  });

  describe('in a long log', () => {
    const length = 4_096;
    const random = chance(3);
    const gaps = Array.from({ length }, () => 1 + random(1_000) ** 2);
    /** How timestamps grow: each a log of 4,096 rows, and the most rows to be looked at. */
    const growth: [string, (row: number) => number, number][] = [
      ['evenly', (row) => 1_000 + 50 * row, 6],
      ['in fits and starts', (row) => gaps.slice(0, row + 1).reduce((a, b) => a + b), 24],
      ['in leaps', (row) => 1.005 ** row, 24],
      ['from nothing', (row) => (row < length / 2 ? -1 : row), 16],
      ['hardly at all', (row) => (row < length - 1 ? 1 : 2), 16],
    ];

    it.each(growth)('looks at few rows when time passes %s', (_, timeOf, most) => {
      const store = new CountingStore();
      const times = Array.from({ length }, (_, row) => Math.floor(timeOf(row)));
      store.append(times.map(rowAt), undefined);
      const log = new PartitionLog(store, settings);
      for (let row = 0; row < length; row += 97) {
        store.rowsRead = 0;
        if (times[row] >= 0) expect(find(log, times[row])[0]).toBe(times.indexOf(times[row]));
        expect(store.rowsRead, `row ${row}`).toBeLessThanOrEqual(most);
      }
    });
  });

  it('finds nothing in an empty log, and its ends at 0', () => {
    const log = logOf([]);
    expect(find(log, 0)).toEqual([-1, -1]);
    expect(find(log, -1)).toEqual([0, -1]);
    expect(find(log, -2)).toEqual([0, -1]);
  });

  it('takes the time of the append where the log stamped it', () => {
    const log = new PartitionLog(new MemoryStore(), settings);
    const stamping = { 'message.timestamp.type': 'LogAppendTime' };
    for (const at of [100, 200]) {
      log.append([append(buildBatch(records(['a', 'b'], 5)), stamping)], at);
    }
    expect(find(log, 6)).toEqual([0, 100]);
    expect(find(log, 101)).toEqual([2, 200]);
    expect(find(log, -3)).toEqual([2, 200]);
  });

  it('answers with the whole batch where its records cannot be opened', () => {
    const notPacked = (_: number, bytes: Uint8Array) => bytes;
    const notRecords = (codec: number, bytes: Uint8Array) => compress(codec, bytes.fill(9));
    for (const damage of [notPacked, notRecords]) {
      const store = new MemoryStore();
      const bytes = buildBatch(records(['a', 'b'], 5), {
        compression: { codec: 1, compress: damage },
      });
      const times = { maxTimestamp: 5, maxTimestampSoFar: 5, appendedAt: now };
      const row = { baseOffset: 0, nextOffset: 2, ...times, producers: null, bytes };
      store.append([row], undefined);
      const log = new PartitionLog(store, settings);
      expect(find(log, 3)).toEqual([0, 5]);
    }
  });

  it('is not misled by timestamps of rows that are gone', () => {
    const nobody = { producer: () => undefined, lowestSequence: () => 0 };
    const end = { logStartOffset: 0, openTransactions: new Map(), ...nobody };
    const flushes = [900, 10, 20].map((timestamp, i) => {
      const flush = new Flush({ ...end, nextOffset: i, maxTimestampSoFar: 900 }, 10_000, now);
      flush.add(append(buildBatch(records(['v'], timestamp))));
      flush.finish();
      return flush.rows[0];
    });
    const store = new MemoryStore();
    store.append(flushes.slice(1), undefined);
    const log = new PartitionLog(store, settings);
    expect(find(log, 5)).toEqual([1, 10]);
    expect(find(log, 15)).toEqual([2, 20]);
    expect(find(log, 21)).toEqual([-1, -1]);
    const data = vi.spyOn(store, 'data');
    expect(find(log, -3)).toEqual([2, 20]);
    expect(data).toHaveBeenCalledTimes(1);
    log.deleteRecords({ spec: spec(), offset: 3 }, now);
    expect(find(log, -3)).toEqual([-1, -1]);
  });

  it('checks the leader epoch first', () => {
    const errorCode = ErrorCode.UNKNOWN_LEADER_EPOCH;
    expect(logOf(rows).listOffset(list(-1, 1))).toEqual({ ...none, errorCode });
  });

  it('finds a moment in a long log, in a few steps', () => {
    class Counting extends MemoryStore {
      looks = 0;
      override floor(offset: number) {
        this.looks++;
        return super.floor(offset);
      }
      override from(offset: number, limit: number) {
        this.looks++;
        return super.from(offset, limit);
      }
    }
    const store = new Counting();
    const log = new PartitionLog(store, settings);
    for (let i = 0; i < 5_000; i++) log.append([append(buildBatch(records(['v'], i * 10)))], now);
    store.looks = 0;
    expect(find(log, 33_331)).toEqual([3_334, 33_340]);
    expect(store.looks).toBeLessThan(40);
  });
});
