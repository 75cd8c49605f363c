/** How a REST consumer consumes, over a cluster in memory; its life over HTTP is in test/http. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { MemoryDoor, v2Json } from './memory-door.ts';

let kedge: MemoryDoor;
beforeEach(() => {
  kedge = new MemoryDoor({ numPartitions: 2 });
});
afterEach(() => kedge[Symbol.asyncDispose]());

async function produce(topic: string, ...records: { value: unknown; partition?: number }[]) {
  const body = { records: records.map((record) => ({ partition: 0, ...record })) };
  await kedge.ask('POST', `/rest/topics/${topic}`, { body, type: v2Json });
}

/** Creates an instance of its own group, subscribed; answers its path. */
async function consumer(topics: string[], config: Record<string, unknown> = {}) {
  const body = { name: 'c', format: 'json', 'auto.offset.reset': 'earliest', ...config };
  await kedge.ask('POST', '/rest/consumers/g', { body });
  const path = '/rest/consumers/g/instances/c';
  await kedge.ask('POST', `${path}/subscription`, { body: { topics } });
  return path;
}

const poll = (path: string, query = 'timeout=50') => kedge.ask('GET', `${path}/records?${query}`);

async function values(path: string, query?: string) {
  return (await poll(path, query)).json.map(({ value }: { value: unknown }) => value);
}

const committed = async (path: string) => (await kedge.ask('GET', `${path}/offsets`)).json.offsets;

describe('polling', () => {
  test('makes the topic that it waits for', async () => {
    const path = await consumer(['new']);
    const waiting = values(path, 'timeout=20000');
    while ((await kedge.ask('GET', '/rest/topics')).json.length === 0);
    await produce('new', { value: 'first', partition: 1 });
    expect(await waiting).toEqual(['first']);
  });

  test('finds partitions that were added since', async () => {
    await produce('t', { value: 'a' });
    const path = await consumer(['t']);
    expect(await values(path)).toEqual(['a']);
    await kedge.objects.controller().call('createPartitions', {
      topics: [{ name: 't', count: 4, assignments: null }],
      validateOnly: false,
    });
    let partitions: unknown[] = [];
    while (partitions.length < 4) {
      await poll(path);
      partitions = (await kedge.ask('GET', `${path}/assignments`)).json.partitions;
    }
    await produce('t', { value: 'b', partition: 3 });
    expect(await values(path, 'timeout=20000')).toContain('b');
  });

  test('gives a record to one of two polls at the same time', async () => {
    const path = await consumer(['t']);
    await produce('t', { value: 1 }, { value: 2 });
    const polls = await Promise.all([values(path), values(path), values(path)]);
    expect(polls.flat()).toEqual([1, 2]);
  });

  test('takes nothing for a client that is gone', async () => {
    await produce('t', { value: 'a' });
    const path = await consumer(['t']);
    expect(await values(path)).toEqual(['a']);
    const gone = new AbortController();
    const doomed = kedge.ask('GET', `${path}/records?timeout=500`, { signal: gone.signal });
    gone.abort();
    await produce('t', { value: 'b' });
    expect((await doomed).json).toEqual([]);
    expect(await values(path)).toEqual(['b']);
  });

  test('waits for a transaction that may commit offsets of its group', async () => {
    await produce('t', { value: 'a' }, { value: 'b' });
    const transactionalId = 'x';
    const transaction = kedge.objects.transaction(transactionalId);
    const unknown = { transactionalId, producerId: -1, producerEpoch: -1 };
    const start = { ...unknown, transactionTimeoutMs: 60_000, newProducerId: 7 };
    const { producerId, producerEpoch } = await transaction.call('initProducerId', start);
    const producer = { transactionalId, producerId, producerEpoch };
    const named = { names: ['t'], topicIds: null };
    const [{ topicId }] = (await kedge.objects.controller().call('getTopics', named)).topics;
    const offset = { partitionIndex: 0, committedOffset: 1, committedLeaderEpoch: -1 };
    await kedge.objects.group('g').call('commitTransactionalOffsets', {
      ...producer,
      groupId: 'g',
      addsGroup: true,
      generationId: -1,
      memberId: '',
      groupInstanceId: null,
      topics: [{ name: 't', topicId, partitions: [{ ...offset, metadata: null }] }],
    });
    const path = await consumer(['t']);
    expect(await poll(path)).toMatchObject({ status: 200, json: [] });
    const end = { ...producer, committed: true, transactionVersion: 2, newProducerId: -1 };
    expect((await transaction.call('endTxn', end)).errorCode).toBe(0);
    expect(await values(path, 'timeout=20000')).toEqual(['b']);
  });

  test('gives every partition its turn', async () => {
    await produce('t', ...[1, 2, 3].map((value) => ({ value })));
    await produce('t', ...[1, 2, 3].map((value) => ({ value, partition: 1 })));
    const path = await consumer(['t']);
    const order: number[] = [];
    while (order.length < 6) {
      const { json } = await poll(path, 'timeout=50&max_bytes=1');
      order.push(...json.map(({ partition }: { partition: number }) => partition));
    }
    expect(order.slice(0, 4).sort()).toEqual([0, 0, 1, 1]);
  });

  test('waits for fetch.min.bytes, but no longer than it was told to', async () => {
    await produce('t', { value: 'small' });
    const path = await consumer(['t'], { 'fetch.min.bytes': 100_000 });
    const started = Date.now();
    expect(await values(path, 'timeout=400')).toEqual(['small']);
    expect(Date.now() - started).toBeGreaterThanOrEqual(390);
    const waiting = values(path, 'timeout=20000');
    await produce('t', { value: 'x'.repeat(100_000) });
    expect(await waiting).toHaveLength(1);
  });

  test('waits no longer than the instance allows', async () => {
    const path = await consumer(['t'], { 'consumer.request.timeout.ms': 60 });
    const started = Date.now();
    expect(await values(path, 'timeout=20000')).toEqual([]);
    expect(await values(path, 'timeout=20000')).toEqual([]);
    expect(Date.now() - started).toBeLessThan(10_000);
  });

  test('reads on from the reset policy when the position is gone', async () => {
    await produce('t', { value: 'a' }, { value: 'b' });
    const path = await consumer(['t']);
    await poll(path);
    const offsets = [{ topic: 't', partition: 0, offset: 99 }];
    await kedge.ask('POST', `${path}/positions`, { body: { offsets } });
    expect(await values(path)).toEqual(['a', 'b']);
  });
});

