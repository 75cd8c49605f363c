import { afterEach, describe, expect, it } from 'vitest';
import { dispatch } from '../../../src/broker/broker.ts';
import type { RequestContext } from '../../../src/broker/context.ts';
import { handleMetadata } from '../../../src/broker/handlers/metadata.ts';
import { recentMs } from '../../../src/broker/metadata-cache.ts';
import { ZERO_UUID } from '../../../src/bytes/uuid.ts';
import type { MetadataRequest } from '../../../src/protocol/apis/metadata.ts';
import { metadata } from '../../../src/protocol/apis/metadata.ts';
import { ErrorCode } from '../../../src/protocol/errors.ts';
import { decodeResponse, encodeResponse } from '../../../src/protocol/schema.ts';
import { MemoryCluster } from '../memory-cluster.ts';

const clusters: MemoryCluster[] = [];
function newCluster(config = {}): MemoryCluster {
  const cluster = new MemoryCluster(config);
  clusters.push(cluster);
  return cluster;
}
afterEach(() => {
  for (const cluster of clusters.splice(0)) cluster.memory.close();
});

function request(
  names: readonly string[] | null,
  more: Partial<MetadataRequest> = {},
): MetadataRequest {
  return {
    topics: names?.map((name) => ({ topicId: ZERO_UUID, name })) ?? null,
    allowAutoTopicCreation: true,
    includeClusterAuthorizedOperations: false,
    includeTopicAuthorizedOperations: false,
    ...more,
  };
}

const ask = (context: RequestContext, names: readonly string[] | null, more = {}) =>
  handleMetadata(request(names, more), context);
const noCreation = { allowAutoTopicCreation: false };

describe('the cluster', () => {
  it('is one broker, which is the controller, with an id that stays', async () => {
    const cluster = newCluster({ nodeId: 7 });
    const response = await ask(cluster.connect()(12), []);
    expect(response).toMatchObject({
      throttleTimeMs: 0,
      brokers: [{ nodeId: 7, host: 'localhost', port: 9092, rack: null }],
      controllerId: 7,
      topics: [],
      clusterAuthorizedOperations: -2147483648,
      errorCode: ErrorCode.NONE,
    });
    expect(response.clusterId).toMatch(/^[A-Za-z0-9_-]{22}$/);
    expect((await ask(cluster.connect()(12), [])).clusterId).toBe(response.clusterId);
  });

  it('says where to connect as the config does', async () => {
    const advertisedListener = { host: 'kedge.example', port: 443 };
    const cluster = newCluster({ advertisedListener });
    const { brokers } = await ask(cluster.connect()(1), []);
    expect(brokers).toEqual([{ nodeId: 1, ...advertisedListener, rack: null }]);
  });

  it('says what belongs to the port that was dialled', async () => {
    const advertised = { host: 'localhost', port: 19_092 };
    const listeners = [
      { port: 1, advertised: null },
      { port: 9092, advertised },
    ];
    const cluster = newCluster({ advertisedListener: { host: 'kafka', port: 1 }, listeners });
    const { brokers } = await ask(cluster.connect()(1), []);
    expect(brokers).toEqual([{ nodeId: 1, ...advertised, rack: null }]);
  });

  it('has the id that its deployment gave it', async () => {
    const clusterId = '4L6g3nShT-eMCtK--X86sw';
    expect((await ask(newCluster({ clusterId }).connect()(12), [])).clusterId).toBe(clusterId);
  });

  it('tells what one may do when asked', async () => {
    const context = newCluster().connect()(10);
    const response = await ask(context, ['orders'], {
      includeClusterAuthorizedOperations: true,
      includeTopicAuthorizedOperations: true,
    });
    expect(response.clusterAuthorizedOperations).toBe(8096);
    expect(response.topics[0].topicAuthorizedOperations).toBe(3576);
  });
});

describe('which topics', () => {
  it('are all for null, and in version 0 for an empty list', async () => {
    const connect = newCluster().connect();
    await ask(connect(4), ['a', 'b']);
    for (const [version, names] of [
      [0, []],
      [1, null],
      [13, null],
    ] as const) {
      const { topics } = await ask(connect(version), names);
      expect(topics.map(({ name }) => name).sort()).toEqual(['a', 'b']);
    }
    expect((await ask(connect(1), [])).topics).toEqual([]);
  });

  it('are answered once each, in the order they are asked for', async () => {
    const { topics } = await ask(newCluster().connect()(4), ['b', 'a', 'b']);
    expect(topics.map(({ name }) => name)).toEqual(['b', 'a']);
  });

  it('are found by id', async () => {
    const connect = newCluster().connect();
    const [{ topicId }] = (await ask(connect(12), ['orders'])).topics;
    const unknown = 'AAAAAAAAAAAAAAAAAAAAAw';
    const topics = [topicId, unknown].map((id) => ({ topicId: id, name: null }));
    const response = await ask(connect(12), [], { topics });
    expect(response.topics).toMatchObject([
      { errorCode: ErrorCode.NONE, name: 'orders', topicId, isInternal: false },
      { errorCode: ErrorCode.UNKNOWN_TOPIC_ID, name: null, topicId: unknown, partitions: [] },
    ]);
  });

  it('cannot be asked for by id before version 12', async () => {
    const connect = newCluster().connect();
    for (const topic of [
      { topicId: ZERO_UUID, name: null },
      { topicId: 'AAAAAAAAAAAAAAAAAAAAAw', name: 'orders' },
    ]) {
      const response = await dispatch(metadata, request([], { topics: [topic] }), connect(10));
      expect(response.topics).toMatchObject([{ errorCode: ErrorCode.INVALID_REQUEST }]);
    }
  });
});

