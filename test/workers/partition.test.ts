import { evictDurableObject, runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { describe, expect, it, vi } from 'vitest';
import { concat } from '../../src/bytes/writer.ts';
import type { PartitionCalls } from '../../src/core/log/calls.ts';
import { ErrorCode } from '../../src/protocol/errors.ts';
import {
  droppedCloseCode,
  partitionWatch,
  withRecords,
} from '../../src/runtime/partition-watch.ts';
import type { PartitionWatch, Stub } from '../../src/runtime/stubs.ts';
import { openWatch } from '../../src/runtime/watch.ts';
import { append, batch, list, offsetOf, read, sequenced, valuesOf } from '../core/log/samples.ts';

const partitions = (env as unknown as { PARTITION: DurableObjectNamespace }).PARTITION;

type PartitionObject = DurableObjectStub & Stub<PartitionCalls>;

function newPartition(): PartitionObject {
  return partitions.get(partitions.newUniqueId()) as unknown as PartitionObject;
}

const send = (partition: PartitionObject, value: string) =>
  partition.call('append', append(batch([value])));

/** A row of this query, asked inside the object. */
function query<T extends Record<string, SqlStorageValue>>(partition: PartitionObject, sql: string) {
  return runInDurableObject(partition, (_, { storage }) => storage.sql.exec<T>(sql).toArray());
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 1));
}

