import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Kafka, logLevel } from 'kafkajs';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Consumer, json, Producer } from '../../src/client/index.ts';
import { connectKedge, type Kedge, startKedge } from '../../src/testing/index.ts';

const scratch = mkdtempSync(join(tmpdir(), 'kedge-testing-'));
let kedge: Kedge;
beforeAll(async () => {
  kedge = await startKedge({ topics: [{ name: 'orders', partitions: 2 }] });
});
beforeEach(() => kedge.reset());
afterAll(async () => {
  await kedge.stop();
  rmSync(scratch, { recursive: true, force: true });
});

const places = [0, 1].map((partition) => ({ topic: 'orders', partition }));
async function ends(of: Kedge = kedge): Promise<number[]> {
  const offsets = await of.admin.listOffsets(places.map((at) => ({ ...at, at: 'latest' })));
  return offsets.map(({ offset }) => offset);
}

/** The next records there are. */
async function polled(consumer: Consumer) {
  for (;;) {
    const records = await consumer.poll({ maxWaitMs: 100 });
    if (records.length > 0) return records;
  }
}

describe('reset', () => {
  it('leaves what it was started with, whatever was there, and to clients that stay', async () => {
    await using producer = new Producer(kedge.client);
    const group = { groupId: 'kitchen', autoCommit: false } as const;
    await using consumer = new Consumer(kedge.client, { ...group, autoOffsetReset: 'earliest' });
    consumer.subscribe('orders');
    for (const value of ['tea', 'milk', 'bread']) {
      await producer.send('orders', { value, partition: 1 });
      const come = await polled(consumer);
      expect(come).toMatchObject([{ partition: 1, offset: 0, value }]);
      await kedge.admin.alterGroupOffsets('bakery', [{ ...places[1], offset: 1 }]);
      await kedge.admin.createTopics([{ name: 'bills' }]);
      await kedge.fault({ api: 'Fetch', delayMs: 1, times: 0 });
      await kedge.reset();
      expect(await kedge.admin.listTopics()).toEqual(['orders']);
      expect(await kedge.admin.groupOffsets('bakery')).toEqual([]);
      expect(await ends()).toEqual([0, 0]);
    }
  });

  it('has its topics made by nobody else, though a client waits to write', async () => {
    const kafka = new Kafka({
      brokers: [kedge.bootstrapServers],
      logLevel: logLevel.NOTHING,
      retry: { initialRetryTime: 5, maxRetryTime: 20, retries: 1_000 },
    });
    const producer = kafka.producer();
    await producer.connect();
    let isOver = false;
    const writing = (async () => {
      while (!isOver) await producer.send({ topic: 'orders', messages: [{ value: 'tea' }] });
    })();
    for (let resets = 0; resets < 15; resets++) {
      await kedge.reset();
      const [{ partitions }] = await kedge.admin.describeTopics(['orders']);
      expect(partitions).toHaveLength(2);
    }
    isOver = true;
    await writing;
    await producer.disconnect();
  });

  it('comes back from a moved clock', async () => {
    expect(await kedge.advanceClock('30d')).toBeGreaterThan(Date.now() + 29 * 86_400_000);
    await kedge.reset();
    expect(Math.abs((await kedge.now()) - Date.now())).toBeLessThan(60_000);
  });

  it('outlives a crash', async () => {
    await kedge.seed({ records: [{ topic: 'orders', partition: 0, value: 'tea' }] });
    await kedge.reset();
    await kedge.crash();
    expect(await ends()).toEqual([0, 0]);
    await kedge.seed({ records: [{ topic: 'orders', partition: 0, value: 'tea' }] });
    await kedge.restart();
    expect(await ends()).toEqual([1, 0]);
  });
});

