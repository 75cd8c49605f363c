/** How a REST consumer consumes, over a cluster in memory; its life over HTTP is in test/http. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  decodeAssignment,
  encodeSubscription,
} from '../../../src/protocol/embedded/consumer-protocol.ts';
import { MemoryDoor, v2, v2Json, v2Text } from './memory-door.ts';

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

describe('a body', () => {
  const instance = '/rest/consumers/g/instances/c';
  const posts: [path: string][] = [
    ['/rest/consumers/g'],
    [`${instance}/subscription`],
    [`${instance}/assignments`],
    [`${instance}/offsets`],
    [`${instance}/positions`],
    [`${instance}/positions/beginning`],
    [`${instance}/positions/end`],
  ];

  test.each(posts)('for %s that is not JSON by its type is a 415', async (path) => {
    for (const type of ['text/plain', 'application/x-www-form-urlencoded']) {
      expect(await kedge.ask('POST', path, { body: '{}', type })).toMatchObject({
        status: 415,
        type: v2,
        json: { error_code: 415 },
      });
    }
  });

  test.each(posts)('for %s that is not JSON, or too much of it, is told so', async (path) => {
    const refused = async (body: unknown) => {
      const { status, json } = await kedge.ask('POST', path, { body, type: v2 });
      return [status, json.error_code];
    };
    expect(await refused('{"name"')).toEqual([400, 400]);
    expect(await refused('[]')).toEqual([400, 400]);
    expect(await refused({ nonsense: 1 })).toEqual([422, 422]);
    expect(await refused(`{"name": "${'x'.repeat(17 * 1024 * 1024)}"}`)).toEqual([413, 413]);
  });
});

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

  test('reads text as text', async () => {
    const path = await consumer(['t'], { format: 'text' });
    const body = { records: [{ key: 'k', value: 'tea, \u{1f375}', partition: 0 }] };
    await kedge.ask('POST', '/rest/topics/t', { body, type: v2Text });
    const { type, json } = await poll(path);
    expect(type).toBe(v2Text);
    expect(json).toMatchObject([{ key: 'k', value: 'tea, \u{1f375}' }]);
    expect(await kedge.ask('GET', `${path}/records`, { accept: v2Json })).toMatchObject({
      status: 406,
      json: { error_code: 40601 },
    });
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
    [{ topic_pattern: '(?=t)t' }],
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
        protocols: [{ name: 'my own', metadata: new Uint8Array(0) }],
        requiresKnownMemberId: false,
        supportsSkippingAssignment: true,
      });
    await join('');
    const path = await consumer(['t']);
    expect(await poll(path)).toMatchObject({ status: 500, json: { error_code: 50002 } });
  });

  test('together with a client that keeps what it has while the group settles', async () => {
    await produce('t', { value: 'a' }, { value: 'b', partition: 1 });
    const path = await consumer(['t']);
    expect((await values(path)).sort()).toEqual(['a', 'b']);
    const other = new CooperativeMember(kedge);
    // The REST consumer leads; it hears of the other when it polls, and lets go of everything.
    const joined = other.join();
    await values(path);
    await joined;
    const { json } = await kedge.ask('GET', `${path}/assignments`);
    const held = json.partitions.map(({ partition }: { partition: number }) => partition);
    expect([...held, ...other.held].sort()).toEqual([0, 1]);
    expect(held).toHaveLength(1);
    // What it keeps is nobody else's when all of them join again.
    const kept = other.held;
    const rejoined = other.join();
    await values(path);
    await rejoined;
    expect(other.held).toEqual(kept);
  });
});

/** A member that offers nothing but the cooperative protocol, as franz-go's do. */
class CooperativeMember {
  held: readonly number[] = [];
  #memberId = '';
  #generationId = -1;
  readonly #group;

  constructor(door: MemoryDoor) {
    this.#group = door.objects.group('g');
  }

  /** Joins, or joins again with what it holds; as a follower. */
  async join(): Promise<void> {
    const owned = { topic: 't', partitions: [...this.held] };
    const metadata = encodeSubscription(2, {
      topics: ['t'],
      userData: null,
      ownedPartitions: [owned],
      generationId: this.#generationId,
      rackId: null,
    });
    const joined = await this.#group.call('joinGroup', {
      groupId: 'g',
      memberId: this.#memberId,
      groupInstanceId: null,
      clientId: 'other',
      clientHost: '/127.0.0.1',
      sessionTimeoutMs: 30_000,
      rebalanceTimeoutMs: 30_000,
      protocolType: 'consumer',
      protocols: [{ name: 'cooperative-sticky', metadata }],
      requiresKnownMemberId: false,
      supportsSkippingAssignment: true,
    });
    expect(joined).toMatchObject({ errorCode: 0, protocolName: 'cooperative-sticky' });
    const { memberId, generationId } = joined;
    const synced = await this.#group.call('syncGroup', {
      groupId: 'g',
      generationId,
      memberId,
      groupInstanceId: null,
      protocolType: 'consumer',
      protocolName: 'cooperative-sticky',
      assignments: [],
    });
    const { assignedPartitions } = decodeAssignment(synced.assignment);
    this.held = assignedPartitions.flatMap(({ partitions }) => partitions);
    this.#memberId = memberId;
    this.#generationId = generationId;
  }
}
