import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { Consumer, json, Producer } from '../../src/client/index.ts';
import { startKedge } from '../../src/testing/index.ts';

const scratch = mkdtempSync(join(tmpdir(), 'kedge-testing-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

it('runs several at once, each with what it was told', async () => {
  await using one = await startKedge();
  await using other = await startKedge({
    topics: ['orders', { name: 'bills', partitions: 3 }],
    config: { 'num.partitions': 2 },
  });
  expect(await one.admin.listTopics()).toEqual([]);
  const described = await other.admin.describeTopics(['bills', 'orders']);
  expect(described.map(({ partitions }) => partitions.length)).toEqual([3, 2]);
  expect(other.bootstrapServers).toBe(`127.0.0.1:${other.port}`);
  expect(one.port).not.toBe(other.port);
});

it('is back after a crash with what was acknowledged, and stays away when that is wanted', async () => {
  await using kedge = await startKedge();
  await using producer = new Producer(kedge.client);
  await producer.send('orders', { value: 'tea' });
  await kedge.crash();
  expect(await producer.send('orders', { value: 'milk' })).toMatchObject({ offset: 1 });
  await kedge.crash({ restart: false });
  await expect(kedge.now()).rejects.toThrow(/restart\(\)/);
  await kedge.restart();
  expect(await producer.send('orders', { value: 'bread' })).toMatchObject({ offset: 2 });
});

it('takes a snapshot with it elsewhere', async () => {
  const file = join(scratch, 'kedge.snapshot');
  {
    await using kedge = await startKedge({
      records: [{ topic: 'orders', value: { item: 'tea' } }],
    });
    await kedge.snapshot(file);
  }
  await using copy = await startKedge({ snapshot: file });
  await using consumer = new Consumer(copy.client, { value: json() });
  const { records } = await consumer.fetch({ topic: 'orders', partition: 0, offset: 0 });
  expect(records.map(({ value }) => value)).toEqual([{ item: 'tea' }]);
});
