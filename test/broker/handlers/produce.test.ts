import { describe, expect, it } from 'vitest';
import { handleProduce } from '../../../src/broker/handlers/produce.ts';
import { concat } from '../../../src/bytes/writer.ts';
import type { ProduceRequest, ProduceResponse } from '../../../src/protocol/apis/produce.ts';
import { produce } from '../../../src/protocol/apis/produce.ts';
import { ErrorCode } from '../../../src/protocol/errors.ts';
import { encodeResponse } from '../../../src/protocol/schema.ts';
import { Weather } from '../../../src/runtime/weather.ts';
import { batchOf, TestCluster } from '../test-cluster.ts';

type Batches = readonly (readonly [topic: string, partition: number, records: Uint8Array | null])[];

function request(batches: Batches, acks = -1): ProduceRequest {
  return {
    transactionalId: null,
    acks,
    timeoutMs: 1_000,
    topicData: batches.map(([topic, index, records]) => ({
      name: topic,
      topicId: topic,
      partitionData: [{ index, records }],
    })),
  };
}

async function produceTo(cluster: TestCluster, batches: Batches, version = 12, acks = -1) {
  const context = cluster.client().context(version);
  const response = await handleProduce(request(batches, acks), context);
  return response.responses.flatMap(({ partitionResponses }) => partitionResponses);
}

function clusterWith(...topics: string[]): TestCluster {
  const cluster = new TestCluster();
  for (const topic of topics) cluster.create(topic, 2);
  return cluster;
}

/** A batch with one byte changed. */
function changed(at: number, value: number): Uint8Array {
  const batch = batchOf('a');
  batch[at] = value;
  return batch;
}

