/**
 * Streams over HTTP and their topics over Kafka's own requests, on a cluster in memory. What the
 * dialect itself asks for is in its conformance suite.
 */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type AppAsk, MemoryDoor, v2Binary, v2Json } from './memory-door.ts';

const type = 'text/plain';
const at = (name: string) => `/streams/v1/stream/${name}`;
let kedge: MemoryDoor;

beforeEach(() => {
  kedge = new MemoryDoor();
});
afterEach(() => kedge[Symbol.asyncDispose]());

const ask = (method: string, name: string, options: AppAsk = {}) =>
  kedge.ask(method, at(name), options);
const put = (name: string, options: AppAsk = {}) => ask('PUT', name, { type, ...options });
const post = (name: string, body: unknown, options: AppAsk = {}) =>
  ask('POST', name, { type, body, ...options });
const asJson = 'application/json';
const clusterId = async () => (await kedge.ask('GET', '/v3/clusters')).json.data[0].cluster_id;
const bodyOf = async (name: string) => (await ask('GET', name)).text;
const recordsOf = async (topic: string, accept = v2Json) => {
  const path = `/rest/topics/${topic}/partitions/0/records?offset=0`;
  return (await kedge.ask('GET', path, { accept })).json;
};

describe('a stream and its topic', () => {
  it('hold the same', async () => {
    const json = 'application/json';
    await put('chat/7', { type: json, body: '[{"n":1}]' });
    await post('chat/7', '[{"n":2},{"n":3}]', { type: json });
    const told = await recordsOf('chat..7');
    expect(told.map(({ value }: { value: unknown }) => value)).toEqual([
      { n: 1 },
      { n: 2 },
      { n: 3 },
    ]);
    const record = { records: [{ key: 'k', value: { n: 4 } }] };
    await kedge.ask('POST', '/rest/topics/chat..7', { body: record, type: v2Json });
    expect(JSON.parse(await bodyOf('chat/7'))).toEqual([{ n: 1 }, { n: 2 }, { n: 3 }, { n: 4 }]);
    const { headers } = await ask('HEAD', 'chat/7');
    expect(headers.get('stream-next-offset')).toBe('0000000000000000_0000000000000004');
  });

  it('are there first by either way', async () => {
    const record = { records: [{ value: 'tea' }] };
    await kedge.ask('POST', '/rest/topics/orders', { body: record, type: v2Json });
    const found = await ask('GET', 'orders');
    expect([found.type, found.text]).toEqual(['application/octet-stream', '"tea"']);
    expect((await put('orders', { type: 'application/json' })).status).toBe(201);
    expect((await put('orders', { type: 'application/json' })).status).toBe(200);
    expect((await ask('GET', 'orders')).json).toEqual(['tea']);
    expect((await ask('DELETE', 'orders')).status).toBe(204);
    expect((await kedge.ask('GET', '/rest/topics')).json).toEqual([]);
  });

  it('are closed together', async () => {
    await put('s', { body: 'a' });
    await post('s', 'b', { headers: { 'stream-closed': 'true' } });
    const record = { records: [{ value: 'c' }] };
    const refused = await kedge.ask('POST', '/rest/topics/s', { body: record, type: v2Json });
    expect(refused.json.offsets[0].error).toMatch(/stream that was closed/);
    expect(await bodyOf('s')).toBe('ab');
  });

  it('may be one of several partitions', async () => {
    await kedge.objects.controller().call('createTopics', {
      topics: [
        { name: 'many', numPartitions: 3, replicationFactor: 1, assignments: [], configs: [] },
      ],
      validateOnly: false,
    });
    const bytes = { type: 'application/octet-stream' };
    expect((await post('many?partition=2', 'x', bytes)).status).toBe(204);
    expect(await bodyOf('many?partition=2')).toBe('x');
    expect(await bodyOf('many')).toBe('');
    expect((await ask('GET', 'many?partition=3')).status).toBe(404);
    expect((await put('many')).status).toBe(409);
    expect((await ask('DELETE', 'many?partition=2')).status).toBe(409);
    expect((await ask('GET', 'many?partition=x')).status).toBe(400);
  });
});

