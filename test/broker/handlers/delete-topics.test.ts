import { afterEach, describe, expect, it } from 'vitest';
import { handleDeleteTopics } from '../../../src/broker/handlers/delete-topics.ts';
import { ZERO_UUID } from '../../../src/bytes/uuid.ts';
import { deleteTopics } from '../../../src/protocol/apis/delete-topics.ts';
import { ErrorCode } from '../../../src/protocol/errors.ts';
import { decodeResponse, encodeResponse } from '../../../src/protocol/schema.ts';
import { MemoryCluster } from '../memory-cluster.ts';

let cluster: MemoryCluster;
afterEach(() => cluster.memory.close());

async function create(name: string, numPartitions = 1): Promise<string> {
  const topic = { name, numPartitions, replicationFactor: 1, assignments: [], configs: [] };
  const command = { topics: [topic], validateOnly: false };
  const reply = await cluster.memory.controller().call('createTopics', command);
  return reply.topics[0].topic!.topicId;
}

const byName = (...topicNames: string[]) => ({ topics: [], topicNames, timeoutMs: 1_000 });

describe('DeleteTopics', () => {
  it('takes names up to version 5', async () => {
    cluster = new MemoryCluster();
    const topicId = await create('orders');
    const { responses } = await handleDeleteTopics(
      byName('orders', 'nobody'),
      cluster.connect()(5),
    );
    expect(responses).toEqual([
      { name: 'orders', topicId, errorCode: ErrorCode.NONE, errorMessage: null },
      {
        name: 'nobody',
        topicId: ZERO_UUID,
        errorCode: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
        errorMessage: expect.any(String),
      },
    ]);
  });

  it('takes names or ids from version 6 on', async () => {
    cluster = new MemoryCluster();
    const topicId = await create('a');
    await create('b');
    const unknown = 'AAAAAAAAAAAAAAAAAAAAAw';
    const topics = [
      { name: null, topicId },
      { name: 'b', topicId: ZERO_UUID },
      { name: null, topicId: unknown },
    ];
    const request = { topics, topicNames: [], timeoutMs: 1_000 };
    const { responses } = await handleDeleteTopics(request, cluster.connect()(6));
    expect(responses).toMatchObject([
      { name: 'a', topicId, errorCode: ErrorCode.NONE },
      { name: 'b', errorCode: ErrorCode.NONE },
      { name: null, topicId: unknown, errorCode: ErrorCode.UNKNOWN_TOPIC_ID },
    ]);
  });

  it('makes its own gateway forget at once', async () => {
    cluster = new MemoryCluster();
    await create('orders');
    const context = cluster.connect()(5);
    expect(await context.metadata.topic('orders')).toBeDefined();
    await handleDeleteTopics(byName('orders'), context);
    expect(await context.metadata.topic('orders')).toBeUndefined();
  });

  it('reaches every partition, also of a large topic', async () => {
    cluster = new MemoryCluster();
    const topicId = await create('large', 1_000);
    await handleDeleteTopics(byName('large'), cluster.connect()(5));
    const read = {
      fetchOffset: 0,
      currentLeaderEpoch: -1,
      maxBytes: 1,
      minOneBatch: true,
      isolationLevel: 0,
    };
    await expect
      .poll(async () => (await cluster.memory.partition(topicId, 999).call('read', read)).errorCode)
      .toBe(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION);
    for (const partition of [0, 49, 50, 998]) {
      const reply = await cluster.memory.partition(topicId, partition).call('read', read);
      expect(reply.errorCode).toBe(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION);
    }
  });

  it('can be encoded in every version', async () => {
    cluster = new MemoryCluster();
    for (let version = 1; version <= 6; version++) {
      await create('orders');
      const topics = [{ name: 'orders', topicId: ZERO_UUID }];
      const request = version < 6 ? byName('orders') : { ...byName(), topics };
      const response = await handleDeleteTopics(request, cluster.connect()(version));
      const bytes = Buffer.concat(encodeResponse(deleteTopics, version, response));
      const { responses } = decodeResponse(deleteTopics, version, new Uint8Array(bytes));
      expect(responses).toMatchObject([{ name: 'orders', errorCode: ErrorCode.NONE }]);
    }
  });
});
