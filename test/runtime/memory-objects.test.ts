import { afterEach, describe, expect, it, vi } from 'vitest';
import { ZERO_UUID } from '../../src/bytes/uuid.ts';
import { ErrorCode } from '../../src/protocol/errors.ts';
import { buildBatch } from '../../src/protocol/records/index.ts';
import { defaultBrokerConfig } from '../../src/runtime/config.ts';
import { MemoryObjects } from '../../src/runtime/memory-objects.ts';

let objects: MemoryObjects;
afterEach(() => objects.close());

const read = {
  fetchOffset: 0,
  currentLeaderEpoch: -1,
  maxBytes: 1_000_000,
  minOneBatch: true,
  isolationLevel: 0,
};
const batch = () =>
  buildBatch([{ key: null, value: new Uint8Array(3), timestamp: 1_700_000_000_000, headers: [] }]);

async function create(numPartitions: number) {
  const topic = { name: 'orders', numPartitions, replicationFactor: 1 };
  const topics = [{ ...topic, assignments: [], configs: [] }];
  const command = { topics, validateOnly: false };
  return (await objects.controller().call('createTopics', command)).topics[0].topic!;
}

describe('objects in memory', () => {
  it('are the same objects for the same names', async () => {
    objects = new MemoryObjects({ config: defaultBrokerConfig });
    const { topicId } = await create(2);
    const spec = { topicId, topic: 'orders', partition: 0, configs: {} };
    await objects.partition(topicId, 0).call('append', { spec, records: batch() });
    const highWatermarks = [0, 1].map(
      async (partition) =>
        (await objects.partition(topicId, partition).call('read', read)).highWatermark,
    );
    expect(await Promise.all(highWatermarks)).toEqual([1, 0]);
  });

  it('share nothing with their callers', async () => {
    objects = new MemoryObjects({ config: defaultBrokerConfig });
    const { topicId } = await create(1);
    const records = batch();
    const spec = { topicId, topic: 'orders', partition: 0, configs: {} };
    const appended = objects.partition(topicId, 0).call('append', { spec, records });
    records.fill(0xff);
    expect((await appended).errorCode).toBe(ErrorCode.NONE);
  });

  it('watch a partition until it is dropped with its topic', async () => {
    objects = new MemoryObjects({ config: defaultBrokerConfig });
    const { topicId } = await create(120);
    const watch = await objects.partition(topicId, 119).watch();
    expect(watch.open).toBe(true);
    const topics = [{ name: 'orders', topicId: ZERO_UUID }];
    await objects.controller().call('deleteTopics', { topics });
    await expect.poll(() => watch.open).toBe(false);
    expect((await objects.partition(topicId, 119).call('read', read)).errorCode).toBe(
      ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
    );
  });

  it('list a group that was used', async () => {
    objects = new MemoryObjects({ config: defaultBrokerConfig });
    const offset = { partitionIndex: 0, committedOffset: 5, committedLeaderEpoch: -1 };
    const partitions = [{ ...offset, metadata: null }];
    const reply = await objects.group('readers').call('commitOffsets', {
      groupId: 'readers',
      generationId: -1,
      memberId: '',
      groupInstanceId: null,
      retentionTimeMs: -1,
      namesMissingGroup: true,
      topics: [{ name: 'orders', topicId: ZERO_UUID, partitions }],
    });
    expect(reply.errorCode).toBe(ErrorCode.NONE);
    expect(await objects.controller().call('listGroups', {})).toEqual({ groupIds: ['readers'] });
  });

  it('abort a transaction that is open for too long', async () => {
    vi.useFakeTimers();
    try {
      objects = new MemoryObjects({ config: defaultBrokerConfig });
      const { topicId } = await create(1);
      const x = { transactionalId: 'x' };
      const started = await objects.transaction('x').call('initProducerId', {
        ...{ ...x, producerId: -1, producerEpoch: -1 },
        ...{ transactionTimeoutMs: 60_000, newProducerId: 5 },
      });
      expect(started).toEqual({ errorCode: ErrorCode.NONE, producerId: 5, producerEpoch: 0 });
      const producer = { producerId: 5, producerEpoch: 0, baseSequence: 0, isTransactional: true };
      const record = { key: null, value: new Uint8Array(3), timestamp: Date.now() };
      const partition = objects.partition(topicId, 0);
      await partition.call('append', {
        spec: { topicId, topic: 'orders', partition: 0, configs: {} },
        records: buildBatch([record], producer),
        ...{ ...x, addsPartition: true },
      });
      const committed = { ...read, isolationLevel: 1 };
      await vi.advanceTimersByTimeAsync(60_000);
      expect((await partition.call('read', committed)).lastStableOffset).toBe(0);
      await vi.advanceTimersByTimeAsync(1);
      expect(await partition.call('read', committed)).toMatchObject({
        lastStableOffset: 2,
        abortedTransactions: [{ producerId: 5, firstOffset: 0 }],
      });
      const { transaction } = await objects.transaction('x').call('describeTransaction', x);
      expect(transaction).toMatchObject({ state: 'CompleteAbort', producerEpoch: 1 });
    } finally {
      vi.useRealTimers();
    }
  });

  it('clean up by their alarms', async () => {
    vi.useFakeTimers();
    try {
      objects = new MemoryObjects({ config: defaultBrokerConfig });
      const { topicId } = await create(1);
      const partition = objects.partition(topicId, 0);
      const configs = { 'retention.ms': '5000000000' };
      const spec = { topicId, topic: 'orders', partition: 0, configs };
      const record = { key: null, value: new Uint8Array(3), timestamp: Date.now() };
      await partition.call('append', { spec, records: buildBatch([record]) });
      // Longer than a timer can be set for.
      await vi.advanceTimersByTimeAsync(4_999_999_999);
      expect((await partition.call('describe', {})).logStartOffset).toBe(0);
      await vi.advanceTimersByTimeAsync(3_600_002);
      expect(await partition.call('describe', {})).toMatchObject({ logStartOffset: 1 });
    } finally {
      vi.useRealTimers();
    }
  });
});
