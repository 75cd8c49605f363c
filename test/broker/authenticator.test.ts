import { afterEach, describe, expect, it, vi } from 'vitest';
import { accessFrom } from '../../src/broker/access.ts';
import { Authenticator } from '../../src/broker/authenticator.ts';
import { CredentialMemory, Credentials } from '../../src/broker/credentials.ts';
import { mostFailures, TooManyFailures } from '../../src/broker/failed-attempts.ts';
import { keysOf, newCredential } from '../../src/broker/scram-keys.ts';
import { mostStreamMs, newToken, streamToken } from '../../src/broker/token-text.ts';
import { fromBase64 } from '../../src/bytes/base64.ts';
import { defaultBrokerConfig } from '../../src/runtime/config.ts';
import { MemoryObjects } from '../../src/runtime/memory-objects.ts';

const alice = { principal: { type: 'User', name: 'alice' } };
const byPassword = { ...alice, hasPassword: true };
const admin = { principal: { type: 'User', name: 'admin' } };

/** A cluster, and isolates of its gateway that share a clock. */
class Cluster {
  readonly objects = new MemoryObjects({ config: defaultBrokerConfig, now: () => this.now });
  now = 1_000_000;
  asked: string[] = [];

  isolate(variables: Record<string, string> = { KEDGE_TOKEN: 'sésame' }) {
    const controller = this.objects.controller();
    const counted = {
      ...this.objects,
      controller: () => ({
        ...controller,
        call: (kind: never, command: never) => {
          this.asked.push(kind);
          return controller.call(kind, command);
        },
      }),
    } as unknown as MemoryObjects;
    const credentials = new Credentials(new CredentialMemory(), counted, () => this.now);
    const access = accessFrom(variables);
    const from = (address: string) => new Authenticator(access, credentials, address);
    return { credentials, from, who: from('192.0.2.1') };
  }

  async setPassword(name: string, password: string, mechanism: number): Promise<void> {
    const upsertion = { name, mechanism, ...(await newCredential(mechanism, password)) };
    const command = { deletions: [], upsertions: [upsertion] };
    await this.objects.controller().call('alterScramCredentials', command);
  }

  async token(principal: string, expiresAt: number | null = null): Promise<string> {
    const { id, hash, text } = await newToken();
    const token = { id, hash, principal, description: '', createdAt: this.now, expiresAt };
    await this.objects.controller().call('createToken', token);
    return text;
  }
}

afterEach(() => {
  vi.restoreAllMocks();
});

