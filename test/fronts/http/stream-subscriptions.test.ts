/**
 * Subscriptions to streams on a cluster in memory, with webhooks that do as they are told. What the
 * dialect itself asks for is in its conformance suite.
 */
import { createPublicKey, verify } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { StreamSubscriptionOutside } from '../../../src/runtime/stream-subscription/host.ts';
import { until } from '../../until.ts';
import { MemoryDoor, v2Json } from './memory-door.ts';

type Post = Awaited<ReturnType<StreamSubscriptionOutside['post']>>;

interface Notification {
  readonly wake_id: string;
  readonly generation: number;
  readonly callback_token: string;
  readonly streams: { path: string; tail_offset: string; has_pending: boolean }[];
}

const json = 'application/json';
const token = (offset: number) => `0000000000000000_${String(offset).padStart(16, '0')}`;
let kedge: MemoryDoor;
let told: { body: string; signature: string; said: Notification }[];
let answer: Post;
let unreadable: string[];
let isWritable: boolean;

beforeEach(() => {
  told = [];
  answer = { ok: true, done: false };
  unreadable = [];
  isWritable = true;
  const streams: StreamSubscriptionOutside = {
    readable: async (_who, topics) => topics.filter((topic) => !unreadable.includes(topic)),
    mayWrite: async () => isWritable,
    problemOf: (url) => (url.includes('10.0.0.1') ? 'it is private' : undefined),
    post: async (_url, body, signature) => {
      told.push({ body, signature, said: JSON.parse(body) });
      return answer;
    },
  };
  kedge = new MemoryDoor({}, {}, { streams });
});
afterEach(() => kedge[Symbol.asyncDispose]());

const at = (path: string) => `/streams/v1/stream/${path}`;
const ask = (method: string, path: string, body?: unknown, headers = {}) =>
  kedge.ask(method, at(path), { body, type: json, headers });
const stream = (name: string, body: unknown = []) => ask('PUT', name, body);
const post = (name: string, body: unknown = { n: 1 }) => ask('POST', name, body);
const sub = '__ds/subscriptions/s';
const webhook = { type: 'webhook', pattern: 'rooms/*', webhook: { url: 'https://hook.test/' } };
const acknowledge = (
  how: 'callback' | 'ack',
  { wake_id, generation }: { wake_id: string; generation: number },
  bearer: string,
  more: object = { done: true },
) =>
  ask(
    'POST',
    `${sub}/${how}`,
    { wake_id, generation, ...more },
    {
      authorization: `Bearer ${bearer}`,
    },
  );
const next = async (count: number) => {
  await until(() => expect(told).toHaveLength(count));
  return told[count - 1];
};

