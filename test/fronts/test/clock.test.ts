/** What a clock that is moved forward makes due. */
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ZERO_UUID } from '../../../src/bytes/uuid.ts';
import { consumerGroupHeartbeat } from '../../../src/protocol/apis/consumer-group-heartbeat.ts';
import { fetch as fetchApi } from '../../../src/protocol/apis/fetch.ts';
import { heartbeat } from '../../../src/protocol/apis/heartbeat.ts';
import { initProducerId } from '../../../src/protocol/apis/init-producer-id.ts';
import { joinGroup } from '../../../src/protocol/apis/join-group.ts';
import { listOffsets } from '../../../src/protocol/apis/list-offsets.ts';
import { metadata } from '../../../src/protocol/apis/metadata.ts';
import { offsetCommit } from '../../../src/protocol/apis/offset-commit.ts';
import { offsetFetch } from '../../../src/protocol/apis/offset-fetch.ts';
import { produce } from '../../../src/protocol/apis/produce.ts';
import { shareFetch } from '../../../src/protocol/apis/share-fetch.ts';
import { shareGroupHeartbeat } from '../../../src/protocol/apis/share-group-heartbeat.ts';
import { syncGroup } from '../../../src/protocol/apis/sync-group.ts';
import { ErrorCode } from '../../../src/protocol/errors.ts';
import { buildBatch } from '../../../src/protocol/records/index.ts';
import { defaultsOf } from '../../../src/protocol/schema.ts';
import { fetchOf, produceOf, produceTo, readFrom, Wire } from '../../kafka/wire.ts';
import { startUnderTest, type UnderTest } from './under-test.ts';

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

let under: UnderTest;
let wire: Wire;
beforeAll(async () => {
  under = await startUnderTest({
    variables: { KEDGE_OPEN: 'true', KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS: '0' },
  });
});
afterAll(() => under.kedge.stop());
beforeEach(async () => {
  wire?.close();
  await under.control('POST', '/reset');
  wire = await Wire.open(under);
});

const advance = (advanceMs: number) => under.control('POST', '/clock', { advanceMs });

const topic = (name: string, configs: object = {}) =>
  under.control('POST', '/seed', { topics: [{ name, partitions: 1, configs }] });

async function startOf(name: string): Promise<number> {
  const partitions = [{ partitionIndex: 0, currentLeaderEpoch: -1, timestamp: -2 }];
  const asked = { ...defaultsOf(listOffsets.request.fields), topics: [{ name, partitions }] };
  const { topics } = await wire.ask(listOffsets, 5, asked);
  return topics[0].partitions[0].offset;
}

