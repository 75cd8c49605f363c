import { evictDurableObject, runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { describe, expect, it } from 'vitest';
import type { ShareCalls } from '../../src/core/group/share-partition/calls.ts';
import { shareSettingsFrom } from '../../src/core/group/share-partition/settings.ts';
import type { PartitionCalls } from '../../src/core/log/calls.ts';
import { ErrorCode } from '../../src/protocol/errors.ts';
import { defaultBrokerConfig } from '../../src/runtime/config.ts';
import { partitionWatch } from '../../src/runtime/partition-watch.ts';
import type { Stub } from '../../src/runtime/stubs.ts';
import { openWatch } from '../../src/runtime/watch.ts';
import { append, batch } from '../core/log/samples.ts';

const partitions = (env as unknown as { PARTITION: DurableObjectNamespace }).PARTITION;

type PartitionObject = DurableObjectStub & Stub<PartitionCalls>;

function newPartition(): PartitionObject {
  return partitions.get(partitions.newUniqueId()) as unknown as PartitionObject;
}

const groupId = 'workers of the mill';
const settings = shareSettingsFrom({ 'share.auto.offset.reset': 'earliest' }, defaultBrokerConfig);
const room: ShareCalls['shareFetch']['command']['room'] = {
  maxBytes: 1_000_000,
  minOneBatch: true,
  minBytes: 1,
  maxRecords: 500,
  batchSize: 500,
  acquireMode: 0,
};

async function acquire(on: PartitionObject, memberId: string) {
  const command = { groupId, memberId, settings, acknowledgements: [], room, begins: true };
  const { errorCode, acquired } = await on.call('shareFetch', command);
  expect(errorCode).toBe(ErrorCode.NONE);
  return acquired.map((one) => [one.firstOffset, one.lastOffset, one.deliveryCount]);
}

function acknowledge(on: PartitionObject, memberId: string, range: number[], type: number) {
  const [firstOffset, lastOffset] = range;
  const acknowledgements = [{ firstOffset, lastOffset, acknowledgeTypes: [type] }];
  return on.call('shareAcknowledge', { groupId, memberId, settings, acknowledgements });
}

const produce = (on: PartitionObject, ...values: string[]) =>
  on.call('append', append(batch(values)));

const startOf = async (on: PartitionObject) =>
  (await on.call('shareDescribe', { groupId })).startOffset;

describe('a partition that is shared', () => {
  it('remembers locks, deliveries and what is done when it was evicted at any moment', async () => {
    const partition = newPartition();
    await produce(partition, 'a', 'b', 'c', 'd');
    expect(await acquire(partition, 'one')).toEqual([[0, 3, 1]]);
    await evictDurableObject(partition);
    expect(await acquire(partition, 'two')).toEqual([]);
    expect(await acknowledge(partition, 'one', [1, 1], 1)).toMatchObject({ errorCode: 0 });
    await evictDurableObject(partition);
    expect(await acknowledge(partition, 'two', [2, 2], 1)).toMatchObject({
      errorCode: ErrorCode.INVALID_RECORD_STATE,
    });
    expect(await acknowledge(partition, 'one', [2, 3], 2)).toMatchObject({ errorCode: 0 });
    await evictDurableObject(partition);
    expect(await acquire(partition, 'two')).toEqual([[2, 3, 2]]);
    expect(await startOf(partition)).toBe(0);
    await partition.call('shareRelease', { groupId, memberId: 'one' });
    await evictDurableObject(partition);
    expect(await acquire(partition, 'two')).toEqual([[0, 0, 2]]);
    await acknowledge(partition, 'two', [0, 0], 1);
    expect(await startOf(partition)).toBe(2);
  });

  it('remembers where a group begins in a log that was never written', async () => {
    const partition = newPartition();
    const latest = shareSettingsFrom({}, defaultBrokerConfig);
    const member = { groupId, memberId: 'one', settings: latest, acknowledgements: [] };
    await partition.call('shareFetch', { ...member, room, begins: true });
    await produce(partition, 'a');
    await evictDurableObject(partition);
    expect(await partition.call('shareFetch', { ...member, room })).toMatchObject({
      acquired: [{ firstOffset: 0, lastOffset: 0, deliveryCount: 1 }],
    });
  });

  it('writes one row a call that changed something, and none for one that did not', async () => {
    const partition = newPartition();
    await produce(partition, 'a', 'b');
    const changes = () =>
      runInDurableObject(partition, (_, { storage }) => {
        const [{ n }] = storage.sql.exec<{ n: number }>('SELECT total_changes() AS n').toArray();
        return n;
      });
    const written = async (act: () => Promise<unknown>) => {
      const before = await changes();
      await act();
      return (await changes()) - before;
    };
    expect(await written(() => acquire(partition, 'one'))).toBe(1);
    expect(await written(() => acquire(partition, 'two'))).toBe(0);
    expect(await written(() => acknowledge(partition, 'one', [0, 0], 1))).toBe(1);
    expect(await written(() => startOf(partition))).toBe(0);
    const stranger = { groupId: 'strangers', memberId: 'one', settings, acknowledgements: [] };
    const refused = () => partition.call('shareFetch', { ...stranger, room });
    expect(await written(refused)).toBe(0);
    expect(await refused()).toMatchObject({ errorCode: ErrorCode.GROUP_ID_NOT_FOUND });
  });

  it('tells those who watch it that records were given back', async () => {
    const partition = newPartition();
    await produce(partition, 'a');
    const watch = partitionWatch(await openWatch(partition));
    await acquire(partition, 'one');
    expect(watch.sharedTimes(groupId)).toBe(0);
    await evictDurableObject(partition, { webSockets: 'hibernate' });
    await partition.call('shareRelease', { groupId, memberId: 'one' });
    while (watch.sharedTimes(groupId) === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    expect(watch.highWatermark).toBe(1);
    watch.close();
  });

  it('forgets groups with the topic', async () => {
    const partition = newPartition();
    await produce(partition, 'a');
    await acquire(partition, 'one');
    await partition.call('drop', {});
    expect(await partition.call('shareDescribe', { groupId })).toMatchObject({
      errorCode: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
      startOffset: -1,
    });
    await evictDurableObject(partition);
    await partition.call('shareRelease', { groupId, memberId: 'one' });
    expect(await acknowledge(partition, 'one', [0, 0], 1)).toMatchObject({
      errorCode: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
    });
  });
});
