import { env } from 'cloudflare:test';
import { describe, expect, it } from 'vitest';
import { anonymous } from '../../src/broker/authorizer.ts';
import { createGateway } from '../../src/broker/gateway.ts';
import { Reader } from '../../src/bytes/reader.ts';
import { ZERO_UUID } from '../../src/bytes/uuid.ts';
import { concat } from '../../src/bytes/writer.ts';
import { KafkaConnection } from '../../src/fronts/rpc/kafka-connection.ts';
import { createTopics } from '../../src/protocol/apis/create-topics.ts';
import { metadata } from '../../src/protocol/apis/metadata.ts';
import { produce } from '../../src/protocol/apis/produce.ts';
import { ErrorCode } from '../../src/protocol/errors.ts';
import { decodeResponseHeader, encodeRequestFrame } from '../../src/protocol/header.ts';
import { buildBatch } from '../../src/protocol/records/index.ts';
import {
  type Api,
  decodeResponse,
  defaultsOf,
  type Fields,
  type Infer,
} from '../../src/protocol/schema.ts';
import { defaultBrokerConfig } from '../../src/runtime/config.ts';
import { type Env, workerObjects } from '../../src/runtime/worker-objects.ts';

const unlimited = { calls: Number.POSITIVE_INFINITY, requests: Number.POSITIVE_INFINITY };
const gateway = createGateway(workerObjects(env as unknown as Env), defaultBrokerConfig, {
  open: true,
});
const open = (limits = unlimited) => new KafkaConnection({ gateway, principal: anonymous, limits });

function frameOf<Q extends Fields>(
  api: Api<Q, Fields>,
  request: Partial<Infer<Q>>,
  version = api.versions[1],
): Uint8Array {
  const header = { correlationId: 1, clientId: null };
  const whole = { ...defaultsOf(api.request.fields), ...request };
  return concat(encodeRequestFrame(api, version, header, whole)).slice(4);
}

function responseIn<R extends Fields>(
  api: Api<Fields, R>,
  frame: Uint8Array | null,
  version = api.versions[1],
): Infer<R> {
  const reader = new Reader(frame!);
  decodeResponseHeader(api, version, reader);
  return decodeResponse(api, version, reader);
}

const nothing = frameOf(metadata, { topics: [] });

const append = (topic: string, acks: number, value: number) => {
  const records = buildBatch([{ value: new Uint8Array([value]), timestamp: 1 }]);
  const topicData = [{ name: topic, topicId: ZERO_UUID, partitionData: [{ index: 0, records }] }];
  return frameOf(produce, { acks, timeoutMs: 1_000, topicData }, 9);
};

async function withTopic(connection: KafkaConnection, name: string): Promise<void> {
  const topic = { numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] };
  const { frame } = await connection.request(
    frameOf(createTopics, { topics: [{ name, ...topic }] }),
  );
  expect(responseIn(createTopics, frame).topics[0].errorCode).toBe(ErrorCode.NONE);
}

describe('a Kafka connection over a binding', () => {
  it('carries out in order what is asked without waiting', async () => {
    const connection = open();
    await withTopic(connection, 'in-order');
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, value) => connection.request(append('in-order', -1, value))),
    );
    const offsets = answers.map(({ frame }) => {
      const [{ partitionResponses }] = responseIn(produce, frame, 9).responses;
      return partitionResponses[0].baseOffset;
    });
    expect(offsets).toEqual(Array.from({ length: 20 }, (_, index) => index));
    expect(await connection.request(append('in-order', 0, 0))).toEqual({
      frame: null,
      isSpent: false,
    });
    connection[Symbol.dispose]();
  });

  it('sends each answer in a buffer of its own', async () => {
    using connection = open();
    const { frame } = await connection.request(nothing);
    expect(frame!.buffer.byteLength).toBe(frame!.byteLength);
  });

  it.each([
    ['no frame at all', new Uint8Array(0)],
    ['garbage', new Uint8Array([255, 255, 0, 0, 1])],
  ])('is closed by %s', async (_, garbage) => {
    const connection = open();
    await expect(connection.request(garbage)).rejects.toThrow('closed');
    await expect(async () => connection.request(nothing)).rejects.toThrow('closed');
  });

  it('is refused where there are as many as there may be, until one is disposed of', async () => {
    const config = { ...defaultBrokerConfig, maxConnectionsPerPrincipal: 1 };
    const full = createGateway(workerObjects(env as unknown as Env), config, { open: true });
    const enter = () =>
      new KafkaConnection({ gateway: full, principal: anonymous, limits: unlimited });
    const first = enter();
    expect(enter).toThrow('There are as many connections as there may be.');
    expect(full.connections.count).toBe(1);
    first[Symbol.dispose]();
    await scheduler.wait(1);
    expect(full.connections.count).toBe(0);
    using second = enter();
    expect((await second.request(nothing)).frame).not.toBeNull();
  });

  it('says when it is spent, and is closed then', async () => {
    const connection = open({ ...unlimited, requests: 2 });
    expect((await connection.request(nothing)).isSpent).toBe(false);
    expect((await connection.request(nothing)).isSpent).toBe(true);
    // What came in the same turn would still be answered.
    await scheduler.wait(1);
    await expect(async () => connection.request(nothing)).rejects.toThrow('closed');
  });

  it('takes nothing but bytes, and nothing after it was disposed of', async () => {
    const connection = open();
    const text = 'frame' as unknown as Uint8Array;
    await expect(async () => connection.request(text)).rejects.toThrow(TypeError);
    connection[Symbol.dispose]();
    await expect(async () => connection.request(nothing)).rejects.toThrow('closed');
  });
});
