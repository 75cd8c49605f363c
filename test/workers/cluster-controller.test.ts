import {
  abortAllDurableObjects,
  evictDurableObject,
  reset,
  runDurableObjectAlarm,
  runInDurableObject,
} from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { afterEach, describe, expect, it } from 'vitest';
import { anonymous } from '../../src/broker/authorizer.ts';
import { clientContext, createGateway } from '../../src/broker/gateway.ts';
import { handleMetadata } from '../../src/broker/handlers/metadata.ts';
import { ZERO_UUID } from '../../src/bytes/uuid.ts';
import type { ClusterCalls } from '../../src/core/cluster/commands.ts';
import { ErrorCode } from '../../src/protocol/errors.ts';
import { toldPerAlarm } from '../../src/runtime/cluster-host.ts';
import { brokerConfigFrom } from '../../src/runtime/config.ts';
import { sqliteRows } from '../../src/runtime/rows.ts';
import type { Stub } from '../../src/runtime/stubs.ts';
import type { Env } from '../../src/runtime/worker-objects.ts';
import { Weather, workerObjects } from '../../src/runtime/worker-objects.ts';

const bindings = env as unknown as Env;
const objects = workerObjects(bindings);
/** A stub of before a reset is broken, so each call has a fresh one. */
const controller: Stub<ClusterCalls> = {
  call: (kind, command) => objects.controller().call(kind, command),
};

function controllerStub(): DurableObjectStub {
  const namespace = bindings.CLUSTER_CONTROLLER;
  return namespace.get(namespace.idFromName('cluster'));
}

const rowCount = () =>
  runInDurableObject(controllerStub(), (_, { storage }) => {
    const [{ count }] = storage.sql
      .exec<{ count: number }>('SELECT count(*) AS count FROM rows')
      .toArray();
    return count;
  });

interface StoredErrand {
  readonly told: number;
  readonly notBefore?: number;
}

/** What is written down of the news of configs; undefined when nothing is. */
const errandOf = (topicId: string) =>
  runInDurableObject(controllerStub(), (_, { storage }) => {
    const stored = sqliteRows(storage).load();
    const row = [...stored].find(({ key }) => key === `configure:${topicId}`);
    return row?.value as StoredErrand | undefined;
  });

const tablesOf = (topicId: string, partition: number) => {
  const namespace = bindings.PARTITION;
  const stub = namespace.get(namespace.idFromName(`${topicId}:${partition}`));
  return runInDurableObject(stub, (_, { storage }) =>
    storage.sql
      .exec<{ name: string }>('SELECT name FROM sqlite_master')
      .toArray()
      .map(({ name }) => name),
  );
};

async function create(name: string, numPartitions = 1) {
  const topic = { name, numPartitions, replicationFactor: 1, assignments: [], configs: [] };
  const { topics } = await controller.call('createTopics', {
    topics: [topic],
    validateOnly: false,
  });
  return topics[0].topic!;
}

const everything = { names: null, topicIds: null };
const read = {
  fetchOffset: 0,
  currentLeaderEpoch: -1,
  maxBytes: 1,
  minOneBatch: true,
  isolationLevel: 0,
};

async function isDropped(topicId: string, partition: number): Promise<boolean> {
  const { errorCode } = await objects.partition(topicId, partition).call('read', read);
  return errorCode === ErrorCode.UNKNOWN_TOPIC_OR_PARTITION;
}

afterEach(() => reset());

