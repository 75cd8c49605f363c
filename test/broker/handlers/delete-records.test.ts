import { describe, expect, it } from 'vitest';
import { handleDeleteRecords } from '../../../src/broker/handlers/delete-records.ts';
import { concat } from '../../../src/bytes/writer.ts';
import { deleteRecords } from '../../../src/protocol/apis/delete-records.ts';
import { ErrorCode } from '../../../src/protocol/errors.ts';
import { encodeResponse } from '../../../src/protocol/schema.ts';
import { Weather } from '../../../src/runtime/weather.ts';
import { TestCluster } from '../test-cluster.ts';

type Wanted = readonly [topic: string, partition: number, offset: number];

async function cluster(): Promise<TestCluster> {
  const made = new TestCluster();
  made.create('orders', 2, { 'cleanup.policy': 'delete' });
  made.create('latest', 1, { 'cleanup.policy': 'compact' });
  made.create('both', 1, { 'cleanup.policy': 'compact,delete' });
  await made.append('orders', 0, 'a', 'b', 'c');
  return made;
}

async function ask(on: TestCluster, wanted: readonly Wanted[], version = 2) {
  const topics = wanted.map(([name, partitionIndex, offset]) => ({
    name,
    partitions: [{ partitionIndex, offset }],
  }));
  const context = on.client().context(version);
  const response = await handleDeleteRecords({ topics, timeoutMs: 0 }, context);
  expect(concat(encodeResponse(deleteRecords, version, response)).length).toBeGreaterThan(4);
  return response.topics.flatMap(({ name, partitions }) =>
    partitions.map((p) => [name, p.partitionIndex, p.errorCode, p.lowWatermark]),
  );
}

describe('DeleteRecords', () => {
  it.each([0, 1, 2])('moves the log start, version %i', async (version) => {
    const on = await cluster();
    expect(await ask(on, [['orders', 0, 2]], version)).toEqual([['orders', 0, 0, 2]]);
    expect(await ask(on, [['orders', 0, 1]], version)).toEqual([['orders', 0, 0, 2]]);
    expect(await ask(on, [['orders', 0, -1]], version)).toEqual([['orders', 0, 0, 3]]);
    const log = on.partition(on.topics.get('orders')!.topicId, 0);
    expect(await log.call('describe', {})).toMatchObject({ logStartOffset: 3, highWatermark: 3 });
  });

  it('refuses each partition for itself', async () => {
    const { OFFSET_OUT_OF_RANGE, POLICY_VIOLATION, UNKNOWN_TOPIC_OR_PARTITION } = ErrorCode;
    const answers = await ask(await cluster(), [
      ['orders', 0, 4],
      ['orders', 1, -2],
      ['orders', 2, 0],
      ['latest', 0, -1],
      ['both', 0, -1],
      ['nobody', 0, 0],
    ]);
    expect(answers).toEqual([
      ['orders', 0, OFFSET_OUT_OF_RANGE, -1],
      ['orders', 1, OFFSET_OUT_OF_RANGE, -1],
      ['orders', 2, UNKNOWN_TOPIC_OR_PARTITION, -1],
      ['latest', 0, POLICY_VIOLATION, -1],
      ['both', 0, 0, 0],
      ['nobody', 0, UNKNOWN_TOPIC_OR_PARTITION, -1],
    ]);
  });

  it('answers topic by topic, however many partitions each has', async () => {
    const on = await cluster();
    on.create('wide', 60);
    const partitions = Array.from({ length: 60 }, (_, i) => ({ partitionIndex: i, offset: -1 }));
    const named = (name: string, count: number) => ({
      name,
      partitions: partitions.slice(0, count),
    });
    const topics = [named('wide', 60), named('orders', 2), named('nobody', 1)];
    const context = on.client().context(2);
    const response = await handleDeleteRecords({ topics, timeoutMs: 0 }, context);
    expect(response.topics.map(({ name, partitions: of }) => [name, of.length])).toEqual([
      ['wide', 60],
      ['orders', 2],
      ['nobody', 1],
    ]);
    const [wide, orders] = response.topics;
    expect(wide.partitions.map(({ partitionIndex }) => partitionIndex)).toEqual(
      partitions.map(({ partitionIndex }) => partitionIndex),
    );
    expect(orders.partitions[0]).toEqual({ partitionIndex: 0, errorCode: 0, lowWatermark: 3 });
  });

  it('takes the last word on a partition that is named twice', async () => {
    const answers = await ask(await cluster(), [
      ['orders', 0, 3],
      ['orders', 0, 1],
    ]);
    expect(answers).toEqual([['orders', 0, 0, 1]]);
  });

  it('turns weather into a code that clients answer by trying again', async () => {
    const on = await cluster();
    on.storms.set('deleteRecords', new Weather(new Error('moved')));
    expect(await ask(on, [['orders', 0, 1]])).toEqual([
      ['orders', 0, ErrorCode.NOT_LEADER_OR_FOLLOWER, -1],
    ]);
  });
});
