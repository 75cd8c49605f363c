/** Users and tokens over HTTP, where nobody gets in uninvited. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { accessFrom } from '../../../src/broker/access.ts';
import { httpApp } from '../../../src/fronts/http/app.ts';
import { MemoryDoor } from './memory-door.ts';

const authorizerClassName = 'org.apache.kafka.metadata.authorizer.StandardAuthorizer';
let kedge: MemoryDoor;
beforeEach(() => {
  kedge = new MemoryDoor({ authorizerClassName, superUsers: 'User:root' });
});
afterEach(() => kedge[Symbol.asyncDispose]());

const basic = (user: string, password: string) => `Basic ${btoa(`${user}:${password}`)}`;
const bearer = (token: string) => `Bearer ${token}`;
const owner = bearer('owner-secret');

async function ask(
  authorization: string | undefined,
  method: string,
  path: string,
  body?: unknown,
) {
  const headers = new Headers({ 'content-type': 'application/json' });
  if (authorization !== undefined) headers.set('authorization', authorization);
  const access = accessFrom({ KEDGE_TOKEN: 'owner-secret', KEDGE_URL_TOKENS: 'true' });
  const request = new Request(`http://kedge.test${path}`, {
    method,
    headers,
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const response = await httpApp().fetch(request, { ...kedge.door, access });
  const text = await response.text();
  return { status: response.status, text, json: text === '' ? undefined : JSON.parse(text) };
}

const statusOf = async (...request: Parameters<typeof ask>) => (await ask(...request)).status;

async function user(name: string, password: string): Promise<string> {
  expect(await statusOf(owner, 'PUT', `/admin/users/${name}`, { password })).toBe(204);
  return basic(name, password);
}

async function create(topic: string): Promise<void> {
  const body = { topic_name: topic, partitions_count: 1 };
  expect(await statusOf(owner, 'POST', '/rest/admin/topics', body)).toBeLessThan(300);
}

/** What a stream begins with. */
async function eventsOf(path: string): Promise<number> {
  const access = accessFrom({ KEDGE_TOKEN: 'owner-secret', KEDGE_URL_TOKENS: 'true' });
  const request = new Request(`http://kedge.test${path}`);
  const response = await httpApp().fetch(request, { ...kedge.door, access });
  await response.body?.cancel();
  return response.status;
}

async function allow(principal: string, type: string, name: string, operation: string) {
  const [cluster] = (await ask(owner, 'GET', '/v3/clusters')).json.data;
  const { status, text } = await ask(owner, 'POST', `/v3/clusters/${cluster.cluster_id}/acls`, {
    ...{ resource_type: type, resource_name: name, pattern_type: 'LITERAL' },
    ...{ principal, host: '*', operation, permission: 'ALLOW' },
  });
  expect(status, text).toBe(201);
}

describe('users', () => {
  test('are created, described, and may come in', async () => {
    const alice = await user('alice', 'secret');
    expect((await ask(owner, 'GET', '/admin/users')).json).toEqual({
      users: [
        {
          name: 'alice',
          mechanisms: [
            { mechanism: 'SCRAM-SHA-256', iterations: 4096 },
            { mechanism: 'SCRAM-SHA-512', iterations: 4096 },
          ],
        },
      ],
    });
    expect((await ask(alice, 'GET', '/admin/users/alice')).json.name).toBe('alice');
    expect(await statusOf(owner, 'DELETE', '/admin/users/alice')).toBe(204);
    expect(await statusOf(alice, 'GET', '/admin/users/alice')).toBe(401);
    expect(await statusOf(owner, 'GET', '/admin/users/alice')).toBe(404);
    expect(await statusOf(owner, 'DELETE', '/admin/users/alice')).toBe(404);
  });

  test('may set their own password, and nothing else', async () => {
    const alice = await user('alice', 'secret');
    const bob = await user('bob', 'another');
    expect(await statusOf(alice, 'PUT', '/admin/users/alice', { password: 'new' })).toBe(204);
    expect(await statusOf(alice, 'GET', '/admin/users/alice')).toBe(401);
    expect(await statusOf(basic('alice', 'new'), 'GET', '/admin/users/alice')).toBe(200);
    for (const [method, path, body] of [
      ['GET', '/admin/users', undefined],
      ['GET', '/admin/users/alice', undefined],
      ['PUT', '/admin/users/alice', { password: 'x' }],
      ['DELETE', '/admin/users/bob', undefined],
      ['POST', '/admin/tokens', { principal: 'User:alice' }],
    ] as const) {
      const { status, json } = await ask(bob, method, path, body);
      expect({ status, json }).toEqual({
        status: 403,
        json: { error_code: 40301, message: 'Cluster authorization failed.' },
      });
    }
    expect(await statusOf(undefined, 'GET', '/admin/users')).toBe(401);
  });

  test('are administered by who may alter or describe the cluster', async () => {
    const alice = await user('alice', 'secret');
    await user('bob', 'another');
    await allow('User:alice', 'CLUSTER', 'kafka-cluster', 'DESCRIBE');
    expect(await statusOf(alice, 'GET', '/admin/users')).toBe(200);
    expect(await statusOf(alice, 'PUT', '/admin/users/bob', { password: 'x' })).toBe(403);
    await allow('User:alice', 'CLUSTER', 'kafka-cluster', 'ALTER');
    expect(await statusOf(alice, 'PUT', '/admin/users/bob', { password: 'x' })).toBe(204);
    expect(await statusOf(basic('bob', 'x'), 'GET', '/admin/users/bob')).toBe(200);
  });

  test.each([
    ['alice', undefined, 422],
    ['alice', {}, 422],
    ['alice', { password: '' }, 422],
    ['alice', { password: 7 }, 400],
    ['alice', { password: 'x', iterations: 4095 }, 422],
    ['alice', { password: 'x', iterations: 16385 }, 422],
    ['alice', { password: 'x', role: 'admin' }, 422],
    ['admin', { password: 'x' }, 422],
    ['token', { password: 'x' }, 422],
  ])('%s is not created with %j', async (name, body, status) => {
    expect(await statusOf(owner, 'PUT', `/admin/users/${name}`, body)).toBe(status);
  });
});

