import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { Kafka, logLevel, Partitioners } from 'kafkajs';
import { afterEach, expect, it } from 'vitest';
import { type Kedge, type KedgeOptions, spawnKedge } from '../kedge-process.ts';

let kedge: Kedge;
afterEach(() => kedge.stop());

async function start(options: KedgeOptions): Promise<Kafka> {
  kedge = await spawnKedge(options);
  return new Kafka({
    brokers: [kedge.bootstrapServers],
    logLevel: logLevel.NOTHING,
    retry: { retries: 0 },
  });
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

async function send(kafka: Kafka, topic: string): Promise<void> {
  const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner });
  await producer.connect();
  await producer.send({ topic, messages: [{ value: 'x' }] }).finally(() => producer.disconnect());
}

it('takes broker settings from the environment', async () => {
  const kafka = await start({ env: { KAFKA_NUM_PARTITIONS: '3' } });
  await send(kafka, 'three');
  const answer = await fetch(`${kedge.url}/rest/topics/three/partitions`);
  expect(await answer.json()).toHaveLength(3);
});

it('makes no topic by itself where that is switched off', async () => {
  const kafka = await start({ env: { KAFKA_AUTO_CREATE_TOPICS_ENABLE: 'false' } });
  await expect(send(kafka, 'nowhere')).rejects.toMatchObject({
    cause: { type: 'UNKNOWN_TOPIC_OR_PARTITION' },
  });
});

it('listens where --host says, and sends clients where --advertise says', async () => {
  const kafkaPort = await freePort();
  const advertise = `localhost:${kafkaPort}`;
  const kafka = await start({ host: '0.0.0.0', kafkaPort, advertise, env: { KEDGE_OPEN: 'true' } });
  const admin = kafka.admin();
  await admin.connect();
  const { brokers } = await admin.describeCluster();
  await admin.disconnect();
  expect(brokers).toEqual([{ nodeId: 1, host: 'localhost', port: kafkaPort }]);
  expect(kedge.output()).toContain(`every other address of this machine`);
  expect(kedge.output()).toContain(`clients are sent to ${advertise}`);
});