describe('the cluster controller as a Durable Object', () => {
  it('keeps what it decided over an eviction', async () => {
    const orders = await create('orders', 3);
    const before = await controller.call('getTopics', everything);
    const first = await controller.call('allocateProducerIds', { count: 1_000 });
    await controller.call('registerGroup', { groupId: 'readers' });
    await evictDurableObject(controllerStub());

    expect(before.topics).toEqual([orders]);
    expect(await controller.call('getTopics', everything)).toEqual(before);
    expect(await controller.call('allocateProducerIds', { count: 1 })).toEqual({
      firstProducerId: first.firstProducerId + 1_000,
      count: 1,
    });
    expect(await controller.call('listGroups', {})).toEqual({ groupIds: ['readers'] });
  });

  it('lists 10,000 topics in one call, and reads them back after an eviction', async () => {
    for (let batch = 0; batch < 10; batch++) {
      const topics = Array.from({ length: 1_000 }, (_, i) => ({
        name: `topic-${batch}-${i}`,
        numPartitions: 1,
        replicationFactor: 1,
        assignments: [],
        configs: [],
      }));
      await controller.call('createTopics', { topics, validateOnly: false });
    }
    await evictDurableObject(controllerStub());
    expect((await controller.call('getTopics', everything)).topics).toHaveLength(10_000);
  });

  it('tells every partition of a deleted topic, slice by slice', async () => {
    const partitions = 2 * toldPerAlarm + 1;
    const { topicId } = await create('large', partitions);
    const topics = [{ name: 'large', topicId: ZERO_UUID }];
    const rows = await rowCount();
    await controller.call('deleteTopics', { topics });
    expect((await controller.call('getTopics', everything)).topics).toEqual([]);
    while (await runDurableObjectAlarm(controllerStub()));
    await expect.poll(() => isDropped(topicId, partitions - 1)).toBe(true);
    expect(await isDropped(topicId, 0)).toBe(true);
    await expect.poll(rowCount).toBe(rows);
  });

  it('goes on with the drops by itself after it was evicted in between', async () => {
    const partitions = 3 * toldPerAlarm + 5;
    const { topicId } = await create('large', partitions);
    await controller.call('deleteTopics', { topics: [{ name: null, topicId }] });
    await evictDurableObject(controllerStub());
    await controller.call('listGroups', {});
    await expect.poll(() => isDropped(topicId, partitions - 1), { timeout: 20_000 }).toBe(true);
    expect(await isDropped(topicId, toldPerAlarm - 1)).toBe(true);
  });

  it('goes on telling partitions of new configs after it was evicted in between', async () => {
    const partitions = 3 * toldPerAlarm + 5;
    const { topicId } = await create('large', partitions);
    const changes = [{ name: 'retention.ms', operation: 0, value: '5' }];
    const topics = [{ name: 'large', replaces: false, changes }];
    await controller.call('alterConfigs', { topics, validateOnly: false });
    await runDurableObjectAlarm(controllerStub());
    await evictDurableObject(controllerStub());
    await controller.call('listGroups', {});
    const secondRound = async () => (await errandOf(topicId))?.notBefore !== undefined;
    await expect.poll(secondRound, { timeout: 20_000 }).toBe(true);
    expect((await errandOf(topicId))!.told).toBe(0);
    const alarmAt = await runInDurableObject(controllerStub(), (_, { storage }) =>
      storage.getAlarm(),
    );
    expect(alarmAt).toBe((await errandOf(topicId))!.notBefore);
    expect((await controller.call('getTopics', everything)).topics).toMatchObject([
      { configs: { 'retention.ms': '5' }, configsVersion: 1 },
    ]);
    expect(await tablesOf(topicId, partitions - 1)).not.toContain('log');
  });

  it('writes nothing when it refuses', async () => {
    await controller.call('getTopics', everything);
    const rows = await rowCount();
    const topic = { name: 'a b', numPartitions: 1, replicationFactor: 1 };
    const topics = [{ ...topic, assignments: [], configs: [] }];
    const reply = await controller.call('createTopics', { topics, validateOnly: false });
    expect(reply.topics[0].errorCode).toBe(ErrorCode.INVALID_TOPIC_EXCEPTION);
    expect(await rowCount()).toBe(rows);
  });
});

describe('gateways over stubs', () => {
  const connect = () =>
    clientContext(createGateway(objects, brokerConfigFrom({}), { open: true }), {
      principal: anonymous,
      clientHost: '/127.0.0.1',
      dialled: { host: 'localhost', port: 9092 },
      signal: new AbortController().signal,
    });

  it('create a topic once when they ask for it at the same time', async () => {
    const request = {
      topics: [{ topicId: ZERO_UUID, name: 'new' }],
      allowAutoTopicCreation: true,
      includeClusterAuthorizedOperations: false,
      includeTopicAuthorizedOperations: false,
    };
    const responses = await Promise.all(
      Array.from({ length: 5 }, () =>
        handleMetadata(request, { ...connect(), apiVersion: 12, clientId: null }),
      ),
    );
    const [first] = responses[0].topics;
    expect(first.errorCode).toBe(ErrorCode.NONE);
    for (const { topics } of responses) expect(topics).toEqual([first]);
  });

  it('see weather when the object breaks, and reach it again afterwards', async () => {
    const stub = workerObjects(bindings).controller();
    await stub.call('getTopics', everything);
    await abortAllDurableObjects();
    const change = stub.call('createTopics', { topics: [], validateOnly: true });
    await expect(change).rejects.toBeInstanceOf(Weather);
    expect((await stub.call('getTopics', everything)).topics).toEqual([]);
  });
});