describe('a fault', () => {
  it('strikes as often as it is to, counts that, and goes', async () => {
    await using fault = await kedge.fault({ api: 'Metadata', delayMs: 1, times: 2 });
    for (const hits of [1, 2, 2]) {
      await kedge.admin.listTopics();
      expect(await fault.hits()).toBe(hits);
    }
    await fault.remove();
    await fault.remove();
    expect(await fault.hits()).toBe(0);
  });

  it('is told apart by topic and by client', async () => {
    const fault = await kedge.fault({
      api: 'Produce',
      topic: 'orders',
      clientId: 'a',
      times: 0,
      delayMs: 1,
    });
    for (const [clientId, topic] of [
      ['a', 'orders'],
      ['b', 'orders'],
      ['a', 'bills'],
    ]) {
      await using producer = new Producer(kedge.client, { clientId });
      await producer.send(topic, { value: 'tea' });
    }
    expect(await fault.hits()).toBe(1);
    await kedge.clearFaults();
    expect(await fault.hits()).toBe(0);
  });

  it.each([
    [{ api: 'Serve', delayMs: 1 }, /api must be one of .*Produce/],
    [{ api: 'Produce' }, /Say what goes wrong/],
    [{ api: 'Produce', errorCode: 'NO_TEA' as never }, /error of Kafka's/],
  ])('is refused where it cannot be: %j', async (spec, why) => {
    await expect(kedge.fault(spec)).rejects.toThrow(TypeError);
    await expect(kedge.fault(spec)).rejects.toThrow(why);
  });
});

it('has a group join again', async () => {
  const kafka = new Kafka({ brokers: [kedge.bootstrapServers], logLevel: logLevel.NOTHING });
  const consumer = kafka.consumer({
    ...{ groupId: 'kitchen', heartbeatInterval: 50, maxWaitTimeInMs: 100 },
  });
  let joined = 0;
  consumer.on(consumer.events.GROUP_JOIN, () => {
    joined += 1;
  });
  await consumer.connect();
  await consumer.subscribe({ topic: 'orders' });
  await consumer.run({ eachMessage: async () => {} });
  await expect.poll(() => joined).toBe(1);
  await kedge.rebalance('kitchen');
  await expect.poll(() => joined).toBe(2);
  await consumer.disconnect();
  await expect(kedge.rebalance('nobody')).rejects.toThrow(/no group nobody/);
});

describe('seeds', () => {
  it('stores keys, headers, bytes and times as they are', async () => {
    const headers = { from: 'web', bytes: new Uint8Array([0, 255]), none: null };
    const place = { topic: 'orders', partition: 0, timestamp: 1_700_000_000_000 };
    await kedge.seed({
      records: [
        { ...place, key: 'ada', value: { item: 'tea' }, headers },
        { ...place, key: new Uint8Array([255]), value: null },
      ],
    });
    await using consumer = new Consumer(kedge.client, { value: json() });
    const { records } = await consumer.fetch({ ...place, offset: 0 });
    expect(records).toMatchObject([
      { timestamp: 1_700_000_000_000, value: { item: 'tea' } },
      { value: null },
    ]);
    expect(new Map(records[0].headers.map(({ key, value }) => [key, value]))).toEqual(
      new Map([
        ['from', new TextEncoder().encode('web')],
        ['bytes', new Uint8Array([0, 255])],
        ['none', null],
      ]),
    );
  });

  it('stores more than goes in one request, in its order', async () => {
    const records = Array.from({ length: 1_234 }, (_, value) => ({
      topic: 'orders',
      partition: 0,
      value,
    }));
    await kedge.seed({ records });
    await using consumer = new Consumer(kedge.client, { value: json<number>() });
    const values: number[] = [];
    while (values.length < records.length) {
      const read = await consumer.fetch({ topic: 'orders', partition: 0, offset: values.length });
      values.push(...read.records.map(({ value }) => value!));
    }
    expect(values).toEqual(records.map(({ value }) => value));
  });

  it('names the line of a file that cannot be understood', async () => {
    const file = join(scratch, 'bad.jsonl');
    writeFileSync(file, '{"topic":"orders","value":"tea"}\n\n{"topic":7}\n');
    await expect(kedge.seed(file)).rejects.toThrow(/bad\.jsonl, line 3: "topic" is missing/);
    expect(await ends()).toEqual([0, 0]);
  });
});

describe('a Kedge elsewhere', () => {
  it('is crashed, restarted, kept and brought back by its routes', async () => {
    const elsewhere = connectKedge(kedge.address);
    await elsewhere.seed({ records: [{ topic: 'orders', partition: 1, value: 'tea' }] });
    await elsewhere.crash();
    const file = join(scratch, 'elsewhere.snapshot');
    await elsewhere.snapshot(file);
    await elsewhere.seed({ records: [{ topic: 'orders', partition: 1, value: 'milk' }] });
    await elsewhere.restart();
    expect(await ends(elsewhere)).toEqual([0, 2]);
    await elsewhere.restore(file);
    expect(await ends(elsewhere)).toEqual([0, 1]);
    await elsewhere.stop();
    expect(await ends()).toEqual([0, 1]);
  });

  it('says why it cannot be controlled', async () => {
    const { secret: _, ...address } = kedge.address;
    const refused = /kedge dev --test-controls/;
    await expect(connectKedge(address).reset()).rejects.toThrow(refused);
    await expect(connectKedge({ ...address, secret: 'guess' }).now()).rejects.toThrow(refused);
    await expect(connectKedge(kedge.address).crash({ restart: false })).rejects.toThrow(
      /startKedge/,
    );
    const nowhere = connectKedge({ ...address, url: 'http://127.0.0.1:1' });
    await expect(nowhere.reset()).rejects.toThrow('No Kedge answers at http://127.0.0.1:1.');
  });
});
