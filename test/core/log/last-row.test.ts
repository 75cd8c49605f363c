import { describe, expect, it } from 'vitest';
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

/** Notes what each append writes. */
class NotingStore extends MemoryStore {
  written: { rows: number; bytes: number }[] = [];

  override append(rows: readonly LogRow[], snapshot?: Snapshot, state?: LogState): void {
    const sizes = rows.map(({ bytes, producers }) => bytes.length + (producers?.length ?? 0));
    this.written.push({ rows: rows.length, bytes: Math.max(0, ...sizes) });
    super.append(rows, snapshot, state);
  }
}

function newLog() {
  const store = new NotingStore();
  const log = new PartitionLog(store, settings);
  const send = (value: string, at = now, timestamp = at) =>
    offsetOf(log.append([append(buildBatch(records([value], timestamp)))], at)[0]);
  /** Where rows begin, and end. */
  const rows = () => store.from(0, 9_999).map((head) => [head.baseOffset, head.nextOffset]);
  return { store, log, send, rows };
}

const loaded = (log: PartitionLog, store: MemoryStore) => [log, new PartitionLog(store, settings)];

describe('the last row', () => {
  it('takes in what is sent one by one, a row written for each, as long as a page has room', () => {
    const { store, log, send } = newLog();
    for (let i = 0; i < 500; i++) expect(send('v'.repeat(100), now + i)).toBe(i);
    expect(store.written.every(({ rows, bytes }) => rows === 1 && bytes <= 4_000)).toBe(true);
    expect(store.count(0)).toBeLessThan(500 / 15);
    for (const each of loaded(log, store)) {
      expect(each.describe().sizeInBytes).toBe(store.totals(0).bytes);
      const all = valuesOf(each.read(read(0)).records);
      expect(all.map(([offset]) => offset)).toEqual(Array.from({ length: 500 }, (_, i) => i));
    }
  });

  it('is read from its middle on, to its middle, and told of by what is new alone', () => {
    const { log, send } = newLog();
    for (const value of ['a', 'b', 'c', 'd']) {
      send(value);
      expect(valuesOf(log.takeAppended())).toEqual([[log.highWatermark - 1, value]]);
    }
    expect(valuesOf(log.read(read(2)).records)).toEqual([
      [2, 'c'],
      [3, 'd'],
    ]);
    expect(valuesOf(log.read(read(1, { maxBytes: 1 })).records)).toEqual([[1, 'b']]);
    expect(log.read(read(4)).records).toEqual([]);
  });

  it('knows the moments of its records', () => {
    const { store, log, send, rows } = newLog();
    for (const at of [100, 300, 200]) send('v', now, now + at);
    expect(rows()).toEqual([[0, 3]]);
    for (const each of loaded(log, store)) {
      const at = (ms: number) => each.listOffset(list(now + ms)).offset;
      expect([0, 101, 301].map(at)).toEqual([0, 1, -1]);
      expect(each.listOffset(list(-3))).toMatchObject({ offset: 1, timestamp: now + 300 });
    }
  });

  it('grows for ten seconds, by what has timestamps no further apart', () => {
    const { send, rows } = newLog();
    for (const at of [0, 9_999, 10_000]) send('v', now + at, now);
    expect(rows()).toEqual([
      [0, 2],
      [2, 3],
    ]);
    for (const timestamp of [-10_000, -19_999, -10_001, 0, -1e12]) {
      send('v', now + 10_001, now + timestamp);
    }
    expect(rows().slice(1)).toEqual([
      [2, 3],
      [3, 6],
      [6, 7],
      [7, 8],
    ]);
  });

  it('grows for a hundredth of what compaction waits for', () => {
    const { store, log } = newLog();
    const configs = { 'cleanup.policy': 'compact', 'segment.ms': '60000' };
    const send = (at: number, more = {}) => {
      const configsVersion = Object.keys(more).length;
      const { spec, records } = append(batch(['v']), { ...configs, ...more });
      log.append([{ spec: { ...spec, configsVersion }, records }], now + at);
    };
    for (const at of [0, 599, 600, 700]) send(at);
    expect(store.from(0, 9).map(({ baseOffset }) => baseOffset)).toEqual([0, 2]);
    send(701, { 'max.compaction.lag.ms': '100' });
    send(701, { 'max.compaction.lag.ms': '100' });
    expect(store.from(0, 9).map(({ baseOffset }) => baseOffset)).toEqual([0, 2, 5]);
  });

  it('goes as a whole with retention, no earlier than its latest record, and grows no more', () => {
    const { store, log, send, rows } = newLog();
    const configs = { 'retention.ms': '60000' };
    log.append([append(buildBatch(records(['v'], now)), configs)], now);
    send('v', now + 9_000);
    expect(rows()).toEqual([[0, 2]]);
    log.cleanUp(now + 60_001);
    expect(log.logStartOffset).toBe(0);
    expect(log.cleanUpAt(now)).toBe(now + 9_000 + 60_000 + 10_000);
    log.cleanUp(now + 69_001);
    expect(rows()).toEqual([]);
    expect(send('v', now + 9_000)).toBe(2);
    for (const each of loaded(log, store)) {
      expect(each.describe()).toMatchObject({ logStartOffset: 2, highWatermark: 3 });
    }
  });

  it('stays as it is once records in it were deleted, or somebody loads it', () => {
    const { store, log, send, rows } = newLog();
    for (let i = 0; i < 3; i++) send('v');
    log.deleteRecords({ spec: spec(), offset: 2 }, now);
    send('v');
    expect(rows()).toEqual([
      [0, 3],
      [3, 4],
    ]);
    new PartitionLog(store, settings).append([append(batch(['w']))], now);
    expect(rows().slice(1)).toEqual([
      [3, 4],
      [4, 5],
    ]);
    const reloaded = new PartitionLog(store, settings);
    expect(reloaded.describe().sizeInBytes).toBe(store.totals(0).bytes);
    expect(reloaded.read(read(1)).errorCode).toBe(ErrorCode.OFFSET_OUT_OF_RANGE);
    expect(valuesOf(reloaded.read(read(2)).records).map(([offset]) => offset)).toEqual([2, 3, 4]);
  });

  it('loses nothing to another who has written meanwhile', () => {
    const { store, log, send } = newLog();
    send('mine');
    new PartitionLog(store, settings).append([append(batch(['theirs']))], now);
    expect(() => send('mine')).toThrow();
    expect(valuesOf(new PartitionLog(store, settings).read(read(0)).records)).toEqual([
      [0, 'mine'],
      [1, 'theirs'],
    ]);
    expect(log.highWatermark).toBe(1);
  });
});

