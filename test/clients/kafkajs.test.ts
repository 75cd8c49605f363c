import {
  CompressionTypes,
  type Consumer,
  Kafka,
  type KafkaMessage,
  logLevel,
  Partitioners,
} from 'kafkajs';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Kedge, spawnKedge } from '../kedge-process.ts';
import { eventually, unique } from './waiting.ts';

let kedge: Kedge;
let kafka: Kafka;
const open: { disconnect(): Promise<void> }[] = [];

beforeAll(async () => {
  kedge = await spawnKedge();
  kafka = new Kafka({ brokers: [kedge.bootstrapServers], logLevel: logLevel.NOTHING });
});
afterEach(async () => {
  await Promise.all(open.splice(0).map((client) => client.disconnect()));
});
afterAll(async () => {
  await kedge.stop();
  // Whatever the clients did, nothing went wrong inside.
  const beyondBanners = kedge
    .output()
    .replaceAll(/\n {2}Kedge is ready.*?Ctrl-C stops it\.\n\n/gs, '');
  expect(beyondBanners).toBe('');
});

async function connected<T extends { connect(): Promise<void>; disconnect(): Promise<void> }>(
  client: T,
): Promise<T> {
  await client.connect();
  open.push(client);
  return client;
}
const producerOf = (options = {}) =>
  connected(kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner, ...options }));
const adminOf = () => connected(kafka.admin());

interface Reading {
  readonly consumer: Consumer;
  /** The partitions it holds at this moment. */
  held(): number[];
  readonly records: { partition: number; message: KafkaMessage }[];
  values(): string[];
}

/** A consumer in a group that reads the topic from its beginning, or from the group's commit. */
async function read(
  topic: string,
  groupId: string,
  { options = {}, autoCommit = true } = {},
): Promise<Reading> {
  const consumer = await connected(kafka.consumer({ groupId, maxWaitTimeInMs: 200, ...options }));
  await consumer.subscribe({ topic, fromBeginning: true });
  const records: Reading['records'] = [];
  let held: number[] = [];
  consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
    held = payload.memberAssignment[topic] ?? [];
  });
  await consumer.run({
    autoCommit,
    eachMessage: async ({ partition, message }) => {
      records.push({ partition, message });
    },
  });
  return {
    consumer,
    records,
    held: () => held,
    values: () => records.map(({ message }) => `${message.value}`),
  };
}

const transactional = () => ({
  transactionalId: unique('id'),
  idempotent: true,
  maxInFlightRequests: 1,
});
const fenced = /^(PRODUCER_FENCED|INVALID_PRODUCER_EPOCH)$/;

const numbered = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, index) => ({ value: `${from + index}` }));
const texts = (from: number, to: number) => numbered(from, to).map(({ value }) => value);

