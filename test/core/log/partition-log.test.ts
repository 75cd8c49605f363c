import { describe, expect, it, vi } from 'vitest';
import { PartitionLog, rowsPerSnapshot } from '../../../src/core/log/partition-log.ts';
import type { LogRow, LogState, Snapshot } from '../../../src/core/log/store.ts';
import { ErrorCode } from '../../../src/protocol/errors.ts';
import { buildBatch } from '../../../src/protocol/records/index.ts';
import { MemoryStore } from '../../../src/runtime/memory-store.ts';
import {
  append,
  batch,
  list,
  marker,
  offsetOf,
  read,
  records,
  sequenced,
  settings,
  spec,
  startOfTime,
  transactional,
  valuesOf,
} from './samples.ts';

const now = startOfTime;

/** Notes what is written and read for replay, and can be told to fail. */
class WatchedStore extends MemoryStore {
  appends: { rows: number; snapshot: boolean }[] = [];
  replayed = 0;
  failing = false;

  override append(rows: readonly LogRow[], snapshot?: Snapshot, state?: LogState): void {
    if (this.failing) throw new Error('disk full');
    this.appends.push({ rows: rows.length, snapshot: snapshot !== undefined });
    super.append(rows, snapshot, state);
  }

  override producerRows(offset: number) {
    const rows = super.producerRows(offset);
    this.replayed += rows.length;
    return rows;
  }
}

describe('PartitionLog', () => {
  it('is empty and writes nothing before the first append', () => {
    const store = new WatchedStore();
    const log = new PartitionLog(store, settings);
    expect(log.read(read(0))).toMatchObject({ errorCode: 0, highWatermark: 0, records: [] });
    expect(log.read(read(1)).errorCode).toBe(ErrorCode.OFFSET_OUT_OF_RANGE);
    expect(log.append([append(new Uint8Array(1))], now)[0].errorCode).not.toBe(0);
    expect(store.appends).toEqual([]);
  });

  it('writes one row for appends that come together, and none for repetitions', () => {
    const store = new WatchedStore();
    const log = new PartitionLog(store, settings);
    log.append(
      Array.from({ length: 50 }, (_, i) => append(sequenced(i, 0, 0))),
      now,
    );
    log.append([append(sequenced(7, 0, 0))], now);
    expect(store.appends).toEqual([{ rows: 1, snapshot: false }]);
  });

  it('goes on where it was after a restart: offsets, timestamps, producers', () => {
    const store = new MemoryStore();
    const before = new PartitionLog(store, settings);
    before.append([append(sequenced(1, 0, 0, ['a', 'b'])), append(sequenced(1, 0, 2))], now);
    const log = new PartitionLog(store, settings);
    expect(log.highWatermark).toBe(3);
    const [again, gap, next] = log.append(
      [sequenced(1, 0, 0, ['a', 'b']), sequenced(1, 0, 9), sequenced(1, 0, 3)].map((b) =>
        append(b),
      ),
      now,
    );
    expect(offsetOf(again)).toBe(0);
    expect(gap.errorCode).toBe(ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER);
    expect(offsetOf(next)).toBe(3);
    expect(log.listOffset(list(-3)).timestamp).toBe(startOfTime);
  });

  it('finds moments before a restart when all that came after is older', () => {
    const store = new MemoryStore();
    const appendOne = (timestamp: number) =>
      new PartitionLog(store, settings).append(
        [append(buildBatch(records(['v'], timestamp)))],
        now,
      );
    appendOne(100);
    appendOne(50);
    expect(new PartitionLog(store, settings).listOffset(list(80)).offset).toBe(0);
  });

  it('writes a snapshot of producers once in many rows, which bounds what a restart replays', () => {
    const store = new WatchedStore();
    let log = new PartitionLog(store, settings);
    const period = rowsPerSnapshot(3);
    const total = 2 * period + 10;
    for (let i = 0; i < total; i++) {
      if (i === period - 5) log = new PartitionLog(store, settings);
      // So far apart that each has a row of its own.
      const at = now + 10_000 * i;
      const [reply] = log.append([append(sequenced(i % 3, 0, Math.floor(i / 3)))], at);
      expect(offsetOf(reply)).toBe(i);
    }
    expect(store.appends.filter(({ snapshot }) => snapshot)).toHaveLength(2);
    store.replayed = 0;
    const reloaded = new PartitionLog(store, settings);
    expect(store.replayed).toBe(10);
    for (let i = total - 15; i < total; i++) {
      const [reply] = reloaded.append([append(sequenced(i % 3, 0, Math.floor(i / 3)))], now);
      expect(offsetOf(reply)).toBe(i);
    }
    expect(reloaded.highWatermark).toBe(total);
  });

  it('writes fewer snapshots the more producers are in them, down to one in 1,000 rows', () => {
    expect([0, 50, 900, 100_000].map(rowsPerSnapshot)).toEqual([100, 150, 1_000, 1_000]);
  });

  it('forgets idle producers, in memory and in the next snapshot', () => {
    const store = new MemoryStore();
    const log = new PartitionLog(store, settings);
    log.append([append(sequenced(1, 0, 0))], now);
    const later = now + settings.producerIdExpirationMs;
    const [gap] = log.append([append(sequenced(1, 0, 70))], later - 1);
    expect(gap.errorCode).toBe(ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER);
    expect(offsetOf(log.append([append(sequenced(1, 0, 70))], later)[0])).toBe(1);
    expect(offsetOf(log.append([append(sequenced(1, 0, 71))], later)[0])).toBe(2);
    const rows = Array.from({ length: rowsPerSnapshot(2) }, (_, i) => sequenced(2, 0, i));
    for (const row of rows) log.append([append(row)], later + settings.producerIdExpirationMs);
    const size = store.snapshot()!.bytes.length;
    expect(size).toBeLessThan(200);
  });

  it('is not ahead of a store that failed', () => {
    const store = new WatchedStore();
    const log = new PartitionLog(store, settings);
    log.append([append(sequenced(1, 0, 0))], now);
    store.failing = true;
    expect(() => log.append([append(sequenced(1, 0, 1))], now)).toThrow('disk full');
    store.failing = false;
    expect(log.highWatermark).toBe(1);
    expect(offsetOf(log.append([append(sequenced(1, 0, 1))], now)[0])).toBe(1);
    expect(valuesOf(log.read(read(0)).records)).toHaveLength(2);
  });

  it('answers that the partition is unknown once it was dropped, after a restart too', () => {
    const store = new MemoryStore();
    const first = new PartitionLog(store, settings);
    first.append([append(batch(['a']))], now);
    first.drop();
    first.drop();
    for (const log of [first, new PartitionLog(store, settings)]) {
      const code = ErrorCode.UNKNOWN_TOPIC_OR_PARTITION;
      expect(log.append([append(batch(['b']))], now)[0].errorCode).toBe(code);
      expect(log.read(read(0)).errorCode).toBe(code);
      expect(log.listOffset(list(-1)).errorCode).toBe(code);
    }
  });
});

