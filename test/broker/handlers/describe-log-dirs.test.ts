import { afterEach, describe, expect, it } from 'vitest';
import { dispatch } from '../../../src/broker/broker.ts';
import type { RequestContext } from '../../../src/broker/context.ts';
import { concat } from '../../../src/bytes/writer.ts';
import { describeLogDirs } from '../../../src/protocol/apis/describe-log-dirs.ts';
import { ErrorCode } from '../../../src/protocol/errors.ts';
import {
  decodeRequest,
  decodeResponse,
  encodeRequest,
  encodeResponse,
} from '../../../src/protocol/schema.ts';
import { Weather } from '../../../src/runtime/weather.ts';
import { batchOf, TestCluster } from '../test-cluster.ts';

let cluster = new TestCluster();
afterEach(() => {
  cluster = new TestCluster();
});

type Wanted = Record<string, number[]> | null;

async function ask(context: RequestContext, wanted: Wanted) {
  const topics =
    wanted && Object.entries(wanted).map(([topic, partitions]) => ({ topic, partitions }));
  const sent = concat(encodeRequest(describeLogDirs, context.apiVersion, { topics }));
  const request = decodeRequest(describeLogDirs, context.apiVersion, sent);
  const answer = await dispatch(describeLogDirs, request, context);
  const bytes = concat(encodeResponse(describeLogDirs, context.apiVersion, answer));
  return decodeResponse(describeLogDirs, context.apiVersion, bytes);
}

/** Size by `topic:partition`. */
async function sizes(wanted: Wanted): Promise<Record<string, number>> {
  const { errorCode, results } = await ask(cluster.client().context(4), wanted);
  expect([errorCode, results.length, results[0].errorCode]).toEqual([0, 1, 0]);
  return Object.fromEntries(
    results[0].topics.flatMap(({ name, partitions }) =>
      partitions.map(({ partitionIndex, partitionSize }) => [
        `${name}:${partitionIndex}`,
        partitionSize,
      ]),
    ),
  );
}

const size = batchOf('a', 'b').length;

describe('DescribeLogDirs', () => {
  it.each([1, 2, 3, 4, 5])('version %i: one directory with every size', async (version) => {
    cluster.create('orders', 2);
    await cluster.append('orders', 0, 'a', 'b');
    const response = await ask(cluster.client().context(version), { orders: [0, 1] });
    const same = { offsetLag: 0, isFutureKey: false };
    expect(response).toEqual({
      throttleTimeMs: 0,
      errorCode: 0,
      results: [
        {
          errorCode: 0,
          logDir: '/kedge',
          topics: [
            {
              name: 'orders',
              partitions: [
                { partitionIndex: 0, partitionSize: size, ...same },
                { partitionIndex: 1, partitionSize: 0, ...same },
              ],
            },
          ],
          totalBytes: -1,
          usableBytes: -1,
          isCordoned: false,
        },
      ],
    });
  });

  it('of null topics answers all of them', async () => {
    cluster.create('orders', 2);
    cluster.create('many', 45);
    await cluster.append('orders', 1, 'a', 'b');
    const all = await sizes(null);
    expect(Object.keys(all)).toHaveLength(47);
    expect(all).toMatchObject({ 'orders:0': 0, 'orders:1': size, 'many:44': 0 });
  });

  it('leaves out what does not exist, and answers once what is named twice', async () => {
    cluster.create('orders', 2);
    const wanted = { orders: [1, 1, 7, -1], missing: [0] };
    expect(await sizes(wanted)).toEqual({ 'orders:1': 0 });
    expect(cluster.takeCalls().filter((call) => call.startsWith('describe'))).toEqual([
      'describe orders:1',
    ]);
    expect(await sizes({})).toEqual({});
    expect(await sizes({ orders: [] })).toEqual({});
  });

  it('leaves out a topic that was deleted meanwhile', async () => {
    cluster.create('orders');
    const { context } = cluster.client();
    await ask(context(4), { orders: [0] });
    await cluster.delete('orders');
    expect((await ask(context(4), { orders: [0] })).results[0].topics).toEqual([]);
  });

  it.each([
    [2, { errorCode: 0, results: [{ errorCode: ErrorCode.KAFKA_STORAGE_ERROR, topics: [] }] }],
    [3, { errorCode: ErrorCode.KAFKA_STORAGE_ERROR, results: [] }],
  ])('version %i: is refused whole when a partition is out of reach', async (version, expected) => {
    cluster.create('orders', 2);
    cluster.storms.set('describe orders:1', new Weather(new Error('moved')));
    const response = await ask(cluster.client().context(version), { orders: [0, 1] });
    expect(response).toMatchObject(expected);
    expect(response.results).toHaveLength(expected.results.length);
  });
});