describe('a stream', () => {
  it('is read page by page', async () => {
    await put('s', { body: 'x'.repeat(700_000) });
    await post('s', 'y'.repeat(700_000));
    const first = await ask('GET', 's');
    expect(first.text.length).toBe(700_000);
    expect(first.headers.get('stream-up-to-date')).toBeNull();
    expect(first.headers.get('cache-control')).toMatch(/max-age=60/);
    const next = first.headers.get('stream-next-offset')!;
    const second = await ask('GET', `s?offset=${next}`);
    expect(second.text).toBe('y'.repeat(700_000));
    expect(second.headers.get('stream-up-to-date')).toBe('true');
    expect(second.headers.get('cache-control')).toBe('public, no-cache');
  });

  it('is asked for what it does not have', async () => {
    await put('s', { body: 'a' });
    expect((await ask('GET', 's?offset=2')).status).toBe(400);
    expect((await ask('GET', 's?offset=1')).status).toBe(200);
    const spec = { topicId: '', topic: 's', partition: 0, configs: {} };
    const { topicId } = (
      await kedge.objects.controller().call('getTopics', {
        names: ['s'],
        topicIds: [],
      })
    ).topics[0];
    await kedge.objects.partition(topicId, 0).call('deleteRecords', { spec, offset: 1 });
    expect((await ask('GET', 's?offset=0')).status).toBe(410);
    expect((await ask('GET', 's')).text).toBe('');
  });

  it('cannot have the name of what subscriptions have', async () => {
    const ways = ['__ds', '__ds/subscriptions/a/b', '__ds/jwks.json', '%5F_ds/a', '__ds%2Fa'];
    for (const name of ways) {
      expect((await put(name)).status).toBe(404);
    }
    expect((await put('__dsx')).status).toBe(201);
  });

  it('takes no message larger than its topic does', async () => {
    await put('s');
    const { status, text, type: told } = await post('s', 'x'.repeat(1_048_588));
    expect([status, told]).toEqual([413, 'text/plain; charset=utf-8']);
    expect(text).toMatch(/max.message.bytes/);
    const many = JSON.stringify(Array.from({ length: 3_000 }, () => 'z'.repeat(1_000)));
    await put('j', { type: 'application/json' });
    expect((await post('j', many, { type: 'application/json' })).status).toBe(204);
  });

  it('that has ended makes way for a new one', async () => {
    expect((await put('s', { headers: { 'stream-ttl': '0' } })).status).toBe(201);
    expect((await ask('GET', 's')).status).toBe(404);
    expect((await put('s', { body: 'new' })).status).toBe(201);
    expect(await bodyOf('s')).toBe('new');
  });

  it('tells those who wait, and makes no call for them', async () => {
    await put('s');
    const waiting = ask('GET', 's?offset=now&live=long-poll');
    const partition = [...kedge.objects.meters].find(([name]) => name.startsWith('partition'))![1];
    await expect.poll(() => partition.usage.requests.watchOpened).toBe(1);
    const before = partition.usage.requests.call;
    await post('s', 'at last');
    expect((await waiting).text).toBe('at last');
    // The append, and the reading of it.
    expect(partition.usage.requests.call - before).toBe(2);
    const nothing = await ask('GET', 's?offset=now&live=long-poll&timeout=0.05');
    expect(nothing.status).toBe(204);
    const closing = ask('GET', 's?offset=now&live=long-poll');
    await expect.poll(() => partition.usage.requests.watchOpened).toBe(3);
    await post('s', undefined, { headers: { 'stream-closed': 'true' } });
    expect((await closing).headers.get('stream-closed')).toBe('true');
    expect((await closing).status).toBe(204);
  });

  it('with a lifetime lives while somebody waits for it', async () => {
    await put('s', { headers: { 'stream-ttl': '1' } });
    const waited = await ask('GET', 's?offset=now&live=long-poll&timeout=2.5');
    expect(waited.status).toBe(204);
    expect((await post('s', 'a')).status).toBe(204);
  });

  it('is followed as events, until it goes or enough calls were made', async () => {
    await put('s', { body: 'a' });
    const events = await kedge.fetch('GET', at('s?offset=-1&live=sse'));
    const reader = events.body!.pipeThrough(new TextDecoderStream()).getReader();
    const first = (await reader.read()).value!;
    expect(first).toMatch(
      /^event: data\ndata:a\n\nevent: control\ndata:\{.*"upToDate":true\}\n\n$/,
    );
    // A reader takes one space away.
    await post('s', ' b\r\nevent: x');
    const next = (await reader.read()).value;
    expect(next).toMatch(/^event: data\ndata: {2}b\ndata:event: x\n\nevent: c/);
    await ask('DELETE', 's');
    expect((await reader.read()).done).toBe(true);
    await using few = new MemoryDoor({}, { maxCalls: 2 });
    await few.ask('PUT', at('t'), { type, body: 'a' });
    expect((await few.ask('GET', at('t?offset=-1&live=sse'))).text).toMatch(/data:a/);
  });

  it('takes no more messages at a time than it can hold', async () => {
    await put('s', { type: 'application/json' });
    const many = (count: number) => `[${'1,'.repeat(count - 1)}1]`;
    expect((await post('s', many(100_001), { type: 'application/json' })).status).toBe(413);
    expect((await post('s', many(100_000), { type: 'application/json' })).status).toBe(204);
  });

  it('costs an append one request, and a row', async () => {
    await put('s');
    const partition = [...kedge.objects.meters].find(([name]) => name.startsWith('partition'))![1];
    const { requests, rowsWritten } = partition.usage;
    await post('s', 'a');
    expect(partition.usage.requests.call - requests.call).toBe(1);
    expect(partition.usage.rowsWritten - rowsWritten).toBe(1);
    const producer = { 'producer-id': 'p', 'producer-epoch': '0', 'producer-seq': '0' };
    expect((await post('s', 'b', { headers: producer })).status).toBe(200);
    expect(partition.usage.rowsWritten - rowsWritten).toBe(3);
  });
});

