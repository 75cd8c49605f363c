/** `@upstash/kafka` as its users have it, with nothing changed but the address: all its calls. */

import { Kafka } from '@upstash/kafka';
import { Kafka as Kafkajs, logLevel } from 'kafkajs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ask } from '../http/requests.ts';
import { type Kedge, spawnKedge } from '../kedge-process.ts';

/** The owner's secret: nobody comes in without it. */
const password = 'a-secret';
let kedge: Kedge;
let kafka: Kafka;

beforeAll(async () => {
  kedge = await spawnKedge({
    env: { KAFKA_NUM_PARTITIONS: '2', KEDGE_TOKEN: password },
  });
  kafka = new Kafka({ url: `${kedge.url}/upstash/`, username: 'admin', password });
});
afterAll(() => kedge.stop());

describe('producer', () => {
  test('produce', async () => {
    const producer = kafka.producer();
    const options = {
      partition: 1,
      timestamp: 12345,
      key: 'k',
      headers: [{ key: 'traceId', value: '85a9f12' }],
    };
    const first = await producer.produce('produced', { hello: 'world' }, options);
    expect(first).toEqual({ topic: 'produced', partition: 1, offset: 0, timestamp: 12345 });
    const second = await producer.produce('produced', 'text', { partition: 1 });
    expect(second).toMatchObject({ topic: 'produced', partition: 1, offset: 1 });
    const fetched = await kafka.consumer().fetch({ topic: 'produced', partition: 1, offset: 0 });
    expect(fetched).toEqual([
      {
        topic: 'produced',
        partition: 1,
        offset: 0,
        timestamp: 12345,
        key: 'k',
        value: '{"hello":"world"}',
        headers: [{ key: 'traceId', value: '85a9f12' }],
      },
      expect.objectContaining({ offset: 1, key: '', value: 'text', headers: [] }),
    ]);
  });

  test('produceMany answers in order, whatever the topics', async () => {
    const produced = await kafka.producer().produceMany([
      { topic: 'many-a', value: { n: 1 }, partition: 0 },
      { topic: 'many-b', value: 'two', partition: 1 },
      { topic: 'many-a', value: 'three', partition: 0 },
    ]);
    expect(produced).toMatchObject([
      { topic: 'many-a', partition: 0, offset: 0 },
      { topic: 'many-b', partition: 1, offset: 0 },
      { topic: 'many-a', partition: 0, offset: 1 },
    ]);
  });
});

