/** WebSockets that produce, read and consume: real sockets, the real Worker. */
import { setTimeout as delay } from 'node:timers/promises';
import { Kafka, logLevel } from 'kafkajs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { alterClientQuotas } from '../../src/protocol/apis/alter-client-quotas.ts';
import { Wire } from '../kafka/wire.ts';
import { type Kedge, spawnKedge } from '../kedge-process.ts';
import { Frames } from './frames.ts';
import { ask, v2Json } from './requests.ts';

let kedge: Kedge;
let kafka: Kafka;
beforeAll(async () => {
  kedge = await spawnKedge();
  kafka = new Kafka({ brokers: [kedge.bootstrapServers], logLevel: logLevel.NOTHING });
});
afterAll(() => kedge.stop());

const open = (path: string, protocols?: string[]) =>
  new Frames(`${kedge.url}/ws${path}`, protocols);

async function createTopic(topic: string, numPartitions = 1): Promise<void> {
  const admin = kafka.admin();
  await admin.connect();
  await admin.createTopics({ topics: [{ topic, numPartitions }] });
  await admin.disconnect();
}

async function produce(topic: string, ...values: unknown[]): Promise<void> {
  const body = { records: values.map((value) => ({ value, partition: 0 })) };
  const { status } = await ask('POST', `${kedge.url}/rest/topics/${topic}`, { body, type: v2Json });
  expect(status).toBe(200);
}

/** What the group has committed of partition 0. */
async function committed(groupId: string, topic: string): Promise<number> {
  const admin = kafka.admin();
  await admin.connect();
  const [{ partitions }] = await admin.fetchOffsets({ groupId, topics: [topic] });
  await admin.disconnect();
  return Number(partitions[0].offset);
}

async function untilCommitted(groupId: string, topic: string, offset: number): Promise<void> {
  while ((await committed(groupId, topic)) !== offset) await delay(50);
}

describe('a producer', () => {
  it('is answered for each frame: a record, an array, and what is none', async () => {
    using socket = open('/producer/produced');
    await socket.send({ key: 'k', value: 'v', timestamp: 5, context: 'mine' });
    expect(await socket.next()).toEqual({
      result: 'ok',
      topic: 'produced',
      partition: 0,
      offset: 0,
      timestamp: 5,
      context: 'mine',
    });
    await socket.send(
      [{ value: 'a' }, { value: 7, context: 1 }, { value: null }],
      'nonsense',
      { value: 'b', nobody: 1 },
      { value: 'c', partition: 9 },
      { type: 'ping' },
    );
    const answers = await socket.take(5);
    // A sign of life waits for nothing.
    const [pong] = answers.filter(({ type }) => type === 'pong');
    const [array, nonsense, unknown, nowhere] = answers.filter((answer) => answer !== pong);
    expect(array).toMatchObject([
      { result: 'ok', offset: 1 },
      { result: 'send-error', error_code: 422, context: 1 },
      { result: 'ok', offset: 2 },
    ]);
    expect(nonsense).toMatchObject({ result: 'send-error', error_code: 400 });
    expect(unknown).toMatchObject({ result: 'send-error', error_code: 422 });
    expect(nowhere).toMatchObject({ result: 'send-error', error_code: 40401 });
    expect(pong).toEqual({ type: 'pong' });
  });

  it('that does not wait for answers has its records in order', async () => {
    using socket = open('/producer/ordered?value=json');
    await socket.opened;
    const count = 3_000;
    for (let value = 0; value < count; value++) await socket.send({ value, context: value });
    const answers = await socket.take(count);
    expect(answers.map(({ context }) => context)).toEqual(answers.map((_, index) => index));
    expect(answers.map(({ offset }) => offset)).toEqual(answers.map((_, index) => index));
    using reader = open('/reader/ordered?offset=earliest&value=json&batch=500');
    const read: number[] = [];
    while (read.length < count) {
      read.push(...(await reader.next()).map(({ value }: { value: number }) => value));
    }
    expect(read).toEqual(answers.map((_, index) => index));
  });

  it('that floods is hung up on, and nobody else notices', async () => {
    using flood = open('/producer/flooded');
    const value = 'x'.repeat(1_000_000);
    await flood.opened;
    for (let sent = 0; sent < 100; sent++) await flood.send({ value });
    expect(await flood.untilClosed()).toEqual({
      code: 1008,
      reason: 'too much was sent without waiting',
    });
    using other = open('/producer/other');
    await other.send({ value: 'v' });
    expect(await other.next()).toMatchObject({ result: 'ok' });
  });

  it('speaks text', async () => {
    using socket = open('/producer/text');
    await socket.opened;
    socket.sendBytes(new Uint8Array([1, 2]));
    expect(await socket.untilClosed()).toEqual({ code: 1003, reason: 'frames are text' });
  });
});

