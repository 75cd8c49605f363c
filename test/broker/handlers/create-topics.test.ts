import { afterEach, describe, expect, it } from 'vitest';
import { handleCreateTopics } from '../../../src/broker/handlers/create-topics.ts';
import { handleMetadata } from '../../../src/broker/handlers/metadata.ts';
import { ZERO_UUID } from '../../../src/bytes/uuid.ts';
import type { CreateTopicsRequest } from '../../../src/protocol/apis/create-topics.ts';
import { createTopics } from '../../../src/protocol/apis/create-topics.ts';
import { ErrorCode } from '../../../src/protocol/errors.ts';
import { decodeResponse, encodeResponse } from '../../../src/protocol/schema.ts';
import { MemoryCluster } from '../memory-cluster.ts';

let cluster: MemoryCluster;
afterEach(() => cluster.memory.close());

type NewTopic = CreateTopicsRequest['topics'][number];
const topic = (name: string, more: Partial<NewTopic> = {}): NewTopic => ({
  name,
  numPartitions: -1,
  replicationFactor: -1,
  assignments: [],
  configs: [],
  ...more,
});
const request = (...topics: NewTopic[]) => ({ topics, timeoutMs: 1_000, validateOnly: false });

describe('CreateTopics', () => {
  it('asks for all it needs before it creates: then only creating can go wrong', async () => {
    cluster = new MemoryCluster();
    await handleCreateTopics(request(topic('orders')), cluster.connect()(7));
    expect(cluster.takeAsked()).toEqual(['describeResourceConfigs', 'createTopics']);
  });

  it('creates each topic or says why not', async () => {
    cluster = new MemoryCluster({ numPartitions: 4 });
    const connect = cluster.connect();
    const configs = [{ name: 'retention.ms', value: '5' }];
    const { topics } = await handleCreateTopics(
      request(topic('good', { configs, replicationFactor: 3 }), topic('bad', { numPartitions: 0 })),
      connect(7),
    );
    expect(topics).toMatchObject([
      {
        name: 'good',
        topicId: expect.stringMatching(/^[A-Za-z0-9_-]{22}$/),
        errorCode: ErrorCode.NONE,
        errorMessage: null,
        topicConfigErrorCode: ErrorCode.NONE,
        numPartitions: 4,
        replicationFactor: 1,
      },
      {
        name: 'bad',
        topicId: ZERO_UUID,
        errorCode: ErrorCode.INVALID_PARTITIONS,
        errorMessage: 'Number of partitions was set to an invalid non-positive value.',
        numPartitions: -1,
        replicationFactor: -1,
        configs: [],
      },
    ]);
    const retention = topics[0].configs!.find(({ name }) => name === 'retention.ms');
    expect(retention).toEqual({
      name: 'retention.ms',
      value: '5',
      readOnly: false,
      configSource: 1,
      isSensitive: false,
    });
    expect(topics[0].configs).toHaveLength(37);
  });

  it('lets its own gateway know at once, without asking again', async () => {
    cluster = new MemoryCluster();
    const connect = cluster.connect();
    const created = await handleCreateTopics(request(topic('orders')), connect(7));
    cluster.takeAsked();
    expect(await connect(7).metadata.topic('orders')).toMatchObject({
      topicId: created.topics[0].topicId,
    });
    expect(cluster.takeAsked()).toEqual([]);
  });

  it('only checks with validateOnly', async () => {
    cluster = new MemoryCluster();
    const connect = cluster.connect();
    const checked = { ...request(topic('orders')), validateOnly: true };
    const { topics } = await handleCreateTopics(checked, connect(7));
    expect(topics[0]).toMatchObject({ errorCode: ErrorCode.NONE, numPartitions: 1 });
    const all = {
      topics: null,
      allowAutoTopicCreation: false,
      includeClusterAuthorizedOperations: false,
      includeTopicAuthorizedOperations: false,
    };
    expect((await handleMetadata(all, connect(12))).topics).toEqual([]);
  });

  it('can be encoded in every version', async () => {
    cluster = new MemoryCluster();
    const connect = cluster.connect();
    for (let version = 2; version <= 7; version++) {
      const topics = [topic(`v${version}`), topic('a b')];
      const response = await handleCreateTopics(request(...topics), connect(version));
      const bytes = Buffer.concat(encodeResponse(createTopics, version, response));
      expect(decodeResponse(createTopics, version, new Uint8Array(bytes)).topics).toMatchObject([
        { name: `v${version}`, errorCode: ErrorCode.NONE },
        { name: 'a b', errorCode: ErrorCode.INVALID_TOPIC_EXCEPTION },
      ]);
    }
  });
});
