import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { PartitionCalls } from '../../src/core/log/calls.ts';
import { ErrorCode } from '../../src/protocol/errors.ts';
import { buildBatch, decodeRecords, type NewRecord } from '../../src/protocol/records/index.ts';
import { partitionWatch } from '../../src/runtime/partition-watch.ts';
import type { Stub } from '../../src/runtime/stubs.ts';
import { openWatch } from '../../src/runtime/watch.ts';
import {
  append,
  batchesOf,
  list,
  offsetOf,
  read,
  records,
  sequenced,
  spec,
} from '../core/log/samples.ts';

const partitions = (env as unknown as { PARTITION: DurableObjectNamespace }).PARTITION;

type PartitionObject = DurableObjectStub & Stub<PartitionCalls>;

function newPartition(): PartitionObject {
  return partitions.get(partitions.newUniqueId()) as unknown as PartitionObject;
}

/** How many rows were written and deleted in the object, as the platform counts them. */
async function changes(partition: PartitionObject): Promise<number> {
  const sql = 'SELECT total_changes() AS n';
  const rows = await runInDurableObject(partition, (_, { storage }) =>
    storage.sql.exec<{ n: number }>(sql).toArray(),
  );
  return rows[0].n;
}

async function rowsOf(partition: PartitionObject): Promise<number> {
  return runInDurableObject(
    partition,
    (_, { storage }) => storage.sql.exec<{ n: number }>('SELECT count(*) AS n FROM log').one().n,
  );
}

function alarmOf(partition: PartitionObject): Promise<number | null> {
  return runInDurableObject(partition, (_, { storage }) => storage.getAlarm());
}

const longAgo = Date.now() - 3_600_000;

function send(
  partition: PartitionObject,
  bytes: Uint8Array,
  configs: Record<string, string>,
  configsVersion = 0,
) {
  const { spec, records } = append(bytes, configs);
  return partition.call('append', { spec: { ...spec, configsVersion }, records });
}

describe('a Partition that forgets', () => {
  const configs = { 'retention.ms': '600000' };

  it('deletes old rows when its alarm rings, and goes on after an eviction', async () => {
    const partition = newPartition();
    const watch = partitionWatch(await openWatch(partition));
    const old = (value: string) => buildBatch(records([value], longAgo));
    await send(partition, sequenced(4, 0, 0), { 'message.timestamp.type': 'LogAppendTime' });
    for (const value of ['a', 'b', 'c']) await send(partition, old(value), configs, 1);
    expect(await partition.call('deleteRecords', { spec: spec(), offset: 1 })).toEqual({
      errorCode: 0,
      lowWatermark: 1,
    });
    expect(await alarmOf(partition)).not.toBeNull();
    const before = await changes(partition);
    expect(await runDurableObjectAlarm(partition)).toBe(true);
    expect(await rowsOf(partition)).toBe(0);
    // Three rows and the state; the producer was written down when its row went.
    expect((await changes(partition)) - before).toBeLessThanOrEqual(5);
    expect(await alarmOf(partition)).toBeNull();
    await evictDurableObject(partition);
    expect(await partition.call('describe', {})).toEqual({
      errorCode: 0,
      sizeInBytes: 0,
      logStartOffset: 4,
      highWatermark: 4,
    });
    expect((await partition.call('read', read(3))).errorCode).toBe(ErrorCode.OFFSET_OUT_OF_RANGE);
    expect((await partition.call('listOffset', list(-2))).offset).toBe(4);
    expect(offsetOf(await send(partition, sequenced(4, 0, 0), configs))).toBe(0);
    expect(offsetOf(await send(partition, sequenced(4, 0, 1), configs))).toBe(4);
    expect(watch.open).toBe(true);
    watch.close();
  });

  it('writes one row an append, and the alarm and its configs once', async () => {
    const partition = newPartition();
    const fresh = () => buildBatch(records(['v'], Date.now()));
    await send(partition, fresh(), configs);
    const before = await changes(partition);
    const alarm = await alarmOf(partition);
    for (let i = 0; i < 10; i++) await send(partition, fresh(), configs);
    expect((await changes(partition)) - before).toBe(10);
    await evictDurableObject(partition);
    await send(partition, fresh(), configs);
    expect(await alarmOf(partition)).toBe(alarm);
  });

  it('takes a retention that goes beyond what alarms can be set to', async () => {
    const partition = newPartition();
    const fresh = () => buildBatch(records(['v'], Date.now()));
    const forEver = { 'retention.ms': '10000000000000' };
    expect(offsetOf(await send(partition, fresh(), forEver))).toBe(0);
    expect(offsetOf(await send(partition, fresh(), forEver))).toBe(1);
    expect(await alarmOf(partition)).toBeNull();
  });

  it('keeps the configs that the controller tells', async () => {
    const partition = newPartition();
    await send(partition, buildBatch(records(['v'], longAgo)), {});
    const told = { ...spec({ 'retention.ms': '1000' }), configsVersion: 1 };
    expect(await partition.call('configure', { spec: told })).toEqual({ errorCode: 0 });
    await evictDurableObject(partition);
    expect(await runDurableObjectAlarm(partition)).toBe(true);
    expect(await rowsOf(partition)).toBe(0);
  });
});