describe('Produce', () => {
  it('appends to many partitions and says where', async () => {
    const cluster = clusterWith('orders', 'bills');
    await cluster.append('orders', 1, 'before');
    const answers = await produceTo(cluster, [
      ['bills', 0, batchOf('a', 'b')],
      ['orders', 1, batchOf('c')],
      ['orders', 0, batchOf('d')],
    ]);
    expect(answers).toMatchObject([
      { index: 0, errorCode: 0, baseOffset: 0, logStartOffset: 0, logAppendTimeMs: -1 },
      { index: 1, errorCode: 0, baseOffset: 1 },
      { index: 0, errorCode: 0, baseOffset: 0 },
    ]);
  });

  it('knows topics by id from version 13 on', async () => {
    const cluster = new TestCluster();
    const { topicId } = cluster.create('orders');
    const batches: Batches = [
      [topicId, 0, batchOf('a')],
      ['nobody', 0, batchOf('a')],
    ];
    expect(await produceTo(cluster, batches, 13)).toMatchObject([
      { errorCode: 0, baseOffset: 0 },
      { errorCode: ErrorCode.UNKNOWN_TOPIC_ID, baseOffset: -1 },
    ]);
  });

  it('answers what each version can say', async () => {
    const cluster = new TestCluster();
    const { topicId } = cluster.create('orders');
    for (let version = produce.versions[0]; version <= produce.versions[1]; version++) {
      const context = cluster.client().context(version);
      const topic = version < 13 ? 'orders' : topicId;
      const batches: Batches = [
        [topic, 0, batchOf('a')],
        [topic, 9, batchOf('a')],
      ];
      const response = await handleProduce(request(batches), context);
      expect(concat(encodeResponse(produce, version, response)).length).toBeGreaterThan(40);
    }
  });

  it.each([
    ['no such topic', ['nobody', 0], ErrorCode.UNKNOWN_TOPIC_OR_PARTITION],
    ['no such partition', ['orders', 2], ErrorCode.UNKNOWN_TOPIC_OR_PARTITION],
    ['a negative partition', ['orders', -1], ErrorCode.UNKNOWN_TOPIC_OR_PARTITION],
  ] as const)('refuses %s and creates nothing', async (_what, [topic, partition], errorCode) => {
    const cluster = clusterWith('orders');
    const [answer] = await produceTo(cluster, [[topic, partition, batchOf('a')]]);
    expect(answer).toMatchObject({
      errorCode,
      baseOffset: -1,
      logAppendTimeMs: -1,
      logStartOffset: -1,
      errorMessage: null,
    });
    expect(cluster.calls).not.toContainEqual(expect.stringContaining('append'));
  });

  it.each([
    ['null', null, ErrorCode.INVALID_RECORD],
    ['nothing', new Uint8Array(0), ErrorCode.INVALID_RECORD],
    ['half a batch', batchOf('a').subarray(0, 50), ErrorCode.INVALID_RECORD],
    ['two batches', concat([batchOf('a'), batchOf('b')]), ErrorCode.INVALID_RECORD],
    ['magic 1', changed(16, 1), ErrorCode.INVALID_RECORD],
    ['a length of 256 more', changed(10, 1), ErrorCode.INVALID_RECORD],
    ['a wrong checksum', changed(65, 0xaa), ErrorCode.CORRUPT_MESSAGE],
  ])('refuses %s in place of a batch', async (_what, records, errorCode) => {
    const cluster = clusterWith('orders');
    const [bad, good] = await produceTo(cluster, [
      ['orders', 0, records],
      ['orders', 1, batchOf('a')],
    ]);
    expect(bad).toMatchObject({ errorCode, baseOffset: -1 });
    expect(good).toMatchObject({ errorCode: 0, baseOffset: 0 });
  });

  it.each([
    ['magic 3', changed(16, 3)],
    ['a negative length', changed(8, 0xff)],
  ])('refuses the whole request for %s', async (_what, records) => {
    const cluster = clusterWith('orders');
    const batches: Batches = [
      ['orders', 0, batchOf('a')],
      ['orders', 1, records],
    ];
    await expect(produceTo(cluster, batches)).rejects.toMatchObject({
      code: ErrorCode.CORRUPT_MESSAGE,
    });
    expect(cluster.calls).not.toContainEqual(expect.stringContaining('append'));
  });

  it('takes the batch without what trails it', async () => {
    const cluster = clusterWith('orders');
    const trailing = concat([batchOf('a'), batchOf('b').subarray(0, 20)]);
    expect(await produceTo(cluster, [['orders', 0, trailing]])).toMatchObject([{ errorCode: 0 }]);
  });

  it('hands an object the bytes of its batch alone', async () => {
    const cluster = clusterWith('orders');
    const { topicId } = cluster.topics.get('orders')!;
    const stub = cluster.partition(topicId, 0);
    const call = stub.call.bind(stub);
    let carried = 0;
    Object.assign(stub, {
      call: (kind: 'append', command: { records: Uint8Array }) => {
        carried = command.records.buffer.byteLength;
        return call(kind, command as never);
      },
    });
    const batch = batchOf('a');
    const frame = new Uint8Array(100_000);
    frame.set(batch, 500);
    await produceTo(cluster, [['orders', 0, frame.subarray(500, 500 + batch.length)]]);
    expect(carried).toBe(batch.length);
  });

  it('allows zstd from version 7 on', async () => {
    const zstd = changed(22, 4);
    expect(await produceTo(clusterWith('orders'), [['orders', 0, zstd]], 6)).toMatchObject([
      { errorCode: ErrorCode.UNSUPPORTED_COMPRESSION_TYPE },
    ]);
    expect(await produceTo(clusterWith('orders'), [['orders', 0, zstd]], 7)).not.toMatchObject([
      { errorCode: ErrorCode.UNSUPPORTED_COMPRESSION_TYPE },
    ]);
  });

  it.each([-2, 2, 100])('refuses acks %i, once it knows the topic', async (acks) => {
    const cluster = clusterWith('orders');
    const batches: Batches = [
      ['orders', 0, batchOf('a')],
      ['orders', 1, null],
      ['nobody', 0, batchOf('a')],
    ];
    expect(await produceTo(cluster, batches, 12, acks)).toMatchObject([
      { errorCode: ErrorCode.INVALID_REQUIRED_ACKS },
      { errorCode: ErrorCode.INVALID_RECORD },
      { errorCode: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION },
    ]);
  });

  it('refuses a codec there is none of before version 7 as it refuses zstd: unseen', async () => {
    const odd = changed(22, 5);
    const unseen = { errorCode: ErrorCode.UNKNOWN_SERVER_ERROR, logStartOffset: -1 };
    const answers = await produceTo(clusterWith('orders'), [['orders', 0, odd]], 6);
    expect(answers).toMatchObject([unseen]);
  });

  it('refuses a batch larger than the topic allows', async () => {
    const cluster = new TestCluster();
    cluster.create('orders', 1, { 'max.message.bytes': '100' });
    const large = batchOf('x'.repeat(200));
    expect(await produceTo(cluster, [['orders', 0, large]])).toMatchObject([
      { errorCode: ErrorCode.MESSAGE_TOO_LARGE },
    ]);
  });

  it('turns weather at one partition into a code, and leaves the others alone', async () => {
    const cluster = clusterWith('orders');
    cluster.storms.set('append orders:0', new Weather(new Error('overloaded')));
    const answers = await produceTo(cluster, [
      ['orders', 0, batchOf('a')],
      ['orders', 1, batchOf('a')],
    ]);
    expect(answers).toMatchObject([
      { errorCode: ErrorCode.NOT_LEADER_OR_FOLLOWER, baseOffset: -1 },
      { errorCode: 0, baseOffset: 0 },
    ]);
  });

  it('refuses appends to a topic that was deleted', async () => {
    const cluster = clusterWith('orders');
    const context = cluster.client().context(12);
    await handleProduce(request([['orders', 0, batchOf('old')]]), context);
    await cluster.delete('orders');
    const gone = await handleProduce(request([['orders', 0, batchOf('lost')]]), context);
    expect(gone.responses[0].partitionResponses[0].errorCode).toBe(
      ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
    );
  });

  it.each([
    ['goes to the new topic', undefined, ErrorCode.NONE],
    ['lets clients repeat appends that may overlap', () => {}, ErrorCode.NOT_LEADER_OR_FOLLOWER],
  ])('%s when the one it knew was made anew', async (_what, nextMayStart, errorCode) => {
    const cluster = clusterWith('orders');
    const context = { ...cluster.client().context(12), nextMayStart };
    await handleProduce(request([['orders', 0, batchOf('old')]]), context);
    await cluster.delete('orders');
    cluster.create('orders');
    const first = await handleProduce(request([['orders', 0, batchOf('new')]]), context);
    expect(first.responses[0].partitionResponses[0].errorCode).toBe(errorCode);
    const second = await handleProduce(request([['orders', 0, batchOf('newer')]]), context);
    expect(second.responses[0].partitionResponses[0].errorCode).toBe(ErrorCode.NONE);
  });

  it('lets the next append begin once its own have their place in line', async () => {
    const cluster = clusterWith('orders');
    const client = cluster.client();
    const answers: Promise<ProduceResponse>[] = [];
    const send = (value: string, nextMayStart = () => {}) => {
      const appends = request([
        ['orders', 0, batchOf(value)],
        ['orders', 1, batchOf(value)],
      ]);
      answers.push(handleProduce(appends, { ...client.context(12), nextMayStart }));
    };
    send('a', () => send('b'));
    await expect.poll(() => answers.length).toBe(2);
    const offsets = (await Promise.all(answers)).map(({ responses }) =>
      responses[0].partitionResponses.map(({ baseOffset }) => baseOffset),
    );
    expect(offsets).toEqual([
      [0, 0],
      [1, 1],
    ]);
    expect(cluster.takeCalls()).toEqual(['getTopics', 'appendAll orders:0', 'appendAll orders:1']);
  });

  it('begins at once where it knows the topic: what came together leaves together', async () => {
    const cluster = clusterWith('orders');
    const client = cluster.client();
    await handleProduce(request([['orders', 0, batchOf('first')]]), client.context(12));
    cluster.takeCalls();
    let begun = 0;
    const nextMayStart = () => begun++;
    const answers = ['a', 'b', 'c'].map((value) =>
      handleProduce(request([['orders', 0, batchOf(value)]]), {
        ...client.context(12),
        nextMayStart,
      }),
    );
    expect(begun).toBe(3);
    const offsets = (await Promise.all(answers)).map(
      ({ responses }) => responses[0].partitionResponses[0].baseOffset,
    );
    expect(offsets).toEqual([1, 2, 3]);
    expect(cluster.takeCalls()).toEqual(['appendAll orders:0']);
  });

  it.each([
    ['topic', 'nobody', 0],
    ['partition', 'orders', 7],
  ])('lets nothing begin while it looks for a %s', async (_what, topic, partition) => {
    const cluster = clusterWith('orders');
    let called = false;
    const nextMayStart = () => {
      called = true;
    };
    const context = { ...cluster.client().context(12), nextMayStart };
    await handleProduce(
      request([
        ['orders', 0, batchOf('a')],
        [topic, partition, batchOf('a')],
      ]),
      context,
    );
    expect(called).toBe(false);
  });
});
