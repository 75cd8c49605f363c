import { describe, expect, it } from 'vitest';
import { compress, decompress } from '../../../src/bytes/compression.ts';
import { Compaction } from '../../../src/core/log/compaction.ts';
import { PartitionLog } from '../../../src/core/log/partition-log.ts';
import type { Rewrite } from '../../../src/core/log/store.ts';
import { buildBatch, decodeRecords, type NewRecord } from '../../../src/protocol/records/index.ts';
import { MemoryStore } from '../../../src/runtime/memory-store.ts';
import {
  append,
  batchesOf,
  list,
  marker,
  offsetOf,
  read,
  settings,
  spec,
  startOfTime,
} from './samples.ts';

const now = startOfTime;
const day = 86_400_000;
const utf8 = new TextEncoder();
const text = new TextDecoder();
const compacted = {
  'cleanup.policy': 'compact',
  'segment.ms': '1',
  'min.cleanable.dirty.ratio': '0.1',
};

/** Counts what is paid for. */
class CountingStore extends MemoryStore {
  written = 0;
  deleted = 0;

  override rewrite(change: Rewrite): void {
    const before = this.count(0);
    super.rewrite(change);
    this.deleted += before + change.rows.length - this.count(0);
    this.written += change.rows.length;
  }
}

type Pair = readonly [key: string | null, value: string | null];

function newRecord([key, value]: Pair, timestamp: number): NewRecord {
  const bytes = (from: string | null) => (from === null ? null : utf8.encode(from));
  return { key: bytes(key), value: bytes(value), timestamp };
}

function put(log: PartitionLog, pairs: readonly Pair[], options = {}, at = now): number {
  const records = pairs.map((pair) => newRecord(pair, at));
  const [reply] = log.append([append(buildBatch(records, options), compacted)], at);
  return offsetOf(reply);
}

function cleanAll(log: PartitionLog, at: number): number {
  let steps = 0;
  while (log.cleanUp(at)) if (++steps > 100_000) throw new Error('no end of cleaning up');
  return steps;
}

/** Every record from an offset on, as a consumer comes by them. */
function consume(log: PartitionLog, from = 0): [number, string | null, string | null][] {
  const all: [number, string | null, string | null][] = [];
  let at = from;
  while (at < log.highWatermark) {
    const batches = batchesOf(log.read(read(at)).records);
    if (batches.length === 0) throw new Error(`nothing at ${at}`);
    for (const batch of batches) {
      for (const record of decodeRecords(batch, decompress(batch.codec, batch.recordBytes, 1e8))) {
        const { offset, key, value } = record;
        if (offset >= at) all.push([offset, key && text.decode(key), value && text.decode(value)]);
      }
      at = Math.max(at, batch.nextOffset);
    }
  }
  return all;
}

/** What a reader holds in the end: the last value of every key. */
function tableOf(records: readonly (readonly [number, string | null, string | null])[]) {
  const table = new Map<string, string>();
  for (const [, key, value] of records) {
    if (key === null) continue;
    if (value === null) table.delete(key);
    else table.set(key, value);
  }
  return new Map([...table].sort());
}