describe('PartitionLog, of transactions', () => {
  const id = { transactionalId: 'a' };
  const expirationMs = settings.producerIdExpirationMs;

  it('asks before the first batch of a transaction, and only then', () => {
    const log = new PartitionLog(new MemoryStore(), settings);
    const first = { ...append(transactional(7, 2, 0)), ...id };
    const question = { ...id, producerId: 7, producerEpoch: 2 };
    expect(log.mustEnlist(first, now)).toEqual({ ...question, adds: false });
    const adding = { ...first, addsPartition: true };
    expect(log.mustEnlist(adding, now)).toEqual({ ...question, adds: true });
    log.append([{ ...first, transactionNumber: 1 }], now);
    const second = { ...append(transactional(7, 2, 1)), ...id };
    expect(log.mustEnlist(second, now)).toBeUndefined();
    const newEpoch = { ...append(transactional(7, 3, 0)), ...id };
    expect(log.mustEnlist(newEpoch, now)).toMatchObject({ producerEpoch: 3 });
    expect(log.mustEnlist({ ...append(sequenced(8, 0, 0)), ...id }, now)).toBeUndefined();
  });

  it('refuses without asking what is of an epoch of the past, or of two producers', () => {
    const log = new PartitionLog(new MemoryStore(), settings);
    log.append([marker(7, 3, 1)], now);
    expect(log.mustEnlist({ ...append(transactional(7, 2, 0)), ...id }, now)).toMatchObject({
      errorCode: ErrorCode.INVALID_PRODUCER_EPOCH,
      logStartOffset: -1,
    });
    const two = Buffer.concat([transactional(8, 0, 0), transactional(9, 0, 0)]);
    expect(log.mustEnlist({ ...append(two), ...id }, now)).toMatchObject({
      errorCode: ErrorCode.INVALID_PRODUCER_ID_MAPPING,
    });
  });

  it('knows after a restart what is open and what has ended', () => {
    const store = new MemoryStore();
    const log = new PartitionLog(store, settings);
    const open = { ...append(transactional(7, 0, 0)), transactionNumber: 4 };
    log.append([append(batch(['a'])), open, marker(8, 1, 9)], now);
    const again = new PartitionLog(store, settings);
    expect([again.lastStableOffset, again.highWatermark]).toEqual([1, 3]);
    expect(again.describeProducers(now)).toEqual(log.describeProducers(now));
    const late = { ...append(transactional(8, 1, 0)), transactionNumber: 9 };
    expect(again.append([late], now)[0].errorCode).toBe(ErrorCode.INVALID_TXN_STATE);
    const [repeated, ended] = again.append([marker(8, 1, 9), marker(7, 1, 4, false)], now);
    expect([repeated, ended]).toEqual([{ errorCode: 0 }, { errorCode: 0 }]);
    expect([again.lastStableOffset, again.highWatermark]).toEqual([4, 4]);
    const reply = new PartitionLog(store, settings).read(read(0, { isolationLevel: 1 }));
    expect(reply.abortedTransactions).toEqual([{ producerId: 7, firstOffset: 1 }]);
  });

  it('takes batches and markers that come together as one row', () => {
    const store = new WatchedStore();
    const log = new PartitionLog(store, settings);
    const a = { ...append(transactional(7, 0, 0)), transactionNumber: 1 };
    const b = { ...append(transactional(7, 1, 0)), transactionNumber: 2 };
    const [first, , second] = log.append([a, marker(7, 1, 1, false), b, marker(7, 2, 2)], now);
    expect([first, second]).toMatchObject([{ baseOffset: 0 }, { baseOffset: 2 }]);
    expect(store.appends).toEqual([{ rows: 1, snapshot: false }]);
    expect([...store.abortedFrom(0)]).toEqual([
      { producerId: 7, firstOffset: 0, lastOffset: 1, lastStableOffset: 2 },
    ]);
    expect(log.lastStableOffset).toBe(4);
  });

  it('forgets no producer whose transaction is open', () => {
    const store = new MemoryStore();
    const log = new PartitionLog(store, settings);
    const open = { ...append(transactional(7, 0, 0)), transactionNumber: 1 };
    log.append([open, append(sequenced(8, 0, 0))], now);
    const later = now + 2 * expirationMs;
    expect(log.describeProducers(later).producers.map(({ producerId }) => producerId)).toEqual([7]);
    const next = append(transactional(7, 0, 1));
    expect(log.append([next], later)[0]).toMatchObject({ errorCode: 0, baseOffset: 2 });
    log.append([marker(7, 0, 1)], later);
    expect(log.describeProducers(later + 2 * expirationMs).producers).toEqual([]);
  });

  it('writes a marker into a log nobody wrote to, and learns the topic with the first record', () => {
    const store = new MemoryStore();
    const log = new PartitionLog(store, settings);
    expect(log.append([marker(7, 3, 1)], now)).toEqual([{ errorCode: 0 }]);
    expect([log.highWatermark, store.state()]).toEqual([1, undefined]);
    log.append([append(batch(['a']), { 'cleanup.policy': 'compact' })], now);
    expect(store.state()?.spec.configs).toEqual({ 'cleanup.policy': 'compact' });
    log.drop();
    expect(log.append([marker(7, 3, 400)], now)).toEqual([
      { errorCode: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION },
    ]);
    expect(log.describeProducers(now)).toEqual({
      errorCode: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
      producers: [],
    });
  });

  it('writes no marker of a producer that cannot be', () => {
    const log = new PartitionLog(new MemoryStore(), settings);
    const refused = { errorCode: ErrorCode.UNKNOWN_SERVER_ERROR };
    expect(log.append([marker(-1, 0, 1), marker(7, -1, 1)], now)).toEqual([refused, refused]);
    expect(log.highWatermark).toBe(0);
  });

  it('needs nobody to say which topic it is of, for however many markers', () => {
    const store = new MemoryStore();
    const log = new PartitionLog(store, settings);
    for (let i = 1; i <= 300; i++) log.append([marker(7, 0, i)], now);
    expect(store.snapshot()?.nextOffset).toBeGreaterThan(100);
    expect(new PartitionLog(store, settings).highWatermark).toBe(300);
  });

  it('gives those who read what is committed no more of a row than may be read', () => {
    const log = new PartitionLog(new MemoryStore(), settings);
    const open = { ...append(transactional(7, 0, 0, ['t'])), transactionNumber: 1 };
    log.append([append(batch(['a'])), append(batch(['b'])), open, append(batch(['c']))], now);
    const reply = log.read(read(0, { isolationLevel: 1 }));
    expect(valuesOf(reply.records)).toEqual([
      [0, 'a'],
      [1, 'b'],
    ]);
    expect(log.read(read(2, { isolationLevel: 1 })).records).toEqual([]);
    expect(valuesOf(log.read(read(2)).records)).toHaveLength(2);
  });

  it('looks into storage before it says that an offset lies beyond the end', () => {
    const store = new MemoryStore();
    const log = new PartitionLog(store, settings);
    log.append([append(batch(['a']))], now);
    // The platform throws an instance out that was replaced when it touches storage.
    const replaced = vi.spyOn(store, 'state').mockImplementation(() => {
      throw new Error('replaced');
    });
    expect(() => log.read(read(2))).toThrow('replaced');
    expect(() => log.deleteRecords({ spec: spec(), offset: 2 }, now)).toThrow('replaced');
    replaced.mockRestore();
    expect(log.read(read(2)).errorCode).toBe(ErrorCode.OFFSET_OUT_OF_RANGE);
  });
});