describe('consumer', () => {
  const consumer = () => kafka.consumer();

  test('fetch, in parallel and at once', async () => {
    await kafka.producer().produceMany([
      { topic: 'f', value: 'a', partition: 0 },
      { topic: 'f', value: 'b', partition: 1 },
      { topic: 'f2', value: 'c', partition: 0 },
    ]);
    const request = {
      topic: 'f2',
      partition: 0,
      offset: 0,
      topicPartitionOffsets: [
        { topic: 'f', partition: 0, offset: 0 },
        { topic: 'f', partition: 1, offset: 0 },
      ],
      timeout: 200,
    };
    for (const parallel of [true, false]) {
      const messages = await consumer().fetch(request, { parallel });
      expect(messages.map(({ value }) => value).sort()).toEqual(['a', 'b', 'c']);
    }
    expect(await consumer().fetch({ topic: 'f', partition: 0, offset: 1, timeout: 50 })).toEqual(
      [],
    );
  });

  test('consume one topic and many, as a member', async () => {
    await kafka.producer().produceMany([
      { topic: 'c1', value: 'a' },
      { topic: 'c2', value: 'b' },
    ]);
    const instance = { consumerGroupId: 'many', instanceId: 'i' };
    const one = await consumer().consume({
      ...instance,
      topics: ['c1'],
      timeout: 200,
      autoOffsetReset: 'earliest',
    });
    expect(one.map(({ value }) => value)).toEqual(['a']);
    const both = await consumer().consume({ ...instance, topics: ['c1', 'c2'], timeout: 200 });
    expect(both.map(({ value }) => value)).toContain('b');
  });

  test('begins with what comes, unless told otherwise', async () => {
    await kafka.producer().produce('late', 'before');
    const request = { consumerGroupId: 'late', instanceId: 'i', topics: ['late'], timeout: 100 };
    expect(await consumer().consume(request)).toEqual([]);
    await kafka.producer().produce('late', 'after');
    expect(await consumer().consume(request)).toMatchObject([{ value: 'after' }]);
  });

  test('names are not encoded by the client, and are understood', async () => {
    await kafka.producer().produce('named', 'a', { partition: 0 });
    const instance = { consumerGroupId: 'my group', instanceId: '100%' };
    const request = { ...instance, topics: ['named'], timeout: 100 };
    await consumer().consume({ ...request, autoOffsetReset: 'earliest' });
    await consumer().commit(instance);
    const topicPartitions = [{ topic: 'named', partition: 0 }];
    const committed = await consumer().committed({ ...instance, topicPartitions });
    expect(committed).toEqual([{ topic: 'named', partition: 0, offset: 1 }]);
    const groups = await kafka.admin().consumers();
    expect(groups.find(({ name }) => name === 'my group')!.instances[0].name).toBe('100%');
  });

  test('shares a group with a consumer that came over TCP', async () => {
    const overTheWire = new Kafkajs({
      brokers: [kedge.bootstrapServers],
      logLevel: logLevel.NOTHING,
      sasl: { mechanism: 'plain', username: 'admin', password },
    });
    await kafka.producer().produce('shared', 'first', { partition: 0 });
    const tcp = overTheWire.consumer({ groupId: 'shared', heartbeatInterval: 100 });
    const overTcp: number[] = [];
    await tcp.connect();
    await tcp.subscribe({ topic: 'shared' });
    await tcp.run({ eachMessage: async ({ partition }) => void overTcp.push(partition) });
    const request = {
      consumerGroupId: 'shared',
      instanceId: 'i',
      topics: ['shared'],
      timeout: 500,
    };
    const overHttp: number[] = [];
    while (overTcp.length === 0 || overHttp.length === 0) {
      const messages = [0, 1].map((partition) => ({ topic: 'shared', value: 'x', partition }));
      await kafka.producer().produceMany(messages);
      const consumed = await consumer().consume(request);
      overHttp.push(...consumed.map(({ partition }) => partition));
      const groups = await kafka.admin().consumers();
      const members = groups.find(({ name }) => name === 'shared')?.instances ?? [];
      if (members.length < 2) overTcp.length = 0;
      else expect(members.map(({ name }) => name).sort()).toEqual(['i', 'kafkajs']);
    }
    await tcp.disconnect();
  });

  test('commit everything, one offset, and many; committed', async () => {
    const instance = { consumerGroupId: 'commits', instanceId: 'i' };
    const topicPartitions = [0, 1].map((partition) => ({ topic: 'commits', partition }));
    const messages = ['a', 'b', 'c'].map((value) => ({ topic: 'commits', value, partition: 0 }));
    await kafka.producer().produceMany(messages);
    const consumed = await consumer().consume({
      ...instance,
      topics: ['commits'],
      timeout: 200,
      autoCommit: false,
      autoOffsetReset: 'earliest',
    });
    expect(consumed).toHaveLength(3);
    const committed = () => consumer().committed({ ...instance, topicPartitions });
    expect(await committed()).toEqual([]);
    await consumer().commit(instance);
    expect(await committed()).toContainEqual({ topic: 'commits', partition: 0, offset: 3 });
    const offset = { topic: 'commits', partition: 0, offset: 1 };
    await consumer().commit({ ...instance, offset });
    expect(await committed()).toContainEqual(offset);
    const offsets = [
      { topic: 'commits', partition: 0, offset: 2 },
      { topic: 'commits', partition: 1, offset: 0 },
    ];
    await consumer().commit({ ...instance, offset: offsets });
    expect(await committed()).toEqual(offsets);
  });

  test('commits by itself what earlier requests consumed, when it is time', async () => {
    const instance = { consumerGroupId: 'auto', instanceId: 'i' };
    await kafka.producer().produce('auto', 'a', { partition: 0 });
    const request = {
      ...instance,
      topics: ['auto'],
      timeout: 100,
      autoCommitInterval: 1,
      autoOffsetReset: 'earliest' as const,
    };
    expect(await consumer().consume(request)).toHaveLength(1);
    expect(await consumer().consume(request)).toHaveLength(0);
    const topicPartitions = [{ topic: 'auto', partition: 0 }];
    const committed = await consumer().committed({ ...instance, topicPartitions });
    expect(committed).toEqual([{ topic: 'auto', partition: 0, offset: 1 }]);
  });
});

describe('admin', () => {
  test('topics', async () => {
    await kafka.producer().produce('listed', 'x');
    expect(await kafka.admin().topics()).toMatchObject({ listed: 2 });
  });

  test('topicPartitionOffsets and committedOffsets', async () => {
    const at = { topic: 'offsets', partition: 0 };
    for (const timestamp of [1_000, 2_000]) {
      await kafka.producer().produce('offsets', 'x', { partition: 0, timestamp });
    }
    const offsetAt = async (timestamp: number | 'earliest' | 'latest') =>
      (await kafka.admin().topicPartitionOffsets({ timestamp, topicPartition: at })).map(
        ({ offset }) => offset,
      );
    expect(await offsetAt('earliest')).toEqual([0]);
    expect(await offsetAt('latest')).toEqual([2]);
    expect(await offsetAt(1_500)).toEqual([1]);
    expect(await offsetAt(2_500)).toEqual([]);
    const instance = { consumerGroupId: 'none', instanceId: 'i' };
    expect(await kafka.admin().committedOffsets({ ...instance, topicPartition: at })).toEqual([]);
  });

  test('removeConsumerInstance', async () => {
    const request = { consumerGroupId: 'removed', instanceId: 'i', topics: ['r'], timeout: 100 };
    await kafka.consumer().consume(request);
    const names = async () => (await kafka.admin().consumers()).map(({ name }) => name);
    expect(await names()).toContain('removed');
    await kafka.admin().removeConsumerInstance('removed', 'i');
    expect(await names()).not.toContain('removed');
  });
});

describe('beyond the client', () => {
  const as = (pass: string) => ({ authorization: `Basic ${btoa(`admin:${pass}`)}` });

  test('a GET may have a body', async () => {
    const body = [{ value: 'a' }, { value: 'b' }];
    const url = `${kedge.url}/upstash/produce/got`;
    const produced = await ask('GET', url, { body, headers: as(password) });
    expect(produced).toMatchObject({ status: 200, json: [{ topic: 'got' }, { topic: 'got' }] });
  });

  test('who is not known is told so in words that the client can read', async () => {
    const refused = await ask('GET', `${kedge.url}/upstash/topics`, { headers: as('wrong') });
    expect(refused.status).toBe(401);
    expect(refused.json).toEqual({ error: expect.any(String), status: 401 });
  });
});
