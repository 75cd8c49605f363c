import { expect, it } from 'vitest';
import { handleFetch } from '../../../src/broker/handlers/fetch.ts';
import { handleProduce } from '../../../src/broker/handlers/produce.ts';
import { concat } from '../../../src/bytes/writer.ts';
import { fetchOf, produceOf } from '../../kafka/wire.ts';
import { batchOf, TestCluster } from '../test-cluster.ts';

it('a Fetch reads a partition that it names twice once, as it names it last', async () => {
  const cluster = new TestCluster();
  cluster.create('orders');
  await cluster.append('orders', 0, 'a');
  await cluster.append('orders', 0, 'b');
  const topics = [0, 0, 1].flatMap((offset) => fetchOf('orders', offset).topics);
  const request = { ...fetchOf('orders', 0), topics };
  const { responses } = await handleFetch(request, cluster.client().context(12));
  const [{ partitions }, ...others] = responses;
  expect(others).toEqual([]);
  expect(partitions).toHaveLength(1);
  expect(concat(partitions[0].records ?? [])).toHaveLength(batchOf('b').byteLength);
  expect(cluster.takeCalls().filter((call) => call === 'read orders:0')).toHaveLength(1);
});

it('a Produce stores what it says last of a partition that it names twice', async () => {
  const cluster = new TestCluster();
  cluster.create('orders', 2);
  const { topicData, ...rest } = produceOf('orders', batchOf('first'));
  const others = [
    ...produceOf('orders', batchOf('elsewhere'), { partition: 1 }).topicData,
    ...produceOf('orders', batchOf('last')).topicData,
    { ...topicData[0], name: 'bills', partitionData: [] },
  ];
  const request = { ...rest, topicData: [...topicData, ...others] };
  const { responses } = await handleProduce(request, cluster.client().context(12));
  expect(responses).toMatchObject([
    { name: 'orders', partitionResponses: [{ index: 0, baseOffset: 0 }, { index: 1 }] },
  ]);
  const { responses: read } = await handleFetch(fetchOf('orders', 0), cluster.client().context(12));
  expect(concat(read[0].partitions[0].records ?? [])).toHaveLength(batchOf('last').byteLength);
});
