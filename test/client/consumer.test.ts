import { describe, expect, it } from 'vitest';
import { Admin, Consumer, json, KafkaError, Producer } from '../../src/client/index.ts';
import { linkTo } from '../../src/client/options.ts';
import { alterClientQuotas } from '../../src/protocol/apis/alter-client-quotas.ts';
import { consumerGroupHeartbeat } from '../../src/protocol/apis/consumer-group-heartbeat.ts';
import { MemoryKedge } from './memory-kedge.ts';

async function filled(values: readonly string[], partition = 0): Promise<MemoryKedge> {
  const kedge = new MemoryKedge({ numPartitions: 3, groupConsumerHeartbeatIntervalMs: 50 });
  await using producer = new Producer(kedge);
  await producer.send(
    't',
    values.map((value) => ({ value, partition })),
  );
  return kedge;
}

const place = { topic: 't', partition: 0 };

describe('a consumer', () => {
  it('goes on over another connection when one is lost', async () => {
    using kedge = await filled(['a', 'b']);
    await using consumer = new Consumer(kedge);
    await consumer.assign([{ ...place, offset: 'earliest' }]);
    let losses = 3;
    kedge.fate = () => (losses-- > 0 ? 'lost' : undefined);
    const records = consumer.records();
    expect((await records.next()).value).toMatchObject({ value: 'a' });
    expect((await records.next()).value).toMatchObject({ value: 'b' });
  });

  it('says which record it cannot read, and reads on behind it when told to', async () => {
    using kedge = await filled(['1', '{', '3']);
    await using consumer = new Consumer(kedge, { value: json<number>() });
    await consumer.assign([{ ...place, offset: 'earliest' }]);
    const read = async () => {
      for await (const { value } of consumer) return value;
    };
    expect(await read()).toBe(1);
    for (const _ of [1, 2]) {
      await expect(read()).rejects.toMatchObject({
        name: 'INVALID_RECORD',
        message: expect.stringContaining('t-0 at offset 1'),
      });
    }
    consumer.seek({ ...place, offset: 2 });
    expect(await read()).toBe(3);
  });

  it.each([
    ['earliest', 'a'],
    ['latest', 'later'],
  ] as const)('begins at the %s where nothing says where', async (autoOffsetReset, value) => {
    using kedge = await filled(['a', 'b']);
    await using consumer = new Consumer(kedge, { autoOffsetReset, maxWaitMs: 50 });
    await consumer.assign([{ ...place, offset: 77 }]);
    if (autoOffsetReset === 'latest') {
      expect(await consumer.poll()).toEqual([]);
      await using producer = new Producer(kedge);
      await producer.send('t', { value: 'later', partition: 0 });
    }
    const records = consumer.records();
    expect((await records.next()).value).toMatchObject({ value });
  });

  it('does not guess where it must not', async () => {
    using kedge = await filled(['a']);
    await using consumer = new Consumer(kedge, { autoOffsetReset: 'none' });
    await consumer.assign([{ ...place, offset: 77 }]);
    await expect(consumer.poll()).rejects.toMatchObject({ name: 'OFFSET_OUT_OF_RANGE' });
    await using other = new Consumer(kedge, { autoOffsetReset: 'none' });
    await other.assign([place]);
    await expect(other.poll()).rejects.toBeInstanceOf(KafkaError);
  });

  it('gives out batches, and counts each as processed with the next', async () => {
    using kedge = await filled(['a', 'b']);
    const options = { groupId: 'g', autoOffsetReset: 'earliest', autoCommitIntervalMs: 1 } as const;
    await using consumer = new Consumer(kedge, options);
    await consumer.assign([place]);
    const batches = consumer.batches();
    const { value } = await batches.next();
    expect(value).toMatchObject({ ...place, highWatermark: 2 });
    await using admin = new Admin(kedge);
    expect(await admin.groupOffsets('g')).toEqual([]);
    await consumer.commit([{ ...place, offset: 1 }]);
    expect(await admin.groupOffsets('g')).toEqual([{ ...place, offset: 1 }]);
  });

  it('hears that its group has gone on without it, and joins again', async () => {
    using kedge = await filled(['a']);
    const heard: string[] = [];
    const options = {
      groupId: 'g',
      autoOffsetReset: 'earliest',
      maxWaitMs: 50,
      onAssigned: (places: readonly unknown[]) => void heard.push(`+${places.length}`),
      onRevoked: (places: readonly unknown[]) => void heard.push(`-${places.length}`),
    } as const;
    await using consumer = new Consumer(kedge, options);
    consumer.subscribe('t');
    const records = consumer.records();
    expect((await records.next()).value).toMatchObject({ value: 'a' });
    expect(heard).toEqual(['+3']);
    const { memberId } = consumer.groupMetadata;
    // Its group is told that it has left.
    const link = linkTo(kedge, {});
    await link.call(consumerGroupHeartbeat, { groupId: 'g', memberId, memberEpoch: -1 });
    // What was not committed comes again.
    expect((await records.next()).value).toMatchObject({ value: 'a' });
    expect(heard).toEqual(['+3', '-3', '+3']);
    link.close();
  });

  it('leaves its group when nothing is asked of it for long, and comes back when something is', async () => {
    using kedge = await filled(['a', 'b']);
    const options = { groupId: 'g', autoOffsetReset: 'earliest', maxPollIntervalMs: 100 } as const;
    await using consumer = new Consumer(kedge, { ...options, maxWaitMs: 50 });
    consumer.subscribe('t');
    const records = consumer.records();
    await records.next();
    const epochs = () =>
      kedge.asked('ConsumerGroupHeartbeat').map(({ memberEpoch }) => memberEpoch);
    await expect.poll(() => epochs().at(-1)).toBe(-1);
    // Nothing of what it had was committed.
    expect((await records.next()).value).toMatchObject({ value: 'a' });
    expect(epochs().filter((epoch) => epoch === 0)).toHaveLength(2);
  });

  it('reads what a pattern names, and keeps its place under a name of its own', async () => {
    using kedge = await filled(['a']);
    const options = { groupId: 'g', groupInstanceId: 'one', autoOffsetReset: 'earliest' } as const;
    const consumer = new Consumer(kedge, options);
    consumer.subscribe({ pattern: '[s-u]' });
    expect((await consumer.records().next()).value).toMatchObject({ topic: 't', value: 'a' });
    expect(consumer.groupMetadata).toMatchObject({ groupInstanceId: 'one' });
    await consumer.close();
    const last = kedge.asked('ConsumerGroupHeartbeat').at(-1);
    expect(last).toMatchObject({ memberEpoch: -2, instanceId: 'one' });
  });

  it('is closed in time, also where nobody answers', async () => {
    using kedge = await filled(['a']);
    const options = { groupId: 'g', autoOffsetReset: 'earliest' } as const;
    const consumer = new Consumer(kedge, options);
    await consumer.assign([place]);
    await consumer.poll();
    kedge.fate = () => 'lost';
    await consumer.close({ timeoutMs: 50 });
    await expect(consumer.poll()).rejects.toThrow('closed');
  });

  it.each(['gzip', 'lz4', 'snappy', 'zstd'])('reads what is compressed with %s', async (codec) => {
    using kedge = new MemoryKedge();
    await using admin = new Admin(kedge);
    await admin.createTopics([{ name: 't', configs: { 'compression.type': codec } }]);
    await using producer = new Producer(kedge);
    const value = 'tea '.repeat(1_000);
    await producer.send('t', { value });
    await using consumer = new Consumer(kedge);
    const { records } = await consumer.fetch({ ...place, offset: 0 });
    expect(records).toMatchObject([{ value }]);
  });

  it('reads on where a topic is deleted, and begins anew where it is made again', async () => {
    using kedge = await filled(['a']);
    await using producer = new Producer(kedge);
    await producer.send('u', { value: 'u', partition: 0 });
    await using consumer = new Consumer(kedge, { autoOffsetReset: 'earliest', maxWaitMs: 20 });
    await consumer.assign([place, { topic: 'u', partition: 0 }]);
    const records = consumer.records();
    const next = async () => ((await records.next()).value as { value: string }).value;
    expect([await next(), await next()].sort()).toEqual(['a', 'u']);
    await using admin = new Admin({ address: {}, open: () => kedge.open() });
    await admin.deleteTopics(['u']);
    await producer.send('t', { value: 'b', partition: 0 });
    expect(await next()).toBe('b');
    await producer.send('u', { value: 'new', partition: 0 });
    expect(await next()).toBe('new');
  });

  it('looks, and has offsets set, where a topic was made anew behind its back', async () => {
    using kedge = await filled(['a', 'b']);
    await using consumer = new Consumer(kedge);
    await consumer.fetch({ ...place, offset: 0 });
    await using stranger = new Admin({ address: {}, open: () => kedge.open() });
    await stranger.deleteTopics(['t']);
    await stranger.createTopics([{ name: 't', partitions: 1 }]);
    expect((await consumer.fetch({ ...place, offset: 0 })).records).toEqual([]);
    await stranger.deleteTopics(['t']);
    await stranger.createTopics([{ name: 't', partitions: 1 }]);
    await using admin = new Admin(kedge);
    await admin.alterGroupOffsets('g', [{ ...place, offset: 1 }]);
    expect(await admin.groupOffsets('g', [place])).toEqual([{ ...place, offset: 1 }]);
  });

  it('ends its loop when it is closed, and leaves its group', async () => {
    using kedge = await filled(['a']);
    const consumer = new Consumer(kedge, { groupId: 'g', autoOffsetReset: 'earliest' });
    consumer.subscribe(['t']);
    const values: unknown[] = [];
    for await (const { value } of consumer) {
      values.push(value);
      await consumer.commit();
      await consumer.close();
    }
    expect(values).toEqual(['a']);
    const last = kedge.asked('ConsumerGroupHeartbeat').at(-1);
    expect(last.memberEpoch).toBe(-1);
    await using admin = new Admin(kedge);
    expect(await admin.groupOffsets('g', [place])).toEqual([{ ...place, offset: 1 }]);
    await expect(consumer.poll()).rejects.toThrow('closed');
  });

  it('asks for less where it reads nothing', async () => {
    using kedge = new MemoryKedge();
    await using consumer = new Consumer(kedge);
    await expect(consumer.poll()).rejects.toThrow('subscribe');
    await expect(consumer.commit()).resolves.toBeUndefined();
    await expect(consumer.commit([{ ...place, offset: 1 }])).rejects.toThrow('groupId');
  });

  it('comes again for what others of its user have left no quota for', async () => {
    using kedge = await filled(['x'.repeat(15_000)]);
    const link = linkTo(kedge, {});
    const entity = [{ entityType: 'user', entityName: 'ANONYMOUS' }];
    const ops = [{ key: 'consumer_byte_rate', value: 10_000, remove: false }];
    await link.call(alterClientQuotas, { entries: [{ entity, ops }], validateOnly: false });
    const read = async () => {
      await using consumer = new Consumer(kedge);
      const { records } = await consumer.fetch({ ...place, offset: 0 });
      return records.length;
    };
    // Together they may read 100,000 bytes in ten seconds.
    for (let time = 0; time < 7; time++) expect(await read()).toBe(1);
    const fetches = () => kedge.seen.filter(({ api }) => api === 'Fetch').length;
    const before = fetches();
    expect(await read()).toBe(1);
    expect(fetches() - before).toBe(2);
    link.close();
  });
});
