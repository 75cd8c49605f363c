/** Requests of clients that have quotas: what is told, what is refused, what is only counted. */
import { beforeEach, describe, expect, it } from 'vitest';
import { dispatch } from '../../src/broker/broker.ts';
import type { RequestContext } from '../../src/broker/context.ts';
import { owedMs, throttle } from '../../src/broker/throttling.ts';
import { ZERO_UUID } from '../../src/bytes/uuid.ts';
import { alterClientQuotas } from '../../src/protocol/apis/alter-client-quotas.ts';
import { apiVersions } from '../../src/protocol/apis/api-versions.ts';
import { createPartitions } from '../../src/protocol/apis/create-partitions.ts';
import { createTopics } from '../../src/protocol/apis/create-topics.ts';
import { deleteTopics } from '../../src/protocol/apis/delete-topics.ts';
import { fetch } from '../../src/protocol/apis/fetch.ts';
import { metadata } from '../../src/protocol/apis/metadata.ts';
import { produce } from '../../src/protocol/apis/produce.ts';
import { shareFetch } from '../../src/protocol/apis/share-fetch.ts';
import { ErrorCode } from '../../src/protocol/errors.ts';
import { buildBatch } from '../../src/protocol/records/index.ts';
import { defaultsOf, encodeResponse } from '../../src/protocol/schema.ts';
import { MemoryCluster } from './memory-cluster.ts';

const { NONE, THROTTLING_QUOTA_EXCEEDED } = ErrorCode;

let cluster: MemoryCluster;
let connect: () => (apiVersion: number) => RequestContext;
let context: (apiVersion: number) => RequestContext;

/** Of whoever is asked for no name. */
async function limit(values: Readonly<Record<string, number>>): Promise<void> {
  const ops = Object.entries(values).map(([key, value]) => ({ key, value, remove: false }));
  const entity = [{ entityType: 'user', entityName: 'ANONYMOUS' }];
  const request = { entries: [{ entity, ops }], validateOnly: false };
  const { entries } = await dispatch(alterClientQuotas, request, context(1));
  expect(entries[0].errorCode).toBe(NONE);
}

function topicsOf(...topics: readonly [name: string, numPartitions: number][]) {
  return {
    topics: topics.map(([name, numPartitions]) => {
      return { name, numPartitions, replicationFactor: 1, assignments: [], configs: [] };
    }),
    timeoutMs: 1_000,
    validateOnly: false,
  };
}

async function create(version: number, ...topics: readonly [string, number][]) {
  const answer = await dispatch(createTopics, topicsOf(...topics), context(version));
  const codes = Object.fromEntries(answer.topics.map(({ name, errorCode }) => [name, errorCode]));
  return { codes, throttleTimeMs: answer.throttleTimeMs };
}

function records(bytes: number): Uint8Array {
  const value = new Uint8Array(bytes);
  return buildBatch([{ key: null, value, headers: [], timestamp: Date.now() }]);
}

function producing(bytes: number, acks = -1) {
  const partitionData = [{ index: 0, records: records(bytes) }];
  const topicData = [{ name: 't', topicId: ZERO_UUID, partitionData }];
  return { transactionalId: null, acks, timeoutMs: 1_000, topicData };
}

const partition = { partition: 0, fetchOffset: 0, partitionMaxBytes: 1e6 };
const fetching = {
  ...defaultsOf(fetch.request.fields),
  maxBytes: 1e6,
  sessionEpoch: -1,
  topics: [
    {
      topic: 't',
      topicId: ZERO_UUID,
      partitions: [
        {
          ...partition,
          currentLeaderEpoch: -1,
          lastFetchedEpoch: -1,
          logStartOffset: -1,
          replicaDirectoryId: ZERO_UUID,
        },
      ],
    },
  ],
};

beforeEach(() => {
  cluster = new MemoryCluster();
  connect = () => cluster.connect();
  context = connect();
});

