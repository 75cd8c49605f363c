/** Many partitions in one Fetch: who is asked, and who is answered for. */
import { describe, expect, it } from 'vitest';
import { handleFetch } from '../../src/broker/handlers/fetch.ts';
import { type FetchRequest, type FetchResponse, fetch } from '../../src/protocol/apis/fetch.ts';
import { ErrorCode } from '../../src/protocol/errors.ts';
import { defaultsOf } from '../../src/protocol/schema.ts';
import { batchOf, TestCluster } from './test-cluster.ts';

const batchBytes = batchOf('x').byteLength;
const count = 100;

interface Asked {
  readonly offsetOf?: (partition: number) => number;
  readonly partitionMaxBytes?: number;
  readonly maxBytes?: number;
}

/** A cluster with as many batches in each partition, and a client of it. */
async function filled(batches: number) {
  const cluster = new TestCluster();
  cluster.create('orders', count);
  for (let partition = 0; partition < count; partition++) {
    for (let b = 0; b < batches; b++) await cluster.append('orders', partition, 'x');
  }
  const { context } = cluster.client();
  return { cluster, ask: (asked: Asked) => handleFetch(request(asked), context(11)) };
}

function request({
  offsetOf = () => 0,
  partitionMaxBytes = 1_048_576,
  maxBytes = 52_428_800,
}: Asked): FetchRequest {
  const partitions = Array.from({ length: count }, (_, partition) => ({
    partition,
    currentLeaderEpoch: -1,
    fetchOffset: offsetOf(partition),
    lastFetchedEpoch: -1,
    logStartOffset: -1,
    partitionMaxBytes,
    replicaDirectoryId: '',
  }));
  const topics = [{ topic: 'orders', topicId: '', partitions }];
  return { ...defaultsOf(fetch.request.fields), minBytes: 1, maxWaitMs: 60_000, maxBytes, topics };
}

const answersOf = ({ responses }: FetchResponse) =>
  responses.flatMap(({ partitions }) => partitions);

/** How many batches came of each partition. */
function batchesOf(response: FetchResponse): number[] {
  return answersOf(response).map(({ records }) => {
    const bytes = (records ?? []).reduce((sum, { byteLength }) => sum + byteLength, 0);
    return bytes / batchBytes;
  });
}

describe('a Fetch of many partitions', () => {
  it('reads no more than there is room for, and says of the others where they end', async () => {
    const { cluster, ask } = await filled(4);
    const asked = { partitionMaxBytes: 4 * batchBytes, maxBytes: 8 * batchBytes };
    const first = await ask(asked);
    expect(batchesOf(first)).toEqual([4, 4, ...Array(count - 2).fill(0)]);
    const ends = { errorCode: 0, highWatermark: 4, lastStableOffset: 4, logStartOffset: 0 };
    for (const answer of answersOf(first)) expect(answer).toMatchObject(ends);
    cluster.takeCalls();
    expect(await ask(asked)).toEqual(first);
    expect(cluster.takeCalls().length).toBeLessThan(40);
  });

  it('asks all the same who could refuse', async () => {
    const { ask } = await filled(1);
    await ask({ maxBytes: 1 });
    const offsetOf = (partition: number): number => (partition === 99 ? 2 : 0);
    const answers = answersOf(await ask({ maxBytes: 1, offsetOf }));
    expect(answers.at(-1)!.errorCode).toBe(ErrorCode.OFFSET_OUT_OF_RANGE);
    expect(answers.filter(({ errorCode }) => errorCode !== 0)).toHaveLength(1);
  });

  it('asks each once where they have little', async () => {
    const { cluster, ask } = await filled(1);
    expect(batchesOf(await ask({}))).toEqual(Array(count).fill(1));
    expect(cluster.takeCalls()).toHaveLength(1 + count);
  });

  it('asks each once where one has much and the others nothing', async () => {
    const { cluster, ask } = await filled(1);
    const offsetOf = (partition: number): number => (partition === 99 ? 0 : 1);
    const response = await ask({ offsetOf });
    expect(batchesOf(response)).toEqual([...Array(count - 1).fill(0), 1]);
    const reads = cluster.takeCalls().filter((call) => call.startsWith('read'));
    expect(reads).toHaveLength(count);
  });
});