describe('Partition', () => {
  it('answers reads of a log that was never opened, and stores nothing for them', async () => {
    const partition = newPartition();
    expect(await partition.call('read', read(0))).toMatchObject({
      errorCode: ErrorCode.NONE,
      highWatermark: 0,
      records: [],
    });
    expect((await partition.call('listOffset', list(-1))).offset).toBe(0);
    expect(await query(partition, 'SELECT name FROM sqlite_master')).toEqual([]);
  });

  it('appends and reads, before and after an eviction', async () => {
    const partition = newPartition();
    for (const [i, value] of ['a', 'b', 'c'].entries()) {
      expect(offsetOf(await send(partition, value))).toBe(i);
    }
    await evictDurableObject(partition);
    const reply = await partition.call('read', read(1));
    expect(reply.highWatermark).toBe(3);
    expect(valuesOf(reply.records)).toEqual([
      [1, 'b'],
      [2, 'c'],
    ]);
    expect(offsetOf(await send(partition, 'd'))).toBe(3);
  });

  it('takes or refuses each of the appends of one call, and has one row for them', async () => {
    const partition = newPartition();
    const { spec } = append(batch(['a']));
    const parts = [batch(['a']), new Uint8Array(5), batch(['b', 'c']), sequenced(1, 0, 1)];
    const appends = parts.map(({ length }) => ({ byteCount: length }));
    const records = concat(parts);
    const { replies } = await partition.call('appendAll', { spec, records, appends });
    expect(replies.map(({ errorCode, baseOffset }) => [errorCode, baseOffset])).toEqual([
      [ErrorCode.NONE, 0],
      [ErrorCode.INVALID_RECORD, -1],
      [ErrorCode.NONE, 1],
      [ErrorCode.NONE, 3],
    ]);
    expect(await query(partition, 'SELECT count(*) AS rows FROM log')).toEqual([{ rows: 1 }]);
    expect((await partition.call('read', read(0))).highWatermark).toBe(4);
  });

  it('writes appends that arrive together as one row', async () => {
    const partition = newPartition();
    await send(partition, 'first'.padEnd(4_000));
    const values = Array.from({ length: 40 }, (_, i) => `v${i}`);
    const offsets = await runInDurableObject(partition, async (instance) => {
      const object = instance as unknown as Stub<PartitionCalls>;
      const appends = values.map((value) => object.call('append', append(batch([value]))));
      return (await Promise.all(appends)).map(offsetOf);
    });
    expect(offsets).toEqual(values.map((_, i) => i + 1));
    const [{ rows }] = await query<{ rows: number }>(
      partition,
      'SELECT count(*) AS rows FROM log WHERE base_offset > 0',
    );
    expect(rows).toBe(1);
    const { records } = await partition.call('read', read(1));
    expect(valuesOf(records)).toEqual(values.map((value, i) => [i + 1, value]));
  });

  it('tells callers who come at once their own offsets', async () => {
    const partition = newPartition();
    const values = Array.from({ length: 60 }, (_, i) => `v${i}`);
    const replies = await Promise.all(values.map((value) => send(partition, value)));
    const found = new Map(valuesOf((await partition.call('read', read(0))).records));
    expect(found.size).toBe(60);
    expect(replies.map((reply) => found.get(offsetOf(reply)))).toEqual(values);
  });

  it('keeps a batch of more than a row holds', async () => {
    const partition = newPartition();
    const value = Array.from({ length: 500_000 }, (_, i) => String.fromCharCode(33 + (i % 90)));
    const bytes = batch([value.join('').repeat(14)]);
    const configs = { 'max.message.bytes': '8388608' };
    expect(offsetOf(await partition.call('append', append(batch(['before']))))).toBe(0);
    expect(offsetOf(await partition.call('append', append(bytes, configs)))).toBe(1);
    expect(offsetOf(await partition.call('append', append(batch(['after']))))).toBe(2);
    await evictDurableObject(partition);
    const { records } = await partition.call('read', read(1, { maxBytes: 1 }));
    expect(valuesOf(records)).toEqual([[1, value.join('').repeat(14)]]);
    expect(valuesOf((await partition.call('read', read(2))).records)).toEqual([[2, 'after']]);
    const [{ pieces }] = await query<{ pieces: number }>(
      partition,
      'SELECT count(*) AS pieces FROM continuation',
    );
    expect(pieces).toBe(3);
  });

  it('knows a repeated batch after an eviction', async () => {
    const partition = newPartition();
    const batches = [0, 1, 2, 3, 4, 5].map((sequence) => append(sequenced(9, 0, sequence)));
    for (const command of batches) await partition.call('append', command);
    await evictDurableObject(partition);
    for (const [i, command] of batches.entries()) {
      const { errorCode, baseOffset } = await partition.call('append', command);
      const expected = i === 0 ? [ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER, -1] : [ErrorCode.NONE, i];
      expect([errorCode, baseOffset]).toEqual(expected);
    }
    expect((await partition.call('read', read(6))).highWatermark).toBe(6);
  });

  it('takes the default of max.message.bytes from the broker', async () => {
    const { errorCode } = await send(newPartition(), 'x'.repeat(1_100_000));
    expect(errorCode).toBe(ErrorCode.MESSAGE_TOO_LARGE);
  });

  it.each(['INSERT', 'UPDATE'])('is rebuilt from its rows after a failed %s', async (write) => {
    const partition = newPartition();
    await partition.call('append', append(sequenced(1, 0, 0)));
    // A row of somebody who is gone does not grow.
    if (write === 'INSERT') await evictDurableObject(partition);
    await query(
      partition,
      `CREATE TRIGGER full BEFORE ${write} ON log BEGIN SELECT RAISE(ABORT, 'full'); END`,
    );
    const log = vi.spyOn(console, 'error').mockImplementation(() => {});
    const { errorCode } = await partition.call('append', append(sequenced(1, 0, 1)));
    expect(errorCode).toBe(ErrorCode.KAFKA_STORAGE_ERROR);
    expect(log).toHaveBeenCalledOnce();
    log.mockRestore();
    await query(partition, 'DROP TRIGGER full');
    expect((await partition.call('read', read(0))).highWatermark).toBe(1);
    expect(offsetOf(await partition.call('append', append(sequenced(1, 0, 1))))).toBe(1);
  });

  it('drops its log and knows no partition from then on', async () => {
    const partition = newPartition();
    await send(partition, 'a');
    expect(await partition.call('drop', {})).toEqual({ errorCode: ErrorCode.NONE });
    const gone = { errorCode: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION };
    for (let i = 0; i < 2; i++) {
      expect(await send(partition, 'b')).toMatchObject(gone);
      expect(await partition.call('read', read(0))).toMatchObject(gone);
      expect(await partition.call('listOffset', list(-2))).toMatchObject(gone);
      expect(await partition.call('drop', {})).toEqual({ errorCode: ErrorCode.NONE });
      expect((await partition.fetch('https://partition/watch')).status).toBe(410);
      await evictDurableObject(partition);
    }
    const tables = await query(partition, "SELECT name FROM sqlite_master WHERE name = 'log'");
    expect(tables).toEqual([]);
  });
});

