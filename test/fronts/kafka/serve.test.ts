/** A connection to a Kedge that lets nobody in uninvited, over a pipe in memory. */
import { describe, expect, it } from 'vitest';
import { accessFrom } from '../../../src/broker/access.ts';
import { anonymous } from '../../../src/broker/authorizer.ts';
import { clientContext, createGateway } from '../../../src/broker/gateway.ts';
import { Reader } from '../../../src/bytes/reader.ts';
import { concat } from '../../../src/bytes/writer.ts';
import type { Pipe } from '../../../src/fronts/kafka/pipe.ts';
import { openAndUnlimited, serve } from '../../../src/fronts/kafka/serve.ts';
import { metadata } from '../../../src/protocol/apis/metadata.ts';
import { saslAuthenticate } from '../../../src/protocol/apis/sasl-authenticate.ts';
import { saslHandshake } from '../../../src/protocol/apis/sasl-handshake.ts';
import { ErrorCode } from '../../../src/protocol/errors.ts';
import { decodeResponseHeader, encodeRequestFrame } from '../../../src/protocol/header.ts';
import type { Api, Fields, Infer } from '../../../src/protocol/schema.ts';
import { decodeResponse, defaultsOf } from '../../../src/protocol/schema.ts';
import { defaultBrokerConfig } from '../../../src/runtime/config.ts';
import { MemoryObjects } from '../../../src/runtime/memory-objects.ts';

/** What the client sent is there from the start; it leaves only when it is hung up on. */
class MemoryPipe implements Pipe {
  readonly #sent: Uint8Array[];
  readonly written: Uint8Array[] = [];
  readonly #stopped = Promise.withResolvers<undefined>();
  readonly gone = new Promise<boolean>(() => {});
  isClosed = false;
  refusal: string | undefined;

  constructor(...sent: readonly Uint8Array[]) {
    this.#sent = [...sent];
  }

  read(): Promise<Uint8Array | undefined> {
    const next = this.#sent.shift();
    return next ? Promise.resolve(next) : this.#stopped.promise;
  }

  async write(chunks: readonly Uint8Array[]): Promise<void> {
    this.written.push(...chunks);
  }

  stopReading(): void {
    this.#stopped.resolve(undefined);
  }

  abort(): void {}

  async close(_goOnAt?: number, refusal?: string): Promise<void> {
    this.isClosed = true;
    this.refusal = refusal;
  }

  /** The answer to a request that was written as number `at`. */
  answer<R extends Fields>(api: Api<Fields, R>, version: number, at: number): Infer<R> {
    const reader = new Reader(concat(this.written));
    for (let skipped = 0; skipped < at; skipped++) reader.take(reader.int32());
    reader.int32();
    decodeResponseHeader(api, version, reader);
    return decodeResponse(api, version, reader);
  }
}

const secret = 'sésame';

async function served(pipe: MemoryPipe, origin: { name?: string; expiresAt?: number } = {}) {
  const variables = { KEDGE_TOKEN: secret, KAFKA_SASL_SERVER_MAX_RECEIVE_SIZE: '1000' };
  const access = accessFrom(variables);
  const objects = new MemoryObjects({ config: defaultBrokerConfig });
  const left = new AbortController();
  const client = clientContext(createGateway(objects, defaultBrokerConfig, access), {
    principal: origin.name ? { type: 'User', name: origin.name } : anonymous,
    expiresAt: origin.expiresAt,
    clientHost: '/192.0.2.1',
    dialled: { host: 'localhost', port: 9092 },
    signal: left.signal,
  });
  await serve(pipe, client, { ...openAndUnlimited, access, requests: 3 }, left);
  expect(pipe.isClosed).toBe(true);
}

function request<Q extends Fields>(api: Api<Q, Fields>, version: number, value: Infer<Q>) {
  return concat(encodeRequestFrame(api, version, { correlationId: 1, clientId: null }, value));
}

const hello = request(saslHandshake, 1, { mechanism: 'PLAIN' });
const showing = (password: string) =>
  request(saslAuthenticate, 1, { authBytes: new TextEncoder().encode(`\0admin\0${password}`) });
const topics = request(metadata, 9, { ...defaultsOf(metadata.request.fields), topics: [] });

