/** REST consumers and Kafka clients in one group: real HTTP, real TCP, the real Worker. */
import { setTimeout as delay } from 'node:timers/promises';
import { type Consumer, Kafka, logLevel, Partitioners } from 'kafkajs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Kedge, spawnKedge } from '../kedge-process.ts';
import { ask, v2Json } from './requests.ts';

let kedge: Kedge;
let kafka: Kafka;

beforeAll(async () => {
  kedge = await spawnKedge({ env: { KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS: '0' } });
  kafka = new Kafka({ brokers: [kedge.bootstrapServers], logLevel: logLevel.NOTHING });
});
afterAll(() => kedge.stop());

async function createTopic(topic: string, numPartitions: number): Promise<void> {
  const admin = kafka.admin();
  await admin.connect();
  await admin.createTopics({ topics: [{ topic, numPartitions }] });
  await admin.disconnect();
}

/** Creates an instance that reads from the beginning; answers its URL. */
async function restConsumer(group: string, name: string, topic: string): Promise<string> {
  const created = await ask('POST', `${kedge.url}/rest/consumers/${group}`, {
    body: { name, format: 'json', 'auto.offset.reset': 'earliest', 'auto.commit.enable': false },
  });
  const uri = created.json.base_uri;
  await ask('POST', `${uri}/subscription`, { body: { topics: [topic] } });
  return uri;
}

async function pollRest(
  uri: string,
  timeout = 300,
): Promise<{ partition: number; value: unknown }[]> {
  const answer = await ask('GET', `${uri}/records?timeout=${timeout}`, { accept: v2Json });
  expect(answer.status).toBe(200);
  return answer.json;
}

async function heldByRest(uri: string): Promise<number[]> {
  const { json } = await ask('GET', `${uri}/assignments`);
  return json.partitions.map(({ partition }: { partition: number }) => partition);
}

/** Polls all of them side by side until they hold these numbers of partitions. */
async function pollUntilHeld(
  uris: readonly string[],
  sizes: readonly number[],
): Promise<number[][]> {
  for (;;) {
    await Promise.all(uris.map((uri) => pollRest(uri)));
    const held = await Promise.all(uris.map(heldByRest));
    if (held.every((partitions, index) => partitions.length === sizes[index])) return held;
  }
}

describe('two REST consumers', () => {
  it('share the partitions, and one that is deleted leaves them to the other', async () => {
    await createTopic('shared', 4);
    const a = await restConsumer('rest-only', 'a', 'shared');
    const b = await restConsumer('rest-only', 'b', 'shared');
    const [first, second] = await pollUntilHeld([a, b], [2, 2]);
    expect([...first, ...second].sort()).toEqual([0, 1, 2, 3]);
    expect((await ask('DELETE', a)).status).toBe(204);
    expect(await pollUntilHeld([b], [4])).toEqual([[0, 1, 2, 3]]);
    await ask('DELETE', b);
  });

  it('polled in turns by one client, form a group all the same', async () => {
    await createTopic('turns', 2);
    const uris = [
      await restConsumer('turns', 'a', 'turns'),
      await restConsumer('turns', 'b', 'turns'),
    ];
    for (;;) {
      for (const uri of uris) await pollRest(uri, 100);
      const held = await Promise.all(uris.map(heldByRest));
      if (held.every(({ length }) => length === 1)) break;
    }
    for (const uri of uris) await ask('DELETE', uri);
  });
});

describe('a REST consumer and a Kafka client', () => {
  async function kafkaConsumer(groupId: string, topic: string) {
    const consumer: Consumer = kafka.consumer({ groupId, maxWaitTimeInMs: 100 });
    let held: number[] = [];
    const values: string[] = [];
    consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
      held = payload.memberAssignment[topic] ?? [];
    });
    await consumer.connect();
    await consumer.subscribe({ topic, fromBeginning: true });
    // Settles only when the group has formed, for which the others have to poll.
    void consumer.run({
      eachMessage: async ({ message }) => {
        values.push(String(message.value));
      },
    });
    return { consumer, held: () => held, values };
  }

  it.each(['the REST consumer', 'the Kafka client'])(
    'divide partitions and records between them when %s leads',
    async (leader) => {
      const topic = leader === 'the REST consumer' ? 'mixed-rest' : 'mixed-kafka';
      await createTopic(topic, 4);
      let uri: string;
      let member: Awaited<ReturnType<typeof kafkaConsumer>>;
      if (leader === 'the REST consumer') {
        uri = await restConsumer(topic, 'r', topic);
        await pollRest(uri);
        expect(await heldByRest(uri)).toHaveLength(4);
        member = await kafkaConsumer(topic, topic);
      } else {
        member = await kafkaConsumer(topic, topic);
        while (member.held().length < 4) await delay(20);
        uri = await restConsumer(topic, 'r', topic);
      }
      const [held] = await pollUntilHeld([uri], [2]);
      while (member.held().length !== 2) await delay(20);
      expect([...held, ...member.held()].sort()).toEqual([0, 1, 2, 3]);
      const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner });
      await producer.connect();
      const messages = [0, 1, 2, 3].map((partition) => ({ partition, value: `"p${partition}"` }));
      await producer.send({ topic, messages });
      const read: string[] = [];
      while (read.length + member.values.length < 4) {
        read.push(...(await pollRest(uri)).map(({ value }) => JSON.stringify(value)));
      }
      expect(read.sort()).toEqual(held.map((partition) => `"p${partition}"`));
      expect(member.values.sort()).toEqual(member.held().map((partition) => `"p${partition}"`));
      await Promise.all([producer.disconnect(), member.consumer.disconnect()]);
      await pollUntilHeld([uri], [4]);
      await ask('DELETE', uri);
    },
  );
});
