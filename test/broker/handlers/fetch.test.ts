import { describe, expect, it } from 'vitest';
import type { RequestContext } from '../../../src/broker/context.ts';
import { handleFetch } from '../../../src/broker/handlers/fetch.ts';
import type { FetchRequest, FetchResponse } from '../../../src/protocol/apis/fetch.ts';
import { fetch } from '../../../src/protocol/apis/fetch.ts';
import { ErrorCode } from '../../../src/protocol/errors.ts';
import { decodeRecords, recordBatches } from '../../../src/protocol/records/index.ts';
import { defaultsOf } from '../../../src/protocol/schema.ts';
import { Weather } from '../../../src/runtime/weather.ts';
import { batchOf, TestCluster } from '../test-cluster.ts';

const batchBytes = batchOf('a').byteLength;

interface Place {
  readonly topic: string;
  readonly partition?: number;
  readonly offset: number;
  readonly maxBytes?: number;
  readonly epoch?: number;
}

function request(places: readonly Place[], more: Partial<FetchRequest> = {}): FetchRequest {
  return {
    ...defaultsOf(fetch.request.fields),
    minBytes: 1,
    topics: places.map(({ topic, partition = 0, offset, maxBytes = 1_048_576, epoch = -1 }) => ({
      topic,
      topicId: topic,
      partitions: [
        {
          partition,
          currentLeaderEpoch: epoch,
          fetchOffset: offset,
          lastFetchedEpoch: -1,
          logStartOffset: -1,
          partitionMaxBytes: maxBytes,
          replicaDirectoryId: '',
        },
      ],
    })),
    ...more,
  };
}

/** The values of every partition of an answer, in its order. */
function valuesOf(response: FetchResponse): string[][] {
  return response.responses.flatMap(({ partitions }) =>
    partitions.map(({ records }) => {
      const bytes = new Uint8Array((records ?? []).reduce((sum, { length }) => sum + length, 0));
      let at = 0;
      for (const piece of records ?? []) {
        bytes.set(piece, at);
        at += piece.length;
      }
      return [...recordBatches(bytes)].flatMap((batch) =>
        [...decodeRecords(batch)].map(({ value }) => new TextDecoder().decode(value!)),
      );
    }),
  );
}

const codesOf = (response: FetchResponse): number[] =>
  response.responses.flatMap(({ partitions }) => partitions.map(({ errorCode }) => errorCode));

/** A promise and whether it has settled. */
function observed<T>(promise: Promise<T>) {
  const state = { settled: false, promise };
  promise.then(() => {
    state.settled = true;
  });
  return state;
}

const turns = async (): Promise<void> => {
  for (let i = 0; i < 50; i++) await Promise.resolve();
};