describe('a reader', () => {
  it('shows what is there and what comes', async () => {
    await produce('read', 0, 1);
    using socket = open('/reader/read?offset=earliest&value=json');
    const [first, second] = await socket.take(2);
    expect(first).toEqual({
      topic: 'read',
      partition: 0,
      offset: 0,
      timestamp: expect.any(Number),
      key: null,
      value: 0,
      headers: [],
    });
    expect(second.value).toBe(1);
    await produce('read', 2);
    expect((await socket.next()).value).toBe(2);
    const id = encodeURIComponent('[{"topic":"read","partition":0,"offset":2}]');
    using resumed = open(`/reader/read?lastEventId=${id}`);
    expect((await resumed.next()).value).toBe('2');
  });

  it('sends as many as it is asked for, where it is to be asked', async () => {
    await produce('pulled', 0, 1, 2, 3);
    using socket = open('/reader/pulled?offset=earliest&pullMode=true&value=json');
    await socket.opened;
    expect(await socket.isSilent(200)).toBe(true);
    await socket.send({ type: 'permit', permitMessages: 3 });
    expect((await socket.take(3)).map(({ value }) => value)).toEqual([0, 1, 2]);
    expect(await socket.isSilent(200)).toBe(true);
    await socket.send({ type: 'permit', permitMessages: 0 });
    expect(await socket.next()).toMatchObject({ type: 'error', error_code: 422 });
    await socket.send({ type: 'permit', permitMessages: 1 });
    expect((await socket.next()).value).toBe(3);
  });

  it('hears that its topic was deleted', async () => {
    await produce('deleted', 0);
    using socket = open('/reader/deleted?offset=earliest');
    await socket.next();
    const admin = kafka.admin();
    await admin.connect();
    await admin.deleteTopics({ topics: ['deleted'] });
    await admin.disconnect();
    expect(await socket.next()).toMatchObject({ type: 'error', error_code: 40401 });
    expect((await socket.untilClosed()).code).toBe(1011);
  });
});

describe('a consumer', () => {
  const consumer = (topic: string, query = '') =>
    open(`/consumer/${topic}/g-${topic}?auto.offset.reset=earliest&value=json${query}`);
  const isRecord = (frame: { offset?: number }) => frame.offset !== undefined;

  async function records(socket: Frames, count: number) {
    const found: { partition: number; offset: number; value: number; redeliveryCount: number }[] =
      [];
    while (found.length < count) {
      const [frame] = await socket.take(1);
      if (isRecord(frame)) found.push(frame);
    }
    return found;
  }

  it('commits by acks, and goes on behind what was acked', async () => {
    await produce('acked', 0, 1, 2);
    const socket = consumer('acked');
    expect(await socket.next()).toEqual({
      type: 'assigned',
      partitions: [{ topic: 'acked', partition: 0 }],
    });
    const [first, second] = await records(socket, 3);
    expect(first).toMatchObject({ offset: 0, value: 0, redeliveryCount: 0 });
    await socket.send([
      { partition: 0, offset: first.offset },
      { type: 'ack', topic: 'acked', partition: 0, offset: second.offset },
    ]);
    await untilCommitted('g-acked', 'acked', 2);
    await socket.close();
    using again = consumer('acked');
    expect(await records(again, 1)).toMatchObject([{ offset: 2, value: 2 }]);
  });

  it('commits nothing for an ack of a later record until the earlier ones are acked', async () => {
    await produce('later', 0, 1, 2);
    const socket = consumer('later');
    await records(socket, 3);
    await socket.send({ partition: 0, offset: 2 });
    await socket.close();
    expect(await committed('g-later', 'later')).toBe(-1);
    using again = consumer('later');
    expect((await records(again, 3)).map(({ value }) => value)).toEqual([0, 1, 2]);
    await again.send({ type: 'ackCumulative', partition: 0, offset: 1 });
    await untilCommitted('g-later', 'later', 2);
  });

  it('gets a record again that it could not deal with', async () => {
    await produce('nacked', 0, 1);
    using socket = consumer('nacked');
    await records(socket, 2);
    const nack = { type: 'negativeAcknowledge', partition: 0, offset: 0 };
    await socket.send(nack);
    expect(await records(socket, 1)).toMatchObject([{ offset: 0, value: 0, redeliveryCount: 1 }]);
    await socket.send(nack);
    expect(await records(socket, 1)).toMatchObject([{ offset: 0, redeliveryCount: 2 }]);
    await socket.send({ partition: 0, offset: 0 }, nack, { partition: 0, offset: 1 });
    await untilCommitted('g-nacked', 'nacked', 2);
    expect(await socket.isSilent(100)).toBe(true);
  });

  it('has no more under way than its queue holds', async () => {
    await produce('queued', 0, 1, 2, 3, 4);
    using socket = consumer('queued', '&receiverQueueSize=2');
    expect((await records(socket, 2)).map(({ value }) => value)).toEqual([0, 1]);
    expect(await socket.isSilent(200)).toBe(true);
    await socket.send({ partition: 0, offset: 0 }, { partition: 0, offset: 1 });
    expect((await records(socket, 2)).map(({ value }) => value)).toEqual([2, 3]);
  });

  it('shares the partitions of its group with another, and with a Kafka consumer', async () => {
    await createTopic('shared', 4);
    const assigned = async (socket: Frames, count: number) => {
      for (;;) {
        const [frame] = await socket.take(1);
        if (frame.type === 'assigned' && frame.partitions.length === count) return frame;
      }
    };
    using one = consumer('shared');
    await assigned(one, 4);
    const two = consumer('shared');
    await Promise.all([assigned(one, 2), assigned(two, 2)]);
    await two.close();
    await assigned(one, 4);
    const member = kafka.consumer({ groupId: 'g-shared', maxWaitTimeInMs: 100 });
    await member.connect();
    await member.subscribe({ topic: 'shared' });
    // KafkaJS leaves no group that it does not fetch for yet.
    const fetching = new Promise((resolve) => member.on(member.events.FETCH, resolve));
    void member.run({ eachMessage: async () => {} });
    await assigned(one, 2);
    await fetching;
    await member.disconnect();
    await assigned(one, 4);
  });

  it('is told what its frames miss', async () => {
    await produce('told', 0);
    using socket = consumer('told');
    await socket.next();
    await socket.send('nonsense', { type: 'sing' }, { partition: -1, offset: 0 }, [1]);
    const errors: { type: string }[] = [];
    while (errors.length < 4) {
      const [frame] = await socket.take(1);
      if (frame.type === 'error') errors.push(frame);
    }
    expect(errors).toMatchObject([400, 400, 422, 400].map((error_code) => ({ error_code })));
  });
});

