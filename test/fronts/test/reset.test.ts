/** A Kedge that is emptied under clients that stay, and wait, and write. */
import { readdirSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { Kafka, logLevel } from 'kafkajs';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { addOffsetsToTxn } from '../../../src/protocol/apis/add-offsets-to-txn.ts';
import { createTopics } from '../../../src/protocol/apis/create-topics.ts';
import { endTxn } from '../../../src/protocol/apis/end-txn.ts';
import { fetch as fetchApi } from '../../../src/protocol/apis/fetch.ts';
import { initProducerId } from '../../../src/protocol/apis/init-producer-id.ts';
import { joinGroup } from '../../../src/protocol/apis/join-group.ts';
import { listGroups } from '../../../src/protocol/apis/list-groups.ts';
import { metadata } from '../../../src/protocol/apis/metadata.ts';
import { produce } from '../../../src/protocol/apis/produce.ts';
import { ErrorCode } from '../../../src/protocol/errors.ts';
import { defaultsOf } from '../../../src/protocol/schema.ts';
import {
  batchOf,
  createTopic,
  fetchOf,
  frameOf,
  produceOf,
  produceTo,
  readFrom,
  Wire,
} from '../../kafka/wire.ts';
import { until } from '../../until.ts';
import { startUnderTest, type UnderTest } from './under-test.ts';

let under: UnderTest;
let wire: Wire;
beforeAll(async () => {
  under = await startUnderTest();
});
afterAll(() => under.kedge.stop());
beforeEach(async () => {
  wire?.close();
  await under.control('POST', '/reset');
  wire = await Wire.open(under);
});

const reset = () => under.control('POST', '/reset');

async function topicNames(): Promise<readonly (string | null)[]> {
  const asked = { ...defaultsOf(metadata.request.fields), topics: null };
  return (await wire.ask(metadata, 9, asked)).topics.map(({ name }) => name);
}

describe('after a reset', () => {
  it('nothing is there for connections that were, or are new', async () => {
    await createTopic(wire, 'orders');
    await produceTo(wire, 'orders', 'a', 'b');
    await reset();
    expect(await topicNames()).toEqual([]);
    await createTopic(wire, 'orders');
    expect(await produceTo(wire, 'orders', 'c')).toBe(0);
    const other = await Wire.open(under);
    expect(await readFrom(other, 'orders', 0)).toEqual(['c']);
    other.close();
  });

  it('users, rights, quotas, configs and subscriptions of streams are gone', async () => {
    expect((await under.ask('PUT', '/admin/users/ann', { password: 'secret-of-ann' })).status).toBe(
      204,
    );
    await createTopic(wire, 'orders');
    await reset();
    expect((await under.ask('GET', '/admin/users')).json.users).toEqual([]);
  });

  it('faults are gone, and the clock is right again', async () => {
    await under.fault({ api: 'Produce', errorCode: 7, times: 0 });
    await under.control('POST', '/clock', { advanceMs: 3_600_000 });
    await reset();
    const { faults, clockOffsetMs } = await under.control('GET', '');
    expect([faults, clockOffsetMs]).toEqual([[], 0]);
  });

  it('no group is left, nor what it committed', async () => {
    const join = {
      ...defaultsOf(joinGroup.request.fields),
      ...{ groupId: 'g', sessionTimeoutMs: 10_000, rebalanceTimeoutMs: 10_000 },
      ...{ protocolType: 'consumer', protocols: [{ name: 'range', metadata: new Uint8Array(0) }] },
    };
    const { memberId } = await wire.ask(joinGroup, 5, join);
    await wire.ask(joinGroup, 5, { ...join, memberId });
    expect((await wire.ask(listGroups, 2, listed)).groups).toHaveLength(1);
    await reset();
    expect((await wire.ask(listGroups, 2, listed)).groups).toEqual([]);
    // The id was another life's.
    const again = await wire.ask(joinGroup, 5, { ...join, memberId });
    expect(again.errorCode).toBe(ErrorCode.UNKNOWN_MEMBER_ID);
  });

  const listed = defaultsOf(listGroups.request.fields);

  it('transactions know nobody, and producers never meet another with their id', async () => {
    const asked = { ...defaultsOf(initProducerId.request.fields), transactionTimeoutMs: 60_000 };
    const init = (transactionalId: string | null) =>
      wire.ask(initProducerId, 4, { ...asked, transactionalId });
    const { producerId, producerEpoch } = await init('x');
    const plain = (await init(null)).producerId;
    await reset();
    const producer = { transactionalId: 'x', producerId, producerEpoch };
    const ending = await wire.ask(endTxn, 3, { ...producer, committed: true });
    expect(ending.errorCode).toBe(ErrorCode.INVALID_PRODUCER_ID_MAPPING);
    const adding = await wire.ask(addOffsetsToTxn, 3, { ...producer, groupId: 'g' });
    expect(adding.errorCode).toBe(ErrorCode.INVALID_PRODUCER_ID_MAPPING);
    const ids = [producerId, plain, (await init('x')).producerId, (await init(null)).producerId];
    expect(new Set(ids).size).toBe(4);
  });
});

describe('at a reset', () => {
  it('a Fetch that waits is answered, and finds its topic gone the next time', async () => {
    await createTopic(wire, 'orders');
    const { id } = await under.fault({ api: 'Fetch', delayMs: 1 });
    const waiting = wire.ask(fetchApi, 11, fetchOf('orders', 0, { maxWaitMs: 3_600_000 }));
    while ((await under.hits(id)) === 0) await delay(10);
    await delay(50);
    await reset();
    expect((await waiting).responses[0].partitions[0].errorCode).toBe(0);
    const { responses } = await wire.ask(fetchApi, 11, fetchOf('orders', 0));
    expect(responses[0].partitions[0].errorCode).toBe(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION);
  });

  it('who waits for a group hears that it is not in it', async () => {
    const other = await Wire.open(under);
    const join = {
      ...defaultsOf(joinGroup.request.fields),
      ...{ groupId: 'g', sessionTimeoutMs: 300_000, rebalanceTimeoutMs: 300_000 },
      ...{ protocolType: 'consumer', protocols: [{ name: 'range', metadata: new Uint8Array(0) }] },
    };
    const { memberId } = await wire.ask(joinGroup, 5, join);
    await wire.ask(joinGroup, 5, { ...join, memberId });
    const second = await other.ask(joinGroup, 5, join);
    const waiting = other.ask(joinGroup, 5, { ...join, memberId: second.memberId });
    await delay(50);
    await reset();
    expect((await waiting).errorCode).toBe(ErrorCode.UNKNOWN_MEMBER_ID);
    other.close();
  });

  it('what is being written ends up in no later life', async () => {
    const writers = await Promise.all(Array.from({ length: 4 }, () => Wire.open(under)));
    for (let life = 0; life < 10; life++) {
      await createTopic(wire, 'orders');
      for (const writer of writers) {
        for (let i = 0; i < 20; i++) {
          writer.write(frameOf(produce, 9, produceOf('orders', batchOf(`of ${life}`))));
        }
      }
      await delay(life);
      await reset();
      // What it had sent before is answered before this, so nothing of it is under way.
      for (const writer of writers) for (let i = 0; i < 20; i++) await writer.take();
      const made = await wire.ask(createTopics, 4, {
        ...defaultsOf(createTopics.request.fields),
        topics: [
          { name: 'orders', numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] },
        ],
      });
      expect(made.topics[0].errorCode).toBe(0);
      expect(await readFrom(wire, 'orders', 0)).toEqual([]);
      await reset();
    }
    for (const writer of writers) writer.close();
  });
});