describe('a compacted log', () => {
  it('shrinks from 100,000 updates of 1,000 keys to about their last values', () => {
    const store = new CountingStore();
    const log = new PartitionLog(store, settings);
    const expected = new Map<string, string>();
    for (let i = 0; i < 10_000; i++) {
      const pairs = Array.from({ length: 10 }, (_, j): Pair => {
        const key = `key ${(i * 7919 + j * 104_729) % 1_000}`;
        const value = (i + j) % 23 === 0 ? null : `value ${i}.${j} ${'x'.repeat(20)}`;
        if (value === null) expected.delete(key);
        else expected.set(key, value);
        return [key, value];
      });
      put(log, pairs, {}, now + i);
    }
    const before = log.describe();
    const everything = tableOf(consume(log));
    expect(everything).toEqual(new Map([...expected].sort()));
    const middle = consume(log).slice(0, 50_000);
    cleanAll(log, now + 10_000);
    const after = log.describe();
    expect(after).toMatchObject({ highWatermark: 100_000, logStartOffset: 0 });
    expect(after.sizeInBytes).toBeLessThan(before.sizeInBytes / 20);
    expect(after.sizeInBytes).toBe(store.totals(0).bytes);
    for (const each of [log, new PartitionLog(store, settings)]) {
      const left = consume(each);
      expect(left.length).toBeLessThan(1_100);
      expect(tableOf(left)).toEqual(everything);
      // Who was in the middle goes on, and ends where the others end.
      expect(tableOf([...middle, ...consume(each, 50_000)])).toEqual(everything);
      expect(each.listOffset(list(-1)).offset).toBe(100_000);
      expect(each.listOffset(list(-2)).offset).toBe(0);
      expect(each.listOffset(list(0)).offset).toBe(left[0][0]);
      expect(each.listOffset(list(-3)).timestamp).toBe(now + 9_999);
    }
    expect(store.count(0)).toBeLessThan(5);
    // 10,000 rows of 10 records went; what was written in their place is next to nothing.
    expect(store.deleted).toBeLessThan(10_050);
    expect(store.written).toBeLessThan(10);
    expect(log.cleanUpAt(now + 10_000)).toBeGreaterThan(now + day);
    // Tombstones go after their time.
    const dead = consume(log).filter(([, , value]) => value === null).length;
    expect(dead).toBeGreaterThan(10);
    cleanAll(log, now + 10_000 + day - 1);
    expect(consume(log).filter(([, , value]) => value === null)).toHaveLength(dead);
    cleanAll(log, now + 20_000 + day + day / 4);
    const alive = consume(log);
    expect(alive.filter(([, , value]) => value === null).length).toBeLessThan(2);
    expect(tableOf(alive)).toEqual(everything);
  });

  it('never touches its last row, and leaves records where they were', () => {
    const store = new MemoryStore();
    const log = new PartitionLog(store, settings);
    put(log, [
      ['a', '1'],
      ['b', '1'],
    ]);
    put(log, [
      ['a', '2'],
      ['c', '1'],
    ]);
    put(log, [
      ['a', '3'],
      ['a', '4'],
    ]);
    cleanAll(log, now + 10);
    expect(consume(log)).toEqual([
      [1, 'b', '1'],
      [2, 'a', '2'],
      [3, 'c', '1'],
      [4, 'a', '3'],
      [5, 'a', '4'],
    ]);
    put(log, [['d', '1']]);
    cleanAll(log, now + 20);
    expect(consume(log).map(([offset]) => offset)).toEqual([1, 3, 5, 6]);
    expect(store.count(0)).toBe(2);
    for (const [from, found] of [
      [0, 1],
      [2, 3],
      [4, 5],
    ])
      expect(consume(log, from)[0][0]).toBe(found);
  });

  it.each([0, 1, 2, 3, 4])('keeps headers and the codec of a batch, codec %i', (codec) => {
    const log = new PartitionLog(new MemoryStore(), settings);
    const producer = { producerId: 5, producerEpoch: 2, baseSequence: 0 };
    const value = 'v'.repeat(500);
    const pairs: Pair[] = [
      ['a', value],
      ['b', value],
      [null, value],
      ['c', value],
    ];
    const batch = buildBatch(
      pairs.map((pair) => newRecord(pair, now)),
      { ...producer, ...(codec > 0 && { compression: { codec, compress } }) },
    );
    // A record without a key is from the time before the topic was compacted.
    log.append([append(batch)], now);
    log.configure({ ...spec(compacted), configsVersion: 1 });
    put(log, [['a', 'new']]);
    put(log, [['z', 'last']]);
    cleanAll(log, now + 10);
    const [first] = batchesOf(log.read(read(0)).records);
    expect(first).toMatchObject({
      ...producer,
      codec,
      baseOffset: 0,
      lastOffsetDelta: 3,
      recordCount: 2,
      maxTimestamp: now,
    });
    expect(consume(log).map(([offset]) => offset)).toEqual([1, 3, 4, 5]);
  });

  it("keeps the header of a producer's last batch, and its sequence through a restart", () => {
    const store = new MemoryStore();
    const log = new PartitionLog(store, settings);
    const sent = (baseSequence: number) => ({ producerId: 9, producerEpoch: 0, baseSequence });
    put(log, [['a', '1']], sent(0));
    put(log, [['a', '2']], sent(1));
    put(log, [['a', '3']]);
    put(log, [['z', '1']]);
    cleanAll(log, now + 10);
    const batches = batchesOf(log.read(read(0)).records);
    expect(batches.map((b) => [b.baseOffset, b.recordCount, b.producerId])).toEqual([
      [1, 0, 9],
      [2, 1, -1],
      [3, 1, -1],
    ]);
    const reloaded = new PartitionLog(store, settings);
    expect(put(reloaded, [['a', '2']], sent(1))).toBe(1);
    expect(put(reloaded, [['a', '4']], sent(2))).toBe(4);
    cleanAll(reloaded, now + 20);
    put(reloaded, [['z', '2']]);
    cleanAll(reloaded, now + 30);
    expect(batchesOf(reloaded.read(read(0)).records)[0].baseOffset).toBe(3);
  });

  it('leaves alone what it cannot open', () => {
    // No log takes such a batch; one that was stored long ago may be like it.
    const healthy = new MemoryStore();
    put(new PartitionLog(healthy, settings), [['a', '1']]);
    const store = new MemoryStore();
    const compression = { codec: 1, compress: () => Uint8Array.of(1, 2, 3) };
    const bytes = buildBatch([newRecord(['a', '1'], now)], { compression });
    const row = { ...healthy.floor(0)!, producers: null, bytes };
    store.append([row], undefined, healthy.state());
    const log = new PartitionLog(store, settings);
    put(log, [['a', '2']]);
    put(log, [['a', '3']]);
    put(log, [['z', '1']]);
    cleanAll(log, now + 10);
    const batches = batchesOf(log.read(read(0)).records);
    expect(batches.map(({ baseOffset }) => baseOffset)).toEqual([0, 2, 3]);
  });

  it('waits for min.compaction.lag.ms, and no longer than max.compaction.lag.ms', () => {
    const log = new PartitionLog(new MemoryStore(), settings);
    const configs = { 'cleanup.policy': 'compact', 'min.compaction.lag.ms': '1000' };
    let configsVersion = 0;
    const send = (key: string, value: string, at: number, more = {}) => {
      // Two of them do not fit in a page.
      const bytes = buildBatch([newRecord([key, value.padEnd(2_100)], at)]);
      const { spec, records } = append(bytes, { ...configs, ...more });
      log.append([{ spec: { ...spec, configsVersion: configsVersion++ }, records }], at);
    };
    send('a', '1', now);
    send('a', '2', now + 500);
    send('a', '3', now + 900);
    expect(log.cleanUpAt(now)).toBe(now + 7 * day + 15_000);
    send('b', '1', now + 5_000, { 'segment.ms': '1' });
    expect(log.cleanUpAt(now)).toBe(now + 1_000 + 15_000);
    cleanAll(log, now + 999);
    expect(consume(log)).toHaveLength(4);
    cleanAll(log, now + 1_600);
    expect(consume(log).map(([offset]) => offset)).toEqual([1, 2, 3]);
    send('c', '1', now + 5_000, { 'max.compaction.lag.ms': '2000' });
    expect(log.cleanUpAt(now)).toBe(now + 900 + 2_000 + 15_000);
    cleanAll(log, now + 20_000);
    expect(consume(log).map(([offset]) => offset)).toEqual([2, 3, 4]);
  });

  it('is not compacted below min.cleanable.dirty.ratio', () => {
    const log = new PartitionLog(new MemoryStore(), settings);
    const configs = { ...compacted, 'min.cleanable.dirty.ratio': '0.8' };
    const send = (key: string) => {
      const bytes = buildBatch([newRecord([key, 'v'], now)]);
      log.append([append(bytes, configs)], now);
    };
    for (const key of ['a', 'b', 'c', 'd']) send(key);
    cleanAll(log, now + 10);
    // Three rows are compacted, the last one never counts: 12 of 15 is not above 0.8.
    for (let i = 0; i < 12; i++) send('e');
    expect(log.cleanUpAt(now + 10)).toBeUndefined();
    expect(log.cleanUp(now + 10)).toBe(false);
    send('f');
    expect(log.cleanUpAt(now + 10)).toBe(now + 10 + 15_000);
  });

  it('takes several passes when there are more keys than it may remember', () => {
    const store = new MemoryStore();
    const log = new PartitionLog(store, settings);
    for (let i = 0; i < 300; i++) put(log, [[`key ${i % 100}`, `${i}`]]);
    let state = store.state()!;
    const end = store.floor(Number.MAX_SAFE_INTEGER)!.baseOffset;
    let passes = 0;
    while (state.cleanedTo < end) {
      const scope = { dirtyFrom: state.cleanedTo, tombstonesGoTo: 0, end };
      const pass = new Compaction(store, scope, () => false, { mostKeys: 30, mostKeyBytes: 1e6 });
      while (!pass.done) {
        const ready = pass.step();
        const change = { snapshot: undefined, state: undefined };
        if (ready !== undefined) store.rewrite({ ...ready, ...change });
      }
      state = pass.stateAfter(state, now);
      passes++;
    }
    expect(passes).toBeGreaterThan(5);
    const left = consume(new PartitionLog(store, settings));
    expect(left.map(([offset]) => offset)).toEqual(Array.from({ length: 101 }, (_, i) => 199 + i));
  });

  it('gives way to DeleteRecords in the middle of a pass', () => {
    const both = { ...compacted, 'cleanup.policy': 'compact,delete', 'retention.ms': '-1' };
    const store = new MemoryStore();
    const log = new PartitionLog(store, settings);
    for (let i = 0; i < 2_000; i++) {
      const bytes = buildBatch([newRecord([`key ${i % 500}`, `${i}`], now)]);
      log.append([append(bytes, both)], now);
    }
    for (let i = 0; i < 4; i++) expect(log.cleanUp(now + 10)).toBe(true);
    const spec = {
      topicId: 'AAAAAAAAAAAAAAAAAAAAAA',
      topic: 'orders',
      partition: 0,
      configs: both,
    };
    log.deleteRecords({ spec, offset: 1_990 }, now);
    cleanAll(log, now + 10);
    expect(log.logStartOffset).toBe(1_990);
    expect(consume(log, 1_990).map(([offset]) => offset)).toEqual([
      1_990, 1_991, 1_992, 1_993, 1_994, 1_995, 1_996, 1_997, 1_998, 1_999,
    ]);
  });
});