describe('a webhook', () => {
  it('is told of what comes, and once it is acknowledged of what came since', async () => {
    await stream('rooms/old', [1, 2]);
    expect((await ask('PUT', sub, webhook)).status).toBe(201);
    await stream('halls/1', [1]);
    await post('rooms/old');
    const first = await next(1);
    expect(first.said.streams).toMatchObject([
      { path: 'rooms/old', tail_offset: token(3), has_pending: true },
    ]);
    await post('rooms/old');
    await stream('rooms/new', ['a']);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(told).toHaveLength(1);
    const { said } = first;
    const acks = [{ stream: 'rooms/old', offset: token(3) }];
    const done = await acknowledge('callback', said, said.callback_token, { acks, done: true });
    expect(done.json).toEqual({ ok: true, next_wake: true });
    const second = await next(2);
    expect(second.said.generation).toBe(said.generation + 1);
    const pending = second.said.streams.filter(({ has_pending }) => has_pending);
    expect(pending.map(({ path }) => path).sort()).toEqual(['rooms/new', 'rooms/old']);
    const late = await acknowledge('callback', said, said.callback_token);
    expect([late.status, late.json.error.code]).toEqual([409, 'FENCED']);
  });

  it('is told by what it can verify', async () => {
    await ask('PUT', sub, webhook);
    await stream('rooms/1', ['a']);
    const { body, signature } = await next(1);
    const [, seconds, kid, signed] = /^t=(\d+),kid=(.+),ed25519=(.+)$/.exec(signature)!;
    const { keys } = (await ask('GET', '__ds/jwks.json')).json;
    expect(keys.map((key: { kid: string }) => key.kid)).toEqual([kid]);
    const key = createPublicKey({ key: keys[0], format: 'jwk' });
    const message = Buffer.from(`${seconds}.${body}`);
    expect(verify(null, message, key, Buffer.from(signed, 'base64url'))).toBe(true);
  });

  it('that says that it is done has acknowledged what it was told of', async () => {
    answer = { ok: true, done: true };
    await ask('PUT', sub, webhook);
    await stream('rooms/1', ['a']);
    await next(1);
    await until(async () => {
      const [link] = (await ask('GET', sub)).json.streams;
      expect(link.acked_offset).toBe(token(1));
    });
    await kedge.ask('POST', '/rest/topics/rooms..1', {
      body: { records: [{ value: 'by Kafka' }] },
      type: v2Json,
    });
    expect((await next(2)).said.streams).toMatchObject([{ tail_offset: token(2) }]);
  });

  it('that fails is told again', async () => {
    answer = { ok: false, done: false };
    await ask('PUT', sub, webhook);
    await stream('rooms/1', ['a']);
    const first = await next(1);
    await until(async () => expect((await ask('GET', sub)).json.status).toBe('failed'));
    answer = { ok: true, done: true };
    await until(() => expect(told).toHaveLength(2));
    expect(told[1].said.wake_id).toBe(first.said.wake_id);
    await until(async () => expect((await ask('GET', sub)).json.status).toBe('active'));
  });

  it('that does not acknowledge in time is told anew', async () => {
    await ask('PUT', sub, { ...webhook, lease_ttl_ms: 1_000 });
    await stream('rooms/1', ['a']);
    const first = await next(1);
    await until(() => expect(told).toHaveLength(2));
    expect(told[1].said.generation).toBe(first.said.generation + 1);
  });

  it('is told of no stream that its maker may not read, nor of one that is gone', async () => {
    unreadable = ['rooms..secret'];
    await ask('PUT', sub, webhook);
    await stream('rooms/secret', ['a']);
    await stream('rooms/1', ['a']);
    expect((await next(1)).said.streams.map(({ path }) => path)).toEqual(['rooms/1']);
    await ask('DELETE', 'rooms/1');
    await until(async () => expect((await ask('GET', sub)).json.streams).toEqual([]));
  });

  it('is told no more of a stream that its maker might read, and may not any more', async () => {
    await stream('rooms/1');
    await stream('rooms/2');
    await ask('PUT', sub, webhook);
    unreadable = ['rooms..1'];
    await post('rooms/1');
    await until(async () => expect((await ask('GET', sub)).json.streams).toHaveLength(1));
    await post('rooms/2');
    expect((await next(1)).said.streams.map(({ path }) => path)).toEqual(['rooms/2']);
  });

  it('may be told of streams that are called as what every object has', async () => {
    await ask('PUT', sub, { ...webhook, pattern: '**' });
    await stream('a', ['a']);
    answer = { ok: false, done: false };
    await next(1);
    await stream('constructor', ['a']);
    await until(async () => expect((await ask('GET', sub)).json.streams).toHaveLength(2));
    answer = { ok: true, done: true };
    await until(() => expect(told.at(-1)?.said.generation).toBe(2));
    const { streams } = (await ask('GET', sub)).json;
    expect(streams).toContainEqual(expect.objectContaining({ path: 'constructor' }));
    await until(async () =>
      expect((await ask('GET', sub)).json.streams).toEqual([
        expect.objectContaining({ acked_offset: token(1), has_pending: false }),
        expect.objectContaining({ acked_offset: token(1), has_pending: false }),
      ]),
    );
  });

  it('is nothing that push subscriptions are mistaken for', async () => {
    await ask('PUT', sub, webhook);
    expect((await kedge.ask('GET', '/push/subscriptions')).json).toEqual({ subscriptions: [] });
    const name = encodeURIComponent('__ds/s');
    for (const [method, path] of [
      ['GET', name],
      ['DELETE', name],
      ['POST', `${name}/pause`],
    ] as const) {
      expect((await kedge.ask(method, `/push/subscriptions/${path}`)).status).toBe(404);
    }
  });

  it('is not looked for by who has no token of it', async () => {
    const called = vi.spyOn(kedge.objects.subscription('__ds/s'), 'call');
    const wake = { wake_id: 'w', generation: 1 };
    expect((await acknowledge('callback', wake, '1.guess')).status).toBe(401);
    expect((await acknowledge('ack', wake, '1.guess')).status).toBe(401);
    expect(called).not.toHaveBeenCalled();
  });

  it('is refused where nothing may be sent to', async () => {
    const body = { ...webhook, webhook: { url: 'http://10.0.0.1/' } };
    const { status, json: said } = await ask('PUT', sub, body);
    expect([status, said.error.code]).toEqual([400, 'WEBHOOK_URL_REJECTED']);
    expect((await ask('GET', sub)).status).toBe(404);
  });
});

