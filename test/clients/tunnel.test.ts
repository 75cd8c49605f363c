import { type Consumer, Kafka, logLevel } from 'kafkajs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openTunnel, type Tunnel } from '../../src/cli/tunnel/tunnel.ts';
import { parseTunnelOptions } from '../cli/tunnel/parse.ts';
import { startWranglerDev, type WranglerDev } from '../cli/tunnel/wrangler-dev.ts';

const records = 10_000;

let wrangler: WranglerDev;
let tunnel: Tunnel;
let kafka: Kafka;
const complaints: string[] = [];

beforeAll(async () => {
  wrangler = await startWranglerDev({
    KEDGE_OPEN: 'true',
    KEDGE_REQUESTS_PER_CONNECTION: '50',
    KAFKA_NUM_PARTITIONS: '4',
    KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS: '0',
  });
  const options = parseTunnelOptions([wrangler.url, '--listen', '127.0.0.1:0'], {});
  tunnel = await openTunnel(options, (line) => complaints.push(line));
  kafka = new Kafka({
    brokers: [`${tunnel.host}:${tunnel.port}`],
    logLevel: logLevel.NOTHING,
    retry: { initialRetryTime: 20, maxRetryTime: 200, retries: 100 },
  });
}, 120_000);

afterAll(async () => {
  await tunnel?.close();
  await wrangler?.stop();
});

/** Reads until as many different values were seen as were sent. */
async function readAll(consumer: Consumer, topic: string): Promise<Map<number, number[]>> {
  const seen = new Map<number, number[]>();
  const values = new Set<string>();
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  await new Promise<void>((resolve) => {
    void consumer.run({
      eachMessage: async ({ partition, message }) => {
        const value = String(message.value);
        values.add(value);
        const inPartition = seen.get(partition) ?? [];
        inPartition.push(Number(value));
        seen.set(partition, inPartition);
        if (values.size === records) resolve();
      },
    });
  });
  return seen;
}

describe('kafkajs through the tunnel, its connections closed every 50 requests', () => {
  it('sends each record once and reads each', async () => {
    const producer = kafka.producer({ idempotent: true, maxInFlightRequests: 1 });
    await producer.connect();
    for (let i = 0; i < records; i += 5) {
      const messages = Array.from({ length: 5 }, (_, j) => ({
        partition: (i / 5) % 4,
        value: `${i + j}`,
      }));
      await producer.send({ topic: 'tunnelled', messages });
    }
    await producer.disconnect();
    const consumer = kafka.consumer({ groupId: 'readers', maxBytesPerPartition: 2_000 });
    const seen = await readAll(consumer, 'tunnelled');
    await consumer.disconnect();
    const all = [...seen.values()].flat();
    expect(new Set(all).size).toBe(records);
    // Idempotence is on, and no rebalance makes a reader begin again: once is once.
    expect(all).toHaveLength(records);
    for (const values of seen.values()) {
      expect(values).toEqual(values.toSorted((left, right) => left - right));
    }
  }, 180_000);

  it('was made to connect again many times, and nobody had anything to complain of', () => {
    // 2,000 requests to produce alone.
    expect(tunnel.streams).toBeGreaterThan(40);
    expect(complaints).toEqual([]);
  });
});
