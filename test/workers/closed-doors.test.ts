/**
 * The ways in that are no HTTP, at a Worker that is closed: what is asked over TCP, by a WebSocket
 * and by a service binding of somebody who has not said who it is, whom the owner does not
 * believe, who has no right, and who has exactly the right ones.
 */
import { createExecutionContext, env } from 'cloudflare:test';
import { beforeAll, describe, expect, it } from 'vitest';
import { howToBind } from '../../src/broker/binding-principal.ts';
import { Reader } from '../../src/bytes/reader.ts';
import { ZERO_UUID } from '../../src/bytes/uuid.ts';
import { concat } from '../../src/bytes/writer.ts';
import { metadata } from '../../src/protocol/apis/metadata.ts';
import { produce } from '../../src/protocol/apis/produce.ts';
import { ErrorCode } from '../../src/protocol/errors.ts';
import { decodeResponseHeader, encodeRequestFrame } from '../../src/protocol/header.ts';
import { buildBatch } from '../../src/protocol/records/index.ts';
import {
  type Api,
  decodeResponse,
  defaultsOf,
  type Fields,
  type Infer,
} from '../../src/protocol/schema.ts';
import { type Env, workerObjects } from '../../src/runtime/worker-objects.ts';
import worker, { Kedge, Queue } from '../../src/worker.ts';
import { allowing, type Right } from '../broker/authorization/guarded-cluster.ts';

const bindings = env as unknown as Env;
const closed = { KEDGE_TOKEN: 'secret' };
const trusting = { ...closed, KEDGE_TRUST_BINDINGS: 'true' };
const objects = workerObjects(bindings);

function frameOf<Q extends Fields>(
  api: Api<Q, Fields>,
  version: number,
  said: Partial<Infer<Q>>,
): Uint8Array {
  const request = { ...defaultsOf(api.request.fields), ...said };
  return concat(encodeRequestFrame(api, version, { correlationId: 7, clientId: 'me' }, request));
}

const allTopics = frameOf(metadata, 12, { topics: null });
const records = buildBatch([{ value: Uint8Array.of(1), timestamp: 1 }]);
const topicData = [{ name: 'orders', topicId: ZERO_UUID, partitionData: [{ index: 0, records }] }];
const append = frameOf(produce, 9, { acks: -1, timeoutMs: 1_000, topicData });

beforeAll(async () => {
  const topic = { numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] };
  await objects
    .controller()
    .call('createTopics', { topics: [{ ...topic, name: 'orders' }], validateOnly: false });
  // Before anybody asks: an isolate remembers ACLs for a while.
  const rights: readonly [name: string, right: Right][] = [
    ['reader', ['READ', 'TOPIC', 'orders']],
    ['writer', ['WRITE', 'TOPIC', 'orders']],
  ];
  const acls = rights.map(([name, right]) => allowing(right, { principal: `User:${name}` }));
  await objects.controller().call('createAcls', { acls });
});

describe('a client that does not say who it is', () => {
  it.each([
    ['asks for topics', allTopics],
    ['produces', append],
  ])('is hung up on by TCP when it %s', async (_what, frame) => {
    const inward = new IdentityTransformStream();
    const outward = new IdentityTransformStream();
    const hungUp = Promise.withResolvers<void>();
    const socket = {
      opened: Promise.resolve({ remoteAddress: '192.0.2.1:5000', localAddress: '192.0.2.2:9092' }),
      closed: hungUp.promise,
      readable: inward.readable,
      writable: outward.writable,
      close: async () => hungUp.resolve(),
    };
    const served = worker.connect(socket as unknown as Socket, { ...bindings, ...closed });
    const said: unknown[] = [];
    const reading = outward.readable.pipeTo(
      new WritableStream({ write: (data) => void said.push(data) }),
    );
    reading.catch(() => {});
    const writer = inward.writable.getWriter();
    writer.write(frame).catch(() => {});
    await hungUp.promise;
    writer.abort().catch(() => {});
    await served;
    expect(said).toEqual([]);
  });

  it.each([
    ['/kafka', allTopics],
    ['/', allTopics],
    ['/kafka', append],
  ])('is hung up on at %s by a WebSocket', async (path, frame) => {
    const headers = { upgrade: 'websocket' };
    const request = new Request(`http://kedge.test${path}`, { headers });
    const variables = { ...bindings, ...closed };
    const { status, webSocket } = await worker.fetch(request, variables, createExecutionContext());
    expect(status).toBe(101);
    const hungUp = Promise.withResolvers<void>();
    const said: unknown[] = [];
    webSocket!.addEventListener('message', ({ data }) => said.push(data));
    webSocket!.addEventListener('close', () => hungUp.resolve());
    webSocket!.accept();
    webSocket!.send(frame);
    await hungUp.promise;
    expect(said).toEqual([]);
  });

  it.each(['/kafka', '/'])('is not let in at %s with wrong credentials', async (path) => {
    const headers = { upgrade: 'websocket', authorization: 'Bearer wrong' };
    const request = new Request(`http://kedge.test${path}`, { headers });
    const variables = { ...bindings, ...closed };
    const response = await worker.fetch(request, variables, createExecutionContext());
    expect([response.status, response.webSocket]).toEqual([401, null]);
    await response.text();
  });
});

