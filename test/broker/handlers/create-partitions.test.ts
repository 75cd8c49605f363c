import { afterEach, describe, expect, it } from 'vitest';
import { handleCreatePartitions } from '../../../src/broker/handlers/create-partitions.ts';
import { ErrorCode } from '../../../src/protocol/errors.ts';
import { MemoryCluster } from '../memory-cluster.ts';

let cluster: MemoryCluster;
afterEach(() => cluster.memory.close());

async function orders(): Promise<ReturnType<MemoryCluster['connect']>> {
  cluster = new MemoryCluster();
  const connect = cluster.connect();
  const topic = { name: 'orders', numPartitions: 2, replicationFactor: 1 };
  const topics = [{ ...topic, assignments: [], configs: [] }];
  await cluster.memory.controller().call('createTopics', { topics, validateOnly: false });
  expect(await connect(0).metadata.topic('orders')).toMatchObject({ partitions: 2 });
  return connect;
}

const request = (count: number, brokers: number[][] | null = null, validateOnly = false) => ({
  topics: [
    { name: 'orders', count, assignments: brokers?.map((brokerIds) => ({ brokerIds })) ?? null },
  ],
  timeoutMs: 1_000,
  validateOnly,
});

describe('CreatePartitions', () => {
  it('adds, and its own gateway knows at once', async () => {
    const connect = await orders();
    expect(await handleCreatePartitions(request(4, [[1], [1]]), connect(3))).toEqual({
      throttleTimeMs: 0,
      results: [{ name: 'orders', errorCode: ErrorCode.NONE, errorMessage: null }],
    });
    cluster.takeAsked();
    expect(await connect(0).metadata.topic('orders')).toMatchObject({ partitions: 4 });
    expect(cluster.takeAsked()).toEqual([]);
  });

  it('only checks with validateOnly', async () => {
    const connect = await orders();
    const { results } = await handleCreatePartitions(request(4, null, true), connect(3));
    expect(results[0].errorCode).toBe(ErrorCode.NONE);
    const now = await connect(3).metadata.refresh(['orders']);
    expect(now.get('orders')).toMatchObject({ partitions: 2 });
  });

  it('never takes partitions away', async () => {
    const connect = await orders();
    const { results } = await handleCreatePartitions(request(1), connect(0));
    expect(results).toEqual([
      {
        name: 'orders',
        errorCode: ErrorCode.INVALID_PARTITIONS,
        errorMessage: 'The topic orders currently has 2 partition(s); 1 would not be an increase.',
      },
    ]);
  });
});
