/** Server-sent events as browsers' and Node's clients of them read them, from the real Worker. */
import { setTimeout as delay } from 'node:timers/promises';
import { fetchEventSource } from '@microsoft/fetch-event-source';
import { EventSource } from 'eventsource';
import { Kafka, logLevel, Partitioners } from 'kafkajs';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type Kedge, spawnKedge } from '../kedge-process.ts';
import { ask, v2Json } from './requests.ts';

let kedge: Kedge;
beforeAll(async () => {
  kedge = await spawnKedge({ env: { KEDGE_CORS_ORIGINS: 'https://app.example' } });
});
afterAll(() => kedge.stop());

async function produce(topic: string, ...values: unknown[]): Promise<void> {
  const body = { records: values.map((value) => ({ value })) };
  const { status } = await ask('POST', `${kedge.url}/rest/topics/${topic}`, { body, type: v2Json });
  expect(status).toBe(200);
}

const valueIn = ({ data }: { data: string }): unknown => JSON.parse(data).value;

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await delay(20);
}

describe('EventSource', () => {
  it('goes on where it was after Kedge was started anew', async () => {
    await produce('restarted', 0);
    const seen: unknown[] = [];
    const ids: string[] = [];
    const source = new EventSource(`${kedge.url}/sse/restarted?offset=earliest&value=json`);
    source.addEventListener('message', (event) => {
      seen.push(valueIn(event));
      ids.push(event.lastEventId);
    });
    await until(() => seen.length === 1);
    await kedge.restart();
    await produce('restarted', 1, 2);
    await until(() => seen.length === 3);
    source.close();
    expect(seen).toEqual([0, 1, 2]);
    expect(ids.at(-1)).toBe('[{"topic":"restarted","partition":0,"offset":3}]');
  });

  it('stops asking for a topic that is gone', async () => {
    await produce('gone', 0);
    const source = new EventSource(`${kedge.url}/sse/gone?offset=earliest`);
    const errors: unknown[] = [];
    source.addEventListener('error', (event) => {
      if ('data' in event) errors.push(JSON.parse(String(event.data)).error_code);
    });
    await new Promise((resolve) => source.addEventListener('message', resolve));
    const { json } = await ask('GET', `${kedge.url}/v3/clusters`);
    await ask('DELETE', `${kedge.url}/v3/clusters/${json.data[0].cluster_id}/topics/gone`);
    await until(() => source.readyState === EventSource.CLOSED);
    expect(errors).toContain(40401);
  });
});

describe('transactions', () => {
  it('are shown as they are written, or when they are committed', async () => {
    const kafka = new Kafka({ brokers: [kedge.bootstrapServers], logLevel: logLevel.NOTHING });
    const producer = kafka.producer({
      transactionalId: 'sse',
      idempotent: true,
      maxInFlightRequests: 1,
      createPartitioner: Partitioners.DefaultPartitioner,
    });
    await produce('transactional', '"before"');
    await producer.connect();
    const write = async (value: string) => {
      const transaction = await producer.transaction();
      await transaction.send({ topic: 'transactional', messages: [{ value }] });
      return transaction;
    };
    const seen = { read_committed: [] as unknown[], read_uncommitted: [] as unknown[] };
    const sources = (['read_committed', 'read_uncommitted'] as const).map((level) => {
      const query = `offset=earliest&isolation.level=${level}`;
      const source = new EventSource(`${kedge.url}/sse/transactional?${query}`);
      source.addEventListener('message', (event) => seen[level].push(valueIn(event)));
      return source;
    });
    await (await write('aborted')).abort();
    const open = await write('open');
    await until(() => seen.read_uncommitted.length === 3);
    expect(seen.read_committed).toHaveLength(1);
    await open.commit();
    await until(() => seen.read_committed.length === 2);
    expect(seen.read_committed.slice(1)).toEqual(['open']);
    expect(seen.read_uncommitted.slice(1)).toEqual(['aborted', 'open']);
    for (const source of sources) source.close();
    await producer.disconnect();
  });
});

describe('fetch-event-source', () => {
  // It is made for browsers, and asks them whether anybody is looking.
  const document = { hidden: false, addEventListener() {}, removeEventListener() {} };
  beforeAll(() => {
    vi.stubGlobal('document', document);
    vi.stubGlobal('window', globalThis);
  });
  afterAll(() => {
    vi.unstubAllGlobals();
  });

  it('reads a stream, by a header of its own choice, and comes again by itself', async () => {
    await produce('fetched', 0, 1);
    const seen: unknown[] = [];
    const stop = new AbortController();
    const reading = fetchEventSource(`${kedge.url}/sse/fetched?value=json&maxAgeMs=300`, {
      headers: { 'last-event-id': '[{"topic":"fetched","partition":0,"offset":1}]' },
      signal: stop.signal,
      fetch,
      openWhenHidden: true,
      onmessage: (message) => {
        if (message.event === 'message') seen.push(valueIn(message));
      },
      onclose: () => {
        throw new Error('come again');
      },
      onerror: () => 10,
    });
    await until(() => seen.length === 1);
    await delay(400);
    await produce('fetched', 2);
    await until(() => seen.length === 2);
    stop.abort();
    await reading;
    expect(seen).toEqual([1, 2]);
  });
});

describe('who may ask', () => {
  it('is the page of a listed origin, of nobody else, and by no strange name', async () => {
    await produce('asked', 0);
    const status = async (headers: Record<string, string>) => {
      const url = `${kedge.url}/sse/asked?maxAgeMs=1`;
      const answer = await ask('GET', url, { headers });
      return [answer.status, answer.headers['access-control-allow-origin']];
    };
    expect(await status({ origin: 'https://app.example' })).toEqual([200, 'https://app.example']);
    expect(await status({ origin: 'https://evil.example' })).toEqual([403, undefined]);
    expect(await status({ host: `evil.example:${kedge.httpPort}` })).toEqual([403, undefined]);
    expect(await status({ host: `localhost:${kedge.httpPort}` })).toEqual([200, undefined]);
    expect(await status({ 'sec-fetch-site': 'cross-site' })).toEqual([403, undefined]);
  });
});
