import { createExecutionContext, env } from 'cloudflare:test';
import { expect, it } from 'vitest';
import { anonymous } from '../../src/broker/authorizer.ts';
import { createGateway } from '../../src/broker/gateway.ts';
import { Reader } from '../../src/bytes/reader.ts';
import { ZERO_UUID } from '../../src/bytes/uuid.ts';
import { concat } from '../../src/bytes/writer.ts';
import { openAndUnlimited } from '../../src/fronts/kafka/serve.ts';
import { acceptWebSocket } from '../../src/fronts/kafka/websocket.ts';
import { apiVersions } from '../../src/protocol/apis/api-versions.ts';
import { fetch } from '../../src/protocol/apis/fetch.ts';
import { metadata } from '../../src/protocol/apis/metadata.ts';
import { FrameReader } from '../../src/protocol/frame.ts';
import { decodeResponseHeader, encodeRequestFrame } from '../../src/protocol/header.ts';
import type { Api, Fields, Infer } from '../../src/protocol/schema.ts';
import { decodeResponse, defaultsOf } from '../../src/protocol/schema.ts';
import { defaultBrokerConfig } from '../../src/runtime/config.ts';
import { type Env, workerObjects } from '../../src/runtime/worker-objects.ts';
import worker from '../../src/worker.ts';

const counted = 'kafka.kedge.v1';

/** A client of the stream, with every message in its hands. */
class Stream {
  readonly socket: WebSocket;
  readonly texts: string[] = [];
  readonly #frames = new FrameReader(1 << 30);
  readonly #received: Uint8Array[] = [];
  bytes = 0;
  closed: { code: number; reason: string } | undefined;
  #wake = () => {};

  constructor(socket: WebSocket) {
    this.socket = socket;
    socket.binaryType = 'arraybuffer';
    socket.addEventListener('message', ({ data }) => {
      if (typeof data === 'string') this.texts.push(data);
      else {
        const chunk = new Uint8Array(data as ArrayBuffer);
        this.bytes += chunk.byteLength;
        this.#frames.push(chunk);
        for (let frame = this.#frames.next(); frame; frame = this.#frames.next()) {
          this.#received.push(frame.slice());
        }
      }
      this.#wake();
    });
    socket.addEventListener('close', ({ code, reason }) => {
      this.closed = { code, reason };
      this.#wake();
    });
    socket.accept();
  }

