import { expect, it } from 'vitest';
import { handleFetch } from '../../../src/broker/handlers/fetch.ts';
import { concat } from '../../../src/bytes/writer.ts';
import { fetchOf } from '../../kafka/wire.ts';
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
