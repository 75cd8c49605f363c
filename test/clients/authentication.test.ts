/**
 * Clients that have to say who they are, to a Kedge as it is started: by SASL in each mechanism and
 * over HTTP, with passwords, tokens, and what an identity provider or Cloudflare Access has signed.
 */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose';
import { Kafka, logLevel, type SASLOptions } from 'kafkajs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Kedge, spawnKedge } from '../kedge-process.ts';

const ownersToken = 'the-owners-secret';
const secrets = [ownersToken, 'wonderland'];
const keys = await generateKeyPair('RS256', { extractable: true });
const strangers = await generateKeyPair('RS256');
const elliptic = await generateKeyPair('ES256', { extractable: true });

let provider: Server;
let issuer: string;
let kedge: Kedge;
let asked = 0;

beforeAll(async () => {
  const jwks = {
    keys: [
      { ...(await exportJWK(keys.publicKey)), kid: 'one', alg: 'RS256', use: 'sig' },
      { ...(await exportJWK(elliptic.publicKey)), kid: 'two', alg: 'ES256', use: 'sig' },
    ],
  };
  provider = createServer((_request, response) => {
    asked++;
    response.setHeader('content-type', 'application/json').end(JSON.stringify(jwks));
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => provider.once('listening', resolve));
  issuer = `http://127.0.0.1:${(provider.address() as AddressInfo).port}`;
  kedge = await spawnKedge({
    env: {
      KEDGE_TOKEN: ownersToken,
      KAFKA_SUPER_USERS: 'User:alice;User:svc;User:alice@example.com;User:robot.access',
      KAFKA_SASL_OAUTHBEARER_JWKS_ENDPOINT_URL: `${issuer}/keys`,
      KAFKA_SASL_OAUTHBEARER_EXPECTED_ISSUER: issuer,
      KAFKA_SASL_OAUTHBEARER_EXPECTED_AUDIENCE: 'kedge,other',
      KEDGE_ACCESS_TEAM_DOMAIN: issuer,
      KEDGE_ACCESS_AUD: 'c0ffee',
    },
  });
  const { status } = await fetch(`${kedge.url}/admin/users/alice`, {
    method: 'PUT',
    headers: { authorization: `Bearer ${ownersToken}` },
    body: JSON.stringify({ password: 'wonderland' }),
  });
  expect(status).toBe(204);
});

afterAll(async () => {
  await kedge.stop();
  provider.close();
  for (const secret of secrets) expect(kedge.output()).not.toContain(secret);
});

interface Signing {
  readonly claims?: JWTPayload;
  readonly expires?: string | number;
  readonly kid?: string;
  readonly key?: CryptoKey;
  readonly alg?: string;
}

async function signed({ claims, expires = '10m', kid = 'one', key, alg = 'RS256' }: Signing = {}) {
  const token = await new SignJWT({ sub: 'svc', aud: 'kedge', iss: issuer, ...claims })
    .setProtectedHeader({ alg, kid })
    .setIssuedAt()
    .setExpirationTime(expires)
    .sign(key ?? keys.privateKey);
  secrets.push(token);
  return token;
}

/** The topics there are, asked by a client that may say so. */
async function topicsBy(sasl: SASLOptions): Promise<string[]> {
  const kafka = new Kafka({
    brokers: [kedge.bootstrapServers],
    sasl,
    logLevel: logLevel.NOTHING,
    retry: { retries: 0 },
  });
  const admin = kafka.admin();
  try {
    await admin.connect();
    return await admin.listTopics();
  } finally {
    await admin.disconnect();
  }
}

const byToken = (value: string) =>
  topicsBy({ mechanism: 'oauthbearer', oauthBearerProvider: async () => ({ value }) });

const statusBy = async (headers: Record<string, string>) =>
  (await fetch(`${kedge.url}/rest/topics`, { headers })).status;

describe.each(['plain', 'scram-sha-256', 'scram-sha-512'] as const)('SASL %s', (mechanism) => {
  it.each([
    ['alice', 'wonderland'],
    ['admin', ownersToken],
  ])('lets in %s with the password', async (username, password) => {
    expect(await topicsBy({ mechanism, username, password } as SASLOptions)).toEqual([]);
  });

  it.each([
    ['alice', 'looking-glass'],
    ['admin', 'wonderland'],
    ['mad-hatter', 'wonderland'],
  ])('tells %s that the password is wrong, and nothing else', async (username, password) => {
    const attempt = topicsBy({ mechanism, username, password } as SASLOptions);
    await expect(attempt).rejects.toMatchObject({
      name: 'KafkaJSSASLAuthenticationError',
      message: expect.stringMatching(
        /Authentication failed: Invalid username or password|due to invalid credentials/,
      ),
    });
  });
});

describe('what an identity provider has signed', () => {
  it('lets in by SASL and over HTTP', async () => {
    for (const token of [
      await signed(),
      await signed({ kid: 'two', key: elliptic.privateKey, alg: 'ES256' }),
      await signed({ claims: { aud: ['elsewhere', 'other'], scope: ['read', 'write'] } }),
    ]) {
      expect(await byToken(token)).toEqual([]);
      expect(await statusBy({ authorization: `Bearer ${token}` })).toBe(200);
    }
    const justOver = await signed({ expires: Math.floor(Date.now() / 1_000) - 20 });
    expect(await statusBy({ authorization: `Bearer ${justOver}` })).toBe(200);
  });

  it('does not, where it is for others, by others, over, or has no name in it', async () => {
    for (const [why, signing] of Object.entries({
      audience: { claims: { aud: 'elsewhere' } },
      issuer: { claims: { iss: 'https://elsewhere.example' } },
      expired: { expires: Math.floor(Date.now() / 1_000) - 40 },
      signature: { key: strangers.privateKey },
      'not yet': { claims: { nbf: Math.floor(Date.now() / 1_000) + 60 } },
      nobody: { claims: { sub: '  ' } },
      scopes: { claims: { scope: ['read', ''] } },
      key: { kid: 'three' },
    })) {
      const token = await signed(signing);
      expect(await statusBy({ authorization: `Bearer ${token}` }), why).toBe(401);
      // It goes on as if it had been let in; its next request has no place for an error.
      await expect(byToken(token), why).rejects.toThrow();
    }
  });

  it('does not where anybody could have made it', async () => {
    const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const now = Math.floor(Date.now() / 1_000);
    const claims = { sub: 'svc', aud: 'kedge', iss: issuer, iat: now, exp: now + 60 };
    const unsigned = `${part({ alg: 'none' })}.${part(claims)}.`;
    const { n } = await exportJWK(keys.publicKey);
    const byPublicKey = await new SignJWT(claims)
      .setProtectedHeader({ alg: 'HS256', kid: 'one' })
      .sign(new TextEncoder().encode(n));
    for (const token of [unsigned, `${unsigned}AA`, byPublicKey]) {
      expect(await statusBy({ authorization: `Bearer ${token}` })).toBe(401);
    }
  });

  it('makes Kedge ask for the keys rarely', () => {
    // Once for each of the two, and once more for a key that nobody had.
    expect(asked).toBeLessThanOrEqual(4);
  });
});

describe('what Cloudflare Access has signed', () => {
  const by = async (claims: JWTPayload, more: Signing = {}) =>
    statusBy({
      'cf-access-jwt-assertion': await signed({
        claims: { aud: ['c0ffee'], sub: undefined, ...claims },
        ...more,
      }),
    });

  it('lets in people by their address and services by their name', async () => {
    expect(await by({ email: 'alice@example.com' })).toBe(200);
    expect(await by({ common_name: 'robot.access' })).toBe(200);
  });

  it('lets in nobody else', async () => {
    expect(await by({})).toBe(401);
    expect(await by({ email: 'alice@example.com', aud: ['another'] })).toBe(401);
    const forged = { key: strangers.privateKey };
    expect(await by({ email: 'alice@example.com' }, forged)).toBe(401);
  });
});
