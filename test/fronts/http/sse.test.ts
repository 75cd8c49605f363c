/** Streams of server-sent events over a cluster in memory; test/http has them over real sockets. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { anonymous } from '../../../src/broker/authorizer.ts';
import { Kafka } from '../../../src/fronts/http/kafka.ts';
import { deleteRecords } from '../../../src/protocol/apis/delete-records.ts';
import { EventReader } from './event-reader.ts';
import { MemoryDoor, v2Binary, v2Json } from './memory-door.ts';

let kedge: MemoryDoor;
beforeEach(() => {
  kedge = new MemoryDoor();
});
afterEach(() => kedge[Symbol.asyncDispose]());

interface ToProduce {
  readonly key?: unknown;
  readonly value: unknown;
  readonly partition?: number;
  readonly timestamp?: number;
  readonly headers?: readonly { key: string; value: string }[];
}

async function produce(topic: string, records: readonly ToProduce[], type = v2Json) {
  const body = { records: records.map((record) => ({ partition: 0, ...record })) };
  const { json } = await kedge.ask('POST', `/rest/topics/${topic}`, { body, type });
  expect(json.offsets.map(({ error }: { error: unknown }) => error)).toEqual(
    records.map(() => null),
  );
}

async function createTopic(name: string, partitions: number) {
  const { json } = await kedge.ask('GET', '/v3/clusters');
  const path = `/v3/clusters/${json.data[0].cluster_id}/topics`;
  const body = { topic_name: name, partitions_count: partitions };
  await kedge.ask('POST', path, { body, type: 'application/json' });
}

async function stream(path: string, lastEventId?: string): Promise<EventReader> {
  const headers = lastEventId === undefined ? undefined : { 'last-event-id': lastEventId };
  const response = await kedge.fetch('GET', `/sse/${path}`, { headers });
  expect([response.status, response.headers.get('content-type')]).toEqual([
    200,
    'text/event-stream',
  ]);
  return new EventReader(response);
}

const values = (events: readonly { json: { value: unknown } }[]) =>
  events.map(({ json }) => json.value);

describe('a stream', () => {
  test('shows each record, and how far it was read', async () => {
    const headers = [{ key: 'h', value: Buffer.from('x').toString('base64') }];
    await produce('t', [{ key: 'k', value: { a: 1 }, timestamp: 5, headers }]);
    await using events = await stream('t?offset=earliest&value=json');
    const [event] = await events.take(1);
    expect(event).toMatchObject({
      event: 'message',
      id: '[{"topic":"t","partition":0,"offset":1}]',
      json: {
        topic: 't',
        partition: 0,
        offset: 0,
        timestamp: 5,
        key: '"k"',
        value: { a: 1 },
        headers: [{ key: 'h', value: 'x' }],
      },
    });
    expect(events.retryMs).toBe(1_000);
    expect(events.response.headers.get('cache-control')).toBe('no-store');
  });

  test('begins at the end, and shows what comes', async () => {
    await produce('t', [{ value: 'before' }]);
    await using events = await stream('t');
    const next = events.take(1);
    await produce('t', [{ value: 'after' }]);
    expect(values(await next)).toEqual(['"after"']);
  });

  test('says where it is before there is anything to see', async () => {
    await produce('t', [{ value: 1 }]);
    const response = await kedge.fetch('GET', '/sse/t');
    const reader = response.body!.getReader();
    const { value } = await reader.read();
    const text = new TextDecoder().decode(value);
    expect(text).toBe('retry: 1000\nid: [{"topic":"t","partition":0,"offset":1}]\n\n');
    await reader.cancel();
  });

  test('goes on where it was, whichever way the client says so', async () => {
    await createTopic('t', 2);
    await produce('t', [{ value: 0 }, { value: 1, partition: 1 }, { value: 2 }]);
    const first = await stream('t?offset=earliest');
    const [seen] = await first.take(1);
    await first[Symbol.asyncDispose]();
    for (const events of [
      await stream('t?offset=earliest', seen.id),
      await stream(`t?lastEventId=${encodeURIComponent(seen.id)}`),
    ]) {
      const rest = values(await events.take(2));
      expect([...values([seen]), ...rest].sort()).toEqual(['0', '1', '2']);
      await events[Symbol.asyncDispose]();
    }
  });

  test('takes a time in an id, as KafkaSSE does, and negative offsets for ends', async () => {
    await produce('t', [
      { value: 'old', timestamp: 10 },
      { value: 'new', timestamp: 20 },
    ]);
    const at = (place: object) => JSON.stringify([{ topic: 't', partition: 0, ...place }]);
    await using since = await stream('t', at({ timestamp: 15 }));
    expect(values(await since.take(1))).toEqual(['"new"']);
    await using both = await stream('t', at({ timestamp: 15, offset: 0 }));
    expect(values(await both.take(2))).toEqual(['"old"', '"new"']);
    await using earliest = await stream('t', at({ offset: -2 }));
    expect(values(await earliest.take(1))).toEqual(['"old"']);
    await using latest = await stream('t', at({ offset: -1 }));
    const next = latest.take(1);
    await produce('t', [{ value: 'last' }]);
    expect(values(await next)).toEqual(['"last"']);
  });

  test('begins at a time, in either form', async () => {
    const time = Date.UTC(2026, 0, 2);
    await produce('t', [
      { value: 'old', timestamp: time - 1 },
      { value: 'new', timestamp: time },
    ]);
    for (const since of ['2026-01-02', '2026-01-02T00:00:00Z', String(time)]) {
      await using events = await stream(`t?since=${since}`);
      expect(values(await events.take(1))).toEqual(['"new"']);
    }
    await using future = await stream(`t?since=${time + 1}`);
    const next = future.take(1);
    await produce('t', [{ value: 'newest', timestamp: time + 2 }]);
    expect(values(await next)).toEqual(['"newest"']);
  });

  test('reads several topics, and of each the partitions that are wanted', async () => {
    await createTopic('a', 2);
    await createTopic('b', 2);
    for (const topic of ['a', 'b']) {
      await produce(topic, [{ value: `${topic}0` }, { value: `${topic}1`, partition: 1 }]);
    }
    await using all = await stream('a,b?offset=earliest');
    expect(values(await all.take(4)).sort()).toEqual(['"a0"', '"a1"', '"b0"', '"b1"']);
    await using some = await stream('a,b?offset=earliest&partition=1');
    const events = await some.take(2);
    expect(values(events).sort()).toEqual(['"a1"', '"b1"']);
    expect(JSON.parse(events[1].id)).toEqual([
      { topic: 'a', partition: 1, offset: 1 },
      { topic: 'b', partition: 1, offset: 1 },
    ]);
  });

  test('finds partitions that were added since, from their first record on', async () => {
    await produce('t', [{ value: 'a' }]);
    const first = await stream('t?offset=earliest');
    const [{ id }] = await first.take(1);
    await first[Symbol.asyncDispose]();
    await kedge.objects.controller().call('createPartitions', {
      topics: [{ name: 't', count: 3, assignments: null }],
      validateOnly: false,
    });
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    await produce('t', [{ value: 'b', partition: 2 }]);
    await using events = await stream('t', id);
    expect(values(await events.take(1))).toEqual(['"b"']);
    expect(JSON.parse(events.lastEventId)).toHaveLength(3);
  });

  test('tells of records that are gone, and goes on with what is there', async () => {
    await produce('t', [{ value: 0 }, { value: 1 }, { value: 2 }]);
    const kafka = new Kafka(kedge.door.gateway, new Request('http://kedge.test'), {
      principal: anonymous,
    });
    await kafka.call(deleteRecords, {
      topics: [{ name: 't', partitions: [{ partitionIndex: 0, offset: 2 }] }],
      timeoutMs: 1_000,
    });
    await using events = await stream('t', '[{"topic":"t","partition":0,"offset":0}]');
    expect(values(await events.take(1))).toEqual(['2']);
    expect(events.comments).toContain('partition 0 of t begins at offset 2 now');
  });
});

describe('what a record looks like', () => {
  test('is nothing less than its bytes, whatever was asked for', async () => {
    const base64 = (...bytes: number[]) => Buffer.from(bytes).toString('base64');
    const binary = base64(0xff, 0);
    await produce('t', [{ key: base64(0x31), value: binary }], v2Binary);
    const json = async (query: string) => {
      await using events = await stream(`t?offset=earliest&${query}`);
      const [event] = await events.take(1);
      const { key, key_base64, value, value_base64 } = event.json;
      return { key, key_base64, value, value_base64 };
    };
    expect(await json('')).toEqual({ key: '1', value_base64: binary });
    expect(await json('key=json&value=json')).toEqual({ key: 1, value_base64: binary });
    const both = { key_base64: base64(0x31), value_base64: binary };
    expect(await json('key=base64&value=base64')).toEqual(both);
  });

  test('keeps numbers and lines as they were written', async () => {
    const text = '{\r\n "n": 12345678901234567890,\n "s": "a\\nb" }';
    await produce('t', [{ value: Buffer.from(text).toString('base64') }], v2Binary);
    await using shown = await stream('t?offset=earliest&value=json');
    const [{ data }] = await shown.take(1);
    expect(data).toContain('12345678901234567890');
    expect(JSON.parse(data).value.s).toBe('a\nb');
    await using asText = await stream('t?offset=earliest');
    expect(values(await asText.take(1))).toEqual([text]);
  });

  test('is an event of its own for a tombstone, where that is wanted', async () => {
    await produce('t', [{ key: 'k', value: null }]);
    await using plain = await stream('t?offset=earliest');
    expect(await plain.take(1)).toMatchObject([{ event: 'message', json: { value: null } }]);
    await using deletes = await stream('t?offset=earliest&tombstones=delete');
    expect(await deletes.take(1)).toMatchObject([{ event: 'delete', json: { key: '"k"' } }]);
  });
});

describe('what cannot be streamed', () => {
  test.each([
    ['t?offset=5', 'offset may be earliest or latest'],
    ['t?since=tomorrow', 'since must be a time'],
    ['t?partition=x', 'partition must be a whole number'],
    ['t?partition=-1', 'greater than or equal to 0'],
    ['t?value=xml', 'value may be text, json or base64'],
    ['t?key=xml', 'key may be'],
    ['t?tombstones=1', 'tombstones may be'],
    ['t?maxAgeMs=soon', 'maxAgeMs must be'],
    ['t?isolation.level=serializable', 'isolation.level may be'],
    ['t?lastEventId=7', 'must be an array of objects with topic, partition and offset|timestamp'],
    ['t?lastEventId=[]', 'must be an array'],
    ['t?lastEventId=[{"topic":"t","partition":0}]', 'must be an array'],
    ['t?lastEventId=[{"topic":"t","partition":0,"offset":1.5}]', 'must be an array'],
    ['t?lastEventId=[{"topic":"u","partition":0,"offset":1}]', 'names the topic u'],
  ])('is refused before the stream begins: %s', async (path, why) => {
    await produce('t', [{ value: 1 }]);
    const { status, type, json } = await kedge.ask('GET', `/sse/${path}`);
    expect({ status, type }).toEqual({ status: 400, type: 'application/json' });
    expect(json).toEqual({ error_code: 400, message: expect.stringContaining(why) });
  });

  test('is a topic or a partition that is not there', async () => {
    await produce('t', [{ value: 1 }]);
    expect(await kedge.ask('GET', '/sse/t,nope,neither')).toMatchObject({
      status: 404,
      json: {
        error_code: 40401,
        message: 'Topics nope, neither are not available for consumption.',
      },
    });
    const partition = await kedge.ask('GET', '/sse/t?partition=7');
    expect(partition).toMatchObject({ status: 404, json: { error_code: 40402 } });
    expect((await kedge.ask('GET', '/rest/topics')).json).toEqual(['t']);
  });

  test('is a topic that went while the client was away: it should stop asking', async () => {
    const id = encodeURIComponent('[{"topic":"gone","partition":0,"offset":1}]');
    const { status, text } = await kedge.ask('GET', `/sse/gone?lastEventId=${id}`);
    expect({ status, text }).toEqual({ status: 204, text: '' });
  });

  test('is what the client does not take', async () => {
    await produce('t', [{ value: 1 }]);
    expect((await kedge.ask('GET', '/sse/t', { accept: 'application/json' })).status).toBe(406);
    const accept = 'text/event-stream;q=0.9, */*;q=0.1';
    const answer = await kedge.fetch('HEAD', '/sse/t', { accept });
    expect([answer.status, answer.body]).toEqual([200, null]);
    expect((await kedge.ask('POST', '/sse/t')).status).toBe(405);
  });

  test('is more partitions than an id may name', async () => {
    await createTopic('wide', 300);
    const { status, json } = await kedge.ask('GET', '/sse/wide');
    expect([status, json.message]).toEqual([
      400,
      '300 partitions are too many for one stream: choose with ?partition=',
    ]);
    await using some = await stream('wide?partition=1,299');
    expect(some.response.status).toBe(200);
  });
});

