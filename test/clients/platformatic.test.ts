import {
  Admin,
  Consumer,
  type Message,
  type MessagesStream,
  Producer,
  stringDeserializers,
  stringSerializers,
} from '@platformatic/kafka';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Kedge, spawnKedge } from '../kedge-process.ts';
import { eventually, unique } from './waiting.ts';

type Text = Message<string, string, string, string>;
type TextConsumer = Consumer<string, string, string, string>;

let kedge: Kedge;
type Client = { close(force?: boolean): Promise<void> };
const open: Client[] = [];

beforeAll(async () => {
  kedge = await spawnKedge();
});
/** Only consumers are closed by force: they would wait for a fetch under way. */
async function close(client: Client): Promise<void> {
  open.splice(open.indexOf(client), 1);
  await (client instanceof Consumer ? client.close(true) : client.close());
}
const closeAll = () => Promise.all([...open].map(close));
afterEach(closeAll);
afterAll(async () => {
  await kedge.stop();
  const beyondBanners = kedge
    .output()
    .replaceAll(/\n {2}Kedge is ready.*?Ctrl-C stops it\.\n\n/gs, '');
  expect(beyondBanners).toBe('');
});

const base = () => ({
  clientId: 'platformatic',
  bootstrapBrokers: [kedge.bootstrapServers],
  retryDelay: 50,
});
function opened<T extends Client>(client: T): T {
  open.push(client);
  return client;
}
const producerOf = (options = {}) =>
  opened(
    new Producer<string, string, string, string>({
      ...base(),
      serializers: stringSerializers,
      autocreateTopics: true,
      ...options,
    }),
  );
const adminOf = () => opened(new Admin(base()));

interface Reading {
  readonly consumer: TextConsumer;
  readonly messages: Text[];
  values(): string[];
}

/** A consumer in a group that reads the topic from the group's commit, or from its beginning. */
async function read(topic: string, groupId: string, options = {}): Promise<Reading> {
  const consumer: TextConsumer = opened(
    new Consumer<string, string, string, string>({
      ...base(),
      groupId,
      deserializers: stringDeserializers,
      sessionTimeout: 6_000,
      rebalanceTimeout: 6_000,
      heartbeatInterval: 100,
      maxWaitTime: 200,
    }),
  );
  const stream: MessagesStream<string, string, string, string> = await consumer.consume({
    topics: [topic],
    mode: 'committed',
    fallbackMode: 'earliest',
    autocommit: false,
    ...options,
  });
  const messages: Text[] = [];
  stream.on('data', (message: Text) => {
    messages.push(message);
  });
  return { consumer, messages, values: () => messages.map(({ value }) => value) };
}

const numbered = (topic: string, from: number, to: number) =>
  Array.from({ length: to - from }, (_, index) => ({ topic, value: `${from + index}` }));
const texts = (from: number, to: number) => numbered('', from, to).map(({ value }) => value);

