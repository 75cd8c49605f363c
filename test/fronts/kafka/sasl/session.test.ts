import { describe, expect, it } from 'vitest';
import { accessFrom } from '../../../../src/broker/access.ts';
import { Authenticator } from '../../../../src/broker/authenticator.ts';
import { anonymous } from '../../../../src/broker/authorizer.ts';
import { clientContext, createGateway } from '../../../../src/broker/gateway.ts';
import { newCredential } from '../../../../src/broker/scram-keys.ts';
import { newToken } from '../../../../src/broker/token-text.ts';
import { Reader } from '../../../../src/bytes/reader.ts';
import { concat } from '../../../../src/bytes/writer.ts';
import { SaslSession } from '../../../../src/fronts/kafka/sasl/session.ts';
import { apiVersions } from '../../../../src/protocol/apis/api-versions.ts';
import { metadata } from '../../../../src/protocol/apis/metadata.ts';
import { saslAuthenticate } from '../../../../src/protocol/apis/sasl-authenticate.ts';
import { saslHandshake } from '../../../../src/protocol/apis/sasl-handshake.ts';
import { ErrorCode } from '../../../../src/protocol/errors.ts';
import { decodeResponseHeader, encodeRequestFrame } from '../../../../src/protocol/header.ts';
import type { Api, Fields, Infer } from '../../../../src/protocol/schema.ts';
import { decodeResponse, defaultsOf } from '../../../../src/protocol/schema.ts';
import { defaultBrokerConfig } from '../../../../src/runtime/config.ts';
import { MemoryObjects } from '../../../../src/runtime/memory-objects.ts';

const encoder = new TextEncoder();

/** A client's end of a connection, in a cluster where alice's password is `secret`. */
class Client {
  readonly objects = new MemoryObjects({ config: defaultBrokerConfig, now: () => this.now });
  now = Date.now();
  /** How long refusals were held back. */
  readonly paused: number[] = [];
  readonly session: SaslSession;

  constructor(variables: Record<string, string> = { KEDGE_TOKEN: 'sésame' }) {
    const access = accessFrom(variables);
    const origin = {
      principal: anonymous,
      clientHost: '/192.0.2.1',
      dialled: { host: 'localhost', port: 9092 },
      signal: new AbortController().signal,
    };
    const gateway = createGateway(this.objects, defaultBrokerConfig, access);
    const client = { ...clientContext(gateway, origin), now: () => this.now };
    const who = new Authenticator(access, client.credentials, '192.0.2.1');
    this.session = new SaslSession(client, who, async (ms) => void this.paused.push(ms));
  }

  async setPassword(name: string, password: string): Promise<void> {
    const upsertion = { name, mechanism: 1, ...(await newCredential(1, password)) };
    const command = { deletions: [], upsertions: [upsertion] };
    await this.objects.controller().call('alterScramCredentials', command);
  }

  /** Undefined: the connection is closed. */
  async ask<Q extends Fields, R extends Fields>(
    api: Api<Q, R>,
    version: number,
    request: Infer<Q>,
  ): Promise<Infer<R> | undefined> {
    const header = { correlationId: 7, clientId: 'test' };
    const frame = concat(encodeRequestFrame(api, version, header, request)).subarray(4);
    const chunks = await this.session.answer(frame, () => {});
    if (chunks === undefined) return undefined;
    const reader = new Reader(concat(chunks).subarray(4));
    expect(decodeResponseHeader(api, version, reader)).toBe(7);
    return decodeResponse(api, version, reader);
  }

  versions(version = 4) {
    return this.ask(apiVersions, version, defaultsOf(apiVersions.request.fields));
  }

  shakeHands(mechanism: string, version = 1) {
    return this.ask(saslHandshake, version, { mechanism });
  }

  show(text: string, version = 2) {
    return this.ask(saslAuthenticate, version, { authBytes: encoder.encode(text) });
  }

  topics() {
    return this.ask(metadata, 9, { ...defaultsOf(metadata.request.fields), topics: [] });
  }

  /** Without a header; what comes back is without its length. */
  async showBare(text: string): Promise<string | undefined> {
    const chunks = await this.session.answer(encoder.encode(text), () => {});
    if (chunks === undefined) return undefined;
    const bytes = concat(chunks);
    expect(new DataView(bytes.buffer, bytes.byteOffset).getInt32(0)).toBe(bytes.length - 4);
    return new TextDecoder().decode(bytes.subarray(4));
  }
}

async function admitted(variables?: Record<string, string>): Promise<Client> {
  const client = new Client(variables);
  await client.setPassword('alice', 'secret');
  await client.shakeHands('PLAIN');
  await client.show('\0alice\0secret');
  return client;
}

const mechanisms = ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512', 'OAUTHBEARER'];
const refused = { errorCode: ErrorCode.SASL_AUTHENTICATION_FAILED };