describe('the last row, and producers', () => {
  it('is replayed after a restart, snapshots between or not', () => {
    const { store, log } = newLog();
    const total = 2 * rowsPerSnapshot(3) + 10;
    for (let i = 0; i < total; i++) {
      log.append([append(sequenced(i % 3, 0, Math.floor(i / 3))), append(batch(['w']))], now);
      if (i % 7 > 0) continue;
      const reloaded = new PartitionLog(store, settings);
      expect(reloaded.describeProducers(now)).toEqual(log.describeProducers(now));
      expect(reloaded.describe()).toEqual(log.describe());
    }
    expect(store.count(0)).toBeLessThan(total / 10);
    const reloaded = new PartitionLog(store, settings);
    const again = [total - 15, total - 1].map((i) => {
      const [reply] = reloaded.append([append(sequenced(i % 3, 0, Math.floor(i / 3)))], now);
      return offsetOf(reply);
    });
    expect(again).toEqual([2 * (total - 15), 2 * (total - 1)]);
  });

  it('holds whole transactions, committed, aborted and open', () => {
    const { store, log } = newLog();
    const send = (sequence: number) => {
      const command = append(transactional(7, 0, sequence));
      return { ...command, transactionNumber: sequence + 1 };
    };
    log.append([append(batch(['w']))], now);
    for (const [number, committed] of [true, false, false].entries()) {
      log.append([send(number)], now);
      log.append([marker(7, 0, number + 1, committed)], now);
    }
    log.append([send(3)], now);
    expect(store.count(0)).toBe(1);
    for (const each of loaded(log, store)) {
      expect([each.lastStableOffset, each.highWatermark]).toEqual([7, 8]);
      const { abortedTransactions, records } = each.read(read(0, { isolationLevel: 1 }));
      expect(abortedTransactions).toEqual([
        { producerId: 7, firstOffset: 3 },
        { producerId: 7, firstOffset: 5 },
      ]);
      expect(records.flatMap((piece) => [...piece]).length).toBeGreaterThan(0);
      const last = each.read(read(7, { isolationLevel: 1 }));
      expect(last.records).toEqual([]);
    }
    const reloaded = new PartitionLog(store, settings);
    expect(reloaded.describeProducers(now)).toEqual(log.describeProducers(now));
    expect(reloaded.append([marker(7, 0, 4, false)], now)).toEqual([{ errorCode: 0 }]);
    expect(reloaded.lastStableOffset).toBe(9);
  });
});