describe('a fork', () => {
  const fork = (name: string, source: string, headers: Record<string, string> = {}) =>
    ask('PUT', name, { headers: { 'stream-forked-from': at(source), ...headers } });

  it('is made of a topic that a crash has left, and not of one that was written to', async () => {
    await put('s', { body: 'a' });
    const topics = `/v3/clusters/${await clusterId()}/topics`;
    for (const name of ['left', 'used']) {
      const made = await kedge.ask('POST', topics, { body: { topic_name: name }, type: asJson });
      expect(made.status).toBe(201);
    }
    const record = { records: [{ value: 'tea' }] };
    await kedge.ask('POST', '/rest/topics/used', { body: record, type: v2Json });
    expect((await fork('left', 's')).status).toBe(201);
    expect(await bodyOf('left')).toBe('a');
    expect((await fork('used', 's')).status).toBe(409);
  });

  it('holds what was committed of its source, at the offsets it had', async () => {
    await put('s', { body: 'a' });
    for (const text of ['b', 'c', 'd']) await post('s', text);
    expect((await fork('f', 's', { 'stream-fork-offset': '3' })).status).toBe(201);
    expect(await bodyOf('f')).toBe('abc');
    expect((await fork('f', 's', { 'stream-fork-offset': '3' })).status).toBe(200);
    expect((await fork('f', 's', { 'stream-fork-offset': '2' })).status).toBe(409);
    await post('f', 'F');
    expect((await ask('GET', 'f?offset=2')).text).toBe('cF');
    expect(await bodyOf('s')).toBe('abcd');
    const told = await recordsOf('f', v2Binary);
    expect(told.map(({ offset }: { offset: number }) => offset)).toEqual([0, 1, 2, 3]);
  });

  it('of much has all of it', async () => {
    await put('s');
    const parts = Array.from({ length: 7 }, (_, i) => String(i).repeat(900_000));
    for (const part of parts) await post('s', part);
    await fork('f', 's', { 'stream-fork-offset': '5', 'stream-fork-sub-offset': '10' });
    let text = '';
    for (let offset = '-1', upToDate = false; !upToDate; ) {
      const page = await ask('GET', `f?offset=${offset}`);
      text += page.text;
      offset = page.headers.get('stream-next-offset')!;
      upToDate = page.headers.has('stream-up-to-date');
    }
    expect(text).toBe(parts.slice(0, 5).join('') + parts[5].slice(0, 10));
  });

  it('that cannot be made leaves nothing behind', async () => {
    await put('s', { body: 'abc' });
    const sub = { 'stream-fork-offset': '0', 'stream-fork-sub-offset': '4' };
    expect((await fork('f', 's', sub)).status).toBe(400);
    expect((await fork('f', 'none')).status).toBe(404);
    expect((await kedge.ask('GET', '/rest/topics')).json).toEqual(['s']);
  });
});
