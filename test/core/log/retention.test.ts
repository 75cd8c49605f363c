import { describe, expect, it } from 'vitest';
import { cleanupConfigFrom } from '../../../src/core/log/cleanup-config.ts';
import { PartitionLog } from '../../../src/core/log/partition-log.ts';
import { expiredRows, nextSweep } from '../../../src/core/log/retention.ts';
import type { RowHead } from '../../../src/core/log/store.ts';
import { ErrorCode } from '../../../src/protocol/errors.ts';
import { buildBatch } from '../../../src/protocol/records/index.ts';
import { MemoryStore } from '../../../src/runtime/memory-store.ts';
import {
  append,
  batch,
  list,
  offsetOf,
  read,
  records,
  sequenced,
  settings,
  spec,
  startOfTime,
  valuesOf,
} from './samples.ts';

const now = startOfTime;
const hour = 3_600_000;

function head(baseOffset: number, change: Partial<RowHead> = {}): RowHead {
  return {
    baseOffset,
    nextOffset: baseOffset + 10,
    maxTimestamp: now - hour,
    maxTimestampSoFar: now,
    appendedAt: now,
    byteCount: 100,
    ...change,
  };
}

function expired(heads: RowHead[], configs: Record<string, string>, logStartOffset = 0): number {
  const size = heads.reduce((sum, { byteCount }) => sum + byteCount, 0);
  const log = { logStartOffset, sizeInBytes: size };
  return expiredRows(heads, log, cleanupConfigFrom(configs), now);
}

describe('what may go', () => {
  const three = [head(0), head(10), head(20)];

  it('is what is older than retention.ms, by its latest timestamp, from the beginning on', () => {
    expect(expired(three, { 'retention.ms': String(hour) })).toBe(0);
    expect(expired(three, { 'retention.ms': String(hour - 1) })).toBe(3);
    expect(expired(three, { 'retention.ms': '-1' })).toBe(0);
    const young = [head(0), head(10, { maxTimestamp: now }), head(20)];
    expect(expired(young, { 'retention.ms': '1000' })).toBe(1);
    const future = [head(0, { maxTimestamp: now + hour }), head(10)];
    expect(expired(future, { 'retention.ms': '1000' })).toBe(0);
  });

  it('has its age from its append when it has no timestamp', () => {
    const silent = [head(0, { maxTimestamp: -1, appendedAt: now - 2_000 })];
    expect(expired(silent, { 'retention.ms': '2000' })).toBe(0);
    expect(expired(silent, { 'retention.ms': '1999' })).toBe(1);
  });

  it('is what can go without less than retention.bytes being left', () => {
    const sizes = (bytes: number) =>
      expired(three, { 'retention.ms': '-1', 'retention.bytes': String(bytes) });
    expect([0, 1, 100, 101, 200, 201].map(sizes)).toEqual([3, 2, 2, 1, 1, 0]);
    expect(sizes(-1)).toBe(0);
  });

  it('is below the log start, whatever the policy', () => {
    const configs = { 'cleanup.policy': 'compact', 'retention.ms': '0', 'retention.bytes': '0' };
    expect([0, 9, 10, 29, 30].map((start) => expired(three, configs, start))).toEqual([
      0, 0, 1, 2, 3,
    ]);
  });
});

describe('the next sweep', () => {
  const next = (first: RowHead, configs: Record<string, string>, size = 100, start = 0) =>
    nextSweep(first, { logStartOffset: start, sizeInBytes: size }, cleanupConfigFrom(configs), now);

  it('comes some time after the first row is too old, so that others go with it', () => {
    const first = head(0, { maxTimestamp: now });
    expect(next(first, {})).toBe(now + 7 * 24 * hour + hour);
    expect(next(first, { 'retention.ms': '1000' })).toBe(now + 11_000);
    expect(next(head(0), { 'retention.ms': '1000' })).toBe(now + 10_000);
  });

  it('comes at once when a segment too much is there', () => {
    const configs = { 'retention.ms': '-1', 'retention.bytes': '100', 'segment.bytes': '1048576' };
    expect(next(head(0), configs, 199)).toBeUndefined();
    expect(next(head(0), configs, 200)).toBe(now + 300_000);
    expect(next(head(0), configs, 200 + 1_048_576)).toBe(now);
  });

  it('never comes when nothing can go', () => {
    expect(next(head(0), { 'cleanup.policy': 'compact' })).toBeUndefined();
    expect(next(head(0), { 'cleanup.policy': '' })).toBeUndefined();
    expect(next(head(0), { 'retention.ms': '-1' })).toBeUndefined();
    expect(next(head(0), { 'cleanup.policy': 'compact' }, 100, 10)).toBe(now);
  });
});

