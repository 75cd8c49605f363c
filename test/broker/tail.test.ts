/** A consumer at the end of a partition: what it is sent without asking for it. */
import { describe, expect, it, vi } from 'vitest';
import { handleFetch } from '../../src/broker/handlers/fetch.ts';
import { type FetchRequest, fetch } from '../../src/protocol/apis/fetch.ts';
import { ErrorCode } from '../../src/protocol/errors.ts';
import { RecordBatch } from '../../src/protocol/records/index.ts';
import { defaultsOf } from '../../src/protocol/schema.ts';
import { marker, sequenced, transactional, valuesOf } from '../core/log/samples.ts';
import { TestCluster } from './test-cluster.ts';

/** A cluster with one record, and a consumer that waited behind it. */
async function tailing() {
  const cluster = new TestCluster();
  const { topicId, configs } = cluster.create('orders');
  const spec = { topicId, topic: 'orders', partition: 0, configs };
  await cluster.append('orders', 0, 'a');
  const { context, watches } = cluster.client();
  const partition = cluster.partition(topicId, 0);
  const poll = async (fetchOffset: number, more: Partial<Asked> = {}) => {
    const { responses } = await handleFetch(request({ fetchOffset, ...more }), context(11));
    const answer = responses[0].partitions[0];
    return { ...answer, values: valuesOf(answer.records ?? []).map(([, value]) => value) };
  };
  await poll(1);
  cluster.takeCalls();
  return { cluster, partition, spec, poll, watched: () => watches.get(topicId, 0)! };
}

interface Asked {
  readonly fetchOffset: number;
  readonly maxBytes: number;
  readonly isolationLevel: number;
  readonly maxWaitMs: number;
}

function request(asking: Partial<Asked>) {
  const { fetchOffset, maxBytes = 1_048_576, isolationLevel = 0, maxWaitMs = 2 } = asking;
  const partition = {
    ...{ partition: 0, currentLeaderEpoch: -1, fetchOffset: fetchOffset!, lastFetchedEpoch: -1 },
    ...{ logStartOffset: -1, partitionMaxBytes: maxBytes, replicaDirectoryId: '' },
  };
  const topics = [{ topic: 'orders', topicId: '', partitions: [partition] }];
  const asked = { minBytes: 1, maxWaitMs, isolationLevel, topics };
  return { ...defaultsOf(fetch.request.fields), ...asked } satisfies FetchRequest;
}