describe('a watch of a Partition', () => {
  function heard(watch: PartitionWatch): (number | 'closed')[] {
    const all: (number | 'closed')[] = [];
    watch.listen(() => all.push(watch.open ? watch.highWatermark : 'closed'));
    return all;
  }

  it('knows the high watermark at once and hears of every append', async () => {
    const partition = newPartition();
    await send(partition, 'a');
    const watch = partitionWatch(await openWatch(partition));
    expect(watch).toMatchObject({ open: true, highWatermark: 1 });
    const announced = heard(watch);
    await send(partition, 'b');
    await send(partition, 'c');
    await until(() => announced.length === 2);
    expect(announced).toEqual([2, 3]);
    watch.close();
    expect(watch.open).toBe(false);
  });

  it('brings what was appended to who asks for that', async () => {
    const partition = newPartition();
    await send(partition, 'a');
    const watches = [await openWatch(partition, withRecords), await openWatch(partition)];
    const [watch, other] = watches.map(partitionWatch);
    const brought: (readonly Uint8Array[])[] = [];
    for (const one of [watch, other]) one.listen(() => brought.push(one.enclosed));
    await send(partition, 'b');
    await until(() => brought.length === 2);
    const [pieces] = brought.filter(({ length }) => length > 0);
    expect(valuesOf(pieces)).toEqual([[1, 'b']]);
    expect([brought.flat().length, watch.highWatermark, other.highWatermark]).toEqual([1, 2, 2]);
    await evictDurableObject(partition);
    await send(partition, 'c');
    await until(() => brought.length === 4);
    expect(brought.flat()).toHaveLength(2);
    for (const one of [watch, other]) one.close();
  });

  it('outlives the eviction of the object', async () => {
    const partition = newPartition();
    const watch = partitionWatch(await openWatch(partition));
    const announced = heard(watch);
    await send(partition, 'a');
    await until(() => announced.length === 1);
    await evictDurableObject(partition);
    await send(partition, 'b');
    await until(() => announced.length === 2);
    expect(announced).toEqual([1, 2]);
    watch.close();
  });

  it('closes when the line is cut', async () => {
    const partition = newPartition();
    const watch = partitionWatch(await openWatch(partition));
    const announced = heard(watch);
    await evictDurableObject(partition, { webSockets: 'close' });
    await until(() => !watch.open);
    expect(announced).toEqual(['closed']);
  });

  it('closes when the partition is dropped, and cannot be opened again', async () => {
    const partition = newPartition();
    const watch = partitionWatch(await openWatch(partition));
    const response = await partition.fetch('https://partition/watch', {
      headers: { Upgrade: 'websocket' },
    });
    const line = response.webSocket!;
    const closed = new Promise<CloseEvent>((resolve) => line.addEventListener('close', resolve));
    line.accept();
    await partition.call('drop', {});
    await until(() => !watch.open);
    expect((await closed).code).toBe(droppedCloseCode);
    expect((await openWatch(partition)).open).toBe(false);
  });

  it('is gone from the object once it is closed', async () => {
    const partition = newPartition();
    const watch = partitionWatch(await openWatch(partition));
    watch.close();
    let watchers = 1;
    while (watchers > 0) {
      watchers = await runInDurableObject(partition, (_, ctx) => ctx.getWebSockets().length);
    }
    await send(partition, 'a');
    expect(watch.highWatermark).toBe(0);
  });

  it('is a WebSocket or nothing', async () => {
    expect((await newPartition().fetch('https://partition/watch')).status).toBe(426);
  });
});