  async until<T>(look: () => T | undefined): Promise<T> {
    for (;;) {
      const found = look();
      if (found !== undefined) return found;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  take(): Promise<Uint8Array> {
    return this.until(() => this.#received.shift());
  }
}

async function open(path: string, { protocol = '', headers = {}, variables = {} } = {}) {
  const request = new Request(`http://kedge.test${path}`, {
    headers: {
      upgrade: 'websocket',
      ...(protocol && { 'sec-websocket-protocol': protocol }),
      ...headers,
    },
  });
  const bindings = { ...(env as unknown as Env), KEDGE_OPEN: 'true', ...variables };
  const response = await worker.fetch(request, bindings, createExecutionContext());
  expect(response.status).toBe(101);
  const stream = new Stream(response.webSocket!);
  return { stream, protocol: response.headers.get('sec-websocket-protocol') };
}

function frame<Q extends Fields>(
  api: Api<Q, Fields>,
  version: number,
  said: Partial<Infer<Q>> = {},
): Uint8Array {
  const request = { ...defaultsOf(api.request.fields), ...said };
  return concat(encodeRequestFrame(api, version, { correlationId: 7, clientId: 'me' }, request));
}

/** Whom Metadata names as the only broker. */
async function brokerOf(stream: Stream): Promise<string> {
  stream.socket.send(frame(metadata, 12));
  const reader = new Reader(await stream.take());
  expect(decodeResponseHeader(metadata, 12, reader)).toBe(7);
  const [{ host, port }] = decodeResponse(metadata, 12, reader).brokers;
  return `${host}:${port}`;
}

it.each(['/kafka', '/'])('carries requests and answers at %s, however they are cut', async (at) => {
  const { stream, protocol } = await open(at);
  expect(protocol).toBeNull();
  const bytes = concat([frame(apiVersions, 3), frame(apiVersions, 3)]);
  for (let from = 0; from < bytes.length; from += 5) {
    stream.socket.send(bytes.slice(from, from + 5));
  }
  for (let i = 0; i < 2; i++) {
    const reader = new Reader(await stream.take());
    expect(decodeResponseHeader(apiVersions, 3, reader)).toBe(7);
    expect(decodeResponse(apiVersions, 3, reader).errorCode).toBe(0);
  }
  expect(stream.texts).toEqual([]);
  stream.socket.close(1000);
});

it("tells clients to connect to the tunnel's own end", async () => {
  expect(await brokerOf((await open('/kafka')).stream)).toBe('127.0.0.1:9092');
  const said = await open('/kafka?advertise=kafka.example.com:19092');
  expect(await brokerOf(said.stream)).toBe('kafka.example.com:19092');
  const headers = { 'cf-access-jump-destination': '10.1.2.3:9094' };
  expect(await brokerOf((await open('/', { headers })).stream)).toBe('10.1.2.3:9094');
});

it('counts the bytes for who names the subprotocol', async () => {
  const { stream, protocol } = await open('/kafka', { protocol: `chat, ${counted}` });
  expect(protocol).toBe(counted);
  const hello = frame(apiVersions, 3);
  stream.socket.send(hello);
  await stream.take();
  stream.socket.send(`${stream.bytes}?`);
  expect(await stream.until(() => stream.texts.shift())).toBe(String(hello.byteLength));
});

it.each(['hello', '-1', '1e3', '9999999'])('hangs up on who says %s', async (text) => {
  const { stream } = await open('/kafka', { protocol: counted });
  stream.socket.send(text);
  expect((await stream.until(() => stream.closed)).code).toBe(1003);
});

it('hangs up on text where no bytes are counted', async () => {
  const { stream } = await open('/kafka');
  stream.socket.send('1');
  expect((await stream.until(() => stream.closed)).code).toBe(1003);
});

it('closes between two requests after so many, and in order', async () => {
  const variables = { KEDGE_REQUESTS_PER_CONNECTION: '3' };
  const { stream } = await open('/kafka', { variables });
  for (let i = 0; i < 3; i++) {
    expect(stream.closed).toBeUndefined();
    stream.socket.send(frame(apiVersions, 3));
    await stream.take();
  }
  expect((await stream.until(() => stream.closed)).code).toBe(1000);
});

it('leaves to another what it did not serve, though requests wait all the time', async () => {
  const variables = { KEDGE_REQUESTS_PER_CONNECTION: '3' };
  const { stream } = await open('/kafka', { protocol: counted, variables });
  const hello = frame(apiVersions, 3);
  const begun = hello.subarray(0, 5);
  stream.socket.send(concat([...Array.from({ length: 20 }, () => hello), begun]));
  const { code, reason } = await stream.until(() => stream.closed);
  expect([code, Number(reason)]).toEqual([4000, 3 * hello.byteLength]);
});

it('does not send beyond the window of who does not say what it took', async () => {
  const variables = { KEDGE_REQUESTS_PER_CONNECTION: '0' };
  const { stream } = await open('/kafka', { protocol: counted, variables });
  const hello = frame(apiVersions, 3);
  stream.socket.send(hello);
  await stream.take();
  const answer = stream.bytes;
  const window = 4 * 1024 * 1024;
  const asked = Math.ceil((2 * window) / answer);
  stream.socket.send(concat(Array.from({ length: asked }, () => hello)));
  await stream.until(() => (stream.bytes >= window ? true : undefined));
  // What would come by itself has come when there is nothing left to do but to wait for us.
  await new Promise((resolve) => setTimeout(resolve, 200));
  expect(stream.bytes).toBeLessThan(window + 2 * 1024 * 1024);
  for (;;) {
    if (stream.bytes >= answer * (asked + 1)) break;
    const before = stream.bytes;
    stream.socket.send(String(before));
    await stream.until(() => (stream.bytes > before ? true : undefined));
  }
  expect(stream.bytes).toBe(answer * (asked + 1));
});

it('hangs up on who sends more than can be read', async () => {
  const { stream } = await open('/kafka');
  const topic = { topicId: ZERO_UUID, name: 'full' };
  stream.socket.send(frame(metadata, 4, { topics: [topic], allowAutoTopicCreation: true }));
  await stream.take();
  // What waits holds up what comes after it.
  const partition = {
    ...{ partition: 0, fetchOffset: 0, currentLeaderEpoch: -1, lastFetchedEpoch: -1 },
    ...{ logStartOffset: -1, partitionMaxBytes: 1, replicaDirectoryId: ZERO_UUID },
  };
  const topics = [{ topic: 'full', topicId: ZERO_UUID, partitions: [partition] }];
  stream.socket.send(frame(fetch, 12, { maxWaitMs: 30_000, minBytes: 1, topics }));
  const hello = frame(apiVersions, 3);
  const much = concat(Array.from({ length: 40_000 }, () => hello));
  const times = Math.ceil((18 * 1024 * 1024) / much.byteLength);
  for (let i = 0; i < times; i++) stream.socket.send(much);
  expect((await stream.until(() => stream.closed)).code).toBe(1009);
});

it('is refused before it is open where there are as many as there may be', async () => {
  const config = { ...defaultBrokerConfig, maxConnectionsPerIp: 1 };
  const gateway = createGateway(workerObjects(env as unknown as Env), config, { open: true });
  const dialled = { host: '127.0.0.1', port: 9092 };
  const origin = { principal: anonymous, clientHost: '/192.0.2.1', dialled };
  const accept = () => acceptWebSocket(origin, false, gateway, openAndUnlimited);
  const first = accept()!;
  expect(accept()).toBeUndefined();
  expect(gateway.connections.count).toBe(1);
  const { webSocket } = first.response;
  webSocket!.accept();
  webSocket!.close(1000, '');
  await first.served;
  expect(gateway.connections.count).toBe(0);
  const again = accept()!;
  again.response.webSocket!.accept();
  again.response.webSocket!.close(1000, '');
  await again.served;
});
