import { describe, expect, it } from 'vitest';
import { authorizerSettings } from '../../src/broker/acl-authorizer.ts';
import { maxAclAgeMs } from '../../src/broker/acl-memory.ts';
import { anonymous, owner } from '../../src/broker/authorizer.ts';
import { clientContext, createGateway, withPrincipal } from '../../src/broker/gateway.ts';
import { AclOperation, AclResourceType } from '../../src/protocol/acl.ts';
import { defaultBrokerConfig } from '../../src/runtime/config.ts';
import { Weather } from '../../src/runtime/weather.ts';
import {
  alice,
  allowing,
  GuardedCluster,
  type Right,
  root,
} from './authorization/guarded-cluster.ts';

const { READ, WRITE, DESCRIBE } = AclOperation;
const { TOPIC } = AclResourceType;
const reading: Right = ['READ', 'TOPIC', 'orders'];

function clientOf(cluster: GuardedCluster, principal = alice) {
  const gateway = createGateway(cluster.objects, cluster.config, { open: true });
  const connect = (to = gateway) =>
    clientContext(to, {
      principal,
      clientHost: '/10.0.0.1',
      dialled: { host: 'localhost', port: 9092 },
      signal: new AbortController().signal,
    });
  return { connect, gateway };
}

const lookUps = (cluster: GuardedCluster) =>
  cluster.calls.splice(0).filter((call) => call.startsWith('controller getAcls')).length;

describe('who decides', () => {
  const decides = (open: boolean, patch = {}) =>
    authorizerSettings({ ...defaultBrokerConfig, ...patch }, { open });

  it('is nobody where everybody may come in', () => {
    expect(decides(true)).toBeUndefined();
    expect(decides(true, { superUsers: 'User:bob', allowEveryoneIfNoAclFound: true })).toBe(
      undefined,
    );
  });

  it('is an authorizer in a closed Kedge, or where one is named', () => {
    const [standard, mine] = ['org.apache.kafka.metadata.authorizer.StandardAuthorizer', 'User:b;'];
    expect(decides(false)).toEqual({
      superUsers: new Set(['User:admin']),
      allowsWithoutAcl: false,
    });
    const patch = { superUsers: mine, allowEveryoneIfNoAclFound: true };
    expect(decides(true, { ...patch, authorizerClassName: standard })).toEqual({
      superUsers: new Set(['User:admin', 'User:b']),
      allowsWithoutAcl: true,
    });
  });
});

describe('a client', () => {
  it('is asked about nothing where there is no authorizer', async () => {
    using cluster = new GuardedCluster({ authorizerClassName: '' });
    const { authorizer, acls } = clientOf(cluster).connect();
    expect([authorizer.allowsAll, acls]).toEqual([true, null]);
    expect(await authorizer.may(READ, TOPIC, 'orders')).toBe(true);
    expect(lookUps(cluster)).toBe(0);
  });

  it.each([root, owner])('that is a super user is not asked: %o', async (principal) => {
    using cluster = new GuardedCluster();
    const { authorizer } = clientOf(cluster, principal).connect();
    expect(authorizer.allowsAll).toBe(true);
    expect(lookUps(cluster)).toBe(0);
  });

  it('may do what the ACLs say, at its own host, with one look at them', async () => {
    using cluster = new GuardedCluster();
    await cluster.onlyAllow([reading]);
    const { authorizer } = clientOf(cluster).connect();
    const all = [READ, WRITE, DESCRIBE].map((each) => authorizer.may(each, TOPIC, 'orders'));
    expect(await Promise.all(all)).toEqual([true, false, true]);
    expect(await authorizer.mayToAny(READ, TOPIC)).toBe(true);
    expect(await authorizer.mayToAny(WRITE, TOPIC)).toBe(false);
    expect(lookUps(cluster)).toBe(1);
    const acls = [allowing(reading, { host: '10.0.0.2', operation: WRITE })];
    await cluster.memory.controller().call('createAcls', { acls });
    expect(await clientOf(cluster).connect().authorizer.may(WRITE, TOPIC, 'orders')).toBe(false);
  });

  it('goes on as somebody else once it has proven who it is', async () => {
    using cluster = new GuardedCluster();
    await cluster.onlyAllow([reading]);
    const unknown = clientOf(cluster, anonymous).connect();
    expect(await unknown.authorizer.may(READ, TOPIC, 'orders')).toBe(false);
    const known = withPrincipal(unknown, alice);
    expect(known.principal).toEqual(alice);
    expect(known.watches).toBe(unknown.watches);
    expect(await known.authorizer.may(READ, TOPIC, 'orders')).toBe(true);
    expect(withPrincipal(known, root).authorizer.allowsAll).toBe(true);
  });
});

describe('what a gateway knows of the ACLs', () => {
  it('is shared by its clients', async () => {
    using cluster = new GuardedCluster();
    await cluster.onlyAllow([reading]);
    const { connect } = clientOf(cluster);
    for (const client of [connect(), connect()]) {
      expect(await client.authorizer.may(READ, TOPIC, 'orders')).toBe(true);
    }
    expect(lookUps(cluster)).toBe(1);
  });

  it('is at once what this gateway made of it', async () => {
    using cluster = new GuardedCluster();
    const { connect } = clientOf(cluster);
    const [one, other] = [connect(), connect()];
    expect(await one.authorizer.may(READ, TOPIC, 'orders')).toBe(false);
    await cluster.onlyAllow([reading]);
    expect(await one.authorizer.may(READ, TOPIC, 'orders')).toBe(false);
    other.acls!.changed();
    expect(await one.authorizer.may(READ, TOPIC, 'orders')).toBe(true);
  });

  it('is asked for again when the controller says that something changed', async () => {
    using cluster = new GuardedCluster();
    const { connect, gateway } = clientOf(cluster);
    const client = connect();
    expect(await client.authorizer.may(READ, TOPIC, 'orders')).toBe(false);
    await cluster.onlyAllow([reading]);
    gateway.memory.announce(Date.now());
    expect(await client.authorizer.may(READ, TOPIC, 'orders')).toBe(true);
  });

  it('is at most a minute old, and older while the controller cannot be reached', async () => {
    using cluster = new GuardedCluster();
    const { connect, gateway } = clientOf(cluster);
    const client = connect();
    expect(await client.authorizer.may(READ, TOPIC, 'orders')).toBe(false);
    await cluster.onlyAllow([reading]);
    gateway.memory.acls.at -= maxAclAgeMs + 1;
    const controller = cluster.objects.controller;
    let calm = false;
    Object.assign(cluster.objects, {
      controller: () =>
        calm ? controller() : { call: () => Promise.reject(new Weather('storm')) },
    });
    expect(await client.authorizer.may(READ, TOPIC, 'orders')).toBe(false);
    calm = true;
    expect(await client.authorizer.may(READ, TOPIC, 'orders')).toBe(true);
  });

  it('lets nobody in where it was never known', async () => {
    using cluster = new GuardedCluster({ allowEveryoneIfNoAclFound: true });
    const weather = { call: () => Promise.reject(new Weather('storm')) };
    Object.assign(cluster.objects, { controller: () => weather });
    const { authorizer } = clientOf(cluster).connect();
    await expect(authorizer.may(READ, TOPIC, 'orders')).rejects.toThrow(Weather);
  });
});