describe('kafkajs', () => {
  it('produces to a topic nobody made, reads in a group, resumes after a restart', async () => {
    const topic = unique('orders');
    const groupId = unique('group');
    const producer = await producerOf();
    const [sent] = await producer.send({ topic, messages: numbered(0, 10) });
    expect(sent).toMatchObject({ topicName: topic, partition: 0, errorCode: 0, baseOffset: '0' });
    const first = await read(topic, groupId, { autoCommit: false });
    await eventually(() => first.records.length === 10);
    expect(first.values()).toEqual(texts(0, 10));
    expect(first.records.map(({ message }) => message.offset)).toEqual(texts(0, 10));
    await first.consumer.commitOffsets([{ topic, partition: 0, offset: '7' }]);
    await Promise.all(open.splice(0).map((client) => client.disconnect()));

    await kedge.restart();
    const again = await producerOf();
    await again.send({ topic, messages: numbered(10, 12) });
    const second = await read(topic, groupId);
    await eventually(() => second.records.length === 5);
    expect(second.values()).toEqual(texts(7, 12));
    expect(second.records.map(({ message }) => message.offset)).toEqual(texts(7, 12));
  });

  it('brings keys, headers, timestamps and tombstones back as they were', async () => {
    const topic = unique('faithful');
    const producer = await producerOf();
    const timestamp = '1700000000123';
    await producer.send({
      topic,
      messages: [
        { key: 'k', value: 'v', headers: { a: '1', b: Buffer.from([0, 255]) }, timestamp },
        { key: Buffer.from([0, 1, 2]), value: null },
        { key: null, value: Buffer.alloc(0) },
        { value: 'ünïcödé ✓' },
      ],
    });
    const { records } = await read(topic, unique('group'));
    await eventually(() => records.length === 4);
    const [first, tombstone, empty, unicode] = records.map(({ message }) => message);
    expect(first.key?.toString()).toBe('k');
    expect(first.timestamp).toBe(timestamp);
    expect(first.headers?.a?.toString()).toBe('1');
    expect(first.headers?.b).toEqual(Buffer.from([0, 255]));
    expect([tombstone.key, tombstone.value]).toEqual([Buffer.from([0, 1, 2]), null]);
    expect([empty.key, empty.value]).toEqual([null, Buffer.alloc(0)]);
    expect(unicode.value?.toString()).toBe('ünïcödé ✓');
  });

  it('keeps batches compressed with gzip', async () => {
    const topic = unique('gzip');
    const producer = await producerOf();
    const messages = Array.from({ length: 500 }, (_, i) => ({ value: `${i}`.padStart(200, '-') }));
    await producer.send({ topic, messages, compression: CompressionTypes.GZIP });
    const { records, values } = await read(topic, unique('group'));
    await eventually(() => records.length === 500);
    expect(values()).toEqual(messages.map(({ value }) => value));
  });

  it('keeps records of one key on one partition, in order', async () => {
    const topic = unique('keys');
    const admin = await adminOf();
    await admin.createTopics({ topics: [{ topic, numPartitions: 4 }], waitForLeaders: true });
    const producer = await producerOf();
    const messages = Array.from({ length: 100 }, (_, i) => ({ key: `${i % 10}`, value: `${i}` }));
    await producer.send({ topic, messages });
    const { records } = await read(topic, unique('group'));
    await eventually(() => records.length === 100);
    expect(new Set(records.map(({ partition }) => partition)).size).toBeGreaterThan(1);
    for (let key = 0; key < 10; key++) {
      const own = records.filter(({ message }) => message.key?.toString() === `${key}`);
      expect(new Set(own.map(({ partition }) => partition)).size).toBe(1);
      expect(own.map(({ message }) => Number(message.value))).toEqual(
        Array.from({ length: 10 }, (_, i) => i * 10 + key),
      );
    }
  });

  it('produces idempotently', async () => {
    const topic = unique('idempotent');
    const producer = await producerOf({ idempotent: true, maxInFlightRequests: 1 });
    for (let i = 0; i < 20; i++) {
      const [sent] = await producer.send({ topic, acks: -1, messages: [{ value: `${i}` }] });
      expect(sent).toMatchObject({ errorCode: 0, baseOffset: `${i}` });
    }
    const { records, values } = await read(topic, unique('group'));
    await eventually(() => records.length === 20);
    expect(values()).toEqual(texts(0, 20));
  });

  it('reads, writes and commits what it read in one transaction, or nothing of it', async () => {
    const [source, target] = [unique('source'), unique('target')];
    const groupId = unique('group');
    const producer = await producerOf(transactional());
    const admin = await adminOf();
    await admin.createTopics({ topics: [{ topic: source }, { topic: target }] });
    const committed = async () => {
      const [{ partitions }] = await admin.fetchOffsets({ groupId, topics: [source] });
      return partitions[0].offset;
    };
    for (const [offset, commits] of [
      ['1', true],
      ['2', false],
      ['3', true],
    ] as const) {
      const transaction = await producer.transaction();
      await transaction.send({ topic: target, messages: [{ value: `up to ${offset}` }] });
      const topics = [{ topic: source, partitions: [{ partition: 0, offset }] }];
      await transaction.sendOffsets({ consumerGroupId: groupId, topics });
      await (commits ? transaction.commit() : transaction.abort());
      expect(await committed()).toBe(offset === '3' ? '3' : '1');
    }
    const { records, values } = await read(target, unique('group'));
    await eventually(() => records.length === 2);
    expect(values()).toEqual(['up to 1', 'up to 3']);
  });

  it('shows a transaction over several partitions at once, when it is committed', async () => {
    const topics = [unique('orders'), unique('payments')];
    const admin = await adminOf();
    await admin.createTopics({ topics: topics.map((topic) => ({ topic, numPartitions: 3 })) });
    const producer = await producerOf(transactional());
    const readings = await Promise.all(topics.map((topic) => read(topic, unique('group'))));
    const seen = () => readings.flatMap(({ values }) => values()).sort();
    for (const [round, commits] of [true, false, true].entries()) {
      const transaction = await producer.transaction();
      const messages = [0, 1, 2].map((partition) => ({ partition, value: `${round}` }));
      for (const topic of topics) await transaction.send({ topic, messages });
      await Promise.all(readings.map(({ values }) => eventually(() => values().length >= round)));
      expect(seen()).not.toContain(`${round}`);
      await (commits ? transaction.commit() : transaction.abort());
      await eventually(() => seen().length === (round < 2 ? 6 : 12));
    }
    expect(seen()).toEqual([...Array(6).fill('0'), ...Array(6).fill('2')]);
  });

  it('is fenced by the next producer of its transactional id, and its transaction aborted', async () => {
    const topic = unique('fenced');
    const options = transactional();
    const zombie = await (await producerOf(options)).transaction();
    await zombie.send({ topic, messages: [{ value: 'zombie' }] });
    const heir = await (await producerOf(options)).transaction();
    await expect(zombie.commit()).rejects.toMatchObject({ type: expect.stringMatching(fenced) });
    await heir.send({ topic, messages: [{ value: 'heir' }] });
    await heir.commit();
    const { values } = await read(topic, unique('group'));
    await eventually(() => values().length > 0);
    expect(values()).toEqual(['heir']);
  });

  it('loses a transaction that takes too long, and holds up nobody with it', async () => {
    const topic = unique('silent');
    const producer = await producerOf({ ...transactional(), transactionTimeout: 3000 });
    const silent = await producer.transaction();
    await silent.send({ topic, messages: [{ value: 'silent' }] });
    await (await producerOf()).send({ topic, messages: [{ value: 'after' }] });
    const { values } = await read(topic, unique('group'));
    await eventually(() => values().length > 0);
    expect(values()).toEqual(['after']);
    await expect(silent.commit()).rejects.toMatchObject({ type: expect.stringMatching(fenced) });
  });

  it('goes on with a transaction when the broker comes back', async () => {
    const topic = unique('durable');
    const producer = await producerOf({ ...transactional(), retry: { initialRetryTime: 50 } });
    const transaction = await producer.transaction();
    await transaction.send({ topic, messages: numbered(0, 3) });
    await kedge.kill();
    await kedge.restart();
    await transaction.send({ topic, messages: numbered(3, 6) });
    await transaction.commit();
    const { records, values } = await read(topic, unique('group'));
    await eventually(() => records.length === 6);
    expect(values()).toEqual(texts(0, 6));
  });

  it('takes records with acks=0 and acks=1', async () => {
    const topic = unique('acks');
    const producer = await producerOf();
    await producer.send({ topic, acks: 1, messages: numbered(0, 2) });
    await producer.send({ topic, acks: 0, messages: numbered(2, 4) });
    const { records, values } = await read(topic, unique('group'));
    await eventually(() => records.length === 4);
    expect(values()).toEqual(texts(0, 4));
  });

  it('refuses a record that is too large, and takes the next', async () => {
    const topic = unique('large');
    const producer = await producerOf({ retry: { retries: 0 } });
    await expect(
      producer.send({ topic, messages: [{ value: Buffer.alloc(1_100_000) }] }),
    ).rejects.toMatchObject({ type: 'MESSAGE_TOO_LARGE' });
    const [sent] = await producer.send({ topic, messages: [{ value: Buffer.alloc(1_000_000) }] });
    expect(sent.baseOffset).toBe('0');
  });

  it('shares the partitions of a group, and gives them back when a member leaves', async () => {
    const topic = unique('shared');
    const groupId = unique('group');
    const admin = await adminOf();
    await admin.createTopics({ topics: [{ topic, numPartitions: 4 }], waitForLeaders: true });
    const options = { heartbeatInterval: 100 };
    const one = await read(topic, groupId, { options });
    const two = await read(topic, groupId, { options });
    await eventually(() => one.held().length === 2 && two.held().length === 2);
    expect([...one.held(), ...two.held()].sort()).toEqual([0, 1, 2, 3]);

    const producer = await producerOf();
    const send = (from: number) =>
      producer.sendBatch({
        topicMessages: [0, 1, 2, 3].map((partition) => ({
          topic,
          messages: [{ partition, value: `${from + partition}` }],
        })),
      });
    await send(0);
    await eventually(() => one.records.length + two.records.length === 4);
    expect(one.records.length).toBe(2);

    await two.consumer.disconnect();
    await eventually(() => one.held().length === 4);
    await send(4);
    await eventually(() => one.records.length === 6);
    expect(two.records.length).toBe(2);
    const { groups } = await admin.describeGroups([groupId]);
    expect(groups[0]).toMatchObject({ groupId, state: 'Stable', protocolType: 'consumer' });
    expect(groups[0].members).toHaveLength(1);
  });

  it('seeks, pauses and resumes', async () => {
    const topic = unique('seek');
    const producer = await producerOf();
    await producer.send({ topic, messages: numbered(0, 5) });
    const { consumer, records, values } = await read(topic, unique('group'));
    await eventually(() => records.length === 5);
    consumer.seek({ topic, partition: 0, offset: '3' });
    await eventually(() => records.length === 7);
    expect(values().slice(5)).toEqual(['3', '4']);
    consumer.pause([{ topic }]);
    await producer.send({ topic, messages: numbered(5, 6) });
    expect(records.length).toBe(7);
    consumer.resume([{ topic }]);
    await eventually(() => records.length === 8);
    expect(values()[7]).toBe('5');
  });
});