describe('before a client is known', () => {
  it('it may ask for versions, once; whatever else it asks closes the connection', async () => {
    const client = new Client();
    expect(await client.versions()).toMatchObject({ errorCode: ErrorCode.NONE });
    expect(await client.versions()).toBeUndefined();
    expect(await client.shakeHands('PLAIN')).toBeUndefined();
    expect(await new Client().topics()).toBeUndefined();
    expect(await new Client().show('\0alice\0secret')).toBeUndefined();
    const late = new Client();
    await late.shakeHands('PLAIN');
    expect(await late.versions()).toMatchObject({ errorCode: ErrorCode.ILLEGAL_SASL_STATE });
    expect(late.session.isOver).toBe(true);
    expect(await late.topics()).toBeUndefined();
  });

  it('it hears of the mechanisms, also when it wants another', async () => {
    const client = new Client();
    expect(await client.shakeHands('SCRAM-SHA-512')).toEqual({ errorCode: 0, mechanisms });
    const other = new Client();
    const errorCode = ErrorCode.UNSUPPORTED_SASL_MECHANISM;
    expect(await other.shakeHands('GSSAPI')).toEqual({ errorCode, mechanisms });
    expect(other.session.isOver).toBe(true);
    expect(other.paused).toEqual([100]);
    const few = new Client({ KAFKA_SASL_ENABLED_MECHANISMS: 'PLAIN' });
    expect(await few.shakeHands('SCRAM-SHA-256')).toEqual({ errorCode, mechanisms: ['PLAIN'] });
  });

  it('its requests must be small', async () => {
    const client = new Client({ KAFKA_SASL_SERVER_MAX_RECEIVE_SIZE: '1000', KEDGE_TOKEN: 'x' });
    expect(client.session.maxFrameBytes).toBe(1_000);
    await client.shakeHands('PLAIN');
    await client.show('\0admin\0x');
    expect(client.session.maxFrameBytes).toBe(defaultBrokerConfig.socketRequestMaxBytes);
  });
});

describe('PLAIN', () => {
  it.each([0, 1, 2])('lets in who has the password (SaslAuthenticate %i)', async (version) => {
    const client = new Client();
    await client.setPassword('alice', 'secret');
    await client.versions(0);
    await client.shakeHands('PLAIN');
    const answer = await client.show('\0alice\0secret', version);
    expect(answer).toMatchObject({ errorCode: 0, errorMessage: null, sessionLifetimeMs: 0 });
    expect(await client.topics()).toMatchObject({ errorCode: ErrorCode.NONE, topics: [] });
    expect(await client.versions()).toMatchObject({ errorCode: ErrorCode.NONE });
  });

  it.each([
    ['\0alice\0wrong', 'Authentication failed: Invalid username or password'],
    ['\0bob\0secret', 'Authentication failed: Invalid username or password'],
    ['\0\0secret', 'Authentication failed: username not specified'],
    ['\0alice\0', 'Authentication failed: password not specified'],
    ['alice\0secret', 'Invalid SASL/PLAIN response: expected 3 tokens, got 2'],
    ['\0a\0b\0c\0d', 'Invalid SASL/PLAIN response: expected 3 tokens, got 4'],
    [
      'bob\0alice\0secret',
      'Authentication failed: Client requested an authorization id that is different from username',
    ],
  ])('refuses %j in the words of Kafka, and a moment later', async (token, errorMessage) => {
    const client = new Client();
    await client.setPassword('alice', 'secret');
    await client.shakeHands('PLAIN');
    expect(await client.show(token)).toMatchObject({ ...refused, errorMessage });
    expect(client.paused).toEqual([100]);
    expect(client.session.isOver).toBe(true);
    expect(await client.show('\0alice\0secret')).toBeUndefined();
  });

  it('takes tokens without headers after the first version of the handshake', async () => {
    const client = new Client();
    await client.setPassword('alice', 'secret');
    expect(await client.shakeHands('PLAIN', 0)).toEqual({ errorCode: 0, mechanisms });
    expect(await client.showBare('\0alice\0secret')).toBe('');
    expect(await client.topics()).toMatchObject({ errorCode: ErrorCode.NONE });
    const wrong = new Client();
    await wrong.shakeHands('PLAIN', 0);
    expect(await wrong.showBare('\0alice\0wrong')).toBeUndefined();
    expect(wrong.paused).toEqual([100]);
  });

  it('says how to set things up where nothing is', async () => {
    const client = new Client({});
    await client.shakeHands('PLAIN');
    const { errorMessage } = (await client.show('\0alice\0secret'))!;
    expect(errorMessage).toContain('KEDGE_TOKEN');
  });
});

