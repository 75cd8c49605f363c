import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { describe, expect, it } from 'vitest';
import { partitionSpec } from '../../src/core/cluster/partition-spec.ts';
import { partitionWatch } from '../../src/runtime/partition-watch.ts';
import { openWatch } from '../../src/runtime/watch.ts';
import { type Env, workerObjects } from '../../src/runtime/worker-objects.ts';
import { batch, valuesOf } from '../core/log/samples.ts';

const bindings = env as unknown as Env;
const objects = workerObjects(bindings);

/** A topic at the controller, with the object of its partition. */
async function newStream(name: string, lifetime: { ttlSeconds?: number } = {}) {
  const topic = { name, numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] };
  const command = { topics: [topic], validateOnly: false };
  const created = await objects.controller().call('createTopics', command);
  const spec = partitionSpec(created.topics[0].topic!, 0);
  const id = bindings.PARTITION.idFromName(`${spec.topicId}:0`);
  const object = bindings.PARTITION.get(id);
  const partition = objects.partition(spec.topicId, 0);
  await partition.call('streamCreate', {
    spec,
    stream: { contentType: 'text/plain', closed: false, ...lifetime },
    records: batch(['a']),
  });
  return { spec, object, partition };
}

const contents = { from: 'start', maxBytes: 100_000 } as const;
const topicsNamed = (name: string) =>
  objects.controller().call('getTopics', { names: [name], topicIds: [] });

describe('a partition as a stream', () => {
  it('is what it was after an eviction, its producers too', async () => {
    const { spec, object, partition } = await newStream('evicted');
    const producer = { producerId: 'p', epoch: 3, seq: 0 };
    const command = { spec, records: batch(['b']), contentType: 'text/plain', producer };
    await partition.call('streamAppend', { ...command, close: true });
    await evictDurableObject(object);
    const again = await partition.call('streamAppend', { ...command, close: true });
    expect(again).toMatchObject({ outcome: 'duplicate', stream: { closed: true, nextOffset: 2 } });
    const told = await partition.call('streamRead', contents);
    expect(valuesOf(told.records).map(([, value]) => value)).toEqual(['a', 'b']);
  });

  it('keeps a row for what it is, and one for each producer', async () => {
    const { spec, object, partition } = await newStream('rows');
    for (const seq of [0, 1, 2]) {
      const producer = { producerId: 'p', epoch: 0, seq };
      const records = batch([`${seq}`]);
      const command = { spec, records, contentType: 'text/plain', producer, close: false };
      expect((await partition.call('streamAppend', command)).outcome).toBe('appended');
    }
    const keys = await runInDurableObject(object, (_, { storage }) =>
      storage.sql.exec<{ key: string }>('SELECT key FROM stream ORDER BY key').toArray(),
    );
    expect(keys.map(({ key }) => key)).toEqual(['producer/p', 'stream']);
  });

  it('tells those who watch that it was closed', async () => {
    const { spec, object, partition } = await newStream('watched');
    const watch = partitionWatch(await openWatch(object));
    expect(watch.closed).toBeUndefined();
    const told = new Promise<void>((resolve) => void watch.listen(resolve));
    await partition.call('streamAppend', { spec, records: null, contentType: null, close: true });
    await told;
    expect([watch.closed, watch.highWatermark]).toEqual([true, 1]);
    expect(partitionWatch(await openWatch(object)).closed).toBe(true);
  });

  it('has its topic deleted when it ends, and its storage freed', async () => {
    const { object, partition } = await newStream('ending', { ttlSeconds: 0 });
    expect((await partition.call('streamRead', contents)).outcome).toBe('unknown');
    // Its alarm is due, and may have gone off by itself.
    await runDurableObjectAlarm(object);
    await expect.poll(async () => (await topicsNamed('ending')).topics).toEqual([]);
    await expect
      .poll(() =>
        runInDurableObject(object, (_, { storage }) => [
          storage.kv.get('dropped'),
          storage.sql.exec('SELECT name FROM sqlite_master WHERE name = ?', 'log').toArray().length,
        ]),
      )
      .toEqual([true, 0]);
  });

  it('that was used goes on, and is looked at again', async () => {
    const { object, partition } = await newStream('used', { ttlSeconds: 3_600 });
    const before = await runInDurableObject(object, (_, { storage }) => storage.getAlarm());
    expect(before).toBeLessThanOrEqual(Date.now() + 3_600_000);
    await runDurableObjectAlarm(object);
    const after = await runInDurableObject(object, (_, { storage }) => storage.getAlarm());
    expect(after).toBeGreaterThan(Date.now());
    expect((await partition.call('streamRead', contents)).outcome).toBe('read');
    expect((await topicsNamed('used')).topics).toHaveLength(1);
  });
});