describe('compaction of transactions', () => {
  const later = now + 100_000;

  /** A log in which producer 7 wrote these pairs, each batch a transaction that ended so. */
  function transactions(...ends: [pairs: readonly Pair[], committed: boolean][]) {
    const store = new CountingStore();
    const log = new PartitionLog(store, settings);
    for (const [i, [pairs, committed]] of ends.entries()) {
      const records = pairs.map((pair) => newRecord(pair, now));
      const producer = { producerId: 7, producerEpoch: i, baseSequence: 0, isTransactional: true };
      const command = append(buildBatch(records, producer), compacted);
      log.append([{ ...command, transactionNumber: i + 1 }], now);
      log.append([marker(7, i + 1, i + 1, committed)], now);
    }
    put(log, [['end', 'x']]);
    return { store, log };
  }

  /** Base offsets of all batches; those of markers end on an m. */
  function batchesIn(log: PartitionLog): string[] {
    return batchesOf(log.read(read(0)).records).map(
      ({ baseOffset, isControl }) => `${baseOffset}${isControl ? 'm' : ''}`,
    );
  }

  it('lets aborted records supersede none, and removes them', () => {
    const { store, log } = transactions([[['k', 'good']], true], [[['k', 'bad']], false]);
    cleanAll(log, later);
    expect(batchesIn(log)).toEqual(['0', '1m', '3m', '4']);
    expect([...store.abortedFrom(0)]).toHaveLength(1);
  });

  it('removes a marker a while after the last batch of its transaction, and not the last', () => {
    const { store, log } = transactions(
      [[['k', 'a']], true],
      [[['k', 'b']], false],
      [[['k', 'c']], true],
      [[['k', 'd']], true],
    );
    cleanAll(log, later);
    expect(batchesIn(log)).toEqual(['1m', '3m', '5m', '6', '7m', '8']);
    // Nothing of the first three is left, but readers may still be there.
    put(log, [['end', 'y']], {}, later);
    cleanAll(log, later + 60_000);
    expect(batchesIn(log)).toEqual(['1m', '3m', '5m', '6', '7m', '8', '9']);
    cleanAll(log, later + 3 * day);
    expect(batchesIn(log)).toEqual(['6', '7m', '8', '9']);
    expect([...store.abortedFrom(0)]).toEqual([]);
    expect(log.read(read(0, { isolationLevel: 1 })).abortedTransactions).toEqual([]);
  });

  it('keeps the last marker of a producer that is known by nothing else', () => {
    const { log } = transactions([[['k', 'a']], false], [[['k', 'b']], false]);
    cleanAll(log, later);
    put(log, [['end', 'y']], {}, later);
    const soon = { ...compacted, 'delete.retention.ms': '1000' };
    log.configure({ ...spec(soon), configsVersion: 1 });
    cleanAll(log, later + 60_000);
    cleanAll(log, later + 120_000);
    expect(batchesIn(log)).toEqual(['3m', '4', '5']);
  });

  it('touches nothing from an open transaction on', () => {
    const log = new PartitionLog(new CountingStore(), settings);
    put(log, [['k', 'a']]);
    put(log, [['k', 'b']]);
    const producer = { producerId: 7, producerEpoch: 0, baseSequence: 0, isTransactional: true };
    const open = append(buildBatch([newRecord(['k', 'open'], now)], producer), compacted);
    log.append([{ ...open, transactionNumber: 1 }], now);
    for (const value of ['c', 'd', 'e']) put(log, [['k', value]]);
    cleanAll(log, later);
    expect(batchesIn(log)).toEqual(['1', '2', '3', '4', '5']);
    expect(log.cleanUpAt(later)).toBeUndefined();
    log.append([marker(7, 0, 1)], later);
    cleanAll(log, later + 60_000);
    // Of what the producer wrote last the header stays; the last row is never touched.
    expect(consume(log).map(([offset]) => offset)).toEqual([5, 6]);
  });
});