describe('Fetch at once', () => {
  it('answers every partition in the order asked', async () => {
    const cluster = new TestCluster();
    cluster.create('orders', 2);
    cluster.create('bills');
    await cluster.append('orders', 1, 'a', 'b');
    await cluster.append('bills', 0, 'c');
    const places = [
      { topic: 'bills', offset: 0 },
      { topic: 'orders', partition: 1, offset: 0 },
      { topic: 'orders', partition: 0, offset: 0 },
    ];
    const response = await handleFetch(request(places), cluster.client().context(11));
    expect(valuesOf(response)).toEqual([['c'], ['a', 'b'], []]);
    expect(response.responses.map(({ topic }) => topic)).toEqual(['bills', 'orders']);
    const [{ partitions }] = response.responses;
    expect(partitions[0]).toMatchObject({
      partitionIndex: 0,
      highWatermark: 1,
      lastStableOffset: 1,
      logStartOffset: 0,
      abortedTransactions: null,
      preferredReadReplica: -1,
    });
    expect(response).toMatchObject({ errorCode: 0, sessionId: 0, throttleTimeMs: 0 });
  });

  it('knows topics by id from version 13 on', async () => {
    const cluster = new TestCluster();
    const { topicId } = cluster.create('orders');
    await cluster.append('orders', 0, 'a');
    const places = [
      { topic: topicId, offset: 0 },
      { topic: 'nobody', offset: 0 },
    ];
    const response = await handleFetch(request(places), cluster.client().context(13));
    expect(valuesOf(response)).toEqual([['a'], []]);
    expect(codesOf(response)).toEqual([0, ErrorCode.UNKNOWN_TOPIC_ID]);
  });

  it('lists aborted transactions for read_committed alone', async () => {
    const cluster = new TestCluster();
    cluster.create('orders');
    await cluster.append('orders', 0, 'a');
    const asked = request([{ topic: 'orders', offset: 0 }], { isolationLevel: 1 });
    const response = await handleFetch(asked, cluster.client().context(11));
    expect(response.responses[0].partitions[0].abortedTransactions).toEqual([]);
  });

  it.each([
    ['an offset beyond the end', { topic: 'orders', offset: 7 }, ErrorCode.OFFSET_OUT_OF_RANGE],
    ['no such topic', { topic: 'nobody', offset: 0 }, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION],
    [
      'no such partition',
      { topic: 'orders', partition: 5, offset: 0 },
      ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
    ],
    [
      'a negative partition',
      { topic: 'orders', partition: -1, offset: 0 },
      ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
    ],
    [
      'a leader epoch of the future',
      { topic: 'orders', offset: 0, epoch: 9 },
      ErrorCode.UNKNOWN_LEADER_EPOCH,
    ],
  ])('refuses %s without waiting', async (_what, place, code) => {
    const cluster = new TestCluster();
    cluster.create('orders');
    await cluster.append('orders', 0, 'a');
    const response = await handleFetch(
      request([place], { maxWaitMs: 60_000 }),
      cluster.client().context(11),
    );
    expect(codesOf(response)).toEqual([code]);
    expect(response.responses[0].partitions[0]).toMatchObject({
      highWatermark: -1,
      lastStableOffset: -1,
      logStartOffset: -1,
      records: [],
    });
  });

  it('goes on with no session', async () => {
    const context = new TestCluster().client().context(7);
    const going = await handleFetch(request([], { sessionId: 5, sessionEpoch: 3 }), context);
    expect(going.errorCode).toBe(ErrorCode.FETCH_SESSION_ID_NOT_FOUND);
    for (const sessionEpoch of [0, -1]) {
      const full = await handleFetch(request([], { sessionId: 5, sessionEpoch }), context);
      expect(full).toMatchObject({ errorCode: 0, sessionId: 0, responses: [] });
    }
  });

  it('turns weather into a code that clients answer by looking again', async () => {
    const cluster = new TestCluster();
    cluster.create('orders', 2);
    await cluster.append('orders', 1, 'a');
    cluster.storms.set('read orders:0', new Weather(new Error('moved')));
    const places = [
      { topic: 'orders', partition: 0, offset: 0 },
      { topic: 'orders', partition: 1, offset: 0 },
    ];
    const response = await handleFetch(request(places), cluster.client().context(11));
    expect(codesOf(response)).toEqual([ErrorCode.NOT_LEADER_OR_FOLLOWER, 0]);
    expect(valuesOf(response)).toEqual([[], ['a']]);
  });

  it('finds the new topic when the one it knew was deleted', async () => {
    const cluster = new TestCluster();
    const old = cluster.create('orders');
    await cluster.append('orders', 0, 'old');
    const { context } = cluster.client();
    await handleFetch(request([{ topic: 'orders', offset: 0 }]), context(11));
    await cluster.delete('orders');
    cluster.create('orders');
    await cluster.append('orders', 0, 'new');
    const byName = await handleFetch(request([{ topic: 'orders', offset: 0 }]), context(11));
    expect(valuesOf(byName)).toEqual([['new']]);
    const byId = await handleFetch(request([{ topic: old.topicId, offset: 0 }]), context(13));
    expect(codesOf(byId)).toEqual([ErrorCode.UNKNOWN_TOPIC_ID]);
  });

  it('notices partitions that were added since it looked', async () => {
    const cluster = new TestCluster();
    const topic = cluster.create('orders');
    const { context } = cluster.client();
    await handleFetch(request([{ topic: 'orders', offset: 0 }]), context(11));
    cluster.topics.set('orders', { ...topic, partitions: 2 });
    await cluster.append('orders', 1, 'a');
    const places = [{ topic: 'orders', partition: 1, offset: 0 }];
    expect(valuesOf(await handleFetch(request(places), context(11)))).toEqual([['a']]);
  });
});

