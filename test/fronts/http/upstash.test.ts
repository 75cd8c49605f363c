/** The Upstash dialect beyond what its client sends, over a cluster in memory. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { accessFrom } from '../../../src/broker/access.ts';
import { anonymous } from '../../../src/broker/authorizer.ts';
import { httpApp } from '../../../src/fronts/http/app.ts';
import { Kafka } from '../../../src/fronts/http/kafka.ts';
import { joinGroup } from '../../../src/protocol/apis/join-group.ts';
import { syncGroup } from '../../../src/protocol/apis/sync-group.ts';
import { defaultsOf } from '../../../src/protocol/schema.ts';
import { type AppAsk, MemoryDoor } from './memory-door.ts';

let kedge: MemoryDoor;
beforeEach(() => {
  kedge = new MemoryDoor({ numPartitions: 1 });
});
afterEach(() => kedge[Symbol.asyncDispose]());

const ask = (method: string, path: string, body?: unknown, more: AppAsk = {}) =>
  kedge.ask(method, `/upstash${path}`, { body, ...more });
const values = async (offset = 0) =>
  (await ask('POST', '/fetch', { topic: 't', partition: 0, offset, timeout: 10 })).json.map(
    ({ value }: { value: unknown }) => value,
  );

describe('produce', () => {
  test('from the path: one object', async () => {
    const { status, json } = await ask('GET', '/produce/t/hello%20you?key=k');
    expect(status).toBe(200);
    const timestamp = expect.any(Number);
    expect(json).toEqual({ topic: 't', partition: 0, offset: 0, timestamp });
    const { json: messages } = await ask('POST', '/fetch', { topic: 't', partition: 0, offset: 0 });
    expect(messages).toMatchObject([{ key: 'k', value: 'hello you' }]);
  });

  test('to the topic of the path: an array, also of one', async () => {
    expect((await ask('POST', '/produce/t', { value: 'a' })).json).toMatchObject([{ offset: 0 }]);
    const { json } = await ask('POST', '/produce/t', [{ value: 'b' }, { value: 'c' }]);
    expect(json).toMatchObject([{ offset: 1 }, { offset: 2 }]);
    expect(await values()).toEqual(['a', 'b', 'c']);
  });

  test('whatever the content type, as curl sends it', async () => {
    const type = 'application/x-www-form-urlencoded';
    expect((await ask('POST', '/produce', '{"topic":"t","value":"a"}', { type })).status).toBe(200);
  });

  test('a body that is too large is told so', async () => {
    const body = 'x'.repeat(16 * 1024 * 1024 + 1);
    const { status, json } = await ask('POST', '/webhook?topic=t', body);
    expect({ status, json }).toEqual({
      status: 413,
      json: { error: expect.any(String), status: 413 },
    });
  });

  test('a value that is null is a tombstone, and comes back as one', async () => {
    await ask('POST', '/produce/t', { key: 'k', value: null });
    expect(await values()).toEqual([null]);
  });

  test('a webhook: the body as it is, and the headers of the sender', async () => {
    const app = httpApp();
    const request = new Request('http://kedge.test/upstash/webhook?topic=t', {
      method: 'POST',
      body: 'some event data',
      headers: { 'event-origin': 'my-app', 'user-agent': 'x', 'x-forwarded-for': '::1' },
    });
    const response = await app.fetch(request, kedge.door);
    expect(await response.json()).toMatchObject({ topic: 't', partition: 0, offset: 0 });
    const { json } = await ask('POST', '/fetch', { topic: 't', partition: 0, offset: 0 });
    expect(json).toMatchObject([
      { value: 'some event data', headers: [{ key: 'event-origin', value: 'my-app' }] },
    ]);
  });

  test.each([
    ['/produce', undefined, 'There is no message'],
    ['/produce', [], 'There is no message'],
    ['/produce', '{', 'not JSON'],
    ['/produce', '"text"', 'must be a JSON object or an array'],
    ['/produce', { value: 'a' }, 'topic must be'],
    ['/produce/t', {}, 'value must be'],
    ['/produce/t', { value: 5 }, 'value must be'],
    ['/produce/t', { value: 'a', key: 5 }, 'key must be'],
    ['/produce/t', { value: 'a', partition: -1 }, 'partition must be'],
    ['/produce/t', { value: 'a', timestamp: 'x' }, 'timestamp must be'],
    ['/produce/t', { value: 'a', headers: [{ key: 'x' }] }, 'header must have'],
    ['/webhook', 'x', 'name a topic'],
    ['/consume/g/i', {}, 'name a topic'],
    ['/consume/g/i', { topics: 'x' }, 'topics must be'],
    ['/consume/g/i', { topic: 't', timeout: 'x' }, 'timeout must be'],
    ['/fetch', {}, 'topic must be'],
    ['/fetch', { topic: 't', partition: 0 }, 'offset must be'],
    ['/fetch', { topicPartitionOffsets: [null] }, 'array of objects'],
    ['/commit/g/i', { topic: 't' }, 'partition must be'],
    ['/offsets/latest', undefined, 'must name partitions'],
    ['/offsets/tomorrow', { topic: 't', partition: 0 }, 'must be a whole number'],
    ['/offsets/latest?timeout=x', { topic: 't', partition: 0 }, 'timeout must be'],
  ])('POST %s %j: 400', async (path, body, why) => {
    const { status, type, json } = await ask('POST', path, body);
    expect({ status, type }).toEqual({ status: 400, type: 'application/json' });
    expect(json).toEqual({ error: expect.stringContaining(why), status: 400 });
  });
});

describe('consume', () => {
  test('by the path', async () => {
    await ask('GET', '/produce/t/a');
    const first = new Request('http://kedge.test/upstash/consume/g/i/t?timeout=50', {
      headers: { 'Kafka-Auto-Offset-Reset': 'earliest' },
    });
    const response = await httpApp().fetch(first, kedge.door);
    expect(await response.json()).toMatchObject([{ topic: 't', value: 'a' }]);
  });

  test('headers that cannot be meant are refused', async () => {
    for (const [name, value] of [
      ['Kafka-Auto-Offset-Reset', 'middle'],
      ['Kafka-Enable-Auto-Commit', 'maybe'],
      ['Kafka-Auto-Commit-Interval', 'soon'],
    ]) {
      const headers = { [name]: value };
      const request = new Request('http://kedge.test/upstash/consume/g/i/t', { headers });
      const response = await httpApp().fetch(request, kedge.door);
      expect(response.status).toBe(400);
      expect(await response.json()).toEqual({ error: expect.stringContaining(name), status: 400 });
    }
  });

  test('what was never consumed cannot be committed or deleted', async () => {
    for (const path of ['/commit/g/nobody', '/delete-consumer/g/nobody']) {
      const { status, json } = await ask('POST', path);
      expect(status).toBe(404);
      expect(json).toEqual({ error: 'Consumer instance not found.', status: 404 });
    }
  });

  test('DELETE deletes as well', async () => {
    await ask('POST', '/consume/g/i', { topic: 't', timeout: 10 });
    const { json } = await ask('DELETE', '/delete-consumer/g/i');
    expect(json).toEqual({ result: 'Success', status: 200 });
    expect((await ask('GET', '/consumers')).json).toEqual([]);
  });

  test('a member whose group has an assignment in a format of its own is listed without one', async () => {
    const kafka = new Kafka(kedge.door.gateway, new Request('http://kedge.test'), {
      principal: anonymous,
    });
    const group = {
      ...defaultsOf(joinGroup.request.fields),
      groupId: 'g',
      sessionTimeoutMs: 10_000,
      rebalanceTimeoutMs: 10_000,
      protocolType: 'consumer',
      protocols: [{ name: 'own', metadata: Uint8Array.of(1) }],
    };
    const { memberId } = await kafka.call(joinGroup, group);
    const { generationId } = await kafka.call(joinGroup, { ...group, memberId });
    const { errorCode } = await kafka.call(syncGroup, {
      ...defaultsOf(syncGroup.request.fields),
      groupId: 'g',
      generationId,
      memberId,
      protocolType: 'consumer',
      protocolName: 'own',
      assignments: [{ memberId, assignment: Uint8Array.of(1) }],
    });
    expect(errorCode).toBe(0);
    const { json } = await ask('GET', '/consumers');
    expect(json).toEqual([{ name: 'g', instances: [{ name: expect.any(String), topics: [] }] }]);
  });

  test('an offset out of range is one', async () => {
    await ask('GET', '/produce/t/a');
    const { status, json } = await ask('POST', '/fetch', { topic: 't', partition: 0, offset: 9 });
    expect(status).toBe(416);
    expect(json).toEqual({ error: expect.stringContaining('no offset 9 in t-0'), status: 416 });
  });

  test('committed without a body is everything the group has', async () => {
    await ask('GET', '/produce/t/a');
    await ask('POST', '/consume/g/i', { topic: 't', timeout: 10 });
    await ask('POST', '/commit/g/i', { topic: 't', partition: 0, offset: 1 });
    const { json } = await ask('POST', '/committed/g/i');
    expect(json).toEqual([{ topic: 't', partition: 0, offset: 1 }]);
  });
});

describe('what is not there', () => {
  test.each([
    ['GET', '/nothing', 404],
    ['PUT', '/produce', 405],
    ['POST', '/topics', 405],
    ['DELETE', '/consume/g/i', 405],
  ])('%s %s: %d, in the words of the dialect', async (method, path, status) => {
    const answer = await ask(method, path);
    expect(answer.status).toBe(status);
    expect(answer.json).toEqual({ error: expect.any(String), status });
  });
});

describe('who asks', () => {
  const closed = async (path: string, authorization?: string, urls = true) => {
    const headers = authorization === undefined ? undefined : { authorization };
    const request = new Request(`http://kedge.test/upstash${path}`, { method: 'POST', headers });
    const access = accessFrom({ KEDGE_TOKEN: 'secret', KEDGE_URL_TOKENS: String(urls) });
    const response = await httpApp().fetch(request, { ...kedge.door, access });
    return { status: response.status, json: await response.json() };
  };

  test('is to say so', async () => {
    const refused = { status: 401, json: { error: expect.any(String), status: 401 } };
    expect(await closed('/produce')).toEqual(refused);
    expect(await closed('/produce', `Basic ${btoa('admin:wrong')}`)).toEqual(refused);
    expect((await closed('/produce', `Basic ${btoa('admin:secret')}`)).status).toBe(400);
  });

  test('may say so in the URL of a webhook, and nowhere else', async () => {
    expect((await closed('/webhook?topic=t&user=admin&pass=secret')).status).toBe(200);
    expect((await closed('/webhook?topic=t&user=admin&pass=wrong')).status).toBe(401);
    expect((await closed('/produce?user=admin&pass=secret')).status).toBe(401);
    const url = '/webhook?topic=t&user=admin&pass=secret';
    expect((await closed(url, undefined, false)).status).toBe(401);
  });
});