describe('the end of a stream', () => {
  test('comes with its time, without an error', async () => {
    await produce('t', [{ value: 1 }]);
    await using events = await stream('t?offset=earliest&maxAgeMs=50');
    expect(values(await events.rest())).toEqual(['1']);
  });

  test('comes before it has made more calls than it may, and nothing is lost', async () => {
    kedge = new MemoryDoor({}, { maxCalls: 6 });
    await produce('t', [{ value: 0 }]);
    let id = '[{"topic":"t","partition":0,"offset":0}]';
    const seen: unknown[] = [];
    for (let streams = 0; seen.length < 12; streams++) {
      expect(streams).toBeLessThan(12);
      await using events = await stream('t', id);
      for (let event = await events.next(); event; event = await events.next()) {
        seen.push(Number(event.json.value));
        if (seen.length < 12) await produce('t', [{ value: seen.length }]);
        else break;
      }
      id = events.lastEventId;
    }
    expect(seen).toEqual(Array.from({ length: 12 }, (_, index) => index));
  });

  test('comes before it has worked more than it may', async () => {
    kedge = new MemoryDoor({}, { maxRequests: 5 });
    await produce('t', [{ value: 'x'.repeat(900_000) }]);
    await using events = await stream('t?offset=earliest');
    expect(await events.rest()).toHaveLength(1);
  });

  test('says so when the topic is deleted', async () => {
    await produce('t', [{ value: 1 }]);
    await using events = await stream('t');
    const rest = events.rest();
    const { json } = await kedge.ask('GET', '/v3/clusters');
    await kedge.ask('DELETE', `/v3/clusters/${json.data[0].cluster_id}/topics/t`);
    const [event] = await rest;
    expect(event).toMatchObject({ event: 'error', json: { error_code: 40401 } });
  });

  test('comes when the client is gone, and leaves no watch behind', async () => {
    await produce('t', [{ value: 1 }]);
    const client = new AbortController();
    const response = await kedge.fetch('GET', '/sse/t', { signal: client.signal });
    const events = new EventReader(response);
    const ended = events.next();
    client.abort();
    expect(await ended).toBeUndefined();
  });
});

describe('a reader that does not read', () => {
  test('has little held for it, and gets everything in the end', async () => {
    const value = 'x'.repeat(100_000);
    for (let round = 0; round < 10; round++) {
      await produce(
        't',
        Array.from({ length: 9 }, () => ({ value })),
      );
    }
    await using events = await stream('t?offset=earliest');
    await events.take(1);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(kedge.door.gateway.answers.used).toBeLessThan(1_000_000);
    expect(await events.take(89)).toHaveLength(89);
  });
});
