import { Kafka, logLevel } from 'kafkajs';
import { type Kedge, kedgeTest } from 'kedge/testing/vitest';
import { describe, expect } from 'vitest';
import { Counter, Kitchen, type Order } from './orders.ts';

const configs = {
  'retention.ms': `${7 * 24 * 3_600_000}`,
  // Records have the broker's time, which is ahead of the clients' where a test moves it.
  'message.timestamp.type': 'LogAppendTime',
};
const tea = { customer: 'ada', item: 'tea' };
const milk = { customer: 'bob', item: 'milk' };

// The tests of this file have a Kedge of their own, and each test finds it as it is described here.
const test = kedgeTest({
  topics: [{ name: 'orders', partitions: 2, configs }],
}).extend('shop', async ({ kedge }, { onCleanup }) => {
  const shop = new Shop(kedge);
  onCleanup(() => shop.close());
  return shop;
});

/** Opens counters and kitchens, and closes what is open at the end of a test. */
class Shop {
  readonly #kafka: Kafka;
  readonly #open: (Counter | Kitchen)[] = [];
  readonly cooked: Order[] = [];

  constructor(kedge: Kedge) {
    this.#kafka = new Kafka({
      brokers: [kedge.bootstrapServers],
      logLevel: logLevel.NOTHING,
      retry: { initialRetryTime: 20, maxRetryTime: 200, retries: 50 },
    });
  }

  async counter(): Promise<Counter> {
    const counter = await Counter.open(this.#kafka);
    this.#open.push(counter);
    return counter;
  }

  async kitchen(): Promise<Kitchen> {
    const kitchen = await Kitchen.open(this.#kafka, (order) => this.cooked.push(order));
    this.#open.push(kitchen);
    return kitchen;
  }

  async close(): Promise<void> {
    await Promise.all(this.#open.splice(0).map((one) => one.close()));
  }
}

/** What is stored of orders, in the order in which it was stored in each partition. */
async function stored(kedge: Kedge): Promise<number> {
  const places = [0, 1].map((partition) => ({ topic: 'orders', partition }));
  const ends = await kedge.admin.listOffsets(
    places.map((at) => ({ ...at, at: 'latest' as const })),
  );
  return ends.reduce((sum, { offset }) => sum + offset, 0);
}

describe('the shop', () => {
  test('cooks what is ordered', async ({ shop }) => {
    const counter = await shop.counter();
    await shop.kitchen();
    await counter.take(tea);
    await counter.take(milk);
    await expect.poll(() => shop.cooked).toHaveLength(2);
    expect(shop.cooked).toEqual(expect.arrayContaining([tea, milk]));
  });

  test('knows nothing of the orders of other tests', async ({ kedge, shop }) => {
    expect(await stored(kedge)).toBe(0);
    await kedge.seed({ records: [{ topic: 'orders', key: 'cyd', value: milk }] });
    await shop.kitchen();
    await expect.poll(() => shop.cooked).toEqual([milk]);
  });
});

describe('a fault', () => {
  test('of a partition without a leader is retried', async ({ kedge, shop }) => {
    const counter = await shop.counter();
    await using fault = await kedge.fault({
      api: 'Produce',
      topic: 'orders',
      errorCode: 'NOT_LEADER_OR_FOLLOWER',
      times: 3,
    });
    await counter.take(tea);
    expect(await fault.hits()).toBe(3);
    expect(await stored(kedge)).toBe(1);
  });

  test('that loses the answer stores an order once', async ({ kedge, shop }) => {
    const counter = await shop.counter();
    await kedge.fault({ api: 'Produce', disconnect: true, after: true });
    await counter.take(tea);
    expect(await stored(kedge)).toBe(1);
  });
});

describe('time', () => {
  test('deletes the orders that nobody came for in a week', async ({ kedge, shop }) => {
    const counter = await shop.counter();
    await counter.take(tea);
    await kedge.advanceClock('8d');
    await counter.take(milk);
    await shop.kitchen();
    await expect.poll(() => shop.cooked).toEqual([milk]);
  });
});

describe('a crash', () => {
  test('loses no order, and none is cooked twice', async ({ kedge, shop }) => {
    const counter = await shop.counter();
    const kitchen = await shop.kitchen();
    await counter.take(tea);
    await expect.poll(() => shop.cooked).toEqual([tea]);
    await kitchen.close();
    await counter.take(milk);
    await kedge.crash();
    await shop.kitchen();
    await expect.poll(() => shop.cooked).toEqual([tea, milk]);
    await counter.take(tea);
    await expect.poll(() => shop.cooked).toEqual([tea, milk, tea]);
  });
});
