import { evictDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { describe, expect, it } from 'vitest';
import { anonymous } from '../../src/broker/authorizer.ts';
import { dispatch } from '../../src/broker/broker.ts';
import { clientContext, createGateway } from '../../src/broker/gateway.ts';
import { ZERO_UUID } from '../../src/bytes/uuid.ts';
import { createTopics } from '../../src/protocol/apis/create-topics.ts';
import { deleteTopics } from '../../src/protocol/apis/delete-topics.ts';
import { type FetchResponse, fetch } from '../../src/protocol/apis/fetch.ts';
import { produce } from '../../src/protocol/apis/produce.ts';
import { ErrorCode } from '../../src/protocol/errors.ts';
import { buildBatch } from '../../src/protocol/records/index.ts';
import { type Api, defaultsOf, type Fields, type Infer } from '../../src/protocol/schema.ts';
import { defaultBrokerConfig } from '../../src/runtime/config.ts';
import { type Env, workerObjects } from '../../src/runtime/worker-objects.ts';

const bindings = env as unknown as Env;

/** A client of a gateway of its own, as a connection has them. */
function newClient() {
  const gone = new AbortController();
  const gateway = createGateway(workerObjects(bindings), defaultBrokerConfig, { open: true });
  const dialled = { host: 'localhost', port: 9092 };
  const client = clientContext(gateway, {
    principal: anonymous,
    clientHost: '/test',
    dialled,
    signal: gone.signal,
  });
  const ask = <Q extends Fields, R extends Fields>(
    api: Api<Q, R>,
    apiVersion: number,
    request: Infer<Q>,
  ): Promise<Infer<R>> => dispatch(api, request, { ...client, apiVersion, clientId: 'test' });
  return Object.assign(client, { ask, gone });
}
type Client = ReturnType<typeof newClient>;

async function create(client: Client, name: string, numPartitions = 1): Promise<string> {
  const topic = { name, numPartitions, replicationFactor: 1, assignments: [], configs: [] };
  const request = { topics: [topic], timeoutMs: 1_000, validateOnly: false };
  return (await client.ask(createTopics, 7, request)).topics[0].topicId;
}

async function append(client: Client, name: string, partition: number, value: string) {
  const records = buildBatch([{ value: new TextEncoder().encode(value), timestamp: 1 }]);
  const partitionData = [{ index: partition, records }];
  const { responses } = await client.ask(produce, 9, {
    transactionalId: null,
    acks: -1,
    timeoutMs: 1_000,
    topicData: [{ name, topicId: ZERO_UUID, partitionData }],
  });
  expect(responses[0].partitionResponses[0].errorCode).toBe(0);
}

function poll(
  client: Client,
  topic: string,
  offsets: readonly number[],
  maxWaitMs: number,
  isolationLevel = 0,
): Promise<FetchResponse> {
  const partitions = offsets.map((fetchOffset, partition) => ({
    partition,
    fetchOffset,
    currentLeaderEpoch: 0,
    lastFetchedEpoch: -1,
    logStartOffset: -1,
    partitionMaxBytes: 1_048_576,
    replicaDirectoryId: ZERO_UUID,
  }));
  return client.ask(fetch, 12, {
    ...defaultsOf(fetch.request.fields),
    maxWaitMs,
    minBytes: 1,
    isolationLevel,
    topics: [{ topic, topicId: ZERO_UUID, partitions }],
  });
}

/** A producer in a transaction, as its calls reach the objects. */
class Transaction {
  readonly #objects = workerObjects(bindings);
  readonly #transactionalId: string;
  #producer = { producerId: -1, producerEpoch: -1 };
  #sequence = 0;

  constructor(transactionalId: string) {
    this.#transactionalId = transactionalId;
  }

  get #coordinator() {
    return this.#objects.transaction(this.#transactionalId);
  }

  async append(topicId: string, topic: string, value: string): Promise<number> {
    if (this.#producer.producerId < 0) await this.#init();
    const { producerId, producerEpoch } = this.#producer;
    const record = { value: new TextEncoder().encode(value), timestamp: Date.now() };
    const records = buildBatch([record], {
      producerId,
      producerEpoch,
      baseSequence: this.#sequence++,
      isTransactional: true,
    });
    const spec = { topicId, topic, partition: 0, configs: {} };
    const transactionalId = this.#transactionalId;
    const command = { spec, records, transactionalId, addsPartition: true };
    const reply = await this.#objects.partition(topicId, 0).call('append', command);
    expect(reply.errorCode).toBe(0);
    return reply.baseOffset;
  }

  async end(committed: boolean): Promise<void> {
    const { producerId, producerEpoch } = this.#producer;
    const reply = await this.#coordinator.call('endTxn', {
      transactionalId: this.#transactionalId,
      producerId,
      producerEpoch,
      committed,
      transactionVersion: 2,
      newProducerId: -1,
    });
    expect(reply.errorCode).toBe(0);
    this.#producer = reply;
    this.#sequence = 0;
  }

  async #init(): Promise<void> {
    const reply = await this.#coordinator.call('initProducerId', {
      transactionalId: this.#transactionalId,
      producerId: -1,
      producerEpoch: -1,
      transactionTimeoutMs: 60_000,
      newProducerId: 4_000,
    });
    expect(reply.errorCode).toBe(0);
    this.#producer = reply;
  }
}

const sizes = ({ responses }: FetchResponse): number[] =>
  responses[0].partitions.map(({ records }) =>
    (records ?? []).reduce((sum, { byteLength }) => sum + byteLength, 0),
  );

