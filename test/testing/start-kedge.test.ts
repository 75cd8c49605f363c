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

it('is not brought back once it was stopped', async () => {
  const kedge = await startKedge();
  const crashing = kedge.crash();
  await kedge.stop();
  const [crashed] = await Promise.allSettled([crashing]);
  if (crashed.status === 'rejected') expect(crashed.reason.message).toMatch('was stopped');
  const file = join(scratch, 'late.snapshot');
  const late = [kedge.crash(), kedge.restart(), kedge.snapshot(file), kedge.restore(file)];
  for (const { reason } of (await Promise.allSettled(late)) as PromiseRejectedResult[]) {
    expect(reason.message).toMatch('startKedge() starts another');
  }
  await expect(kedge.reset()).rejects.toThrow('No Kedge answers');
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
  await copy.seed({ records: [{ topic: 'orders', value: { item: 'milk' } }] });
  await copy.advanceClock('1h');
  await copy.reset();
  const { highWatermark } = await consumer.fetch({ topic: 'orders', partition: 0, offset: 0 });
  expect(highWatermark).toBe(1);
  expect(Math.abs((await copy.now()) - Date.now())).toBeLessThan(600_000);
});

it('says what to do about what it cannot have', async () => {
  await using kedge = await startKedge({ dataDir: join(scratch, 'data') });
  const { port } = kedge;
  await expect(startKedge({ kafkaPort: port })).rejects.toThrow(
    `Port ${port} on 127.0.0.1 is taken by another program. ` +
      'Without the option kafkaPort any free port is taken.',
  );
  await expect(startKedge({ dataDir: join(scratch, 'data') })).rejects.toThrow(
    /is in use by another Kedge \(process \d+\)\. Stop that one, or choose another directory\./,
  );
  await expect(startKedge({ config: { 'num.partition': 3 } })).rejects.toThrow(
    "The option config has 'num.partition', which is no setting that Kedge knows.",
  );
  await expect(startKedge({ config: { 'num.partitions': 0 } })).rejects.toThrow(TypeError);
  await expect(startKedge({ host: '0.0.0.0' })).rejects.toThrow(
    'The host 0.0.0.0 lets other machines in, and nothing says who may come',
  );
  await expect(startKedge({ snapshot: import.meta.filename })).rejects.toThrow('is no snapshot');
});

it('goes on where it was in a directory that is kept', async () => {
  const options = { dataDir: join(scratch, 'kept'), topics: ['orders'] };
  for (const offset of [0, 1]) {
    await using kedge = await startKedge(options);
    await using producer = new Producer(kedge.client);
    expect(await producer.send('orders', { value: 'tea' })).toMatchObject({ offset });
  }
});

it('lets in only who may where that is said, and has an admin of its own', async () => {
  await using kedge = await startKedge({
    variables: { KEDGE_TOKEN: 'secret' },
    topics: ['orders'],
  });
  expect(await kedge.admin.listTopics()).toEqual(['orders']);
  await using stranger = new Producer(kedge.url, { deliveryTimeoutMs: 1_000 });
  await expect(stranger.send('orders', { value: 'tea' })).rejects.toThrow();
  await using known = new Producer(kedge.client, { token: 'secret' });
  expect(await known.send('orders', { value: 'tea' })).toMatchObject({ offset: 0 });
  await kedge.reset();
  expect(await kedge.admin.listTopics()).toEqual(['orders']);
});