describe('@platformatic/kafka', () => {
  it('produces to a topic nobody made, reads in a group, resumes after a restart', async () => {
    const topic = unique('orders');
    const groupId = unique('group');
    const { offsets } = await producerOf().send({ messages: numbered(topic, 0, 10) });
    expect(offsets).toEqual([{ topic, partition: 0, offset: 0n }]);
    const first = await read(topic, groupId);
    await eventually(() => first.messages.length === 10);
    expect(first.values()).toEqual(texts(0, 10));
    await first.messages[6].commit();
    await closeAll();

    await kedge.restart();
    await producerOf().send({ messages: numbered(topic, 10, 12) });
    const second = await read(topic, groupId);
    await eventually(() => second.messages.length === 5);
    expect(second.values()).toEqual(texts(7, 12));
    expect(second.messages.map(({ offset }) => offset)).toEqual([7n, 8n, 9n, 10n, 11n]);
  });

  it('brings keys, headers, timestamps and tombstones back as they were', async () => {
    const topic = unique('faithful');
    await producerOf().send({
      messages: [
        { topic, key: 'k', value: 'v', headers: { a: '1', b: 'ü' }, timestamp: 1700000000123n },
        { topic, key: 'gone' },
        { topic, value: '' },
      ],
    });
    const { messages } = await read(topic, unique('group'));
    await eventually(() => messages.length === 3);
    expect(messages[0]).toMatchObject({ key: 'k', value: 'v', timestamp: 1700000000123n });
    expect(Object.fromEntries(messages[0].headers)).toEqual({ a: '1', b: 'ü' });
    expect(messages[1]).toMatchObject({ key: 'gone' });
    expect(messages[1].value ?? null).toBeNull();
    expect(messages[2].value).toBe('');
  });

  it.each(['gzip', 'snappy', 'lz4', 'zstd'] as const)(
    'keeps batches compressed with %s',
    async (compression) => {
      const topic = unique(compression);
      const messages = numbered(topic, 0, 300).map((message) => ({
        ...message,
        value: message.value.padStart(200, '-'),
      }));
      await producerOf().send({ messages, compression });
      const reading = await read(topic, unique('group'));
      await eventually(() => reading.messages.length === 300);
      expect(reading.values()).toEqual(messages.map(({ value }) => value));
    },
  );

  it('produces idempotently', async () => {
    const topic = unique('idempotent');
    const producer = producerOf({ idempotent: true });
    for (let i = 0; i < 20; i++) {
      const { offsets } = await producer.send({ messages: numbered(topic, i, i + 1) });
      expect(offsets?.[0].offset).toBe(BigInt(i));
    }
    const reading = await read(topic, unique('group'));
    await eventually(() => reading.messages.length === 20);
    expect(reading.values()).toEqual(texts(0, 20));
  });

  it('shares the partitions of a group, and gives them back when a member leaves', async () => {
    const topic = unique('shared');
    const groupId = unique('group');
    await adminOf().createTopics({ topics: [topic], partitions: 4, replicas: 1 });
    const one = await read(topic, groupId);
    const two = await read(topic, groupId);
    const held = ({ consumer }: Reading) => consumer.assignments?.[0]?.partitions ?? [];
    await eventually(() => held(one).length === 2 && held(two).length === 2);
    expect([...held(one), ...held(two)].sort()).toEqual([0, 1, 2, 3]);
    await close(two.consumer);
    await eventually(() => held(one).length === 4);
    await producerOf().send({
      messages: [0, 1, 2, 3].map((partition) => ({ topic, partition, value: `${partition}` })),
    });
    await eventually(() => one.messages.length === 4);
    expect(one.values().sort()).toEqual(texts(0, 4));
  });

  it('shows what a transaction commits and hides what it aborts, life after life', async () => {
    const topic = unique('transactional');
    const transactionalId = unique('tx');
    // Of a producer's aborted transactions the consumer hides the last one that it fetches.
    for (const life of [
      { a: true, b: false, c: true },
      { d: true, e: true },
    ]) {
      const producer = producerOf({ idempotent: true, transactionalId });
      for (const [value, commits] of Object.entries(life)) {
        const transaction = await producer.beginTransaction();
        await transaction.send({ messages: [{ topic, value }] });
        await (commits ? transaction.commit() : transaction.abort());
      }
      await close(producer);
    }
    const reading = await read(topic, unique('group'));
    await eventually(() => reading.messages.length === 4);
    expect(reading.values()).toEqual(['a', 'c', 'd', 'e']);
  });

  it('commits what it read together with what it wrote, or neither', async () => {
    const [source, target, groupId] = [unique('source'), unique('target'), unique('group')];
    await producerOf().send({ messages: numbered(source, 0, 4) });
    const producer = producerOf({ idempotent: true, transactionalId: unique('tx') });
    const reading = await read(source, groupId);
    await eventually(() => reading.messages.length === 4);
    for (const [at, commits] of [
      [2, true],
      [3, false],
    ] as const) {
      const transaction = await producer.beginTransaction();
      await transaction.addConsumer(reading.consumer);
      await transaction.send({ messages: [{ topic: target, value: `up to ${at}` }] });
      await transaction.addOffset(reading.messages[at]);
      await (commits ? transaction.commit() : transaction.abort());
    }
    const [{ topics }] = await adminOf().listConsumerGroupOffsets({ groups: [groupId] });
    expect(topics[0].partitions[0]).toMatchObject({ committedOffset: 3n });
    const written = await read(target, unique('group'));
    await eventually(() => written.messages.length === 1);
    expect(written.values()).toEqual(['up to 2']);
  });
});

describe("@platformatic/kafka's admin client", () => {
  it('creates, lists, widens and deletes topics', async () => {
    const topic = unique('admin');
    const admin = adminOf();
    const [created] = await admin.createTopics({
      topics: [topic],
      partitions: 2,
      replicas: 1,
      configs: [{ name: 'retention.ms', value: '60000' }],
    });
    expect(created).toMatchObject({ name: topic, partitions: 2, replicas: 1 });
    expect(created.configuration['retention.ms']).toBe('60000');
    await expect(
      admin.createTopics({ topics: [topic], partitions: 2, replicas: 1 }),
    ).rejects.toMatchObject({ errors: [{ errors: [{ apiId: 'TOPIC_ALREADY_EXISTS' }] }] });
    expect(await admin.listTopics()).toContain(topic);
    await admin.createPartitions({
      topics: [{ name: topic, count: 3, assignments: [{ brokerIds: [1] }] }],
    });
    const metadata = await admin.metadata({ topics: [topic], forceUpdate: true });
    expect(metadata.topics.get(topic)).toMatchObject({ id: created.id, partitionsCount: 3 });
    await admin.deleteTopics({ topics: [topic] });
    expect(await admin.listTopics()).not.toContain(topic);
  });

  it('lists, describes and deletes groups, and tells their offsets', async () => {
    const topic = unique('grouped');
    const groupId = unique('group');
    await producerOf().send({ messages: numbered(topic, 0, 4) });
    const reading = await read(topic, groupId);
    await eventually(() => reading.messages.length === 4);
    await reading.messages[3].commit();
    const admin = adminOf();
    expect((await admin.listGroups()).get(groupId)).toMatchObject({ state: 'Stable' });
    const group = (await admin.describeGroups({ groups: [groupId] })).get(groupId);
    expect(group?.members.size).toBe(1);
    const [committed] = await admin.listConsumerGroupOffsets({ groups: [groupId] });
    expect(committed.topics[0].partitions[0]).toMatchObject({ committedOffset: 4n });
    await close(reading.consumer);
    await admin.deleteGroups({ groups: [groupId] });
    expect([...(await admin.listGroups()).keys()]).not.toContain(groupId);
  });

  it('tells the ends of a partition', async () => {
    const topic = unique('ends');
    await producerOf().send({ messages: numbered(topic, 0, 3) });
    const { consumer } = await read(topic, unique('group'));
    expect((await consumer.listOffsets({ topics: [topic] })).get(topic)).toEqual([3n]);
    expect((await consumer.listOffsets({ topics: [topic], timestamp: -2n })).get(topic)).toEqual([
      0n,
    ]);
  });
});