describe("kafkajs' admin client", () => {
  it('creates, describes, widens and deletes topics', async () => {
    const topic = unique('admin');
    const admin = await adminOf();
    const create = () =>
      admin.createTopics({
        waitForLeaders: true,
        topics: [
          {
            topic,
            numPartitions: 2,
            configEntries: [{ name: 'cleanup.policy', value: 'compact' }],
          },
        ],
      });
    expect(await create()).toBe(true);
    expect(await create()).toBe(false);
    expect(await admin.listTopics()).toContain(topic);
    const describeIt = async () => (await admin.fetchTopicMetadata({ topics: [topic] })).topics[0];
    expect((await describeIt()).partitions.map(({ partitionId }) => partitionId)).toEqual([0, 1]);
    await admin.createPartitions({ topicPartitions: [{ topic, count: 5 }] });
    expect((await describeIt()).partitions).toHaveLength(5);
    const { resources } = await admin.describeConfigs({
      includeSynonyms: false,
      resources: [{ type: 2, name: topic, configNames: ['cleanup.policy', 'retention.ms'] }],
    });
    const entries = resources[0].configEntries.map((entry) => [
      entry.configName,
      entry.configValue,
    ]);
    expect(Object.fromEntries(entries)).toEqual({
      'cleanup.policy': 'compact',
      'retention.ms': '604800000',
    });
    await admin.deleteTopics({ topics: [topic] });
    expect(await admin.listTopics()).not.toContain(topic);
    const impatient = await connected(kafka.admin({ retry: { retries: 0 } }));
    await expect(impatient.deleteTopics({ topics: [topic] })).rejects.toMatchObject({
      cause: { type: 'UNKNOWN_TOPIC_OR_PARTITION' },
    });
  });

  it('refuses topics Kafka refuses', async () => {
    const admin = await adminOf();
    const create = (topic: object) => admin.createTopics({ topics: [topic as { topic: string }] });
    await expect(create({ topic: 'no spaces' })).rejects.toMatchObject({
      errors: [{ type: 'INVALID_TOPIC_EXCEPTION' }],
    });
    await expect(create({ topic: unique('none'), numPartitions: 0 })).rejects.toMatchObject({
      errors: [{ type: 'INVALID_PARTITIONS' }],
    });
  });

  it('tells offsets, by end and by time', async () => {
    const topic = unique('offsets');
    const producer = await producerOf();
    await producer.send({
      topic,
      messages: [1000, 2000, 3000].map((time) => ({ value: 'x', timestamp: `${time}` })),
    });
    const admin = await adminOf();
    expect(await admin.fetchTopicOffsets(topic)).toEqual([
      { partition: 0, offset: '3', high: '3', low: '0' },
    ]);
    expect(await admin.fetchTopicOffsetsByTimestamp(topic, 1500)).toEqual([
      { partition: 0, offset: '1' },
    ]);
  });

  it('lists, describes and deletes groups, and sets their offsets', async () => {
    const topic = unique('grouped');
    const groupId = unique('group');
    await (await producerOf()).send({ topic, messages: numbered(0, 4) });
    const reading = await read(topic, groupId);
    await eventually(() => reading.records.length === 4);
    const admin = await adminOf();
    expect((await admin.listGroups()).groups).toContainEqual({ groupId, protocolType: 'consumer' });
    await reading.consumer.disconnect();
    await admin.setOffsets({ groupId, topic, partitions: [{ partition: 0, offset: '2' }] });
    expect(await admin.fetchOffsets({ groupId, topics: [topic] })).toEqual([
      { topic, partitions: [{ partition: 0, offset: '2', metadata: null }] },
    ]);
    await admin.deleteGroups([groupId]);
    expect((await admin.listGroups()).groups.map((group) => group.groupId)).not.toContain(groupId);
  });

  it('describes the cluster', async () => {
    const admin = await adminOf();
    const cluster = await admin.describeCluster();
    expect(cluster.brokers).toEqual([
      { nodeId: cluster.controller, host: '127.0.0.1', port: kedge.kafkaPort },
    ]);
    expect(cluster.clusterId).toMatch(/^[\w-]{22}$/);
  });
});