describe('a password', () => {
  it.each([1, 2])('is right by the keys of mechanism %i', async (mechanism) => {
    const cluster = new Cluster();
    await cluster.setPassword('alice', 'pässword', mechanism);
    const { who } = cluster.isolate();
    expect(await who.byPassword('alice', 'pässword')).toEqual(byPassword);
    for (const wrong of ['', 'password', 'pässword ', 'sésame']) {
      expect(await who.byPassword('alice', wrong)).toBeUndefined();
    }
    expect(await who.byPassword('bob', 'pässword')).toBeUndefined();
    expect(await who.byPassword('', 'pässword')).toBeUndefined();
  });

  it('is derived once, also for a user who is not there', async () => {
    const cluster = new Cluster();
    await cluster.setPassword('alice', 'secret', 1);
    const { who } = cluster.isolate();
    const derive = vi.spyOn(crypto.subtle, 'deriveBits');
    await who.byPassword('alice', 'secret');
    const work = derive.mock.calls.length;
    expect(work).toBe(2);
    await who.byPassword('alice', 'secret');
    expect(derive).toHaveBeenCalledTimes(work);
    for (const user of ['alice', 'nobody']) {
      derive.mockClear();
      await who.byPassword(user, 'wrong');
      expect(derive).toHaveBeenCalledTimes(work);
      expect(derive.mock.calls.map(([, , bits]) => bits).sort()).toEqual([256, 512]);
    }
  });

  it('is no longer right once it is another, at the latest after a minute', async () => {
    const cluster = new Cluster();
    await cluster.setPassword('alice', 'old', 1);
    const { who, credentials } = cluster.isolate();
    expect(await who.byPassword('alice', 'old')).toEqual(byPassword);
    await cluster.setPassword('alice', 'new', 1);
    expect(await who.byPassword('alice', 'old')).toEqual(byPassword);
    credentials.changed();
    cluster.now++;
    expect(await who.byPassword('alice', 'old')).toBeUndefined();
    expect(await who.byPassword('alice', 'new')).toEqual(byPassword);
    await cluster.setPassword('alice', 'newest', 1);
    cluster.now += 60_000;
    expect(await who.byPassword('alice', 'new')).toBeUndefined();
  });

  it('is asked for as often where it is wrong as where there is no such user', async () => {
    const cluster = new Cluster();
    await cluster.setPassword('alice', 'secret', 1);
    const { who } = cluster.isolate();
    await who.byPassword('alice', 'secret');
    const asked = async (user: string) => {
      cluster.asked = [];
      await who.byPassword(user, 'guess');
      return cluster.asked.filter((kind) => kind === 'getScramCredentials');
    };
    await asked('bob');
    expect([await asked('alice'), await asked('bob')]).toEqual([
      ['getScramCredentials'],
      ['getScramCredentials'],
    ]);
    await cluster.setPassword('alice', 'another', 1);
    expect(await who.byPassword('alice', 'another')).toEqual(byPassword);
  });

  it('is asked for at the controller once a minute', async () => {
    const cluster = new Cluster();
    await cluster.setPassword('alice', 'secret', 1);
    const { who } = cluster.isolate();
    for (let i = 0; i < 3; i++) await who.byPassword('alice', 'secret');
    expect(cluster.asked.filter((kind) => kind === 'getScramCredentials')).toHaveLength(1);
  });

  it("of admin is the owner's token, and no other while there is one", async () => {
    const cluster = new Cluster();
    await cluster.setPassword('admin', 'another', 1);
    const { who } = cluster.isolate();
    expect(await who.byPassword('admin', 'sésame')).toEqual(admin);
    expect(await who.byPassword('admin', 'another')).toBeUndefined();
    expect(await who.byPassword('alice', 'sésame')).toBeUndefined();
    const without = cluster.isolate({}).who;
    expect(await without.byPassword('admin', 'another')).toMatchObject(admin);
  });

  it('is not looked at for a while after too many wrong ones, unless it was right before', async () => {
    const cluster = new Cluster();
    await cluster.setPassword('alice', 'secret', 1);
    const { who, from } = cluster.isolate();
    await who.byPassword('alice', 'secret');
    for (let i = 0; i < mostFailures; i++) await who.byPassword('admin', `wrong ${i}`);
    await expect(who.byPassword('alice', 'wrong')).rejects.toThrow(TooManyFailures);
    expect(await who.byPassword('alice', 'secret')).toEqual(byPassword);
    expect(await from('192.0.2.2').byPassword('alice', 'wrong')).toBeUndefined();
    cluster.now += 60_000;
    expect(await who.byPassword('alice', 'wrong')).toBeUndefined();
  });
});

