/** Faults as clients meet them: over the wire, with real clients, and over HTTP. */
import { Kafka, logLevel } from 'kafkajs';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ZERO_UUID } from '../../../src/bytes/uuid.ts';
import { fetch as fetchApi } from '../../../src/protocol/apis/fetch.ts';
import { heartbeat } from '../../../src/protocol/apis/heartbeat.ts';
import { metadata } from '../../../src/protocol/apis/metadata.ts';
import { offsetCommit } from '../../../src/protocol/apis/offset-commit.ts';
import { produce } from '../../../src/protocol/apis/produce.ts';
import { ErrorCode } from '../../../src/protocol/errors.ts';
import { defaultsOf } from '../../../src/protocol/schema.ts';
import {
  batchOf,
  createTopic,
  fetchOf,
  frameOf,
  produceOf,
  produceTo,
  readFrom,
  Wire,
} from '../../kafka/wire.ts';
import { startUnderTest, type UnderTest } from './under-test.ts';

let under: UnderTest;
let wire: Wire;
beforeAll(async () => {
  under = await startUnderTest();
});
afterAll(() => under.kedge.stop());
beforeEach(async () => {
  wire?.close();
  await under.control('POST', '/reset');
  wire = await Wire.open(under);
  await createTopic(wire, 'orders');
  await createTopic(wire, 'others');
});

const both = (api: typeof produceOf) => {
  const [one, other] = ['orders', 'others'].map((topic) => api(topic, batchOf('a')));
  return { ...one, topicData: [...one.topicData, ...other.topicData] };
};

const codes = (
  responses: readonly { name: string; partitionResponses: readonly { errorCode: number }[] }[],
) => Object.fromEntries(responses.map((one) => [one.name, one.partitionResponses[0].errorCode]));

describe('an error', () => {
  it('stands with the partitions of the topic; the others are written', async () => {
    await under.fault({ api: 'Produce', topic: 'orders', errorCode: 'NOT_LEADER_OR_FOLLOWER' });
    const { responses } = await wire.ask(produce, 9, both(produceOf));
    expect(codes(responses)).toEqual({ orders: ErrorCode.NOT_LEADER_OR_FOLLOWER, others: 0 });
    expect(await readFrom(wire, 'orders', 0)).toEqual([]);
    expect(await readFrom(wire, 'others', 0)).toEqual(['a']);
    expect(await produceTo(wire, 'orders', 'b')).toBe(0);
  });

  it('replaces the answer when the work is done', async () => {
    await under.fault({ api: 'Produce', topic: 'orders', errorCode: 7, after: true });
    const { responses } = await wire.ask(produce, 9, both(produceOf));
    expect(codes(responses)).toEqual({ orders: ErrorCode.REQUEST_TIMED_OUT, others: 0 });
    expect(await readFrom(wire, 'orders', 0)).toEqual(['a']);
  });

  it('stands with the topic in Metadata, and the broker is there all the same', async () => {
    await under.fault({ api: 'Metadata', topic: 'orders', errorCode: 'LEADER_NOT_AVAILABLE' });
    const request = { ...defaultsOf(metadata.request.fields), topics: null };
    const { brokers, topics } = await wire.ask(metadata, 9, request);
    expect(brokers).toHaveLength(1);
    const named = Object.fromEntries(topics.map(({ name, errorCode }) => [name, errorCode]));
    expect(named).toEqual({ orders: ErrorCode.LEADER_NOT_AVAILABLE, others: 0 });
  });

  it('does not let a Fetch wait, and stands with its partition, not above it', async () => {
    await under.fault({ api: 'Fetch', topic: 'orders', errorCode: 'OFFSET_OUT_OF_RANGE' });
    const [one, other] = ['orders', 'others'].map((topic) =>
      fetchOf(topic, 0, { maxWaitMs: 60_000 }),
    );
    const asked = { ...one, topics: [...one.topics, ...other.topics] };
    const { errorCode, responses } = await wire.ask(fetchApi, 11, asked);
    expect(errorCode).toBe(0);
    const found = responses.map(({ topic, partitions }) => [topic, partitions[0].errorCode]);
    expect(Object.fromEntries(found)).toEqual({ orders: ErrorCode.OFFSET_OUT_OF_RANGE, others: 0 });
  });

  it('stands where an API of groups has its one place', async () => {
    const { id } = await under.fault({ api: 'Heartbeat', group: 'g', errorCode: 27, times: 0 });
    const beat = { ...defaultsOf(heartbeat.request.fields), memberId: 'm' };
    const inGroup = async (groupId: string) =>
      (await wire.ask(heartbeat, 3, { ...beat, groupId })).errorCode;
    expect(await inGroup('g')).toBe(ErrorCode.REBALANCE_IN_PROGRESS);
    expect(await inGroup('g')).toBe(ErrorCode.REBALANCE_IN_PROGRESS);
    expect(await inGroup('other')).toBe(ErrorCode.UNKNOWN_MEMBER_ID);
    expect(await under.hits(id)).toBe(2);
    await under.control('DELETE', `/faults/${id}`);
    expect(await inGroup('g')).toBe(ErrorCode.UNKNOWN_MEMBER_ID);
  });

  it('stands with each partition of an OffsetCommit', async () => {
    await under.fault({ api: 'OffsetCommit', group: 'g', errorCode: 'NOT_COORDINATOR' });
    const partitions = [
      { partitionIndex: 0, committedOffset: 1, committedLeaderEpoch: -1, committedMetadata: null },
    ];
    const topics = [{ name: 'orders', topicId: ZERO_UUID, partitions }];
    const request = { ...defaultsOf(offsetCommit.request.fields), groupId: 'g', topics };
    const answer = await wire.ask(offsetCommit, 8, { ...request, generationIdOrMemberEpoch: -1 });
    expect(answer.topics[0].partitions[0].errorCode).toBe(ErrorCode.NOT_COORDINATOR);
  });

  it('can be all that a certain client has', async () => {
    await under.fault({ api: 'Produce', clientId: 'nobody', errorCode: 7, times: 0 });
    expect(await produceTo(wire, 'orders', 'a')).toBe(0);
    const { id } = await under.fault({ api: 'Produce', clientId: 'wire', errorCode: 7 });
    await expect(produceTo(wire, 'orders', 'a')).rejects.toThrow('7');
    expect(await under.hits(id)).toBe(1);
  });
});

