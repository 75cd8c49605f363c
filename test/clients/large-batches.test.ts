/** Batches near the largest Kedge takes, from a client to the log and back, and after a restart. */
import { createHash, randomBytes } from 'node:crypto';
import { CompressionTypes, Kafka, logLevel, Partitioners } from 'kafkajs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Kedge, spawnKedge } from '../kedge-process.ts';
import { eventually, unique } from './waiting.ts';

const megabyte = 1024 * 1024;
let kedge: Kedge;
let kafka: Kafka;

beforeAll(async () => {
  kedge = await spawnKedge();
  kafka = new Kafka({ brokers: [kedge.bootstrapServers], logLevel: logLevel.NOTHING });
});
afterAll(() => kedge.stop());

async function topicWith(configs: Readonly<Record<string, string>>): Promise<string> {
  const topic = unique('large');
  const admin = kafka.admin();
  await admin.connect();
  const configEntries = Object.entries(configs).map(([name, value]) => ({ name, value }));
  await admin.createTopics({ topics: [{ topic, numPartitions: 1, configEntries }] });
  await admin.disconnect();
  return topic;
}

async function send(topic: string, value: Buffer, compression = CompressionTypes.None) {
  const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner });
  await producer.connect();
  try {
    await producer.send({ topic, compression, messages: [{ value }] });
  } finally {
    await producer.disconnect();
  }
}

const hash = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');

/** The hashes of so many values of the topic. */
async function hashesOf(topic: string, count: number): Promise<string[]> {
  const consumer = kafka.consumer({ groupId: unique('group') });
  const hashes: string[] = [];
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  await consumer.run({
    eachMessage: async ({ message }) => {
      hashes.push(hash(message.value!));
    },
  });
  await eventually(() => hashes.length >= count);
  await consumer.disconnect();
  return hashes;
}

describe('large batches', () => {
  it('20 MiB go there and back, between small ones and after a restart', async () => {
    const topic = await topicWith({ 'max.message.bytes': String(30 * megabyte) });
    const values = [1_000, 20 * megabyte, 2_000].map((size) => randomBytes(size));
    for (const value of values) await send(topic, value);
    expect(await hashesOf(topic, 3)).toEqual(values.map(hash));
    await kedge.restart();
    expect(await hashesOf(topic, 3)).toEqual(values.map(hash));
  });

  it.each([
    ['by the producer', 'producer', CompressionTypes.GZIP],
    ['by the topic', 'gzip', CompressionTypes.None],
    ['by the producer and not by the topic', 'uncompressed', CompressionTypes.GZIP],
  ])('20 MiB compressed %s', async (_, type, compression) => {
    const value = Buffer.alloc(20 * megabyte, randomBytes(20_000));
    const max = { 'max.message.bytes': String(30 * megabyte) };
    const topic = await topicWith({ ...max, 'compression.type': type });
    await send(topic, value, compression);
    expect(await hashesOf(topic, 1)).toEqual([hash(value)]);
  });

  it('more than the topic allows is refused, and a topic cannot allow more than 30 MiB', async () => {
    const topic = await topicWith({});
    await expect(send(topic, randomBytes(2 * megabyte))).rejects.toThrow('larger than the max');
    await expect(topicWith({ 'max.message.bytes': String(30 * megabyte + 1) })).rejects.toThrow();
  });
});