describe('a consumer at the tail', () => {
  it('has what is appended without asking for it, and nothing is kept of it', async () => {
    const { cluster, poll, watched } = await tailing();
    for (let offset = 1; offset < 20; offset += 2) {
      await cluster.append('orders', 0, `${offset}`);
      await cluster.append('orders', 0, `${offset + 1}`);
      const answer = await poll(offset);
      expect(answer.values).toEqual([`${offset}`, `${offset + 1}`]);
      const end = offset + 2;
      expect(answer).toMatchObject({ highWatermark: end, lastStableOffset: end, errorCode: 0 });
      expect(await poll(end)).toMatchObject({ values: [], highWatermark: end });
      expect(watched().held.from(0, { maxBytes: 1e6, end, committed: false })).toBeUndefined();
    }
    expect(cluster.takeCalls()).toEqual([]);
  });

  it('is given whole batches within its limits, and the first one whatever its size', async () => {
    const { cluster, poll } = await tailing();
    await cluster.append('orders', 0, 'b'.repeat(1_000));
    await cluster.append('orders', 0, 'c'.repeat(1_000));
    expect((await poll(1, { maxBytes: 1_500 })).values).toEqual(['b'.repeat(1_000)]);
    expect(cluster.takeCalls()).toEqual([]);
    expect((await poll(2, { maxBytes: 500 })).values).toEqual(['c'.repeat(1_000)]);
    expect(cluster.takeCalls()).toEqual(['read orders:0']);
  });

  it('asks for what is too large to come by itself', async () => {
    const { cluster, poll } = await tailing();
    await cluster.append('orders', 0, 'b');
    await cluster.append('orders', 0, 'c'.repeat(20_000));
    await cluster.append('orders', 0, 'd');
    expect((await poll(1)).values).toEqual(['b', 'c'.repeat(20_000), 'd']);
    expect(cluster.takeCalls()).toEqual(['read orders:0']);
    await cluster.append('orders', 0, 'e');
    expect((await poll(4)).values).toEqual(['e']);
    expect(cluster.takeCalls()).toEqual([]);
  });

  it('is sent nothing that was deleted since', async () => {
    const { cluster, partition, spec, poll } = await tailing();
    await cluster.append('orders', 0, 'b');
    await cluster.append('orders', 0, 'c');
    await partition.call('deleteRecords', { spec, offset: 2 });
    expect((await poll(1)).errorCode).toBe(ErrorCode.OFFSET_OUT_OF_RANGE);
    expect(await poll(2)).toMatchObject({ values: ['c'], logStartOffset: 2 });
    await partition.call('deleteRecords', { spec, offset: 3 });
    expect(await poll(3)).toMatchObject({ values: [], logStartOffset: 3 });
    await cluster.append('orders', 0, 'd');
    expect(await poll(3)).toMatchObject({ values: ['d'], logStartOffset: 3 });
  });

  it('is told where the log begins now, should that be said before it is answered', async () => {
    const { cluster, partition, spec, poll } = await tailing();
    await cluster.append('orders', 0, 'b'.repeat(20_000));
    const call = partition.call.bind(partition);
    vi.spyOn(partition, 'call').mockImplementationOnce(async (kind, command) => {
      const reply = await call(kind, command);
      await call('deleteRecords', { spec, offset: 2 });
      return reply;
    });
    expect(await poll(1)).toMatchObject({ highWatermark: 2, logStartOffset: 0 });
    expect(await poll(2)).toMatchObject({ values: [], logStartOffset: 2 });
    await cluster.append('orders', 0, 'c');
    expect(await poll(2)).toMatchObject({ values: ['c'], logStartOffset: 2 });
  });

  it('asks for other offsets than the next', async () => {
    const { cluster, poll } = await tailing();
    await cluster.append('orders', 0, 'b');
    expect((await poll(0)).values).toEqual(['a', 'b']);
    expect((await poll(1)).values).toEqual(['b']);
    expect((await poll(7)).errorCode).toBe(ErrorCode.OFFSET_OUT_OF_RANGE);
    expect(cluster.takeCalls()).toEqual(['read orders:0', 'read orders:0']);
  });

  it('is given batches as a reader would be who asks', async () => {
    const { partition, spec, poll } = await tailing();
    const records = sequenced(7, 0, 0, ['b', 'c']);
    await partition.call('append', { spec, records });
    const { records: pieces } = await poll(1);
    const read = { currentLeaderEpoch: -1, maxBytes: 1e6, minOneBatch: true, isolationLevel: 0 };
    const asked = await partition.call('read', { ...read, fetchOffset: 1 });
    expect(pieces).toEqual(asked.records);
    expect(new RecordBatch(pieces![0]).baseOffset).toBe(1);
  });

  it('leaves room for partitions that have to be asked', async () => {
    const cluster = new TestCluster();
    cluster.create('orders', 2);
    const value = 'b'.repeat(1_000);
    for (const partition of [0, 0, 1]) await cluster.append('orders', partition, value);
    const { context } = cluster.client();
    const read = async (...offsets: number[]) => {
      const [{ topic, topicId, partitions }] = request({ fetchOffset: 0 }).topics;
      const asked = offsets.map((fetchOffset, partition) => {
        return { ...partitions[0], partition, fetchOffset };
      });
      const topics = [{ topic, topicId, partitions: asked }];
      const all = { ...request({ fetchOffset: 0 }), maxBytes: 2_500, topics };
      const { responses } = await handleFetch(all, context(11));
      return responses[0].partitions.map(({ records }) => valuesOf(records ?? []).length);
    };
    await read(2, 1);
    for (let i = 0; i < 3; i++) await cluster.append('orders', 1, value);
    cluster.takeCalls();
    expect(await read(2, 1)).toEqual([0, 2]);
    expect(cluster.takeCalls()).toEqual([]);
    expect(await read(0, 1)).toEqual([1, 1]);
  });

  it('asks what was aborted, if it reads what is committed', async () => {
    const { cluster, partition, spec, poll } = await tailing();
    const committed = { isolationLevel: 1 };
    await cluster.append('orders', 0, 'b');
    expect(await poll(1, committed)).toMatchObject({ values: ['b'], abortedTransactions: [] });
    expect(cluster.takeCalls()).toEqual([]);

    const records = transactional(8, 0, 0, ['c']);
    await partition.call('append', { spec, records, transactionalId: 'paid' });
    await cluster.append('orders', 0, 'd');
    expect(await poll(2, committed)).toMatchObject({ values: [], lastStableOffset: 2 });
    expect((await poll(2)).values).toEqual(['c', 'd']);
    await partition.call('writeMarker', marker(8, 0, 1, false));
    const aborted = [{ producerId: 8, firstOffset: 2 }];
    expect(await poll(2, committed)).toMatchObject({ abortedTransactions: aborted });
    expect((await poll(3, committed)).values).toEqual(['d']);
    expect(await poll(4, committed)).toMatchObject({ abortedTransactions: aborted });
  });
});