describe('Fetch within limits', () => {
  async function filled(partitions: number, batches: number): Promise<TestCluster> {
    const cluster = new TestCluster();
    cluster.create('orders', partitions);
    for (let p = 0; p < partitions; p++) {
      for (let b = 0; b < batches; b++) await cluster.append('orders', p, 'x');
    }
    return cluster;
  }
  const counts = (response: FetchResponse): number[] => valuesOf(response).map((v) => v.length);
  const all = (partitions: number, maxBytes?: number): Place[] =>
    Array.from({ length: partitions }, (_, partition) => ({
      topic: 'orders',
      partition,
      offset: 0,
      maxBytes,
    }));

  it('keeps to the bytes of a partition, but for one batch', async () => {
    const context = (await filled(2, 4)).client().context(11);
    const two = request(all(2, 2 * batchBytes));
    expect(counts(await handleFetch(two, context))).toEqual([2, 2]);
    const none = request(all(2, 1));
    expect(counts(await handleFetch(none, context))).toEqual([1, 0]);
  });

  it('shares the bytes of the request out, and gives what is left to the first', async () => {
    const context = (await filled(4, 4)).client().context(11);
    const asked = request(all(4, 3 * batchBytes), { maxBytes: 7 * batchBytes });
    expect(counts(await handleFetch(asked, context))).toEqual([3, 1, 1, 1]);
    const tiny = request(all(4), { maxBytes: 1 });
    expect(counts(await handleFetch(tiny, context))).toEqual([1, 0, 0, 0]);
  });

  it('gives the room of partitions that are empty to those that are not', async () => {
    const cluster = new TestCluster();
    cluster.create('orders', 5);
    for (let i = 0; i < 8; i++) await cluster.append('orders', 3, 'x');
    const asked = request(all(5), { maxBytes: 6 * batchBytes });
    const response = await handleFetch(asked, cluster.client().context(11));
    expect(counts(response)).toEqual([0, 0, 0, 6, 0]);
  });

  it('gives batches larger than a share, where there is room for them', async () => {
    const cluster = new TestCluster();
    cluster.create('orders', 4);
    const large = 'x'.repeat(40_000);
    for (const partition of [1, 2, 3]) await cluster.append('orders', partition, large);
    const asked = request(all(4), { maxBytes: 100_000 });
    const response = await handleFetch(asked, cluster.client().context(11));
    expect(counts(response)).toEqual([0, 1, 1, 0]);
  });

  it('gives a whole batch of the first partition that has one', async () => {
    const cluster = new TestCluster();
    cluster.create('orders', 3);
    await cluster.append('orders', 2, 'x'.repeat(100_000));
    const context = cluster.client().context(11);
    const places = all(3, 10);
    const response = await handleFetch(request(places, { maxBytes: 1_000 }), context);
    expect(counts(response)).toEqual([0, 0, 1]);
  });

  it('keeps to fetch.max.bytes of the broker', async () => {
    const cluster = await filled(1, 4);
    const { context } = cluster.client({ fetchMaxBytes: 2 * batchBytes });
    expect(counts(await handleFetch(request(all(1)), context(11)))).toEqual([2]);
  });
});