describe('tokens', () => {
  test('are shown once, listed by their owner, and worth nothing when deleted', async () => {
    const alice = await user('alice', 'secret');
    const made = await ask(alice, 'POST', '/admin/tokens', { description: 'ships orders' });
    expect(made.status).toBe(201);
    const { id, token } = made.json;
    expect(made.json).toMatchObject({ principal: 'User:alice', expires_at: null });
    await ask(owner, 'POST', '/admin/tokens', { principal: 'User:bob' });
    const listed = await ask(alice, 'GET', '/admin/tokens');
    expect(listed.json.tokens.map((one: { id: string }) => one.id)).toEqual([id]);
    expect(listed.text).not.toContain(token.slice(-43));
    expect((await ask(owner, 'GET', '/admin/tokens')).json.tokens).toHaveLength(2);
    for (const shown of [bearer(token), basic('token', token)]) {
      expect(await statusOf(shown, 'GET', '/admin/users/alice')).toBe(200);
    }
    expect(await statusOf(basic('alice', token), 'GET', '/admin/users/alice')).toBe(401);
    expect(await statusOf(bearer(token), 'DELETE', `/admin/tokens/${id}`)).toBe(204);
    expect(await statusOf(bearer(token), 'GET', '/admin/users/alice')).toBe(401);
    expect(await statusOf(owner, 'DELETE', `/admin/tokens/${id}`)).toBe(404);
  });

  test('let nobody set a password, nor last longer than what was shown', async () => {
    await user('alice', 'secret');
    const body = { principal: 'User:alice', expires_in_ms: 60_000 };
    const { token, expires_at } = (await ask(owner, 'POST', '/admin/tokens', body)).json;
    const change = { password: 'mine now' };
    expect(await statusOf(bearer(token), 'PUT', '/admin/users/alice', change)).toBe(403);
    const longer = await ask(bearer(token), 'POST', '/admin/tokens', { expires_in_ms: 3_600_000 });
    expect(longer.json.expires_at).toBe(expires_at);
  });

  test.each([
    [{ principal: 'alice' }, 422],
    [{ expires_in_ms: 0 }, 422],
    [{ expires_in_ms: 'soon' }, 400],
    [{ secret: 'mine' }, 422],
  ])('are not made of %j', async (body, status) => {
    expect(await statusOf(owner, 'POST', '/admin/tokens', body)).toBe(status);
  });

  test('in a URL are refused', async () => {
    for (const token of ['owner-secret', 'guess']) {
      const { status, json } = await ask(undefined, 'GET', `/rest/topics?token=${token}`);
      expect(status).toBe(401);
      expect(json.message).toBe(
        'A token in a URL is not taken here: send it in the Authorization header.',
      );
    }
  });
});

describe('the token of a stream', () => {
  test('is made for topics that one may read, and is no good anywhere else', async () => {
    const alice = await user('alice', 'secret');
    await create('orders');
    const body = { topics: ['orders'], expires_in_ms: 60_000 };
    expect(await statusOf(alice, 'POST', '/admin/stream-tokens', body)).toBe(403);
    await allow('User:alice', 'TOPIC', 'orders', 'READ');
    const made = await ask(alice, 'POST', '/admin/stream-tokens', body);
    expect(made.status).toBe(201);
    const { token } = made.json;
    expect(await eventsOf(`/sse/orders?token=${token}`)).toBe(200);
    expect(await eventsOf(`/sse/orders?token=${token}x`)).toBe(401);
    expect(await eventsOf('/sse/orders?token=owner-secret')).toBe(401);
    await create('bills');
    await allow('User:alice', 'TOPIC', 'bills', 'READ');
    expect(await eventsOf(`/sse/bills?token=${token}`)).toBe(403);
    expect(await statusOf(bearer(token), 'GET', '/rest/topics')).toBe(401);
    expect(await statusOf(basic('token', token), 'GET', '/rest/topics')).toBe(401);
    expect(await statusOf(undefined, 'GET', `/rest/topics?token=${token}`)).toBe(401);
    expect(await statusOf(alice, 'POST', '/admin/stream-tokens', { topics: [] })).toBe(422);
    const days = { topics: ['orders'], expires_in_ms: 86_400_000 };
    expect(await statusOf(alice, 'POST', '/admin/stream-tokens', days)).toBe(422);
  });

  test('ends what it began when it expires, as any other does', async () => {
    await create('orders');
    const access = accessFrom({ KEDGE_TOKEN: 'owner-secret', KEDGE_URL_TOKENS: 'true' });
    const brief = { expires_in_ms: 100 };
    for (const [path, made, stream] of [
      ['/admin/stream-tokens', { ...brief, topics: ['orders'] }, '/sse/orders'],
      ['/admin/tokens', brief, '/sse/orders'],
      ['/admin/tokens', brief, '/streams/v1/stream/orders?live=sse&offset=-1'],
    ] as const) {
      const { token } = (await ask(owner, 'POST', path, made)).json;
      const headers = { authorization: bearer(token) };
      const request = new Request(`http://kedge.test${stream}`, { headers });
      const response = await httpApp().fetch(request, { ...kedge.door, access });
      expect([response.status, await response.text()]).toEqual([200, expect.any(String)]);
    }
  });
});