describe('a pool of workers', () => {
  const pull = { type: 'pull-wake', streams: ['a', 'b'], wake_stream: 'wakes' };
  const claim = (worker: string) => ask('POST', `${sub}/claim`, { worker });

  it('is told on its stream, once for each wake, and shares the work', async () => {
    await stream('wakes');
    await stream('a');
    await ask('PUT', sub, pull);
    expect((await claim('w')).json.error.code).toBe('NO_PENDING_WORK');
    await post('a');
    const wakes = async () => (await ask('GET', 'wakes')).json;
    await until(async () => expect(await wakes()).toHaveLength(1));
    expect(await wakes()).toMatchObject([{ type: 'wake', subscription_id: 's', stream: 'a' }]);
    const first = (await claim('w')).json;
    expect((await claim('v')).json.error).toMatchObject({
      code: 'ALREADY_CLAIMED',
      current_holder: 'w',
    });
    const beyond = { acks: [{ stream: 'a', offset: token(2) }] };
    const bad = await acknowledge('ack', first, first.token, beyond);
    expect([bad.status, bad.json.error.code]).toEqual([409, 'INVALID_OFFSET']);
    expect((await acknowledge('ack', first, `${first.token}x`)).status).toBe(401);
    expect((await acknowledge('callback', first, first.token)).status).toBe(400);
    const acks = [{ stream: 'a', offset: token(1) }];
    const done = await acknowledge('ack', first, first.token, { acks, done: true });
    expect(done.json).toEqual({ ok: true, next_wake: false });
    await stream('b', [1]);
    await until(async () => expect(await wakes()).toHaveLength(2));
    const second = (await claim('v')).json;
    const back = await ask(
      'POST',
      `${sub}/release`,
      { wake_id: second.wake_id, generation: second.generation },
      { authorization: `Bearer ${second.token}` },
    );
    expect(back.status).toBe(204);
    await until(async () => expect(await wakes()).toHaveLength(3));
  });

  it('is told nothing on a stream that its maker might write to, and may not any more', async () => {
    await stream('wakes');
    await stream('a');
    await ask('PUT', sub, pull);
    isWritable = false;
    await post('a');
    await until(async () => {
      const { streams } = (await ask('GET', sub)).json;
      expect(streams[0]).toMatchObject({ path: 'a', has_pending: true });
    });
    expect((await claim('w')).status).toBe(200);
    expect((await ask('GET', 'wakes')).json).toEqual([]);
  });

  it('is about the streams that it is told to be about', async () => {
    await ask('PUT', sub, pull);
    expect((await ask('PUT', sub, { ...pull, streams: ['b', 'a'] })).status).toBe(200);
    expect((await ask('PUT', sub, { ...pull, streams: ['c'] })).status).toBe(409);
    await stream('c', [1]);
    await ask('POST', `${sub}/streams`, { streams: ['c'] });
    await ask('DELETE', `${sub}/streams/b`);
    const { streams } = (await ask('GET', sub)).json;
    expect(streams.map(({ path }: { path: string }) => path).sort()).toEqual(['a', 'c']);
    await post('c');
    expect((await claim('w')).json.streams).toContainEqual(
      expect.objectContaining({ path: 'c', acked_offset: token(1), tail_offset: token(2) }),
    );
    expect((await ask('DELETE', sub)).status).toBe(204);
    expect((await claim('w')).status).toBe(404);
  });

  it.each([
    [{ ...pull, wake_stream: undefined }],
    [{ ...pull, streams: [] }],
    [{ ...pull, streams: [1] }],
    [{ ...pull, lease_ttl_ms: 10 }],
    [{ ...webhook, webhook: {} }],
    [{ type: 'other', pattern: '*' }],
    ['{'],
    ['[]'],
  ])('cannot be %j', async (body) => {
    const { status, json: said } = await ask('PUT', sub, body);
    expect([status, said.error.code]).toEqual([400, 'INVALID_REQUEST']);
  });
});