describe('Fetch that waits', () => {
  const waiting = { maxWaitMs: 60_000 };
  const end = (offset = 0): Place[] => [{ topic: 'orders', offset }];

  async function clusterWith(...values: string[]) {
    const cluster = new TestCluster();
    cluster.create('orders');
    for (const value of values) await cluster.append('orders', 0, value);
    return { cluster, ...cluster.client() };
  }

  it('answers as soon as something is appended', async () => {
    const { cluster, context } = await clusterWith();
    const poll = observed(handleFetch(request(end(), waiting), context(11)));
    await turns();
    expect(poll.settled).toBe(false);
    await cluster.append('orders', 0, 'a');
    expect(valuesOf(await poll.promise)).toEqual([['a']]);
  });

  it('answers all partitions, empty, when the time is up', async () => {
    const { context } = await clusterWith('a');
    const response = await handleFetch(request(end(1), { maxWaitMs: 20 }), context(11));
    expect(valuesOf(response)).toEqual([[]]);
    expect(response.responses[0].partitions[0]).toMatchObject({ errorCode: 0, highWatermark: 1 });
  });

  it('does not call a partition at whose end it polls again and again', async () => {
    const { cluster, context, watches } = await clusterWith('a');
    const poll = async (isolationLevel = 0): Promise<FetchResponse> =>
      handleFetch(request(end(1), { maxWaitMs: 2, isolationLevel }), context(11));
    await poll();
    expect(cluster.takeCalls()).toEqual(['getTopics', 'read orders:0', 'watch orders:0']);
    for (let i = 0; i < 100; i++) {
      const [{ partitions }] = (await poll(i % 2)).responses;
      expect(partitions[0]).toMatchObject({
        errorCode: 0,
        highWatermark: 1,
        lastStableOffset: 1,
        logStartOffset: 0,
        abortedTransactions: i % 2 === 1 ? [] : null,
        records: [],
      });
    }
    expect(cluster.takeCalls()).toEqual([]);
    const parked = handleFetch(request(end(1), waiting), context(11));
    await turns();
    await cluster.append('orders', 0, 'b');
    expect(valuesOf(await parked)).toEqual([['b']]);
    expect(cluster.takeCalls()).toEqual([]);
    watches.closeAll();
  });

  it('asks again for another offset or leader epoch than the one it knows about', async () => {
    const { cluster, context } = await clusterWith('a');
    await handleFetch(request(end(1), { maxWaitMs: 2 }), context(11));
    cluster.takeCalls();
    const beyond = await handleFetch(request(end(9), waiting), context(11));
    expect(codesOf(beyond)).toEqual([ErrorCode.OFFSET_OUT_OF_RANGE]);
    const epoch = request([{ topic: 'orders', offset: 1, epoch: 9 }], waiting);
    expect(codesOf(await handleFetch(epoch, context(11)))).toEqual([
      ErrorCode.UNKNOWN_LEADER_EPOCH,
    ]);
    expect(valuesOf(await handleFetch(request(end(0), waiting), context(11)))).toEqual([['a']]);
    expect(cluster.takeCalls()).toEqual(Array(3).fill('read orders:0'));
  });

  it('opens no watch while it catches up', async () => {
    const { cluster, context } = await clusterWith('a', 'b');
    await handleFetch(request(end(0), waiting), context(11));
    expect(cluster.takeCalls()).toEqual(['getTopics', 'read orders:0']);
  });

  it('stops asking partitions at their end while it goes on reading another', async () => {
    const cluster = new TestCluster();
    cluster.create('orders', 3);
    for (let i = 0; i < 8; i++) await cluster.append('orders', 1, 'x');
    const { context, watches } = cluster.client();
    const poll = (offset: number) =>
      handleFetch(
        request(
          [0, 1, 2].map((partition) => ({
            topic: 'orders',
            partition,
            offset: partition === 1 ? offset : 0,
          })),
          waiting,
        ),
        context(11),
      );
    await poll(0);
    expect(cluster.takeCalls().filter((call) => !call.startsWith('read'))).toEqual(['getTopics']);
    await poll(1);
    expect(cluster.takeCalls().filter((call) => !call.startsWith('read'))).toEqual([
      'watch orders:0',
      'watch orders:2',
    ]);
    expect(valuesOf(await poll(2)).map((values) => values.length)).toEqual([0, 6, 0]);
    expect(cluster.takeCalls()).toEqual(['read orders:1']);
    await cluster.append('orders', 2, 'y');
    expect(valuesOf(await poll(2)).map((values) => values.length)).toEqual([0, 6, 1]);
    watches.closeAll();
  });

  it('waits for min_bytes in all its partitions together', async () => {
    const cluster = new TestCluster();
    cluster.create('orders', 2);
    const places = [
      { topic: 'orders', partition: 0, offset: 0 },
      { topic: 'orders', partition: 1, offset: 0 },
    ];
    const asked = request(places, { ...waiting, minBytes: 3 * batchBytes });
    const poll = observed(handleFetch(asked, cluster.client().context(11)));
    await turns();
    await cluster.append('orders', 0, 'a');
    await turns();
    await cluster.append('orders', 1, 'b');
    await turns();
    expect(poll.settled).toBe(false);
    await cluster.append('orders', 0, 'c');
    expect(valuesOf(await poll.promise)).toEqual([['a', 'c'], ['b']]);
  });

  it('does not wait for more bytes than it may return', async () => {
    const { context } = await clusterWith('a', 'b');
    const asked = request(end(), { ...waiting, minBytes: 100_000, maxBytes: batchBytes });
    expect(valuesOf(await handleFetch(asked, context(11)))).toEqual([['a']]);
    const maxBytes = 2 * batchBytes - 1;
    const places = [{ topic: 'orders', offset: 0, maxBytes }];
    const ofThese = request(places, { ...waiting, minBytes: maxBytes });
    expect(valuesOf(await handleFetch(ofThese, context(11)))).toEqual([['a']]);
  });

  it('waits although another topic does not exist', async () => {
    const { cluster, context } = await clusterWith();
    const asked = request([{ topic: 'nobody', offset: 0 }, ...end()], waiting);
    const poll = observed(handleFetch(asked, context(11)));
    await turns();
    expect(poll.settled).toBe(false);
    await cluster.append('orders', 0, 'a');
    expect(valuesOf(await poll.promise)).toEqual([['a'], []]);
    expect(codesOf(await poll.promise)).toEqual([0, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION]);
  });

  it('learns that the topic is deleted', async () => {
    const { cluster, context } = await clusterWith('a');
    const poll = handleFetch(request(end(1), waiting), context(11));
    await turns();
    await cluster.delete('orders');
    expect(codesOf(await poll)).toEqual([ErrorCode.UNKNOWN_TOPIC_OR_PARTITION]);
  });

  it('ends when the client is gone', async () => {
    const { context, gone } = await clusterWith();
    const poll = observed(handleFetch(request(end(), waiting), context(11)));
    await turns();
    expect(poll.settled).toBe(false);
    gone.abort();
    expect(valuesOf(await poll.promise)).toEqual([[]]);
  });

  it('reads once more at the end when it cannot watch', async () => {
    const { cluster, context } = await clusterWith();
    cluster.storms.set('watch', new Weather(new Error('moved')));
    const poll = handleFetch(request(end(), { maxWaitMs: 50 }), context(11));
    await turns();
    await cluster.append('orders', 0, 'a');
    expect(valuesOf(await poll)).toEqual([['a']]);
    expect(cluster.takeCalls()).toEqual([
      'getTopics',
      'read orders:0',
      'watch orders:0',
      'read orders:0',
    ]);
  });

  it('opens a watch that closes anew, but not for ever', async () => {
    const { cluster, context } = await clusterWith();
    const stub = cluster.partition(cluster.topics.get('orders')!.topicId, 0);
    const open = stub.watch;
    Object.assign(stub, {
      watch: async () => {
        const watch = await open();
        watch.close();
        return watch;
      },
    });
    const response = await handleFetch(request(end(), { maxWaitMs: 30 }), context(11));
    expect(codesOf(response)).toEqual([0]);
    const calls = cluster.takeCalls();
    expect(calls.filter((call) => call.startsWith('watch'))).toHaveLength(2);
    expect(calls.filter((call) => call.startsWith('read'))).toHaveLength(4);
  });

  it('keeps no listener when it is done', async () => {
    const { context, watches, cluster } = await clusterWith();
    await handleFetch(request(end(), { maxWaitMs: 2 }), context(11));
    const { topicId } = cluster.topics.get('orders')!;
    const watched = watches.get(topicId, 0)! as unknown as { listeners: number };
    expect(watched.listeners).toBe(0);
    expect(cluster.calls).toContain('watch orders:0');
  });
});

describe('the context of a Fetch', () => {
  it('does not share watches between connections', async () => {
    const cluster = new TestCluster();
    const { topicId } = cluster.create('orders');
    const [one, other]: { context(version: number): RequestContext }[] = [
      cluster.client(),
      cluster.client(),
    ];
    const asked = request([{ topic: 'orders', offset: 0 }], { maxWaitMs: 2 });
    await handleFetch(asked, one.context(11));
    expect(one.context(11).watches.get(topicId, 0)).toBeDefined();
    expect(other.context(11).watches.get(topicId, 0)).toBeUndefined();
  });
});