describe('a topic', () => {
  it('has all its partitions on the one broker', async () => {
    const { topics } = await ask(newCluster({ numPartitions: 2, nodeId: 3 }).connect()(9), ['x']);
    const partition = {
      errorCode: ErrorCode.NONE,
      leaderId: 3,
      leaderEpoch: 0,
      replicaNodes: [3],
      isrNodes: [3],
      offlineReplicas: [],
    };
    expect(topics[0].partitions).toEqual([
      { ...partition, partitionIndex: 0 },
      { ...partition, partitionIndex: 1 },
    ]);
  });

  it('is created once by two gateways that ask at the same time, and both answer it', async () => {
    const cluster = newCluster();
    const gateways = Array.from({ length: 8 }, () => cluster.connect());
    const responses = await Promise.all(gateways.map((connect) => ask(connect(12), ['new'])));
    const ids = new Set(responses.map(({ topics }) => topics[0].topicId));
    expect(ids.size).toBe(1);
    expect([...ids][0]).not.toBe(ZERO_UUID);
    expect(responses.every(({ topics }) => topics[0].errorCode === ErrorCode.NONE)).toBe(true);
  });

  it('is not created when the client or the broker does not want it', async () => {
    const connect = newCluster().connect();
    const unknown = [{ name: 'x', errorCode: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION }];
    expect((await ask(connect(4), ['x'], noCreation)).topics).toMatchObject(unknown);
    const strict = newCluster({ autoCreateTopicsEnable: false }).connect();
    expect((await ask(strict(4), ['x'])).topics).toMatchObject(unknown);
    expect((await ask(strict(4), null)).topics).toEqual([]);
  });

  it.each(['a b', '', '..', 'x'.repeat(250)])('may not be called %j', async (name) => {
    const { topics } = await ask(newCluster().connect()(12), [name]);
    expect(topics).toMatchObject([
      { errorCode: ErrorCode.INVALID_TOPIC_EXCEPTION, name, topicId: ZERO_UUID },
    ]);
  });

  it('may not be called almost like another one', async () => {
    const connect = newCluster().connect();
    await ask(connect(4), ['a.b']);
    const { topics } = await ask(connect(4), ['a_b']);
    expect(topics).toMatchObject([{ errorCode: ErrorCode.INVALID_TOPIC_EXCEPTION }]);
  });

  it("of Kafka's own is never created by asking for it", async () => {
    const { topics } = await ask(newCluster().connect()(4), ['__consumer_offsets']);
    expect(topics).toMatchObject([
      { errorCode: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, isInternal: true },
    ]);
  });

  it('that another gateway created is seen at once, one it deleted within a second', async () => {
    const cluster = newCluster();
    const [here, there] = [cluster.connect(), cluster.connect()];
    expect((await ask(there(4), ['x'], noCreation)).topics[0].errorCode).not.toBe(ErrorCode.NONE);
    await ask(here(4), ['x']);
    expect((await ask(there(4), ['x'], noCreation)).topics[0].errorCode).toBe(ErrorCode.NONE);
    const keys = [{ name: 'x', topicId: ZERO_UUID }];
    await cluster.memory.controller().call('deleteTopics', { topics: keys });
    const later = { ...there(4) };
    cluster.passTime(recentMs);
    expect((await ask(later, ['x'], noCreation)).topics[0].errorCode).toBe(
      ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
    );
  });

  it('costs the controller nothing when it was asked for a moment ago', async () => {
    const cluster = newCluster();
    const connect = cluster.connect();
    await ask(connect(12), ['x']);
    cluster.takeAsked();
    await ask(connect(12), ['x']);
    expect(cluster.takeAsked()).toEqual([]);
  });
});

describe('every version', () => {
  it('can be encoded', async () => {
    const connect = newCluster().connect();
    for (let version = 0; version <= 13; version++) {
      const response = await ask(connect(version), ['orders', 'a b']);
      const bytes = Buffer.concat(encodeResponse(metadata, version, response));
      const decoded = decodeResponse(metadata, version, new Uint8Array(bytes));
      expect(decoded.topics.map(({ name }) => name)).toEqual(['orders', 'a b']);
    }
  });
});