const codes = ({ responses }: FetchResponse): number[] =>
  responses[0].partitions.map(({ errorCode }) => errorCode);

/** Lets everything under way in this isolate come to rest. */
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

describe('a consumer that polls at the end of its partitions', () => {
  it('calls no object, however often it polls, and is handed what is appended', async () => {
    const [consumer, producer] = [newClient(), newClient()];
    await create(producer, 'idle', 3);
    await append(producer, 'idle', 1, 'a');
    expect(codes(await poll(consumer, 'idle', [0, 1, 0], 5))).toEqual([0, 0, 0]);
    const { calls } = consumer.objects;
    for (let i = 0; i < 50; i++) {
      const answer = await poll(consumer, 'idle', [0, 1, 0], 3);
      expect(codes(answer)).toEqual([0, 0, 0]);
      expect(answer.responses[0].partitions.map(({ highWatermark }) => highWatermark)).toEqual([
        0, 1, 0,
      ]);
    }
    expect(consumer.objects.calls).toBe(calls);

    const parked = poll(consumer, 'idle', [0, 1, 0], 60_000);
    await pause(20);
    await append(producer, 'idle', 2, 'b');
    const [none, nothing, some] = sizes(await parked);
    expect([none, nothing]).toEqual([0, 0]);
    expect(some).toBeGreaterThan(60);
    expect(consumer.objects.calls).toBe(calls);
    consumer.watches.closeAll();
  });

  it('is woken by an object that slept meanwhile', async () => {
    const [consumer, producer] = [newClient(), newClient()];
    const topicId = await create(producer, 'asleep');
    await poll(consumer, 'asleep', [0], 5);
    const parked = poll(consumer, 'asleep', [0], 60_000);
    const { PARTITION } = bindings;
    await evictDurableObject(PARTITION.get(PARTITION.idFromName(`${topicId}:0`)));
    await append(producer, 'asleep', 0, 'a');
    expect(sizes(await parked)[0]).toBeGreaterThan(60);
    consumer.watches.closeAll();
  });

  it('learns that its topic was deleted', async () => {
    const [consumer, producer] = [newClient(), newClient()];
    await create(producer, 'doomed');
    await poll(consumer, 'doomed', [0], 5);
    const parked = poll(consumer, 'doomed', [0], 60_000);
    await pause(20);
    const topics = [{ name: 'doomed', topicId: ZERO_UUID }];
    await producer.ask(deleteTopics, 6, { topics, topicNames: [], timeoutMs: 1_000 });
    expect(codes(await parked)).toEqual([ErrorCode.UNKNOWN_TOPIC_OR_PARTITION]);
    consumer.watches.closeAll();
  });

  it('lets go of everything when it leaves', async () => {
    const consumer = newClient();
    const topicId = await create(consumer, 'left');
    const parked = poll(consumer, 'left', [0], 60_000);
    await pause(20);
    const { watch } = consumer.watches.get(topicId, 0)!;
    expect(watch.open).toBe(true);
    consumer.gone.abort();
    expect(sizes(await parked)).toEqual([0]);
    consumer.watches.closeAll();
    expect(watch.open).toBe(false);
  });
});

describe('a consumer that reads what is committed', () => {
  it('calls no object while a transaction goes on, and is woken by its end', async () => {
    const consumer = newClient();
    const topicId = await create(consumer, 'committed');
    const writer = new Transaction('writer');
    await append(consumer, 'committed', 0, 'plain');
    expect(await writer.append(topicId, 'committed', 'a')).toBe(1);
    await poll(consumer, 'committed', [1], 5, 1);
    const { calls } = consumer.objects;
    const parked = poll(consumer, 'committed', [1], 60_000, 1);
    for (const value of ['b', 'c']) await writer.append(topicId, 'committed', value);
    await pause(20);
    expect(consumer.objects.calls).toBe(calls);
    const again = await poll(consumer, 'committed', [1], 0, 1);
    expect(again.responses[0].partitions[0]).toMatchObject({
      highWatermark: 4,
      lastStableOffset: 1,
    });
    expect(consumer.objects.calls).toBe(calls);
    await writer.end(false);
    const [partition] = (await parked).responses[0].partitions;
    expect(partition).toMatchObject({
      lastStableOffset: 5,
      abortedTransactions: [{ producerId: 4_000, firstOffset: 1 }],
    });
    expect(sizes(await parked)[0]).toBeGreaterThan(200);
    expect(consumer.objects.calls).toBe(calls + 1);
    consumer.watches.closeAll();
  });

  it('finds what is open as it was after every object slept', async () => {
    const consumer = newClient();
    const topicId = await create(consumer, 'slept');
    const writer = new Transaction('sleeper');
    await writer.append(topicId, 'slept', 'a');
    const name = `${topicId}:0`;
    const sleep = () =>
      evictDurableObject(bindings.PARTITION.get(bindings.PARTITION.idFromName(name)));
    await sleep();
    const open = await poll(consumer, 'slept', [0], 0, 1);
    expect(open.responses[0].partitions[0]).toMatchObject({
      highWatermark: 1,
      lastStableOffset: 0,
    });
    expect(await writer.append(topicId, 'slept', 'b')).toBe(1);
    await writer.end(true);
    await sleep();
    const ended = await poll(consumer, 'slept', [0], 0, 1);
    expect(ended.responses[0].partitions[0]).toMatchObject({
      highWatermark: 3,
      lastStableOffset: 3,
      abortedTransactions: [],
    });
    consumer.watches.closeAll();
  });
});