/** As the platform makes one for a Worker that is bound to this one with these `props`. */
function bound<E>(
  Entrypoint: new (ctx: ExecutionContext, env: Env) => E,
  props: unknown,
  variables: object = trusting,
): E {
  const ctx = Object.defineProperty(createExecutionContext(), 'props', { value: props });
  return new Entrypoint(ctx, { ...bindings, ...variables });
}

async function answerTo<R extends Fields>(
  props: unknown,
  api: Api<Fields, R>,
  version: number,
  frame: Uint8Array,
): Promise<Infer<R>> {
  using connection = bound(Kedge, props).open();
  const { frame: answer } = await connection.request(frame.slice(4));
  const reader = new Reader(answer!);
  decodeResponseHeader(api, version, reader);
  return decodeResponse(api, version, reader);
}

const topicsFor = async (props: unknown) =>
  (await answerTo(props, metadata, 12, allTopics)).topics.map(({ name }) => name);

const produceAs = async (props: unknown) =>
  (await answerTo(props, produce, 9, append)).responses[0].partitionResponses[0].errorCode;

describe('a Worker that is bound to a closed one', () => {
  it.each([
    ['says nothing', undefined, trusting],
    ['says nothing of who it is', {}, trusting],
    ['is not believed', { principal: 'User:admin' }, closed],
  ])('may not come in when it %s', async (_what, props, variables) => {
    expect(() => bound(Kedge, props, variables).open()).toThrow(howToBind);
    const topic = { ...props, topic: 'orders' };
    await expect(async () => bound(Queue, topic, variables).send('x')).rejects.toThrow(howToBind);
    await expect(async () => bound(Queue, topic, variables).metrics()).rejects.toThrow(howToBind);
  });

  it('sees and does nothing without a right', async () => {
    const props = { principal: 'User:nobody' };
    expect(await topicsFor(props)).toEqual([]);
    expect(await produceAs(props)).toBe(ErrorCode.TOPIC_AUTHORIZATION_FAILED);
    const queue = bound(Queue, { ...props, topic: 'orders' });
    await expect(async () => queue.send('x')).rejects.toThrow(/AUTHORIZATION_FAILED/);
    const told = bound(Queue, { ...props, topic: 'orders', subscription: 'cooks' });
    await expect(async () => told.metrics()).rejects.toThrow(/AUTHORIZATION_FAILED/);
  });

  it('does what it has the right to, and no more', async () => {
    const reader = { principal: 'User:reader' };
    expect(await topicsFor(reader)).toEqual(['orders']);
    expect(await produceAs(reader)).toBe(ErrorCode.TOPIC_AUTHORIZATION_FAILED);
    const queue = bound(Queue, { ...reader, topic: 'orders' });
    await expect(async () => queue.send('x')).rejects.toThrow(/AUTHORIZATION_FAILED/);
  });

  it('writes with exactly the right to', async () => {
    const writer = { principal: 'User:writer' };
    expect(await produceAs(writer)).toBe(ErrorCode.NONE);
    await bound(Queue, { ...writer, topic: 'orders' }).send('x');
  });
});