describe('a Partition that compacts', () => {
  const utf8 = new TextEncoder();
  const text = new TextDecoder();
  const configs = { 'cleanup.policy': 'compact', 'delete.retention.ms': '0' };

  // By a clock that is ahead no alarm rings by itself, however long the writing takes.
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['Date'] });
    vi.setSystemTime(Date.now() + 3_600_000);
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  async function tableOf(partition: PartitionObject) {
    const table = new Map<string, string>();
    let count = 0;
    let tombstones = 0;
    for (let at = 0; ; ) {
      const reply = await partition.call('read', read(at));
      if (at >= reply.highWatermark) return { table, count, tombstones };
      for (const batch of batchesOf(reply.records)) {
        for (const { key, value } of decodeRecords(batch)) {
          count++;
          if (value === null) tombstones++;
          if (value === null) table.delete(text.decode(key!));
          else table.set(text.decode(key!), text.decode(value));
        }
        at = batch.nextOffset;
      }
    }
  }

  it('shrinks 100,000 updates of 1,000 keys to their last values; tombstones go', async () => {
    const partition = newPartition();
    for (let i = 0; i < 1_000; i++) {
      const updates = Array.from({ length: 100 }, (_, j): NewRecord => {
        const key = (i * 100 + j * 7) % 1_000;
        // Some keys end deleted.
        const dead = key % 10 === 0 && i > 900;
        return {
          key: utf8.encode(`key ${key}`),
          value: dead ? null : utf8.encode(`value ${i}.${j}`),
          timestamp: longAgo + i,
        };
      });
      await send(partition, buildBatch(updates), configs);
    }
    const before = await partition.call('describe', {});
    const all = await tableOf(partition);
    expect(all.count).toBe(100_000);
    const rows = await rowsOf(partition);
    const written = await changes(partition);
    expect(await runDurableObjectAlarm(partition)).toBe(true);
    // Every row that goes is paid for; what takes their place is next to nothing.
    const paid = (await changes(partition)) - written - rows;
    expect(paid).toBeLessThan(20);
    await evictDurableObject(partition);
    const after = await partition.call('describe', {});
    expect(after).toMatchObject({ logStartOffset: 0, highWatermark: 100_000 });
    expect(after.sizeInBytes).toBeLessThan(before.sizeInBytes / 25);
    const left = await tableOf(partition);
    expect(left.table).toEqual(all.table);
    expect(left.count).toBeLessThan(1_200);
    expect(await rowsOf(partition)).toBeLessThan(5);
    // The time of the tombstones is over at once here: the next alarm takes them.
    expect(left.tombstones).toBeGreaterThan(90);
    expect(await runDurableObjectAlarm(partition)).toBe(true);
    const clean = await tableOf(partition);
    expect(clean.table).toEqual(all.table);
    expect(clean.tombstones).toBeLessThan(11);
    expect((await partition.call('listOffset', list(-1))).offset).toBe(100_000);
  });
});