describe('a token', () => {
  it('is the principal it was made for, until it expires or is deleted', async () => {
    const cluster = new Cluster();
    const { who, credentials } = cluster.isolate();
    const text = await cluster.token('User:alice', cluster.now + 1_000);
    expect(text).toMatch(/^kedge_[0-9a-z]{12}_[\w-]{43}$/);
    const expiresAt = cluster.now + 1_000;
    expect(await who.byToken(text)).toEqual({ ...alice, expiresAt });
    expect(await who.byPassword('token', text)).toEqual({ ...alice, expiresAt });
    cluster.now += 1_000;
    expect(await who.byToken(text)).toBeUndefined();
    const lasting = await cluster.token('User:alice');
    expect(await who.byToken(lasting)).toEqual(alice);
    await cluster.objects.controller().call('deleteToken', { id: lasting.split('_')[1] });
    credentials.changed();
    cluster.now++;
    expect(await who.byToken(lasting)).toBeUndefined();
  });

  it('is wrong with any other secret, id or form', async () => {
    const cluster = new Cluster();
    const { who } = cluster.isolate();
    const [one, other] = [await cluster.token('User:alice'), await cluster.token('User:bob')];
    const mixed = one.slice(0, 19) + other.slice(19);
    for (const wrong of [mixed, `${one}x`, one.slice(0, -1), 'kedge_', '', 'a.b.c', 'sésam']) {
      expect(await who.byToken(wrong)).toBeUndefined();
    }
    expect(await who.byToken('sésame')).toEqual(admin);
  });

  it('of a stream reads its topics for a while, in every isolate', async () => {
    const cluster = new Cluster();
    const { credentials } = cluster.isolate();
    const expiresAt = cluster.now + mostStreamMs;
    const grant = { principal: 'User:alice', topics: ['orders'], expiresAt };
    const text = await streamToken(grant, await credentials.secret());
    const { who } = cluster.isolate();
    expect(await who.byToken(text)).toEqual({ ...alice, expiresAt, onlyReads: ['orders'] });
    const forged = await streamToken(grant, new TextEncoder().encode('guess'));
    expect(await who.byToken(forged)).toBeUndefined();
    cluster.now = expiresAt;
    expect(await who.byToken(text)).toBeUndefined();
  });
});

describe('what SCRAM works with', () => {
  it('is the credential of the user, or one that nobody has, always the same', async () => {
    const cluster = new Cluster();
    await cluster.setPassword('alice', 'secret', 1);
    const [one, other] = [cluster.isolate().who, cluster.isolate().who];
    const known = await one.credential('alice', 1);
    expect((await keysOf(1, 'secret', known)).storedKey).toBe(known.storedKey);
    for (const [user, mechanism] of [
      ['alice', 2],
      ['bob', 1],
    ] as const) {
      const unknown = await one.credential(user, mechanism);
      expect(await other.credential(user, mechanism)).toEqual(unknown);
      expect(unknown.iterations).toBe(known.iterations);
      expect(fromBase64(unknown.salt)!.length).toBe(fromBase64(known.salt)!.length);
    }
  });

  it('is made of the token for the owner', async () => {
    const { who } = new Cluster().isolate();
    const credential = await who.credential('admin', 2);
    expect((await keysOf(2, 'sésame', credential)).storedKey).toBe(credential.storedKey);
  });
});

describe('what others have signed', () => {
  const oauth = 'KAFKA_SASL_OAUTHBEARER';
  const variables = {
    [`${oauth}_JWKS_ENDPOINT_URL`]: 'https://issuer.example.com/keys',
    [`${oauth}_EXPECTED_ISSUER`]: 'issuer',
    [`${oauth}_EXPECTED_AUDIENCE`]: 'kedge',
    KEDGE_ACCESS_TEAM_DOMAIN: 'team',
    KEDGE_ACCESS_AUD: 'aud',
  };

  it.each(['alice', 'admin'])(
    'says who somebody is, but never makes one the owner: %s',
    async (name) => {
      const { credentials, who } = new Cluster().isolate(variables);
      const verify = vi.spyOn(credentials.memory.keySets, 'verify');
      verify.mockResolvedValue({ sub: name, common_name: name, exp: 2_000 });
      const identity = { principal: { type: 'User', name }, expiresAt: 2_000_000 };
      const expected = name === 'admin' ? undefined : identity;
      expect(await who.byToken('a.b.c')).toEqual(expected);
      expect(await who.byAccess('a.b.c')).toEqual(expected);
      expect(verify).toHaveBeenCalledTimes(2);
    },
  );
});