describe('a disconnection', () => {
  it('loses the request, or only its answer', async () => {
    await under.fault({ api: 'Produce', disconnect: true });
    wire.write(frameOf(produce, 9, produceOf('orders', batchOf('a'))));
    await wire.closed();
    wire = await Wire.open(under);
    expect(await readFrom(wire, 'orders', 0)).toEqual([]);
    await under.fault({ api: 'Produce', disconnect: true, after: true });
    wire.write(frameOf(produce, 9, produceOf('orders', batchOf('b'))));
    await wire.closed();
    wire = await Wire.open(under);
    expect(await readFrom(wire, 'orders', 0)).toEqual(['b']);
  });

  it('is all that a Produce without an answer notices', async () => {
    const { id } = await under.fault({ api: 'Produce', errorCode: 7, after: true });
    wire.write(frameOf(produce, 9, produceOf('orders', batchOf('a'), { acks: 0 })));
    await wire.closed();
    expect(await under.hits(id)).toBe(1);
    wire = await Wire.open(under);
    expect(await readFrom(wire, 'orders', 0)).toEqual(['a']);
  });

  it('fails a request over HTTP, whatever it did', async () => {
    await under.fault({ api: 'Produce', topic: 'orders', disconnect: true, after: true });
    const path = '/rest/topics/orders';
    const type = { 'content-type': 'application/vnd.kafka.json.v2+json' };
    const records = { records: [{ value: 1 }] };
    expect((await under.ask('POST', path, records, type)).status).toBe(503);
    expect(await readFrom(wire, 'orders', 0)).toEqual(['1']);
    await under.fault({ api: 'Produce', topic: 'orders', errorCode: 'NOT_ENOUGH_REPLICAS' });
    const { json } = await under.ask('POST', path, records, type);
    expect(json.offsets[0].error).toMatch(/replicas/);
    expect(await readFrom(wire, 'orders', 0)).toEqual(['1']);
  });
});

