/**
 * `@durable-streams/client` against a whole Kedge, with a Kafka client at the other end of the same
 * streams; and a Kedge that is killed while streams are made, forked and written.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { DurableStream, IdempotentProducer, stream } from '@durable-streams/client';
import { Kafka, logLevel } from 'kafkajs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Kedge, spawnKedge } from '../kedge-process.ts';
import { eventually, unique } from './waiting.ts';

let kedge: Kedge;
const urlOf = (name: string) => `${kedge.url}/streams/v1/stream/${name}`;
const json = 'application/json';
const warnOnHttp = false;

beforeAll(async () => {
  kedge = await spawnKedge();
});
afterAll(() => kedge.stop());

describe('the client', () => {
  it('writes and reads JSON, and closes', async () => {
    const url = urlOf(`rooms/${unique('json')}`);
    const handle = await DurableStream.create({ url, contentType: json, warnOnHttp });
    await handle.append(JSON.stringify({ n: 1 }));
    await handle.append(JSON.stringify({ n: 2 }));
    const read = await stream<{ n: number }>({ url, live: false, warnOnHttp });
    expect(await read.json()).toEqual([{ n: 1 }, { n: 2 }]);
    const { finalOffset } = await handle.close();
    expect(await handle.head()).toMatchObject({ contentType: json, streamClosed: true });
    const rest = await stream({ url, offset: finalOffset, live: 'sse', warnOnHttp });
    expect(await rest.json()).toEqual([]);
    await handle.delete();
    expect(await handle.head()).toMatchObject({ exists: false });
  });

  it.each(['long-poll', 'sse'] as const)('follows a stream by %s', async (live) => {
    const url = urlOf(unique(live));
    const handle = await DurableStream.create({ url, contentType: json, warnOnHttp });
    const abort = new AbortController();
    const items: number[] = [];
    const reader = await stream<number>({ url, live, signal: abort.signal, warnOnHttp });
    reader.subscribeJson(async (batch) => {
      items.push(...batch.items);
    });
    for (let n = 0; n < 20; n++) await handle.append(String(n));
    await eventually(() => items.length === 20);
    expect(items).toEqual(Array.from({ length: 20 }, (_, n) => n));
    abort.abort();
  });

  it('has each message once, however it retries, and Kafka reads them', async () => {
    const name = unique('produced');
    const options = { url: urlOf(name), contentType: json, warnOnHttp };
    const handle = await DurableStream.create(options);
    const errors: Error[] = [];
    const producer = new IdempotentProducer(handle, 'p', {
      autoClaim: true,
      lingerMs: 2,
      onError: (error) => errors.push(error),
    });
    for (let n = 0; n < 1_000; n++) producer.append(JSON.stringify({ n }));
    await producer.flush();
    await producer.close();
    expect(errors).toEqual([]);
    expect(await valuesByKafka(name, 1_000)).toEqual(
      Array.from({ length: 1_000 }, (_, n) => `{"n":${n}}`),
    );
  });

  it('reads what a client of Kafka wrote', async () => {
    const topic = unique('kafka');
    const kafka = new Kafka({ brokers: [kedge.bootstrapServers], logLevel: logLevel.NOTHING });
    const admin = kafka.admin();
    const producer = kafka.producer();
    await Promise.all([admin.connect(), producer.connect()]);
    await admin.createTopics({ topics: [{ topic, numPartitions: 1 }] });
    await producer.send({ topic, messages: [{ value: 'a' }, { value: 'b' }] });
    await Promise.all([admin.disconnect(), producer.disconnect()]);
    const read = await stream({ url: urlOf(topic), live: false, warnOnHttp });
    expect(new TextDecoder().decode(await read.body())).toBe('ab');
  });
});

describe('a Kedge that is killed', () => {
  it('has all that it said it had, once and in order', async () => {
    const name = unique('crashed');
    const fork = `${name}-fork`;
    let running = true;
    let acknowledged = 0;
    let created = 0;
    const writing = (async () => {
      await untilIs(() => fetch(urlOf(name), { method: 'PUT', headers: text }), [200, 201]);
      for (let seq = 0; running; seq++) {
        const headers = { ...text, 'producer-id': 'p', 'producer-epoch': '0' };
        const request = {
          method: 'POST',
          headers: { ...headers, 'producer-seq': `${seq}` },
          body: `${seq},`,
        };
        await untilIs(() => fetch(urlOf(name), request), [200, 204]);
        acknowledged++;
      }
    })();
    const creating = (async () => {
      for (let n = 0; running; n++) {
        const request = { method: 'PUT', headers: text, body: `first ${n}` };
        await untilIs(() => fetch(urlOf(`${name}/${n}`), request), [200, 201]);
        created++;
      }
    })();
    for (let round = 0; round < 4; round++) {
      const [before, made] = [acknowledged, created];
      await eventually(() => acknowledged > before + 50 && created > made + 5);
      await kedge.kill();
      await kedge.restart();
    }
    running = false;
    await Promise.all([writing, creating]);
    const whole = Array.from({ length: acknowledged }, (_, n) => `${n},`).join('');
    expect(await (await fetch(urlOf(name))).text()).toBe(whole);
    for (let n = 0; n < created; n++) {
      expect(await (await fetch(urlOf(`${name}/${n}`))).text()).toBe(`first ${n}`);
    }
    const forking = { method: 'PUT', headers: { 'stream-forked-from': `/v1/stream/${name}` } };
    const attempt = untilIs(() => fetch(urlOf(fork), forking), [200, 201]);
    await kedge.kill();
    await kedge.restart();
    await attempt;
    expect(await (await fetch(urlOf(fork))).text()).toBe(whole);
  });
});

describe('a subscription', () => {
  it('wakes its workers for all that came, though Kedge is killed', async () => {
    const wakes = unique('wakes');
    const name = unique('woken');
    const ask = async (path: string, method: string, body: unknown, headers = {}) => {
      const request = { method, body: JSON.stringify(body), headers: { ...isJson, ...headers } };
      const response = await fetch(urlOf(path), request);
      const said = await response.text();
      return said === '' ? {} : JSON.parse(said);
    };
    const isJson = { 'content-type': json };
    const subscription = `__ds/subscriptions/${name}`;
    await ask(wakes, 'PUT', []);
    await ask(name, 'PUT', []);
    const asked = { type: 'pull-wake', streams: [name], wake_stream: wakes };
    await ask(subscription, 'PUT', { ...asked, lease_ttl_ms: 600_000 });
    for (let round = 1; round <= 3; round++) {
      await ask(name, 'POST', { round });
      await kedge.kill();
      await kedge.restart();
      const events = await eventually(async () => {
        const told = (await (await fetch(urlOf(wakes))).json()) as unknown[];
        return told.length >= round && told;
      });
      expect(events).toHaveLength(round);
      const { wake_id, generation, token, streams } = await ask(`${subscription}/claim`, 'POST', {
        worker: 'w',
      });
      await kedge.kill();
      await kedge.restart();
      const acks = [{ stream: name, offset: streams[0].tail_offset }];
      const claimed = { wake_id, generation, acks, done: true };
      const bearer = { authorization: `Bearer ${token}` };
      const done = await ask(`${subscription}/ack`, 'POST', claimed, bearer);
      expect(done).toEqual({ ok: true, next_wake: false });
    }
  });
});

const text = { 'content-type': 'text/plain' };

/** Asks until it is answered so; while there is nobody to ask, asks again. */
async function untilIs(ask: () => Promise<Response>, statuses: readonly number[]): Promise<void> {
  for (;;) {
    try {
      const response = await ask();
      await response.arrayBuffer();
      if (statuses.includes(response.status)) return;
      if (response.status < 500) throw new TypeError(`answered ${response.status}`);
    } catch (error) {
      if (error instanceof TypeError && error.message.startsWith('answered')) throw error;
    }
    await delay(20);
  }
}

async function valuesByKafka(topic: string, count: number): Promise<string[]> {
  const kafka = new Kafka({ brokers: [kedge.bootstrapServers], logLevel: logLevel.NOTHING });
  const consumer = kafka.consumer({ groupId: unique('group') });
  const values: string[] = [];
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  await consumer.run({
    eachMessage: async ({ message }) => {
      values.push(message.value!.toString());
    },
  });
  await eventually(() => values.length >= count);
  await consumer.disconnect();
  return values;
}