describe('a log that loses its beginning', () => {
  /** One row for each value, an hour apart. */
  function filled(configs: Record<string, string> = {}) {
    const store = new MemoryStore();
    const log = new PartitionLog(store, settings);
    for (const [i, value] of ['a', 'b', 'c', 'd'].entries()) {
      const at = now + i * hour;
      log.append([append(buildBatch(records([value, `${value}2`], at)), configs)], at);
    }
    return { store, log };
  }
  const both = (log: PartitionLog, store: MemoryStore) => [log, new PartitionLog(store, settings)];

  it('starts where DeleteRecords says; the row that holds the start stays', () => {
    const { store, log } = filled();
    const remove = (offset: number) => log.deleteRecords({ spec: spec(), offset }, now);
    expect(remove(3)).toEqual({ errorCode: 0, lowWatermark: 3 });
    expect(remove(1)).toEqual({ errorCode: 0, lowWatermark: 3 });
    for (const each of both(log, store)) {
      expect(each.read(read(2)).errorCode).toBe(ErrorCode.OFFSET_OUT_OF_RANGE);
      expect(valuesOf(each.read(read(3)).records)[0]).toEqual([2, 'b']);
      expect(each.listOffset(list(-2)).offset).toBe(3);
      expect(each.listOffset(list(now)).offset).toBe(3);
      expect(each.describe()).toMatchObject({ logStartOffset: 3, highWatermark: 8 });
    }
    expect(store.count(0)).toBe(3);
    expect(remove(4).lowWatermark).toBe(4);
    expect(store.count(0)).toBe(2);
  });

  it('refuses offsets that are not there', () => {
    const { log } = filled();
    for (const offset of [9, -2]) {
      expect(log.deleteRecords({ spec: spec(), offset }, now)).toEqual({
        errorCode: ErrorCode.OFFSET_OUT_OF_RANGE,
        lowWatermark: -1,
      });
    }
  });

  it('goes on at its end when all of it is gone, producers and all', () => {
    const { store, log } = filled();
    log.append([append(sequenced(7, 0, 0, ['x', 'y']))], now);
    expect(log.deleteRecords({ spec: spec(), offset: -1 }, now).lowWatermark).toBe(10);
    expect(store.count(0)).toBe(0);
    for (const each of both(log, store)) {
      expect(each.describe()).toEqual({
        errorCode: 0,
        sizeInBytes: 0,
        logStartOffset: 10,
        highWatermark: 10,
      });
      expect(each.read(read(10))).toMatchObject({ errorCode: 0, records: [], highWatermark: 10 });
      expect(each.read(read(9)).errorCode).toBe(ErrorCode.OFFSET_OUT_OF_RANGE);
      for (const special of [-1, -2]) expect(each.listOffset(list(special)).offset).toBe(10);
      for (const time of [0, -3]) expect(each.listOffset(list(time)).offset).toBe(-1);
      const again = each.append([append(sequenced(7, 0, 0, ['x', 'y']))], now)[0];
      expect(offsetOf(again)).toBe(8);
      const gap = each.append([append(sequenced(7, 0, 5))], now)[0];
      expect(gap.errorCode).toBe(ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER);
    }
    const reloaded = new PartitionLog(store, settings);
    expect(offsetOf(reloaded.append([append(sequenced(7, 0, 2))], now)[0])).toBe(10);
    expect(valuesOf(reloaded.read(read(10)).records)).toEqual([[10, 'v']]);
  });

  it('forgets rows as they grow old, the newest one too, and never starts earlier again', () => {
    const { store, log } = filled({ 'retention.ms': String(hour) });
    expect(log.cleanUp(now + hour)).toBe(false);
    expect(log.logStartOffset).toBe(0);
    expect(log.cleanUp(now + 2 * hour + 1)).toBe(true);
    expect(log.cleanUp(now + 2 * hour + 1)).toBe(false);
    expect(log.logStartOffset).toBe(4);
    expect(new PartitionLog(store, settings).logStartOffset).toBe(4);
    expect(log.listOffset(list(0)).offset).toBe(4);
    expect(log.cleanUp(now + 10 * hour)).toBe(false);
    expect(log.describe()).toMatchObject({ sizeInBytes: 0, logStartOffset: 8, highWatermark: 8 });
    expect(log.cleanUpAt(now)).toBeUndefined();
  });

  it('finds the latest record that is left when the latest of all is gone', () => {
    const store = new MemoryStore();
    const log = new PartitionLog(store, settings);
    for (const at of [now + 500, now, now + 300, now + 200]) {
      log.append([append(buildBatch(records([`at ${at}`], at)))], now);
    }
    expect(log.listOffset(list(-3)).offset).toBe(0);
    log.deleteRecords({ spec: spec(), offset: 1 }, now);
    expect(log.listOffset(list(-3))).toMatchObject({ offset: 2, timestamp: now + 300 });
    expect(log.listOffset(list(now + 250))).toMatchObject({ offset: 2 });
    expect(log.listOffset(list(now + 301)).offset).toBe(-1);
  });

  it('is swept in slices when there is much to go', () => {
    const store = new MemoryStore();
    const log = new PartitionLog(store, settings);
    // Two of them do not fit in a page.
    const value = 'v'.repeat(2_100);
    for (let i = 0; i < 4_500; i++) log.append([append(batch([value]))], now);
    expect(log.deleteRecords({ spec: spec(), offset: -1 }, now).lowWatermark).toBe(4_500);
    expect(store.count(0)).toBe(3_500);
    expect(new PartitionLog(store, settings).read(read(4_499)).errorCode).toBe(
      ErrorCode.OFFSET_OUT_OF_RANGE,
    );
    expect(log.cleanUpAt(now)).toBe(now);
    const slices = Array.from({ length: 4 }, () => log.cleanUp(now));
    expect(slices).toEqual([true, true, true, false]);
    expect(store.count(0)).toBe(0);
    expect(new PartitionLog(store, settings).highWatermark).toBe(4_500);
  });

  it('learns newer configs from whoever has them, writes them once, and keeps no older ones', () => {
    const { store, log } = filled();
    const version = (configsVersion: number) => ({
      ...spec({ 'retention.ms': `${configsVersion}` }),
      configsVersion,
    });
    const appendWith = (configsVersion: number) =>
      log.append([{ ...append(batch(['e'])), spec: version(configsVersion) }], now);
    const configs = () => store.state()?.spec.configs;
    appendWith(1);
    expect(configs()).toEqual({ 'retention.ms': '1' });
    expect(log.configure(version(3))).toEqual({ errorCode: 0 });
    const kept = store.state();
    appendWith(2);
    appendWith(3);
    log.configure(version(3));
    log.configure(version(2));
    expect(store.state()).toBe(kept);
    expect(configs()).toEqual({ 'retention.ms': '3' });
    const fresh = new MemoryStore();
    new PartitionLog(fresh, settings).configure(version(1));
    expect(fresh.state()).toBeUndefined();
  });

  it('knows its size, and nothing once it is dropped', () => {
    const { store, log } = filled();
    const { bytes } = store.totals(0);
    for (const each of both(log, store)) expect(each.describe().sizeInBytes).toBe(bytes);
    log.append([append(batch(['e']))], now);
    expect(log.describe().sizeInBytes).toBe(store.totals(0).bytes);
    log.drop();
    const errorCode = ErrorCode.UNKNOWN_TOPIC_OR_PARTITION;
    expect(log.describe()).toMatchObject({ errorCode, sizeInBytes: -1 });
    expect(log.configure(spec())).toEqual({ errorCode });
    expect(log.deleteRecords({ spec: spec(), offset: 0 }, now).errorCode).toBe(errorCode);
    expect([log.cleanUp(now), log.cleanUpAt(now)]).toEqual([false, undefined]);
  });
});
