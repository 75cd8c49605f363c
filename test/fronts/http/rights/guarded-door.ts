/**
 * Kedge over HTTP as it is deployed, in memory: closed, with an owner, with a user who is given the
 * rights that a test says, with something of every kind in it, and with a list of every call that
 * reached an object.
 */
import { expect, vi } from 'vitest';
import { type Access, accessFrom } from '../../../../src/broker/access.ts';
import { createGateway } from '../../../../src/broker/gateway.ts';
import { httpApp } from '../../../../src/fronts/http/app.ts';
import { HttpError } from '../../../../src/fronts/http/errors.ts';
import type { HttpDoor } from '../../../../src/fronts/http/routes.ts';
import { defaultBrokerConfig } from '../../../../src/runtime/config.ts';
import { allowing, everyAcl, type Right } from '../../../broker/authorization/guarded-cluster.ts';
import { noted, notedObjects } from '../../../broker/authorization/noted-objects.ts';
import { until } from '../../../until.ts';
import { type AppAsk, MemoryDoor, v2, v2Json } from '../memory-door.ts';
import { type Row, upgraded } from './row.ts';

const config = { ...defaultBrokerConfig, groupInitialRebalanceDelayMs: 0, numPartitions: 1 };
const json = 'application/json';
const streams = '/streams/v1/stream';
const subscriptions = `${streams}/__ds/subscriptions`;
export const me = '/rest/consumers/cooks/instances/me';

/** A WebSocket that is let in is told so in its place: there is none in memory. */
export function standInForWebSockets(): void {
  vi.stubGlobal('WebSocketPair', function standIn() {
    throw new HttpError(upgraded, upgraded, 'It would be opened.');
  });
}

interface Wake {
  readonly wake_id: string;
  readonly generation: number;
  readonly callback_token: string;
}

export class GuardedDoor implements AsyncDisposable {
  readonly calls: string[] = [];
  /** What the names in capitals of a row stand for. */
  readonly names: Record<string, string | number> = {};
  readonly access: Access;
  readonly #memory: MemoryDoor;
  readonly #app = httpApp();
  readonly #told: Wake[] = [];
  alice = '';

  constructor(variables: Readonly<Record<string, string>> = {}) {
    this.access = accessFrom({ KEDGE_TOKEN: 'secret', ...variables });
    const outside = {
      readable: async (_who: unknown, topics: readonly string[]) => [...topics],
      mayWrite: async () => true,
      problemOf: () => undefined,
      post: async (_url: string, body: string) => {
        this.#told.push(JSON.parse(body));
        return { ok: true, done: false };
      },
    };
    this.#memory = new MemoryDoor(config, {}, { streams: outside });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#memory[Symbol.asyncDispose]();
  }

  /** What was asked for of nobody's in particular is known by nobody yet: a new gateway. */
  async fetch(row: Row, authorization?: string): Promise<Response> {
    const { objects, door } = this.#memory;
    const gateway = createGateway(notedObjects(objects, this.calls), config, this.access);
    const asked: HttpDoor = {
      ...door,
      gateway,
      access: this.access,
      restConsumer: (group, instance) =>
        noted('consumer', door.restConsumer(group, instance), this.calls),
      kafkaStream: () => ({
        response: new Response(null, { status: upgraded }),
        served: Promise.resolve(),
      }),
    };
    const [method, path] = row.ask.split(' ');
    const headers = new Headers(row.headers);
    if (authorization !== undefined) headers.set('authorization', authorization);
    if (row.body !== undefined) headers.set('content-type', row.type ?? json);
    else if (row.type !== undefined) headers.set('content-type', row.type);
    const request = new Request(`http://kedge.test${this.#filled(path)}`, {
      method: row.body === undefined ? method : 'POST',
      headers,
      body: this.#bodyOf(row.body),
    });
    // There are GETs with a body here, which no Request can be made of.
    return this.#app.fetch(Object.defineProperty(request, 'method', { value: method }), asked);
  }

