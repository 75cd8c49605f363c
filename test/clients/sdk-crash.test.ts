/**
 * A producer of `kedge/client` whose Kedge is killed with -9 under it, again and again: every
 * record is there in the end, once, and in order per key.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { Admin, Consumer, Producer } from '../../src/client/index.ts';
import { spawnKedge } from '../kedge-process.ts';

const keys = 7;
const kills = 3;

it.each(['http', 'ws'])('loses and doubles nothing over %s', async (scheme) => {
  await using kedge = await spawnKedge({ env: { KAFKA_NUM_PARTITIONS: '3' } });
  const address = kedge.url.replace('http', scheme);
  await using producer = new Producer(address, { requestTimeoutMs: 5_000, lingerMs: 1 });
  const sent: Promise<unknown>[] = [];
  let isOver = false;
  const producing = (async () => {
    for (let n = 0; !isOver; n++) {
      sent.push(producer.send('crash', { key: `k${n % keys}`, value: `${n}` }));
      if (n % 20 === 0) await delay(5);
    }
  })();
  for (let kill = 0; kill < kills; kill++) {
    await delay(500);
    await kedge.kill();
    await kedge.restart();
  }
  await delay(300);
  isOver = true;
  await producing;
  await Promise.all(sent);

  await using admin = new Admin(address);
  const places = [0, 1, 2].map((partition) => ({ topic: 'crash', partition }));
  const ends = await admin.listOffsets(places.map((place) => ({ ...place, at: 'latest' })));
  const total = ends.reduce((sum, { offset }) => sum + offset, 0);
  expect(total).toBe(sent.length);
  await using consumer = new Consumer(address, { autoOffsetReset: 'earliest' });
  await consumer.assign(places);
  const values = new Map<string, number[]>();
  let seen = 0;
  for await (const { key, value } of consumer) {
    values.set(key!, [...(values.get(key!) ?? []), Number(value)]);
    if (++seen === total) break;
  }
  for (const [key, of] of values) {
    const expected = Array.from({ length: of.length }, (_, i) => Number(key.slice(1)) + i * keys);
    expect(of).toEqual(expected);
  }
});

it('loses and doubles nothing over a WebSocket that ends after every ten requests', async () => {
  await using kedge = await spawnKedge({ env: { KEDGE_REQUESTS_PER_CONNECTION: '10' } });
  const address = kedge.url.replace('http', 'ws');
  await using producer = new Producer(address, { batchBytes: 500 });
  const values = Array.from({ length: 2_000 }, (_, n) => `${n}`);
  await Promise.all(values.map((value) => producer.send('recycled', { value, partition: 0 })));
  const options = { groupId: 'recycled', autoOffsetReset: 'earliest' } as const;
  await using consumer = new Consumer(address, { ...options, maxPartitionBytes: 2_000 });
  consumer.subscribe('recycled');
  const seen: (string | null)[] = [];
  for await (const record of consumer) {
    seen.push(record.value);
    if (seen.length === values.length) break;
  }
  expect(seen).toEqual(values);
});