describe('CloudEvents', () => {
  it('go in and come out as they are, with their place', async () => {
    using producer = open('/producer/events', ['cloudevents.json']);
    const event = { specversion: '1.0', id: '1', source: '/s', type: 't', data: { a: 1 } };
    await producer.send({ ...event, datacontenttype: 'application/json' }, { id: 'no event' });
    expect(producer.protocol).toBe('cloudevents.json');
    const [ok, error] = await producer.take(2);
    expect(ok).toMatchObject({ result: 'ok', offset: 0 });
    expect(error).toMatchObject({ result: 'send-error', error_code: 422 });
    using reader = open('/reader/events?offset=earliest', ['other', 'cloudevents.json']);
    const place = { kafkatopic: 'events', kafkapartition: 0, kafkaoffset: '0' };
    expect(await reader.next()).toMatchObject({ ...event, ...place });
  });
});

describe('a handshake', () => {
  const upgrade = { connection: 'Upgrade', upgrade: 'websocket', 'sec-websocket-version': '13' };
  const status = async (path: string, headers: Record<string, string> = {}) => {
    const key = { 'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==' };
    const answer = await ask('GET', `${kedge.url}/ws${path}`, { headers: { ...key, ...headers } });
    return [answer.status, answer.json.error_code];
  };

  it('is refused with a status where it can be', async () => {
    await produce('there', 0);
    expect(await status('/reader/there')).toEqual([426, 426]);
    expect(await status('/reader/nope', upgrade)).toEqual([404, 40401]);
    expect(await status('/reader/there?offset=x', upgrade)).toEqual([400, 400]);
    expect(await status('/consumer/there/g?batch=0', upgrade)).toEqual([400, 400]);
    expect(await status('/consumer/there/g?receiverQueueSize=x', upgrade)).toEqual([400, 400]);
    const other = { 'sec-websocket-protocol': 'mqtt' };
    expect(await status('/producer/there', { ...upgrade, ...other })).toEqual([400, 400]);
  });

  it('is refused to pages of other origins', async () => {
    const evil = { ...upgrade, origin: 'https://evil.example' };
    expect(await status('/producer/there', evil)).toEqual([403, 40301]);
  });
});

describe('a WebSocket of who has a quota', () => {
  async function limit(config: Readonly<Record<string, number>>, remove = false): Promise<void> {
    const wire = await Wire.open(kedge);
    const entity = [{ entityType: 'client-id', entityName: 'kedge-http' }];
    const ops = Object.entries(config).map(([key, value]) => ({ key, value, remove }));
    const request = { entries: [{ entity, ops }], validateOnly: false };
    expect((await wire.ask(alterClientQuotas, 1, request)).entries[0].errorCode).toBe(0);
    wire.close();
  }

  it('is answered later, and never refused', async () => {
    const quotas = { producer_byte_rate: 200_000, consumer_byte_rate: 200_000 };
    await limit(quotas);
    const value = 'x'.repeat(1_200_000 / 4);
    using producer = open('/producer/limited');
    for (let frame = 0; frame < 9; frame++) {
      await producer.send({ value });
      expect(await producer.next()).toMatchObject({ result: 'ok', offset: frame });
    }
    const started = Date.now();
    using reader = open('/reader/limited?offset=earliest');
    for (let offset = 0; offset < 9; offset++) {
      expect(await reader.next()).toMatchObject({ offset });
    }
    // Over 2 MB in a window of ten seconds that may have 2 MB.
    expect(Date.now() - started).toBeGreaterThan(1_000);
    await limit(quotas, true);
  });
});