describe('a delay', () => {
  it('holds up the work, or only its answer; who removes the fault lets it go on', async () => {
    const { id } = await under.fault({ api: 'Produce', delayMs: 2_000_000, after: true });
    const waiting = wire.ask(produce, 9, produceOf('orders', batchOf('a')));
    const other = await Wire.open(under);
    while ((await under.hits(id)) === 0);
    while ((await readFrom(other, 'orders', 0)).length === 0);
    expect(wire.waiting).toBe(0);
    await under.control('DELETE', '/faults');
    expect((await waiting).responses[0].partitionResponses[0].baseOffset).toBe(0);
    const early = await under.fault({ api: 'Produce', delayMs: 2_000_000 });
    const late = wire.ask(produce, 9, produceOf('orders', batchOf('b')));
    while ((await under.hits(early.id)) === 0);
    expect(await readFrom(other, 'orders', 1)).toEqual([]);
    await under.control('POST', '/reset');
    // It was written where it was asked, in what is no more.
    expect((await late).responses[0].partitionResponses[0].errorCode).toBe(0);
    other.close();
  });

  it('lets the work be done at once, and tells the client to wait', async () => {
    await under.fault({ api: 'Produce', throttleTimeMs: 77 });
    const { throttleTimeMs } = await wire.ask(produce, 9, produceOf('orders', batchOf('a')));
    expect(throttleTimeMs).toBe(77);
  });
});

describe('several faults', () => {
  it('strike in the order they were made, each as often as it is to', async () => {
    await under.fault({ api: 'Produce', errorCode: 7, times: 2 });
    await under.fault({ api: 'Produce', topic: 'orders', errorCode: 6 });
    const next = async () => {
      const { responses } = await wire.ask(produce, 9, produceOf('orders', batchOf('a')));
      return responses[0].partitionResponses[0].errorCode;
    };
    expect([await next(), await next(), await next(), await next()]).toEqual([7, 7, 6, 0]);
    const { faults } = await under.control('GET', '/faults');
    expect(faults.map(({ hits }: { hits: number }) => hits)).toEqual([2, 1]);
  });
});

describe('what is lost on the way back', () => {
  it('is written once by an idempotent producer of kafkajs', async () => {
    const kafka = new Kafka({
      brokers: [under.broker],
      logLevel: logLevel.NOTHING,
      retry: { initialRetryTime: 20 },
    });
    const producer = kafka.producer({ idempotent: true, maxInFlightRequests: 1 });
    await producer.connect();
    const faults = [
      { disconnect: true },
      { errorCode: 'NOT_LEADER_OR_FOLLOWER' },
      { errorCode: 'REQUEST_TIMED_OUT' },
    ];
    for (const [index, what] of faults.entries()) {
      await under.fault({ api: 'Produce', topic: 'orders', after: true, ...what });
      await producer.send({ topic: 'orders', messages: [{ value: `${index}` }] });
    }
    expect(await readFrom(wire, 'orders', 0)).toEqual(['0', '1', '2']);
    await producer.disconnect();
  });
});

describe('a fault that cannot be', () => {
  it.each([
    [{}, /api must be a text/],
    [{ api: 'produce', errorCode: 7 }, /api must be one of .*Produce.*; it is produce/],
    [{ api: 'SaslAuthenticate', errorCode: 58 }, /api must be one of/],
    [{ api: 'Produce' }, /Say what goes wrong/],
    [{ api: 'Produce', after: true }, /Say what goes wrong/],
    [{ api: 'Produce', errorCode: 'WRONG' }, /it is WRONG/],
    [{ api: 'Produce', errorCode: 0 }, /errorCode must be an error/],
    [{ api: 'Produce', errorCode: 9_999 }, /errorCode must be an error/],
    [{ api: 'Produce', errorCode: 'INVALID_FETCH_SESSION_EPOCH' }, /no place/],
    [{ api: 'Produce', errorCode: 7, disconnect: true }, /goes with no errorCode/],
    [{ api: 'Produce', disconnect: 'yes' }, /disconnect must be true or false/],
    [{ api: 'Produce', delayMs: -1 }, /delayMs must be a whole number/],
    [{ api: 'Produce', delayMs: 2 ** 31 }, /delayMs may be/],
    [{ api: 'Produce', errorCode: 7, times: 1.5 }, /times must be a whole number/],
    [{ api: 'Produce', errorCode: 7, topics: ['a'] }, /topics is not known/],
  ])('%o is refused', async (spec, why) => {
    const { status, json } = await under.ask('POST', '/test/faults', spec);
    expect([status, json.message]).toEqual([400, expect.stringMatching(why)]);
  });
});
