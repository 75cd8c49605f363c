/**
 * Kedge is killed again and again in the middle of a load. What was acknowledged must be there: at
 * the offset it was acknowledged with, once, in order. What was not acknowledged may be there or
 * not, but not twice, except that nothing may be lost or doubled by an idempotent producer at all.
 */
import { Producer as PlatformaticProducer, stringSerializers } from '@platformatic/kafka';
import { Kafka, logLevel, Partitioners, type ProducerConfig } from 'kafkajs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Kedge, spawnKedge } from '../kedge-process.ts';
import { eventually } from './waiting.ts';

const rounds = 6;
const acknowledgedPerRound = 300;
const topic = 'ledger';
const partitions = [0, 1, 2];

/** What one producer was told about what it sent. */
interface Account {
  readonly name: string;
  readonly idempotent: boolean;
  readonly partition: number;
  /** Value → offset, in the order in which they were acknowledged. */
  readonly acknowledged: Map<string, number>;
  readonly unknown: Set<string>;
}

let kedge: Kedge;
let kafka: Kafka;
let running = true;
const accounts: Account[] = [];

beforeAll(async () => {
  kedge = await spawnKedge();
  kafka = new Kafka({ brokers: [kedge.bootstrapServers], logLevel: logLevel.NOTHING });
  const admin = kafka.admin();
  await admin.connect();
  await admin.createTopics({ topics: [{ topic, numPartitions: partitions.length }] });
  await admin.disconnect();
});
afterAll(() => kedge.stop());

function account(name: string, idempotent: boolean): Account {
  const partition = accounts.length % partitions.length;
  const entry = {
    name,
    idempotent,
    partition,
    acknowledged: new Map(),
    unknown: new Set<string>(),
  };
  accounts.push(entry);
  return entry;
}

/** Sends batch after batch, each when the one before is settled. */
async function load(
  { name, partition, acknowledged, unknown }: Account,
  send: (partition: number, values: string[]) => Promise<number>,
): Promise<void> {
  for (let next = 0; running; ) {
    const values = Array.from({ length: 1 + (next % 4) }, (_, i) => `${name}:${next + i}`);
    next += values.length;
    try {
      const baseOffset = await send(partition, values);
      for (const [i, value] of values.entries()) acknowledged.set(value, baseOffset + i);
    } catch {
      for (const value of values) unknown.add(value);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

async function kafkajsLoad(name: string, config: ProducerConfig): Promise<void> {
  const entry = account(name, config.idempotent === true);
  const producer = kafka.producer({
    createPartitioner: Partitioners.DefaultPartitioner,
    ...config,
  });
  await producer.connect();
  await load(entry, async (partition, values) => {
    const messages = values.map((value) => ({ partition, value }));
    const [sent] = await producer.send({ topic, acks: -1, messages });
    return Number(sent.baseOffset);
  });
  await producer.disconnect();
}

async function platformaticLoad(name: string): Promise<void> {
  const producer = new PlatformaticProducer<string, string, string, string>({
    clientId: name,
    bootstrapBrokers: [kedge.bootstrapServers],
    serializers: stringSerializers,
    retries: false,
  });
  await load(account(name, false), async (partition, values) => {
    const messages = values.map((value) => ({ topic, partition, value }));
    const { offsets } = await producer.send({ messages, acks: -1 });
    return Number(offsets![0].offset);
  });
  await producer.close();
}

async function httpLoad(name: string): Promise<void> {
  await load(account(name, false), async (partition, values) => {
    const records = values.map((value) => ({ value: Buffer.from(value).toString('base64') }));
    const answer = await fetch(`${kedge.url}/rest/topics/${topic}/partitions/${partition}`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/vnd.kafka.binary.v2+json' },
      body: JSON.stringify({ records }),
    });
    const { offsets } = (await answer.json()) as { offsets: { offset: number | null }[] };
    if (offsets.some(({ offset }) => offset === null)) throw new Error('not acknowledged');
    return offsets[0].offset!;
  });
}

/** The whole log, partition by partition: the value at each offset. */
async function readEverything(): Promise<string[][]> {
  const admin = kafka.admin();
  await admin.connect();
  const ends = await admin.fetchTopicOffsets(topic);
  await admin.disconnect();
  const logs: string[][] = partitions.map(() => []);
  const consumer = kafka.consumer({ groupId: 'auditor', maxWaitTimeInMs: 200 });
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  await consumer.run({
    eachMessage: async ({ partition, message }) => {
      expect(Number(message.offset)).toBe(logs[partition].length);
      logs[partition].push(`${message.value}`);
    },
  });
  await eventually(() =>
    ends.every(({ partition, high }) => logs[partition].length === Number(high)),
  );
  await consumer.disconnect();
  return logs;
}

it('keeps every acknowledged record, once and in order, however often it is killed', async () => {
  const patient = { initialRetryTime: 20, maxRetryTime: 200, retries: 1_000 };
  const exactlyOnce = { idempotent: true, maxInFlightRequests: 1, retry: patient };
  const once = { retry: { retries: 0, initialRetryTime: 20 } };
  const loads = [
    ...[0, 1, 2].map((i) => kafkajsLoad(`idempotent-${i}`, exactlyOnce)),
    ...[0, 1, 2].map((i) => kafkajsLoad(`plain-${i}`, once)),
    ...[0, 1, 2].map((i) => platformaticLoad(`platformatic-${i}`)),
    ...[0, 1, 2].map((i) => httpLoad(`http-${i}`)),
  ];
  const total = () => accounts.reduce((sum, { acknowledged }) => sum + acknowledged.size, 0);

  for (let round = 0; round < rounds; round++) {
    const before = accounts.map(({ acknowledged }) => acknowledged.size);
    const goal = total() + acknowledgedPerRound;
    // Everybody is at work again when the blow falls.
    await eventually(
      () =>
        total() > goal && accounts.every(({ acknowledged }, i) => acknowledged.size > before[i]),
    );
    if (round % 2 === 0) {
      await kedge.kill();
      await kedge.restart();
    } else {
      process.kill(kedge.workerdPid(), 'SIGKILL');
    }
  }
  running = false;
  await Promise.all(loads);
  await kedge.restart();

  const logs = await readEverything();
  const missing: string[] = [];
  for (const { name, idempotent, partition, acknowledged, unknown } of accounts) {
    for (const [value, offset] of acknowledged) {
      if (logs[partition][offset] !== value) missing.push(`${value} at ${partition}:${offset}`);
    }
    const found = logs[partition].filter((value) => value.startsWith(`${name}:`));
    // Once: nothing is there twice. In order: values were sent in counting order.
    const numbers = found.map((value) => Number(value.split(':')[1]));
    expect(numbers).toEqual([...new Set(numbers)].sort((a, b) => a - b));
    // Nothing is there that was not sent.
    expect(found.filter((value) => !acknowledged.has(value) && !unknown.has(value))).toEqual([]);
    if (!idempotent) continue;
    expect(unknown.size).toBe(0);
    expect(found).toEqual([...acknowledged.keys()]);
  }
  expect(missing).toEqual([]);
  // The blows did fall in the middle of something.
  expect(accounts.some(({ unknown }) => unknown.size > 0)).toBe(true);
  expect(total()).toBeGreaterThan(rounds * acknowledgedPerRound);
}, 120_000);