describe('OAUTHBEARER', () => {
  const bearer = (token: string, authzid = '') => `n,${authzid},\x01auth=Bearer ${token}\x01\x01`;

  it("takes Kedge's tokens, and says when the session ends", async () => {
    const client = new Client();
    const { id, hash, text } = await newToken();
    const expiresAt = client.now + 90_000;
    const token = { id, hash, principal: 'User:alice', description: '', createdAt: 0, expiresAt };
    await client.objects.controller().call('createToken', token);
    await client.shakeHands('OAUTHBEARER');
    const answer = await client.show(bearer(text, 'a=alice'));
    expect(answer).toMatchObject({ errorCode: 0, sessionLifetimeMs: 90_000 });
    client.now = expiresAt;
    expect(await client.topics()).toMatchObject({ errorCode: ErrorCode.NONE });
    client.now++;
    expect(await client.topics()).toBeUndefined();
  });

  it('tells of a wrong token in JSON, and refuses after that', async () => {
    const client = new Client();
    await client.shakeHands('OAUTHBEARER');
    const told = await client.show(bearer('guess'));
    expect(told).toMatchObject({ errorCode: 0, sessionLifetimeMs: 0 });
    const errorMessage = '{"status":"invalid_token"}';
    expect(new TextDecoder().decode(told!.authBytes)).toBe(errorMessage);
    expect(await client.show('\x01')).toMatchObject({ ...refused, errorMessage });
    expect(client.session.isOver).toBe(true);
  });

  it('refuses who wants to be somebody else, and what is no such message', async () => {
    const client = new Client({ KEDGE_TOKEN: 'x' });
    await client.shakeHands('OAUTHBEARER');
    expect(await client.show(bearer('x', 'a=bob'))).toMatchObject({
      ...refused,
      errorMessage:
        "Authentication failed: Client requested an authorization id (bob) that is different from the token's principal name (admin)",
    });
    for (const wrong of ['', 'n,,\x01\x01', 'n,,\x01auth=Basic x\x01\x01', 'Bearer x']) {
      const other = new Client({ KEDGE_TOKEN: 'x' });
      await other.shakeHands('OAUTHBEARER');
      expect(await other.show(wrong)).toMatchObject({
        ...refused,
        errorMessage:
          'Authentication failed during authentication due to invalid credentials with SASL mechanism OAUTHBEARER',
      });
    }
  });
});

describe('a session', () => {
  const limited = { KEDGE_TOKEN: 'x', KAFKA_CONNECTIONS_MAX_REAUTH_MS: '60000' };

  it('ends after connections.max.reauth.ms, unless the client shows again who it is', async () => {
    const client = await admitted(limited);
    client.now += 50_000;
    expect(await client.shakeHands('PLAIN')).toMatchObject({ errorCode: 0 });
    expect(await client.show('\0alice\0secret')).toMatchObject({ sessionLifetimeMs: 60_000 });
    client.now += 60_000;
    expect(await client.topics()).toBeDefined();
    client.now++;
    expect(await client.topics()).toBeUndefined();
  });

  it('is renewed also when it has just ended', async () => {
    const client = await admitted(limited);
    client.now += 70_000;
    await client.shakeHands('PLAIN');
    expect(await client.show('\0alice\0secret')).toMatchObject({ errorCode: 0 });
    expect(await client.topics()).toBeDefined();
  });

  it('is not renewed as another principal, nor by another mechanism', async () => {
    const client = await admitted(limited);
    await client.shakeHands('PLAIN');
    expect(await client.show('\0admin\0x')).toMatchObject({
      ...refused,
      errorMessage: 'Cannot change principals during re-authentication from User.alice: User.admin',
    });
    const other = await admitted(limited);
    expect(await other.shakeHands('SCRAM-SHA-256')).toMatchObject({ errorCode: 0 });
    expect(await other.show('n,,n=alice,r=x')).toBeUndefined();
  });

  it('is over when it could not be renewed', async () => {
    const client = await admitted(limited);
    await client.shakeHands('OAUTHBEARER');
    expect(client.session.isOver).toBe(false);
    const again = await admitted(limited);
    await again.shakeHands('PLAIN');
    expect(await again.show('\0alice\0wrong')).toMatchObject(refused);
    expect(await again.topics()).toBeUndefined();
  });

  it('is renewed once a second at most, and never by a client that knows nothing of it', async () => {
    const client = await admitted(limited);
    await client.shakeHands('PLAIN');
    await client.show('\0alice\0secret');
    const illegal = { errorCode: ErrorCode.ILLEGAL_SASL_STATE };
    expect(await client.shakeHands('PLAIN')).toMatchObject(illegal);
    client.now += 1_000;
    expect(await client.shakeHands('PLAIN')).toMatchObject({ errorCode: 0 });
    const old = new Client({ KEDGE_TOKEN: 'x' });
    await old.shakeHands('PLAIN');
    await old.show('\0admin\0x', 0);
    expect(await old.shakeHands('PLAIN')).toMatchObject(illegal);
  });
});