describe('moving the clock', () => {
  it('tells what time it is then, and adds up', async () => {
    const { now } = await under.control('GET', '');
    await advance(day);
    const later = await advance(hour);
    expect(later.clockOffsetMs).toBe(day + hour);
    expect(later.now).toBeGreaterThanOrEqual(now + day + hour);
  });

  it('deletes what is too old, and nothing else, before it is answered', async () => {
    await topic('short', { 'retention.ms': minute });
    await topic('long', { 'retention.ms': day });
    for (const name of ['short', 'long']) await produceTo(wire, name, 'a', 'b');
    await advance(minute / 2);
    expect(await startOf('short')).toBe(0);
    await advance(minute / 2 + 2_000);
    expect([await startOf('short'), await startOf('long')]).toEqual([2, 0]);
    await advance(day);
    expect(await startOf('long')).toBe(2);
  });

  it('gives records the time that it is, where nobody else does', async () => {
    await topic('appended', { 'message.timestamp.type': 'LogAppendTime' });
    const { now } = await advance(10 * day);
    const { responses } = await wire.ask(produce, 9, produceOf('appended', batch('a', 5)));
    expect(responses[0].partitionResponses[0].logAppendTimeMs).toBeGreaterThanOrEqual(now);
    const type = { 'content-type': 'application/vnd.kafka.json.v2+json' };
    await topic('created');
    await under.ask('POST', '/rest/topics/created', { records: [{ value: 1 }] }, type);
    const path = '/rest/topics/created/partitions/0/records?offset=0';
    const accept = { accept: 'application/vnd.kafka.json.v2+json' };
    expect((await under.ask('GET', path, undefined, accept)).status).toBe(200);
    const partitions = [{ partitionIndex: 0, currentLeaderEpoch: -1, timestamp: now - minute }];
    const topics = [{ name: 'created', partitions }];
    const asked = { ...defaultsOf(listOffsets.request.fields), topics };
    const found = (await wire.ask(listOffsets, 5, asked)).topics[0].partitions[0];
    expect(found).toMatchObject({ offset: 0, timestamp: expect.toSatisfy((at) => at >= now) });
  });

  it('ends the session of a member that has said nothing since, of each protocol', async () => {
    await topic('t');
    const memberId = await classicMember('classic', minute);
    const consumer = await consumerMember('consumer');
    const beat = { ...defaultsOf(heartbeat.request.fields), groupId: 'classic', memberId };
    const alive = () => wire.ask(heartbeat, 3, { ...beat, generationId: 1 });
    const there = () =>
      wire.ask(consumerGroupHeartbeat, 1, {
        ...defaultsOf(consumerGroupHeartbeat.request.fields),
        ...{ groupId: 'consumer', memberId: consumer.memberId!, memberEpoch: consumer.memberEpoch },
      });
    await advance(6_000);
    expect([(await alive()).errorCode, (await there()).errorCode]).toEqual([0, 0]);
    await advance(6_000);
    expect([(await alive()).errorCode, (await there()).errorCode]).toEqual([0, 0]);
    await advance(minute + 1_000);
    const gone = ErrorCode.UNKNOWN_MEMBER_ID;
    expect([(await alive()).errorCode, (await there()).errorCode]).toEqual([gone, gone]);
  });

  it('ends also the sessions of members for which their connection speaks', async () => {
    await topic('t');
    const memberId = await classicMember('classic', minute);
    const beat = { ...defaultsOf(heartbeat.request.fields), groupId: 'classic', memberId };
    const alive = async () =>
      (await wire.ask(heartbeat, 3, { ...beat, generationId: 1 })).errorCode;
    // A connection that is new leaves it to the group; one that lasts speaks for its members.
    for (let beats = 0; beats < 24; beats++) {
      expect(await alive()).toBe(0);
      await delay(500);
    }
    await advance(5_000);
    expect(await alive()).toBe(0);
    await advance(minute + 1_000);
    expect(await alive()).toBe(ErrorCode.UNKNOWN_MEMBER_ID);
  });

  it('aborts a transaction that took too long', async () => {
    await topic('t');
    const { producerId, producerEpoch } = await wire.ask(initProducerId, 4, {
      ...{ ...defaultsOf(initProducerId.request.fields), transactionalId: 'x' },
      transactionTimeoutMs: minute,
    });
    const records = buildBatch([{ value: new Uint8Array(1), timestamp: Date.now() }], {
      ...{ producerId, producerEpoch, baseSequence: 0, isTransactional: true },
    });
    const asked = { ...produceOf('t', records), transactionalId: 'x' };
    const { responses } = await wire.ask(produce, 12, asked);
    expect(responses[0].partitionResponses[0].errorCode).toBe(0);
    const committed = { ...fetchOf('t', 0), isolationLevel: 1 };
    const stable = async () =>
      (await wire.ask(fetchApi, 11, committed)).responses[0].partitions[0].lastStableOffset;
    await advance(minute - 10_000);
    expect(await stable()).toBe(0);
    await advance(11_000);
    expect(await stable()).toBe(2);
  });

  it('forgets offsets that nobody used for as long as they are kept', async () => {
    await topic('t');
    const commit = {
      ...{ partitionIndex: 0, committedOffset: 5, committedLeaderEpoch: -1 },
      committedMetadata: null,
    };
    await wire.ask(offsetCommit, 8, {
      ...{ ...defaultsOf(offsetCommit.request.fields), groupId: 'g' },
      generationIdOrMemberEpoch: -1,
      topics: [{ name: 't', topicId: ZERO_UUID, partitions: [commit] }],
    });
    const committed = async () => {
      const topics = [{ name: 't', topicId: ZERO_UUID, partitionIndexes: [0] }];
      const group = { groupId: 'g', memberId: null, memberEpoch: -1, topics };
      const asked = { ...defaultsOf(offsetFetch.request.fields), groups: [group] };
      return (await wire.ask(offsetFetch, 8, asked)).groups[0].topics[0].partitions[0];
    };
    await advance(6 * day);
    expect((await committed()).committedOffset).toBe(5);
    await advance(day + hour);
    expect((await committed()).committedOffset).toBe(-1);
  });

  it('ends locks of records, and lets who waits for them have them', async () => {
    await topic('t');
    const other = await Wire.open(under);
    const asks = [
      { at: wire, memberId: 'AAAAAAAAAAAAAAAAAAAAAQ' },
      { at: other, memberId: 'AAAAAAAAAAAAAAAAAAAAAg' },
    ];
    const [first, second] = await Promise.all(
      asks.map(async ({ at, memberId }) => {
        const join = { groupId: 's', memberId, memberEpoch: 0, rackId: null };
        const joined = { ...join, subscribedTopicNames: ['t'] };
        await at.ask(shareGroupHeartbeat, 1, joined);
        let epoch = 0;
        return async (maxWaitMs: number) => {
          const partition = { partitionIndex: 0, acknowledgementBatches: [] };
          const asked = await at.ask(shareFetch, 1, {
            ...defaultsOf(shareFetch.request.fields),
            ...{ groupId: 's', memberId, shareSessionEpoch: epoch, maxWaitMs, minBytes: 1 },
            ...{ maxRecords: 10, batchSize: 10 },
            topics: epoch++ === 0 ? [{ topicId: await idOf('t'), partitions: [partition] }] : [],
          });
          expect(asked.errorCode).toBe(0);
          return asked.responses.flatMap(({ partitions }) =>
            partitions.flatMap(({ acquiredRecords }) => acquiredRecords),
          );
        };
      }),
    );
    await first(0);
    await produceTo(wire, 't', 'a');
    expect(await first(2_000)).toMatchObject([{ firstOffset: 0, deliveryCount: 1 }]);
    expect(await second(0)).toEqual([]);
    const waiting = second(60_000);
    await delay(200);
    await advance(31_000);
    // It is told to ask again.
    const got = [...(await waiting), ...(await second(5_000))];
    expect(got).toMatchObject([{ firstOffset: 0, deliveryCount: 2 }]);
    other.close();
  });

  it('lets what comes later become due in its time', async () => {
    await advance(30 * day);
    await topic('t');
    const { producerId, producerEpoch } = await wire.ask(initProducerId, 4, {
      ...{ ...defaultsOf(initProducerId.request.fields), transactionalId: 'x' },
      transactionTimeoutMs: 1_000,
    });
    const records = buildBatch([{ value: new Uint8Array(1), timestamp: Date.now() }], {
      ...{ producerId, producerEpoch, baseSequence: 0, isTransactional: true },
    });
    await wire.ask(produce, 12, { ...produceOf('t', records), transactionalId: 'x' });
    const committed = { ...fetchOf('t', 0), isolationLevel: 1 };
    for (;;) {
      const { responses } = await wire.ask(fetchApi, 11, committed);
      if (responses[0].partitions[0].lastStableOffset === 2) break;
      await delay(50);
    }
  });

  it('reaches what was made before a crash, and stays moved behind one', async () => {
    await topic('t', { 'retention.ms': 2 * hour });
    await produceTo(wire, 't', 'a');
    await advance(hour);
    await under.kedge.crash();
    await under.kedge.start();
    wire = await Wire.open(under);
    expect((await under.control('GET', '')).clockOffsetMs).toBe(hour);
    expect(await readFrom(wire, 't', 0)).toEqual(['a']);
    await under.kedge.crash();
    await under.kedge.start();
    wire = await Wire.open(under);
    await advance(hour + minute);
    expect(await startOf('t')).toBe(1);
  });
});