describe('a connection of nobody yet', () => {
  it('is served when it has shown who it is', async () => {
    const pipe = new MemoryPipe(hello, showing(secret), topics);
    await served(pipe);
    expect(pipe.answer(saslAuthenticate, 1, 1)).toMatchObject({ errorCode: ErrorCode.NONE });
    expect(pipe.answer(metadata, 9, 2)).toMatchObject({ topics: [], controllerId: 1 });
  });

  it('is told that what it showed is wrong, and hung up on', async () => {
    const pipe = new MemoryPipe(hello, showing('guess'), topics);
    await served(pipe);
    const errorCode = ErrorCode.SASL_AUTHENTICATION_FAILED;
    expect(pipe.answer(saslAuthenticate, 1, 1)).toMatchObject({ errorCode });
    const answers = concat(pipe.written);
    expect(new TextDecoder().decode(answers)).not.toContain('guess');
  });

  it.each([
    ['asks at once', topics],
    ['sends more than it may', showing('x'.repeat(1_000))],
    ['speaks TLS', Uint8Array.of(0x16, 3, 1, 2, 0, 1, 0, 1, 252, 3, 3)],
  ])('is hung up on when it %s', async (_what, first) => {
    const pipe = new MemoryPipe(first);
    await served(pipe);
    expect(pipe.written).toEqual([]);
  });

  it('is told to say who it is, in as many bytes as the end of a WebSocket has', async () => {
    const pipe = new MemoryPipe(topics);
    await served(pipe);
    expect(pipe.refusal).toContain('a token, or a user and a password');
    expect(pipe.refusal!.length).toBeLessThanOrEqual(123);
    const wrong = new MemoryPipe(hello, showing('guess'));
    await served(wrong);
    expect(wrong.refusal).toBeUndefined();
  });
});

describe('a connection of who is known by another door', () => {
  it('is served without more words', async () => {
    const pipe = new MemoryPipe(topics, topics, topics);
    await served(pipe, { name: 'alice' });
    expect(pipe.answer(metadata, 9, 2)).toMatchObject({ topics: [] });
  });

  it('is hung up on when what was shown there has expired', async () => {
    const pipe = new MemoryPipe(topics);
    await served(pipe, { name: 'alice', expiresAt: Date.now() - 1 });
    expect(pipe.written).toEqual([]);
  });
});

describe('a connection that is one too many', () => {
  const access = accessFrom({ KEDGE_TOKEN: secret });
  const config = { ...defaultBrokerConfig, maxConnectionsPerPrincipal: 1 };
  const objects = new MemoryObjects({ config });
  const gateway = createGateway(objects, config, access);

  /** Serves a client that says this; `open`: nobody is asked who he is. */
  async function serving(pipe: MemoryPipe, open = false): Promise<void> {
    const left = new AbortController();
    const client = clientContext(gateway, {
      principal: anonymous,
      place: gateway.connections.enter('192.0.2.1'),
      clientHost: '/192.0.2.1',
      dialled: { host: 'localhost', port: 9092 },
      signal: left.signal,
    });
    const terms = open ? openAndUnlimited : { ...openAndUnlimited, access, requests: 3 };
    await serve(pipe, client, terms, left);
  }

  it('is hung up on when it is known whose it is, without another word', async () => {
    const admin = { type: 'User', name: 'admin' };
    const first = gateway.connections.enter('192.0.2.2', admin)!;
    const pipe = new MemoryPipe(hello, showing(secret), topics);
    await serving(pipe);
    expect(pipe.answer(saslHandshake, 1, 0).errorCode).toBe(ErrorCode.NONE);
    expect(() => pipe.answer(saslAuthenticate, 1, 1)).toThrow();
    expect(pipe.isClosed).toBe(true);
    expect(gateway.connections.count).toBe(1);
    first.leave();
    const again = new MemoryPipe(hello, showing(secret), topics);
    await serving(again);
    expect(again.answer(metadata, 9, 2).brokers).toHaveLength(1);
    expect(gateway.connections.count).toBe(0);
  });

  it('is not served at all where nobody is asked who he is', async () => {
    const first = gateway.connections.enter('192.0.2.2', anonymous)!;
    const pipe = new MemoryPipe(topics);
    await serving(pipe, true);
    expect([pipe.isClosed, pipe.written.length]).toEqual([true, 0]);
    first.leave();
    expect(gateway.connections.count).toBe(0);
  });

  it('is not served when its address comes too often', async () => {
    const { quotas } = gateway.memory;
    const controller = objects.controller();
    const ops = [{ key: 'connection_creation_rate', value: 1, remove: false }];
    const alterations = [{ entity: { ip: '192.0.2.1' }, ops }];
    await controller.call('alterClientQuotas', { alterations, validateOnly: false });
    quotas.version = 1;
    const served = async () => {
      const pipe = new MemoryPipe(hello, showing(secret), topics);
      await serving(pipe);
      return pipe.written.length > 0;
    };
    const all: boolean[] = [];
    for (let time = 0; time < 12; time++) all.push(await served());
    expect(all).toEqual([...Array(10).fill(true), false, false]);
    expect(gateway.connections.count).toBe(0);
  });
});