  #bodyOf(body: unknown): BodyInit | undefined {
    if (body === undefined) return undefined;
    if (body instanceof Uint8Array) return body as Uint8Array<ArrayBuffer>;
    if (typeof body === 'string') return body;
    const text = JSON.stringify(body);
    return text.replaceAll(/"([A-Z_]+)"/g, (whole, name) =>
      name in this.names ? JSON.stringify(this.names[name]) : whole,
    );
  }

  #filled(path: string): string {
    return path.replaceAll(/[A-Z_]{5,}/g, (name) => String(this.names[name] ?? name));
  }

  keyNamed(name: string): string {
    return `Bearer ${this.names[name] ?? expect.fail(`There is no ${name}.`)}`;
  }

  /** These are the rights of alice, and nobody else has any. */
  async onlyAllow(rights: readonly Right[]): Promise<void> {
    const controller = this.#memory.objects.controller();
    await controller.call('deleteAcls', { filters: [everyAcl] });
    if (rights.length === 0) return;
    await controller.call('createAcls', { acls: rights.map((right) => allowing(right)) });
  }

  async #root(method: string, path: string, ask: AppAsk = {}) {
    const answer = await this.#memory.ask(method, path, { type: v2, ...ask });
    expect(answer.status, `${method} ${path}: ${answer.text}`).toBeLessThan(300);
    return answer.json;
  }

  /** Topics with a record, a group with a member that has read it, users and tokens. */
  async furnish(): Promise<void> {
    const records = { records: [{ value: 1 }] };
    for (const topic of ['orders', 'bills']) {
      await this.#root('POST', `/rest/topics/${topic}`, { body: records, type: v2Json });
    }
    const consumer = { name: 'me', format: 'json', 'auto.offset.reset': 'earliest' };
    await this.#root('POST', '/rest/consumers/cooks', { body: consumer });
    await this.#root('POST', `${me}/subscription`, { body: { topics: ['orders'] } });
    await this.#root('GET', `${me}/records?timeout=0`);
    await this.#root('POST', `${me}/offsets`);
    await this.#root('POST', '/rest/topics/orders', { body: records, type: v2Json });
    const [{ cluster_id: id }] = (await this.#root('GET', '/v3/clusters')).data;
    const members = `/v3/clusters/${id}/consumer-groups/cooks/consumers`;
    const [{ consumer_id: member }] = (await this.#root('GET', members)).data;
    Object.assign(this.names, { CLUSTER: id, CONSUMER: member });
    for (const user of ['alice', 'bob']) {
      const body = { password: 'a long sentence' };
      await this.#root('PUT', `/admin/users/${user}`, { body, type: json });
    }
    const tokenOf = (principal: string) =>
      this.#root('POST', '/admin/tokens', { body: { principal }, type: json });
    this.alice = `Bearer ${(await tokenOf('User:alice')).token}`;
    this.names.TOKEN_OF_BOB = (await tokenOf('User:bob')).id;
    await this.onlyAllow([['READ', 'TOPIC', 'orders']]);
    const row = { ask: 'POST /admin/stream-tokens', body: { topics: ['orders'] } };
    const made = await this.fetch(row, this.alice);
    expect(made.status).toBe(201);
    this.names.STREAM_TOKEN = ((await made.json()) as { token: string }).token;
  }

  /** Streams with two subscriptions, both of which were woken. */
  async furnishStreams(): Promise<void> {
    const root = (method: string, path: string, body: unknown) =>
      this.#root(method, path, { body, type: json });
    await root('PUT', `${streams}/logs`, [{ n: 0 }]);
    await root('PUT', `${streams}/wakes`, []);
    await root('PUT', `${streams}/old`, [{ n: 0 }]);
    await this.#root('PUT', `${streams}/branch`, {
      type: json,
      headers: { 'stream-forked-from': 'old' },
    });
    await this.#root('DELETE', `${streams}/old`);
    const pull = { type: 'pull-wake', streams: ['logs'], wake_stream: 'wakes' };
    await root('PUT', `${subscriptions}/cooks`, pull);
    const url = 'https://hook.test/';
    await root('PUT', `${subscriptions}/hook`, {
      type: 'webhook',
      streams: ['logs'],
      webhook: { url },
    });
    await root('POST', `${streams}/logs`, [{ n: 1 }]);
    await until(() => expect(this.#told).toHaveLength(1));
    const claimed = await until(() =>
      root('POST', `${subscriptions}/cooks/claim`, { worker: 'first' }),
    );
    const [told] = this.#told;
    Object.assign(this.names, {
      KEY: claimed.token,
      WAKE_ID: claimed.wake_id,
      GENERATION: claimed.generation,
      HOOK_KEY: told.callback_token,
      HOOK_ID: told.wake_id,
      HOOK_GENERATION: told.generation,
    });
  }

  async furnishPush(): Promise<void> {
    const target = { type: 'worker', binding: 'PUSH_ORDERS' };
    const body = { topics: ['orders'], target };
    await this.#root('PUT', '/push/subscriptions/cooks', { body, type: json });
  }
}