/** The same, who was sent something before; its line gives signs of life when the test says so. */
async function proving() {
  const all = await tailing();
  await all.cluster.append('orders', 0, 'b');
  await all.poll(1);
  const { watch } = all.watched();
  const answers: (() => void)[] = [];
  const sayFirst = watch.prove;
  vi.spyOn(watch, 'prove').mockImplementation(async () => {
    await new Promise<void>((resolve) => {
      answers.push(resolve);
    });
    return sayFirst();
  });
  /** One that waits: for long, should nothing be brought. */
  const wait = (fetchOffset: number) => {
    const seen: string[] = [];
    const answer = all.poll(fetchOffset, { maxWaitMs: 60_000 });
    void answer.then(({ values }) => seen.push(...values));
    return { answer, seen };
  };
  return { ...all, answers, wait };
}

/** What can happen by itself has happened. */
const settled = () => new Promise((resolve) => setTimeout(resolve, 5));

describe('that nothing of it was deleted before', () => {
  it('is seen to while a consumer waits', async () => {
    const { cluster, answers, wait } = await proving();
    const { answer } = wait(2);
    await settled();
    expect(answers).toHaveLength(1);
    answers[0]();
    await settled();
    await cluster.append('orders', 0, 'c');
    expect((await answer).values).toEqual(['c']);
    expect(answers).toHaveLength(1);
    expect(cluster.takeCalls()).toEqual([]);
  });

  it('is waited for, should records come first', async () => {
    const { cluster, answers, wait } = await proving();
    const { answer, seen } = wait(2);
    await cluster.append('orders', 0, 'c');
    await settled();
    expect([answers.length, seen]).toEqual([1, []]);
    answers[0]();
    expect((await answer).values).toEqual(['c']);
  });

  it('is not known from what was asked before the consumer came', async () => {
    const { cluster, partition, spec, answers, poll, wait } = await proving();
    const before = poll(2);
    await settled();
    await before;
    await cluster.append('orders', 0, 'c');
    const { answer } = wait(2);
    await settled();
    expect(answers).toHaveLength(2);
    await partition.call('deleteRecords', { spec, offset: 3 });
    for (const say of answers) say();
    expect((await answer).errorCode).toBe(ErrorCode.OFFSET_OUT_OF_RANGE);
  });

  it('is asked no more than once for what was brought, and never where nothing is', async () => {
    const { cluster, answers, poll } = await proving();
    for (let i = 0; i < 5; i++) await poll(2);
    expect(answers).toHaveLength(1);
    answers[0]();
    await cluster.append('orders', 0, 'c');
    const asked = poll(2);
    await settled();
    expect(answers).toHaveLength(2);
    answers[1]();
    expect((await asked).values).toEqual(['c']);
  });
});
