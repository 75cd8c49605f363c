/**
 * `kedge/client` from Node.js, over HTTP and over a WebSocket, against a Kedge that is killed in
 * between: each test runs over both.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  Admin,
  bytes,
  Consumer,
  type ConsumerRecord,
  json,
  KafkaError,
  Producer,
  text,
} from '../../src/client/index.ts';
import { ErrorCode } from '../../src/protocol/errors.ts';
import { type Kedge, spawnKedge } from '../kedge-process.ts';

let kedge: Kedge;
beforeAll(async () => {
  const env = { KAFKA_NUM_PARTITIONS: '3', KAFKA_GROUP_CONSUMER_HEARTBEAT_INTERVAL_MS: '200' };
  kedge = await spawnKedge({ env });
});
afterAll(() => kedge.stop());

async function take<K, V>(
  consumer: Consumer<K, V>,
  count: number,
): Promise<ConsumerRecord<K, V>[]> {
  const records: ConsumerRecord<K, V>[] = [];
  for await (const record of consumer) {
    records.push(record);
    if (records.length === count) break;
  }
  return records;
}

const overEach = ['http', 'ws'] as const;

describe.each(overEach)('over %s', (scheme) => {
  const address = () => kedge.url.replace('http', scheme);
  const named = (name: string) => `${name}-${scheme}`;

  it('writes records and reads them back, with all that belongs to them', async () => {
    const topic = named('whole');
    await using producer = new Producer(address(), { value: json<{ n: number }>() });
    const [first, second] = await producer.send(topic, [
      { key: 'a', value: { n: 1 }, headers: { trace: 'x', none: null }, timestamp: 17 },
      { key: null, value: null, headers: [['bin', new Uint8Array([0, 255])]], partition: 2 },
    ]);
    expect(first).toMatchObject({ topic, offset: 0, timestamp: 17 });
    expect(second).toMatchObject({ topic, partition: 2 });
    await using consumer = new Consumer(address(), { value: json<{ n: number }>() });
    const place = { topic, partition: first.partition, offset: 0 };
    const found = await consumer.fetch(place);
    expect(found.records[0]).toEqual({
      topic,
      partition: first.partition,
      offset: 0,
      timestamp: 17,
      key: 'a',
      value: { n: 1 },
      headers: [
        { key: 'trace', value: new TextEncoder().encode('x') },
        { key: 'none', value: null },
      ],
    });
    const end = await consumer.fetch({ topic, partition: 2, offset: second.offset });
    expect(end.records[0]).toMatchObject({ key: null, value: null });
    expect(end.nextOffset).toBe(end.highWatermark);
  });

  it('puts a key where Java puts it, and keeps the order of each', async () => {
    const topic = named('keys');
    await using producer = new Producer(address());
    // What Java's Utils.murmur2 has for these, modulo 3.
    const sent = await producer.send(topic, [{ key: '21' }, { key: 'foobar' }]);
    expect(sent.map(({ partition }) => partition)).toEqual([
      (-973932308 & 0x7fffffff) % 3,
      (-790332482 & 0x7fffffff) % 3,
    ]);
    const many = Array.from({ length: 500 }, (_, n) => ({ key: `k${n % 5}`, value: `${n}` }));
    await Promise.all(many.map((record) => producer.send(topic, record)));
    await using consumer = new Consumer(address(), { autoOffsetReset: 'earliest' });
    await consumer.assign([0, 1, 2].map((partition) => ({ topic, partition })));
    const records = (await take(consumer, 502)).filter(({ value }) => value !== null);
    for (const [, same] of Map.groupBy(records, ({ key }) => key)) {
      const values = same.map(({ value }) => Number(value));
      expect(values).toEqual(values.toSorted((a, b) => a - b));
    }
  });

  it.each(['gzip', 'lz4'] as const)('compresses with %s', async (compression) => {
    const topic = named(compression);
    await using producer = new Producer(address(), { compression });
    const value = 'tea '.repeat(10_000);
    await producer.send(topic, { value, partition: 0 });
    await using consumer = new Consumer(address());
    const { records } = await consumer.fetch({ topic, partition: 0, offset: 'earliest' });
    expect(records.map((record) => record.value)).toEqual([value]);
  });

  it('splits what is too large together, and refuses what is too large alone', async () => {
    const topic = named('large');
    await using admin = new Admin(address());
    const configs = { 'max.message.bytes': '2000' };
    await admin.createTopics([{ name: topic, partitions: 1, configs }]);
    await using producer = new Producer(address(), { value: bytes });
    const values = Array.from({ length: 10 }, () => ({ value: new Uint8Array(600) }));
    const sent = await producer.send(topic, values);
    expect(sent.map(({ offset }) => offset)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    const refused = producer.send(topic, { value: new Uint8Array(3_000) });
    await expect(refused).rejects.toMatchObject({
      name: 'MESSAGE_TOO_LARGE',
      code: ErrorCode.MESSAGE_TOO_LARGE,
      retriable: false,
    });
    // The numbers of what was refused are free for what comes after.
    expect(await producer.send(topic, { value: new Uint8Array(1) })).toMatchObject({ offset: 10 });
  });

  it('shares a topic among the members of a group, who go on where others were', async () => {
    const topic = named('shared');
    await using producer = new Producer(address());
    await producer.send(
      topic,
      [0, 1, 2].map((partition) => ({ partition, value: `first ${partition}` })),
    );
    const options = { groupId: named('group'), autoOffsetReset: 'earliest' } as const;
    const one = new Consumer(address(), options);
    one.subscribe(topic);
    expect((await take(one, 3)).map(({ value }) => value).sort()).toEqual([
      'first 0',
      'first 1',
      'first 2',
    ]);
    await one.commit();
    await using two = new Consumer(address(), options);
    two.subscribe([topic]);
    const reading = [one, two].map(async (consumer) => {
      const values: (string | null)[] = [];
      for await (const { value } of consumer) values.push(value);
      return values;
    });
    await expect
      .poll(() => [one.assignment.length, two.assignment.length].toSorted(), { timeout: 20_000 })
      .toEqual([1, 2]);
    await using admin = new Admin(address());
    const { members, state } = await admin.describeGroup(options.groupId);
    expect([state, members.length]).toEqual(['Stable', 2]);
    await one.close();
    await expect.poll(() => two.assignment.length, { timeout: 20_000 }).toBe(3);
    await producer.send(
      topic,
      [0, 1, 2].map((partition) => ({ partition, value: `second ${partition}` })),
    );
    await expect
      .poll(async () => (await admin.groupOffsets(options.groupId)).length, { timeout: 20_000 })
      .toBe(3);
    // Each partition in its own time.
    await expect
      .poll(() => [0, 1, 2].map((partition) => two.position({ topic, partition })))
      .toEqual([2, 2, 2]);
    await two.close();
    const values = (await Promise.all(reading)).flat().toSorted();
    expect(values).toEqual(['second 0', 'second 1', 'second 2']);
    expect((await admin.groupOffsets(options.groupId)).map(({ offset }) => offset)).toEqual([
      2, 2, 2,
    ]);
  });

  it('reads again what was not processed, seeks, pauses and resumes', async () => {
    const topic = named('again');
    const place = { topic, partition: 0 };
    await using producer = new Producer(address());
    const list = ['a', 'b', 'c'].map((value) => ({ value, partition: 0 }));
    await producer.send(topic, list);
    const groupId = named('again');
    const options = { groupId, autoOffsetReset: 'earliest', autoCommitIntervalMs: 1 } as const;
    const valuesOf = async (read: (consumer: Consumer) => Promise<void>) => {
      await using consumer = new Consumer(address(), options);
      await consumer.assign([place]);
      await read(consumer);
      const [record] = await take(consumer, 1);
      return record.value;
    };
    const failing = valuesOf(async (consumer) => {
      for await (const { value } of consumer) if (value === 'b') throw new Error('at b');
    });
    await expect(failing).rejects.toThrow('at b');
    // Only what lies before it counts as processed.
    expect(await valuesOf(async () => {})).toBe('b');
    expect(
      await valuesOf(async (consumer) => {
        const [record] = await take(consumer, 1);
        await consumer.commit(record);
        consumer.pause([place]);
        expect(await consumer.poll({ maxWaitMs: 50 })).toEqual([]);
        consumer.resume([place]);
      }),
    ).toBe('c');
    await valuesOf(async (consumer) => {
      consumer.seek({ ...place, offset: 'earliest' });
      const records = await consumer.poll();
      expect(records.map(({ value }) => value)).toEqual(['a', 'b', 'c']);
      consumer.seek({ ...place, offset: 2 });
    });
    await using consumer = new Consumer(address(), options);
    expect(await consumer.offsetAt(place, 'latest')).toBe(3);
    expect(await consumer.committed({ topic, partition: 1 })).toBeUndefined();
  });

  it('shows committed transactions, and nothing of aborted ones', async () => {
    const [input, output] = [named('tx-in'), named('tx-out')];
    const groupId = named('tx');
    await using producer = new Producer(address(), { transactionalId: named('tx') });
    await expect(producer.send(output, { value: 'outside' })).rejects.toThrow('begin');
    await producer.begin();
    await producer.send(output, { value: 'aborted', partition: 0 });
    await producer.abort();
    await producer.begin();
    await producer.send(output, { value: 'first', partition: 0 });
    await producer.send(input, { value: 'in', partition: 0 });
    await producer.sendOffsets([{ topic: input, partition: 0, offset: 1 }], { groupId });
    await producer.commit();
    await producer.begin();
    await producer.send(output, { value: 'second', partition: 0 });
    await producer.commit();
    const valuesFor = async (isolation: 'read_committed' | 'read_uncommitted') => {
      await using consumer = new Consumer(address(), { isolation });
      const place = { topic: output, partition: 0, offset: 'earliest' } as const;
      return (await consumer.fetch(place)).records.map(({ value }) => value);
    };
    expect(await valuesFor('read_committed')).toEqual(['first', 'second']);
    expect(await valuesFor('read_uncommitted')).toEqual(['aborted', 'first', 'second']);
    await using admin = new Admin(address());
    expect(await admin.groupOffsets(groupId)).toEqual([{ topic: input, partition: 0, offset: 1 }]);
    // Another one with the same id ends what this one does.
    await producer.begin();
    await using successor = new Producer(address(), { transactionalId: named('tx') });
    await successor.begin();
    const late = producer.send(output, { value: 'late', partition: 0 });
    await expect(late).rejects.toBeInstanceOf(KafkaError);
    await expect(producer.commit()).rejects.toBeInstanceOf(KafkaError);
  });

  it('gives up when its caller does', async () => {
    const topic = named('patience');
    await using producer = new Producer(address(), { lingerMs: 60_000 });
    const signal = AbortSignal.timeout(30);
    const sent = producer.send(topic, { value: 'x' }, { signal });
    await expect(sent).rejects.toMatchObject({ name: 'TimeoutError' });
    await using consumer = new Consumer(address(), { autoOffsetReset: 'earliest' });
    await consumer.assign([{ topic, partition: 0 }]);
    const aborted = consumer.records({ signal: AbortSignal.timeout(100) }).next();
    await expect(aborted).rejects.toMatchObject({ name: 'TimeoutError' });
    // Nothing of it was sent.
    await producer.flush();
    expect(await consumer.offsetAt({ topic, partition: 0 }, 'latest')).toBe(0);
  });
});

describe('a Kedge that is looked after', () => {
  it('has its topics, configs, offsets and groups managed', async () => {
    await using admin = new Admin(kedge.url);
    await admin.createTopics([
      { name: 'managed', partitions: 2, configs: { 'retention.ms': '5' } },
    ]);
    await expect(admin.createTopics([{ name: 'managed' }])).rejects.toMatchObject({
      name: 'TOPIC_ALREADY_EXISTS',
    });
    expect(await admin.listTopics()).toContain('managed');
    await admin.createPartitions('managed', 3);
    const [{ partitions }] = await admin.describeTopics(['managed']);
    expect(partitions.map(({ partition }) => partition)).toEqual([0, 1, 2]);
    const changes = { 'retention.ms': null, 'max.message.bytes': '9000' };
    await admin.alterConfigs({ topic: 'managed' }, changes);
    const configs = await admin.describeConfigs({ topic: 'managed' });
    const entry = (name: string) => configs.find((config) => config.name === name);
    expect(entry('retention.ms')).toMatchObject({ value: '604800000', isDefault: true });
    expect(entry('max.message.bytes')).toMatchObject({ value: '9000', isDefault: false });
    await using producer = new Producer(kedge.url);
    await producer.send('managed', [{ partition: 0 }, { partition: 0 }]);
    expect(await admin.deleteRecords([{ topic: 'managed', partition: 0, offset: 1 }])).toEqual([
      { topic: 'managed', partition: 0, offset: 1 },
    ]);
    const place = { topic: 'managed', partition: 0 };
    expect(await admin.listOffsets([{ ...place, at: 'earliest' }])).toEqual([
      { ...place, offset: 1 },
    ]);
    await admin.alterGroupOffsets('nobody', [{ ...place, offset: 2 }]);
    expect(await admin.groupOffsets('nobody', [place])).toEqual([{ ...place, offset: 2 }]);
    expect((await admin.listGroups()).map(({ groupId }) => groupId)).toContain('nobody');
    await admin.deleteGroupOffsets('nobody', [place]);
    await admin.alterGroupOffsets('nobody', [{ ...place, offset: 2 }]);
    await admin.deleteGroups(['nobody']);
    expect(await admin.clusterId()).toHaveLength(22);
    await admin.deleteTopics(['managed']);
    expect(await admin.listTopics()).not.toContain('managed');
  });

  it('has its users managed, whose passwords hold', async () => {
    await using admin = new Admin(kedge.url);
    await admin.setPassword('ada', 'lovelace');
    expect(await admin.listUsers()).toEqual(['ada']);
    await using right = new Admin(kedge.url, { username: 'ada', password: 'lovelace' });
    expect(await right.clusterId()).toHaveLength(22);
    await admin.deleteUser('ada');
    expect(await admin.listUsers()).toEqual([]);
  });
});

describe('what a producer may be told', () => {
  it('says at once what cannot be', () => {
    const contradictory = { acks: 0, idempotent: true } as const;
    expect(() => new Producer(kedge.url, contradictory)).toThrow(TypeError);
    expect(() => new Producer('ftp://kedge.test')).toThrow(TypeError);
    expect(() => new Consumer(kedge.url).subscribe('x')).toThrow('groupId');
  });

  it('tells nothing of where a record is that nobody answers for', async () => {
    await using producer = new Producer(kedge.url, { acks: 0, key: text });
    await producer.partitionsFor('unanswered');
    expect(await producer.send('unanswered', { key: 'a' })).toMatchObject({ offset: -1 });
  });
});