describe('a client with a quota', () => {
  it('is told to wait for what it produced, and what it produced is written', async () => {
    await create(7, ['t', 1]);
    await limit({ producer_byte_rate: 1_000 });
    const first = await dispatch(produce, producing(9_000), context(12));
    expect(first.throttleTimeMs).toBe(0);
    const second = await dispatch(produce, producing(9_000), context(12));
    expect(second.responses[0].partitionResponses[0]).toMatchObject({
      errorCode: 0,
      baseOffset: 1,
    });
    expect(second.throttleTimeMs).toBeGreaterThan(7_900);
    expect(second.throttleTimeMs).toBeLessThan(8_500);
    expect(context(12).quotas.quietMs).toBeGreaterThan(7_000);
  });

  it('is held up without a word where it wants no answer', async () => {
    await create(7, ['t', 1]);
    await limit({ producer_byte_rate: 1_000, request_percentage: 0.000_001 });
    const before = context(12).quotas.quietMs;
    expect(before).toBeLessThanOrEqual(1_000);
    await dispatch(produce, producing(20_000, 0), context(12));
    expect(context(12).quotas.quietMs).toBeGreaterThan(9_000);
  });

  it('gets no more than it may fetch, and nothing before it has waited', async () => {
    await create(7, ['t', 1]);
    for (let time = 0; time < 4; time++) await dispatch(produce, producing(4_000), context(12));
    await limit({ consumer_byte_rate: 1_000 });
    const bytesOf = async () => {
      const { responses, throttleTimeMs } = await dispatch(fetch, fetching, context(12));
      const chunks = responses.flatMap(({ partitions }) => partitions[0].records ?? []);
      const bytes = chunks.reduce((sum, { byteLength }) => sum + byteLength, 0);
      return { topics: responses.length, bytes, throttleTimeMs };
    };
    const first = await bytesOf();
    // As much as comes in ten seconds, in whole batches.
    expect(first.bytes).toBeGreaterThan(8_000);
    expect(first.bytes).toBeLessThan(10_000);
    expect(first.throttleTimeMs).toBe(0);
    const second = await bytesOf();
    expect(second.bytes).toBeGreaterThan(8_000);
    expect(second.throttleTimeMs).toBeGreaterThan(5_000);
    const third = await bytesOf();
    expect(third).toMatchObject({ topics: 0, bytes: 0 });
    expect(third.throttleTimeMs).toBeGreaterThan(5_000);
  });

  it('pays for the records of a share group as for those of a Fetch', async () => {
    await limit({ consumer_byte_rate: 1_000 });
    const records = [new Uint8Array(8_000), new Uint8Array(7_000)];
    const response = { responses: [{ partitions: [{ records }, { records: null }] }] };
    const toldMs = await throttle(shareFetch, {}, response, context(2));
    expect(Math.round(toldMs / 1_000)).toBe(5);
    expect(await owedMs(fetch, connect()(12))).toBe(0); // of another gateway
    expect(await owedMs(fetch, context(12))).toBeGreaterThan(4_000);
    expect(await owedMs(produce, context(12))).toBe(0);
  });

  it('is told to wait for its requests by every API that can say so', async () => {
    await limit({ request_percentage: 0.001 });
    const versions = [apiVersions.versions[0], 4] as const;
    let told = 0;
    for (let time = 0; time < 50; time++) {
      const answer = await dispatch(apiVersions, askVersions, context(4));
      told = answer.throttleTimeMs;
    }
    expect(told).toBe(1_000);
    for (const version of versions) {
      const answer = await dispatch(apiVersions, askVersions, context(version));
      expect(answer.throttleTimeMs).toBe(1_000);
      expect(encodeResponse(apiVersions, version, answer).length).toBeGreaterThan(0);
    }
  });
});

const askVersions = {
  clientSoftwareName: 'test',
  clientSoftwareVersion: '1',
  clusterId: null,
  nodeId: -1,
} as Parameters<typeof dispatch<typeof apiVersions.request.fields, never>>[1];

describe('a client with a quota for partitions', () => {
  beforeEach(() => limit({ controller_mutation_rate: 1 }));

  it('creates as many as it has tokens for; the rest is refused, with how long to wait', async () => {
    const { codes, throttleTimeMs } = await create(7, ['a', 5], ['b', 10], ['c', 1]);
    expect(codes).toEqual({ a: NONE, b: NONE, c: THROTTLING_QUOTA_EXCEEDED });
    expect(throttleTimeMs).toBeGreaterThan(3_000);
    expect(throttleTimeMs).toBeLessThanOrEqual(4_000);
  });

  it('of an old version creates all, and waits afterwards', async () => {
    const { codes, throttleTimeMs } = await create(5, ['a', 5], ['b', 10], ['c', 1]);
    expect(codes).toEqual({ a: NONE, b: NONE, c: NONE });
    expect(throttleTimeMs).toBeGreaterThan(4_000);
  });

  it('pays nothing for what is refused for another reason', async () => {
    await create(7, ['a', 1]);
    for (let time = 0; time < 20; time++) {
      const { codes } = await create(7, ['a', 10], ['.', 10]);
      expect(codes).toEqual({
        a: ErrorCode.TOPIC_ALREADY_EXISTS,
        '.': ErrorCode.INVALID_TOPIC_EXCEPTION,
      });
    }
    expect((await create(7, ['b', 1])).codes).toEqual({ b: NONE });
  });

  it('adds as many as it has tokens for', async () => {
    await create(7, ['a', 1], ['b', 1]);
    const grow = async (version: number, name: string, count: number) => {
      const request = {
        topics: [{ name, count, assignments: null }],
        timeoutMs: 1_000,
        validateOnly: false,
      };
      const { results } = await dispatch(createPartitions, request, context(version));
      return results[0].errorCode;
    };
    expect(await grow(3, 'a', 1)).toBe(ErrorCode.INVALID_PARTITIONS);
    expect(await grow(3, 'a', 20)).toBe(NONE);
    expect(await grow(3, 'b', 2)).toBe(THROTTLING_QUOTA_EXCEEDED);
    expect(await grow(3, 'b', 1)).toBe(ErrorCode.INVALID_PARTITIONS);
    expect(await grow(2, 'b', 2)).toBe(NONE);
  });

  it('deletes as many as it has tokens for; what is not there costs nothing', async () => {
    await create(7, ['a', 20]);
    const remove = async (version: number, name: string) => {
      const topics = [{ name, topicId: ZERO_UUID }];
      const request = { topics, topicNames: [name], timeoutMs: 1_000 };
      const { responses } = await dispatch(deleteTopics, request, context(version));
      return responses[0].errorCode;
    };
    expect(await remove(6, 'none')).toBe(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION);
    expect(await remove(6, 'a')).toBe(THROTTLING_QUOTA_EXCEEDED);
    expect(await remove(4, 'a')).toBe(NONE);
  });

  it('finds no topic that Metadata would have created', async () => {
    const find = async (name: string) => {
      const request = {
        ...defaultsOf(metadata.request.fields),
        topics: [{ topicId: ZERO_UUID, name }],
        allowAutoTopicCreation: true,
      };
      const { topics } = await dispatch(metadata, request, context(12));
      return topics[0].errorCode;
    };
    await create(7, ['a', 20]);
    expect(await find('b')).toBe(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION);
    expect(await find('a')).toBe(NONE);
  });
});