function batch(value: string, timestamp: number): Uint8Array {
  return buildBatch([{ value: new TextEncoder().encode(value), timestamp }]);
}

async function idOf(name: string): Promise<string> {
  const own = await Wire.open(under);
  const topics = [{ topicId: ZERO_UUID, name }];
  const answer = await own.ask(metadata, 12, { ...defaultsOf(metadata.request.fields), topics });
  own.close();
  return answer.topics[0].topicId;
}

/** A member of its own in a generation. */
async function classicMember(groupId: string, sessionTimeoutMs: number): Promise<string> {
  const join = {
    ...defaultsOf(joinGroup.request.fields),
    ...{ groupId, sessionTimeoutMs, rebalanceTimeoutMs: 10_000 },
    ...{ protocolType: 'consumer', protocols: [{ name: 'range', metadata: new Uint8Array(0) }] },
  };
  const { memberId } = await wire.ask(joinGroup, 5, join);
  const { generationId } = await wire.ask(joinGroup, 5, { ...join, memberId });
  expect(generationId).toBe(1);
  await wire.ask(syncGroup, 3, {
    ...{ ...defaultsOf(syncGroup.request.fields), groupId, generationId, memberId },
    assignments: [{ memberId, assignment: new Uint8Array(1) }],
  });
  return memberId;
}

async function consumerMember(groupId: string) {
  return wire.ask(consumerGroupHeartbeat, 1, {
    ...defaultsOf(consumerGroupHeartbeat.request.fields),
    ...{ groupId, memberId: 'AAAAAAAAAAAAAAAAAAAAAQ', memberEpoch: 0 },
    ...{ rebalanceTimeoutMs: minute, subscribedTopicNames: ['t'], topicPartitions: [] },
  });
}
