import { describe, expect, it } from 'vitest';
import {
  accessConfigFrom,
  isConfigured,
  parsePrincipal,
  saslMechanisms,
} from '../../src/runtime/access-config.ts';

describe('who may come in', () => {
  it('is nobody unless the owner says so', () => {
    for (const variables of [{}, { KEDGE_OPEN: 'false' }, { KEDGE_OPEN: '', KEDGE_TOKEN: '' }]) {
      const config = accessConfigFrom(variables);
      expect(config).toMatchObject({ open: false, token: undefined });
      expect(isConfigured(config)).toBe(false);
    }
  });

  it('is who has the token, or everybody where the owner opens the doors', () => {
    expect(accessConfigFrom({ KEDGE_TOKEN: 'sésame' })).toMatchObject({
      open: false,
      token: 'sésame',
    });
    expect(accessConfigFrom({ KEDGE_TOKEN: 'from-a-file\n' }).token).toBe('from-a-file');
    expect(accessConfigFrom({ KEDGE_TOKEN: ' \n' }).token).toBeUndefined();
    expect(accessConfigFrom({ KEDGE_OPEN: 'TRUE' }).open).toBe(true);
  });

  it('has the defaults of Kafka', () => {
    expect(accessConfigFrom({})).toMatchObject({
      mechanisms: saslMechanisms,
      maxReauthMs: 0,
      failedDelayMs: 100,
      maxReceiveBytes: 524_288,
      oauth: undefined,
    });
  });

  it.each([
    ['KEDGE_OPEN', 'yes'],
    ['KEDGE_TRUST_BINDINGS', '1'],
    ['KEDGE_URL_TOKENS', 'on'],
    ['KAFKA_SASL_ENABLED_MECHANISMS', 'PLAIN,GSSAPI'],
    ['KAFKA_CONNECTIONS_MAX_REAUTH_MS', '-1'],
    ['KAFKA_SASL_SERVER_MAX_RECEIVE_SIZE', '2147483648'],
    ['KAFKA_SASL_OAUTHBEARER_JWKS_ENDPOINT_URL', 'keys.json'],
    ['KEDGE_ACCESS_AUD', 'c0ffee'],
  ])('refuses %s=%s and does not repeat it', (name, value) => {
    const read = () => accessConfigFrom({ [name]: value });
    expect(read).toThrow(name);
    expect(read).not.toThrow(value);
  });
});

describe('OAuth', () => {
  const prefix = 'KAFKA_SASL_OAUTHBEARER_';
  const of = (variables: Record<string, string>) =>
    accessConfigFrom(
      Object.fromEntries(Object.entries(variables).map(([name, value]) => [prefix + name, value])),
    ).oauth;
  const url = { JWKS_ENDPOINT_URL: 'https://id.example/keys' };

  it('demands to know issuer and audience, or to be told that they do not matter', () => {
    expect(() => of(url)).toThrow('EXPECTED_AUDIENCE');
    expect(() => of({ ...url, EXPECTED_AUDIENCE: 'kedge' })).toThrow('EXPECTED_ISSUER');
    const any = { ALLOW_UNVERIFIED_AUDIENCE: 'true', ALLOW_UNVERIFIED_ISSUER: 'true' };
    expect(of({ ...url, ...any })).toMatchObject({ issuer: undefined, audiences: [] });
  });

  it('has the defaults of Kafka', () => {
    expect(of({ ...url, EXPECTED_AUDIENCE: 'a, b', EXPECTED_ISSUER: 'me' })).toEqual({
      jwksUrl: 'https://id.example/keys',
      issuer: 'me',
      audiences: ['a', 'b'],
      clockSkewSeconds: 30,
      scopeClaim: 'scope',
      subClaim: 'sub',
      refreshMs: 3_600_000,
    });
  });
});

describe('Cloudflare Access', () => {
  it.each([
    ['team', 'https://team.cloudflareaccess.com'],
    ['team.cloudflareaccess.com', 'https://team.cloudflareaccess.com'],
    ['https://team.cloudflareaccess.com/', 'https://team.cloudflareaccess.com'],
  ])('is known by %s', (domain, issuer) => {
    const variables = { KEDGE_ACCESS_TEAM_DOMAIN: domain, KEDGE_ACCESS_AUD: 'tag' };
    expect(accessConfigFrom(variables).cloudflareAccess).toEqual({ issuer, audience: 'tag' });
  });
});

describe('a principal', () => {
  it.each(['', 'alice', ':alice', 'User:'])('is not %j', (text) => {
    expect(parsePrincipal(text)).toBeUndefined();
  });
});
