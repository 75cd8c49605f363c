import { connect } from 'node:net';
import { Kafka, logLevel } from 'kafkajs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Bound, startBound } from './bound-workers.ts';

/** A Worker in front that passes connections on, and says where its clients reach it. */
const inFront = `
  interface Env { readonly KAFKA: Fetcher; readonly ADDRESS: string }
  export default {
    async connect(client: Socket, env: Env): Promise<void> {
      const kafka = env.KAFKA.connect(env.ADDRESS);
      await Promise.all([
        client.readable.pipeTo(kafka.writable),
        kafka.readable.pipeTo(client.writable),
      ]);
    },
  };
`;

let bound: Bound;
beforeAll(async () => {
  bound = await startBound({
    worker: { text: inFront },
    takesTcp: true,
    variables: { ADDRESS: 'kafka.example.com:9092' },
  });
});
afterAll(() => bound[Symbol.asyncDispose]());

it('takes connections that another Worker passes on by a service binding', async () => {
  // The advertised address is the one in front; here it is a name that leads back to this machine.
  const asked = new Set<string>();
  const kafka = new Kafka({
    brokers: [`127.0.0.1:${bound.tcpPort}`],
    logLevel: logLevel.NOTHING,
    socketFactory: ({ host, onConnect }) => {
      asked.add(host);
      return connect({ port: bound.tcpPort!, host: '127.0.0.1' }, onConnect);
    },
  });
  const producer = kafka.producer();
  await producer.connect();
  const messages = Array.from({ length: 100 }, (_, index) => ({ value: `${index}` }));
  await producer.send({ topic: 'passed-on', messages });
  await producer.disconnect();
  const consumer = kafka.consumer({ groupId: 'readers' });
  await consumer.connect();
  await consumer.subscribe({ topic: 'passed-on', fromBeginning: true });
  const seen: string[] = [];
  await new Promise<void>((resolve) => {
    void consumer.run({
      eachMessage: async ({ message }) => {
        if (seen.push(String(message.value)) === messages.length) resolve();
      },
    });
  });
  await consumer.disconnect();
  expect(seen).toEqual(messages.map(({ value }) => value));
  expect([...asked]).toContain('kafka.example.com');
});
