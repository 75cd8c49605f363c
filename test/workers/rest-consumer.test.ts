import {
  evictDurableObject,
  reset,
  runDurableObjectAlarm,
  runInDurableObject,
} from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { afterEach, describe, expect, it } from 'vitest';
import { newState, subscribe } from '../../src/core/rest-consumer/state.ts';
import { type Env, restConsumerObject, workerObjects } from '../../src/runtime/worker-objects.ts';

const bindings = env as unknown as Env;
const instance = () => restConsumerObject(bindings, 'g', 'c');
const stub = () =>
  bindings.REST_CONSUMER.get(bindings.REST_CONSUMER.idFromName(JSON.stringify(['g', 'c'])));

const config = {
  format: 'json',
  offsetReset: 'earliest',
  autoCommit: true,
  fetchMinBytes: -1,
  requestTimeoutMs: null,
  instanceTimeoutMs: 300_000,
  isolationLevel: 0,
} as const;

afterEach(reset);

describe('a consumer instance', () => {
  it('keeps its state through eviction', async () => {
    const state = subscribe(newState('g', config, Date.now()), ['t']);
    expect(await instance().call('create', { state })).toEqual({ created: true });
    await evictDurableObject(stub());
    const { out } = await instance().call('checkOut', { leaseMs: 1_000 });
    expect(out).toMatchObject({ state, revision: 0 });
    expect(await instance().call('create', { state })).toEqual({ created: false });
  });

  it('writes nothing for asking about an instance that does not exist', async () => {
    expect(await instance().call('checkOut', { leaseMs: 1_000 })).toEqual({ out: null });
    const tables = await runInDurableObject(stub(), (_, { storage }) =>
      storage.sql.exec("SELECT name FROM sqlite_master WHERE name = 'rows'").toArray(),
    );
    expect(tables).toEqual([]);
    expect(await runDurableObjectAlarm(stub())).toBe(false);
  });

  it('hands the state to one holder after the other', async () => {
    const state = newState('g', config, Date.now());
    await instance().call('create', { state });
    const { out } = await instance().call('checkOut', { leaseMs: 60_000 });
    const next = instance().call('checkOut', { leaseMs: 60_000 });
    const changed = { ...state, autoCommittedAtMs: 1 };
    const { lease, revision } = out!;
    expect(await instance().call('checkIn', { lease, revision, state: changed })).toEqual({
      kept: true,
    });
    expect((await next).out).toMatchObject({ state: changed, revision: 1 });
  });

  it('that nobody uses leaves its group and is gone', async () => {
    const group = workerObjects(bindings).group('g');
    const join = (memberId: string) =>
      group.call('joinGroup', {
        groupId: 'g',
        memberId,
        groupInstanceId: null,
        clientId: 'kedge-http',
        clientHost: '/127.0.0.1',
        sessionTimeoutMs: 300_000,
        rebalanceTimeoutMs: 300_000,
        protocolType: 'consumer',
        protocols: [{ name: 'range', metadata: new Uint8Array([0, 0]) }],
        requiresKnownMemberId: true,
        supportsSkippingAssignment: true,
      });
    const { memberId } = await join('');
    const { generationId } = await join(memberId);
    const idleSince = Date.now() - 1_000_000;
    const state = {
      ...newState('g', { ...config, instanceTimeoutMs: 1 }, idleSince),
      member: { memberId, generationId, topics: [], led: null },
    };
    await instance().call('create', { state });
    await runDurableObjectAlarm(stub());
    while ((await instance().call('checkOut', { leaseMs: 1 })).out !== null) {
      await runDurableObjectAlarm(stub());
    }
    const described = await group.call('describeGroup', { groupId: 'g' });
    expect(described.group.members).toEqual([]);
  });
});