describe('committing by itself', () => {
  test('happens at a later poll, not at the one that reads', async () => {
    await produce('t', { value: 'a' });
    const path = await consumer(['t'], { 'auto.commit.enable': true });
    expect(await values(path)).toEqual(['a']);
    await poll(path);
    expect(await committed(path)).toEqual([]);
  });

  test('happens before the partitions go to another member', async () => {
    await produce('t', { value: 'a' });
    const path = await consumer(['t']);
    expect(await values(path)).toEqual(['a']);
    const body = { topics: ['t', 'u'] };
    await kedge.ask('POST', `${path}/subscription`, { body });
    expect(await values(path)).toEqual([]);
    const expected = { topic: 't', partition: 0, offset: 1, metadata: '' };
    expect(await committed(path)).toContainEqual(expected);
  });

  test('does not happen when it is switched off', async () => {
    await produce('t', { value: 'a' });
    const path = await consumer(['t'], { 'auto.commit.enable': 'false' });
    expect(await values(path)).toEqual(['a']);
    await kedge.ask('DELETE', path);
    const again = await consumer(['t']);
    expect(await committed(again)).toEqual([]);
    expect(await values(again)).toEqual(['a']);
  });
});

describe('subscribing', () => {
  test('again to other topics changes what is read', async () => {
    await produce('t', { value: 'a' });
    await produce('u', { value: 'b' });
    const path = await consumer(['t']);
    expect(await values(path)).toEqual(['a']);
    await kedge.ask('POST', `${path}/subscription`, { body: { topics: ['u'] } });
    expect(await values(path)).toEqual(['b']);
    expect((await kedge.ask('GET', `${path}/subscription`)).json).toEqual({ topics: ['u'] });
  });

  test('leaves the group when it is undone', async () => {
    const path = await consumer(['t']);
    await poll(path);
    expect((await kedge.ask('DELETE', `${path}/subscription`)).status).toBe(204);
    expect((await kedge.ask('GET', `${path}/subscription`)).json).toEqual({ topics: [] });
    const { group } = await kedge.objects.group('g').call('describeGroup', { groupId: 'g' });
    expect(group.members).toEqual([]);
  });

  test.each([
    [{}],
    [{ topics: ['t'], topic_pattern: 't' }],
    [{ topic_pattern: '(' }],
    [{ topic: 't' }],
    [undefined],
  ])('to %j is a 422', async (body) => {
    const path = await consumer(['t']);
    expect((await kedge.ask('POST', `${path}/subscription`, { body })).status).toBe(422);
  });

  test('together with clients that share no protocol is an error that says so', async () => {
    const group = kedge.objects.group('g');
    const join = (memberId: string) =>
      group.call('joinGroup', {
        groupId: 'g',
        memberId,
        groupInstanceId: null,
        clientId: 'other',
        clientHost: '/127.0.0.1',
        sessionTimeoutMs: 30_000,
        rebalanceTimeoutMs: 30_000,
        protocolType: 'consumer',
        protocols: [{ name: 'cooperative-sticky', metadata: new Uint8Array(0) }],
        requiresKnownMemberId: false,
        supportsSkippingAssignment: true,
      });
    await join('');
    const path = await consumer(['t']);
    expect(await poll(path)).toMatchObject({ status: 500, json: { error_code: 50002 } });
  });
});
