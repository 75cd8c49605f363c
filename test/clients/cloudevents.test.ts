/**
 * Events between HTTP and Kafka: what a Kafka client with the `cloudevents` package sends is read
 * over HTTP, and what came over HTTP is read by it.
 */
import { CloudEvent, HTTP, Kafka, type KafkaMessage } from 'cloudevents';
import * as kafkajs from 'kafkajs';
import { type IHeaders, type Kafka as Kafkajs, logLevel, type RecordMetadata } from 'kafkajs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Kedge, spawnKedge } from '../kedge-process.ts';

let kedge: Kedge;
let client: Kafkajs;

beforeAll(async () => {
  kedge = await spawnKedge();
  client = new kafkajs.Kafka({ brokers: [kedge.bootstrapServers], logLevel: logLevel.NOTHING });
});
afterAll(() => kedge.stop());

const sent = new CloudEvent({
  id: '1',
  source: '/shop',
  type: 'sold',
  subject: 'Grüner Tee',
  partitionkey: 'tea',
  datacontenttype: 'application/json',
  data: { item: 'Grüner Tee' },
});

/** The package's message is the record, but for values and headers that KafkaJS cannot send. */
async function produce(topic: string, message: KafkaMessage): Promise<RecordMetadata[]> {
  const producer = client.producer();
  await producer.connect();
  const { key, value, headers } = message;
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  const given = Object.entries(headers).filter(([, header]) => header !== undefined);
  const record = {
    key: key as string,
    value: text,
    headers: Object.fromEntries(given) as IHeaders,
  };
  const written = await producer.send({ topic, messages: [record] });
  await producer.disconnect();
  return written;
}

async function consumeOne(topic: string): Promise<CloudEvent<unknown>> {
  const consumer = client.consumer({ groupId: `of ${topic}` });
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  const { promise, resolve } = Promise.withResolvers<kafkajs.KafkaMessage>();
  await consumer.run({ eachMessage: async ({ message }) => resolve(message) });
  const { key, value, headers } = await promise;
  await consumer.disconnect();
  const texts = Object.entries(headers!).map(([name, bytes]) => [name, String(bytes)]);
  const message = { key: String(key), value: String(value), headers: Object.fromEntries(texts) };
  return Kafka.toEvent({ ...message, body: message.value }) as CloudEvent<unknown>;
}

test.each(['binary', 'structured'] as const)('from Kafka to HTTP, %s', async (mode) => {
  const topic = `from-kafka-${mode}`;
  await produce(topic, Kafka[mode](sent) as KafkaMessage);
  const response = await fetch(`${kedge.url}/cloudevents/${topic}/partitions/0?mode=structured`);
  const headers = Object.fromEntries(response.headers);
  const event = HTTP.toEvent({ headers, body: await response.text() }) as CloudEvent<unknown>;
  expect(event).toMatchObject({ id: '1', type: 'sold', subject: 'Grüner Tee' });
  expect(event.data).toEqual(sent.data);
});

test.each(['binary', 'structured'] as const)('from HTTP to Kafka, %s', async (mode) => {
  const topic = `from-http-${mode}`;
  const { headers, body } = HTTP.structured(sent);
  const response = await fetch(`${kedge.url}/cloudevents/${topic}?mode=${mode}`, {
    method: 'POST',
    headers: headers as Record<string, string>,
    body: body as string,
  });
  expect(response.status).toBe(200);
  const event = await consumeOne(topic);
  expect(event).toMatchObject({ id: '1', type: 'sold', subject: 'Grüner Tee' });
  expect(event.partitionkey).toBe('tea');
  expect(event.data).toEqual(sent.data);
});