describe('with clients that live through it', () => {
  it('kafkajs goes on, in one life after another', async () => {
    const kafka = new Kafka({
      brokers: [under.broker],
      logLevel: logLevel.NOTHING,
      retry: { initialRetryTime: 20 },
    });
    const producer = kafka.producer({ idempotent: true, maxInFlightRequests: 1 });
    const consumer = kafka.consumer({
      ...{ groupId: 'g', maxWaitTimeInMs: 100, heartbeatInterval: 100, metadataMaxAge: 500 },
      allowAutoTopicCreation: false,
    });
    const crashes: string[] = [];
    consumer.on('consumer.crash', ({ payload }) => {
      if (!payload.restart) crashes.push(payload.error.message);
    });
    const got: string[] = [];
    const begin = async () => {
      await under.control('POST', '/seed', { topics: [{ name: 'orders' }] });
    };
    await begin();
    await producer.connect();
    await consumer.connect();
    await consumer.subscribe({ topics: ['orders'], fromBeginning: true });
    await consumer.run({
      eachMessage: async ({ message }) => void got.push(String(message.value)),
    });
    for (const life of ['one', 'two', 'three']) {
      await producer.send({ topic: 'orders', messages: [{ value: life }] });
      while (!got.includes(life)) await delay(20);
      await reset();
      await begin();
    }
    expect(got).toEqual(['one', 'two', 'three']);
    expect(crashes).toEqual([]);
    await Promise.all([consumer.disconnect(), producer.disconnect()]);
  });
});

describe('behind a reset', () => {
  it('nothing of what was piles up', async () => {
    const files = () =>
      readdirSync(under.kedge.dataDir, { recursive: true, encoding: 'utf8' }).filter((name) =>
        name.endsWith('.sqlite'),
      ).length;
    await reset();
    await delay(500);
    const before = files();
    for (let life = 0; life < 30; life++) {
      for (const topic of ['a', 'b', 'c']) {
        await createTopic(wire, topic);
        await produceTo(wire, topic, 'x');
      }
      await reset();
    }
    await until(() => expect(files()).toBeLessThanOrEqual(before));
    expect(under.lines).toEqual([]);
  });

  it('a crash brings nothing back', async () => {
    await createTopic(wire, 'orders');
    await reset();
    await createTopic(wire, 'kept');
    await produceTo(wire, 'kept', 'a');
    await under.kedge.crash();
    await under.kedge.start();
    wire = await Wire.open(under);
    expect(await topicNames()).toEqual(['kept']);
    expect(await readFrom(wire, 'kept', 0)).toEqual(['a']);
  });
});
