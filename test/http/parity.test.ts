/** A record is the same record over HTTP and over Kafka's protocol, in both directions. */
import { request } from 'node:http';
import { CompressionTypes, Kafka, type KafkaMessage, logLevel, Partitioners } from 'kafkajs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Kedge, spawnKedge } from '../kedge-process.ts';
import { ask, v2Binary, v2Json } from './requests.ts';

const json = 'application/json';

let kedge: Kedge;
let kafka: Kafka;
let cluster: string;

beforeAll(async () => {
  kedge = await spawnKedge({ env: { KAFKA_NUM_PARTITIONS: '5' } });
  kafka = new Kafka({ brokers: [kedge.bootstrapServers], logLevel: logLevel.NOTHING });
  const clusters = await ask('GET', `${kedge.url}/v3/clusters`);
  cluster = clusters.json.data[0].metadata.self;
});
afterAll(() => kedge.stop());

/** The first `count` records of a topic as a Kafka client sees them. */
async function readWithKafka(topic: string, count: number) {
  const consumer = kafka.consumer({ groupId: `reader-of-${topic}`, maxWaitTimeInMs: 100 });
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  const records: { partition: number; message: KafkaMessage }[] = [];
  await new Promise<void>((resolve) => {
    void consumer.run({
      eachMessage: async ({ partition, message }) => {
        records.push({ partition, message });
        if (records.length === count) resolve();
      },
    });
  });
  await consumer.disconnect();
  return records;
}

const base64 = (text: string) => Buffer.from(text).toString('base64');

describe('a record produced over HTTP', () => {
  it('is what a Kafka client reads: key, value, headers, timestamp', async () => {
    const record = {
      key: base64('the key'),
      value: base64('the value'),
      partition: 3,
      timestamp: 1_700_000_000_123,
      headers: [
        { key: 'one', value: base64('1') },
        { key: 'two', value: base64('2') },
      ],
    };
    await ask('POST', `${kedge.url}/rest/topics/from-http`, {
      body: { records: [record] },
      type: v2Binary,
    });
    const [{ partition, message }] = await readWithKafka('from-http', 1);
    expect(partition).toBe(3);
    expect(message).toMatchObject({ offset: '0', timestamp: '1700000000123' });
    expect([String(message.key), String(message.value)]).toEqual(['the key', 'the value']);
    expect(message.headers).toEqual({ one: Buffer.from('1'), two: Buffer.from('2') });
  });

  it('is where the same key of a Kafka client is', async () => {
    const keys = Array.from({ length: 40 }, (_, i) => `key ${i * i}`);
    const http = await ask('POST', `${kedge.url}/rest/topics/keys-http`, {
      body: { records: keys.map((key) => ({ key: base64(key), value: null })) },
      type: v2Binary,
    });
    const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner });
    await producer.connect();
    // Known beforehand: the client asks for a topic's partitions once.
    await ask('POST', `${cluster}/topics`, { body: { topic_name: 'keys-kafka' }, type: json });
    await producer.send({
      topic: 'keys-kafka',
      messages: keys.map((key) => ({ key, value: key })),
    });
    await producer.disconnect();
    const records = await readWithKafka('keys-kafka', keys.length);
    const placed = new Map(
      records.map(({ partition, message }) => [String(message.key), partition]),
    );
    expect(http.json.offsets.map(({ partition }: { partition: number }) => partition)).toEqual(
      keys.map((key) => placed.get(key)),
    );
    expect(new Set(placed.values()).size).toBe(5);
  });
});

describe('a record produced by a Kafka client', () => {
  it.each([
    ['not compressed', CompressionTypes.None],
    ['gzip', CompressionTypes.GZIP],
  ])('is what HTTP reads, %s', async (name, compression) => {
    const topic = `to-http-${compression}`;
    const body = { topic_name: topic, partitions_count: 1 };
    await ask('POST', `${cluster}/topics`, { body, type: json });
    const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner });
    await producer.connect();
    const messages = Array.from({ length: 100 }, (_, n) => ({
      key: `k${n}`,
      value: JSON.stringify({ n, name }),
      headers: { h: `header ${n}` },
      timestamp: String(1_700_000_000_000 + n),
    }));
    await producer.send({ topic, messages, compression });
    await producer.disconnect();
    const path = `${kedge.url}/rest/topics/${topic}/partitions/0/records`;
    const read = await ask('GET', path, { accept: v2Binary });
    expect(read.json).toEqual(
      messages.map(({ key, value, headers, timestamp }, offset) => ({
        topic,
        key: base64(key),
        value: base64(value),
        partition: 0,
        offset,
        timestamp: Number(timestamp),
        headers: [{ key: 'h', value: base64(headers.h) }],
      })),
    );
  });
});

describe('a stream of records', () => {
  it('is answered record by record while the request is still open', async () => {
    const outgoing = request(`${cluster}/topics/stream/records`, {
      method: 'POST',
      agent: false,
      headers: { 'content-type': 'application/json', 'transfer-encoding': 'chunked' },
    });
    const answers: { error_code: number; offset?: number }[] = [];
    let wake = () => {};
    const ended = new Promise<void>((resolve) => {
      outgoing.on('response', (incoming) => {
        expect(incoming.statusCode).toBe(200);
        let text = '';
        incoming.setEncoding('utf8').on('data', (chunk: string) => {
          text += chunk;
          const lines = text.split('\r\n');
          text = lines.pop()!;
          answers.push(...lines.map((line) => JSON.parse(line)));
          wake();
        });
        incoming.on('end', resolve);
      });
    });
    const answered = async (count: number) => {
      while (answers.length < count) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    };
    const record = (data: string) =>
      JSON.stringify({ partition_id: 0, value: { type: 'STRING', data } });
    outgoing.write(record('first'));
    await answered(1);
    const second = record('second å');
    outgoing.write(second.slice(0, 20));
    outgoing.write(second.slice(20));
    await answered(2);
    outgoing.write(record('third') + record('fourth'));
    await answered(4);
    expect(answers.map(({ error_code, offset }) => [error_code, offset])).toEqual([
      [200, 0],
      [200, 1],
      [200, 2],
      [200, 3],
    ]);
    outgoing.end();
    await ended;
    const path = `${kedge.url}/rest/topics/stream/partitions/0/records`;
    const read = await ask('GET', path);
    const values = read.json.map(({ value }: { value: string }) =>
      Buffer.from(value, 'base64').toString(),
    );
    expect(values).toEqual(['first', 'second å', 'third', 'fourth']);
  });
});

describe('limits', () => {
  it('a body that says it is too large is refused before it comes', async () => {
    const outgoing = request(`${kedge.url}/rest/topics/t`, {
      method: 'POST',
      agent: false,
      headers: { 'content-type': v2Json, 'content-length': 10_000_000_000 },
    });
    outgoing.on('error', () => {});
    outgoing.flushHeaders();
    const status = await new Promise((resolve) => {
      outgoing.on('response', (incoming) => {
        incoming.resume();
        resolve(incoming.statusCode);
      });
    });
    outgoing.destroy();
    expect(status).toBe(413);
  });

  it('an unknown path is JSON that says what there is', async () => {
    const answer = await ask('GET', `${kedge.url}/`);
    expect(answer).toMatchObject({ status: 404, type: 'application/json' });
    for (const path of ['GET /healthz', '/rest/…', '/v3/…', '/kafka/v3/…']) {
      expect(answer.json.endpoints).toContain(path);
    }
    expect((await ask('GET', `${kedge.url}/healthz`)).status).toBe(200);
  });
});
