/**
 * Whole transactions against a whole Kedge, byte by byte as clients send them: with the oldest
 * requests that any client of today still uses, and with the newest there are.
 */

import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { ZERO_UUID } from '../../src/bytes/uuid.ts';
import { concat } from '../../src/bytes/writer.ts';
import { addOffsetsToTxn } from '../../src/protocol/apis/add-offsets-to-txn.ts';
import { addPartitionsToTxn } from '../../src/protocol/apis/add-partitions-to-txn.ts';
import { describeTransactions } from '../../src/protocol/apis/describe-transactions.ts';
import { endTxn } from '../../src/protocol/apis/end-txn.ts';
import { fetch } from '../../src/protocol/apis/fetch.ts';
import { findCoordinator } from '../../src/protocol/apis/find-coordinator.ts';
import { initProducerId } from '../../src/protocol/apis/init-producer-id.ts';
import { metadata } from '../../src/protocol/apis/metadata.ts';
import { offsetFetch } from '../../src/protocol/apis/offset-fetch.ts';
import { produce } from '../../src/protocol/apis/produce.ts';
import { txnOffsetCommit } from '../../src/protocol/apis/txn-offset-commit.ts';
import { ErrorCode } from '../../src/protocol/errors.ts';
import { buildBatch, decodeRecords, recordBatches } from '../../src/protocol/records/index.ts';
import { defaultsOf } from '../../src/protocol/schema.ts';
import { type Kedge, spawnKedge } from '../kedge-process.ts';
import { createTopic, fetchOf, Wire } from './wire.ts';

let kedge: Kedge;
const opened: Wire[] = [];
const {
  CONCURRENT_TRANSACTIONS,
  INVALID_PRODUCER_EPOCH,
  NONE,
  PRODUCER_FENCED,
  UNSTABLE_OFFSET_COMMIT,
} = ErrorCode;

async function open(): Promise<Wire> {
  const wire = await Wire.open(kedge);
  opened.push(wire);
  return wire;
}

beforeAll(async () => {
  kedge = await spawnKedge();
});

afterAll(async () => {
  await kedge?.stop();
});

afterEach(() => {
  for (const wire of opened.splice(0)) wire.close();
});

interface Producer {
  readonly transactionalId: string;
  readonly producerId: number;
  readonly producerEpoch: number;
}

/** The versions of every request of a transaction. */
interface Versions {
  readonly find: number;
  readonly init: number;
  readonly produce: number;
  readonly commitOffsets: number;
  readonly end: number;
  /** Only transactions v1: what is written to is added before. */
  readonly add?: number;
}

/** The oldest of librdkafka, in every release of it. */
const oldest: Versions = { find: 1, init: 0, add: 0, produce: 3, commitOffsets: 0, end: 1 };
/** The last before transactions v2. */
const lastOfV1: Versions = { find: 4, init: 5, add: 3, produce: 11, commitOffsets: 4, end: 4 };
const newest: Versions = { find: 6, init: 5, produce: 13, commitOffsets: 5, end: 5 };

let names = 0;

/** A producer of transactions to a topic of its own, over a connection of its own. */
class Session {
  readonly wire: Wire;
  readonly versions: Versions;
  readonly topic: string;
  readonly groupId: string;
  topicId = '';
  producer: Producer;
  #sequence = 0;

  private constructor(wire: Wire, versions: Versions, name: string) {
    this.wire = wire;
    this.versions = versions;
    this.topic = `topic-${name}`;
    this.groupId = `group-${name}`;
    this.producer = { transactionalId: `tx-${name}`, producerId: -1, producerEpoch: -1 };
  }

  static async open(versions: Versions, name = `${++names}`): Promise<Session> {
    const session = new Session(await open(), versions, name);
    await session.#begin();
    return session;
  }

  async #begin(): Promise<void> {
    const { wire, versions, topic, producer } = this;
    const { transactionalId } = producer;
    await createTopic(wire, topic);
    const everything = { ...defaultsOf(metadata.request.fields), topics: null };
    const { topics } = await wire.ask(metadata, 12, everything);
    this.topicId = topics.find(({ name }) => name === topic)!.topicId;
    const question =
      versions.find < 4
        ? { key: transactionalId, coordinatorKeys: [] }
        : { key: '', coordinatorKeys: [transactionalId] };
    const found = await wire.ask(findCoordinator, versions.find, { keyType: 1, ...question });
    const { port } = versions.find < 4 ? found : found.coordinators[0];
    expect(port).toBe(kedge.kafkaPort);
    await this.init();
  }

  /** A new life of the producer; asks again while the old one is being aborted. */
  async init(): Promise<void> {
    for (;;) {
      const answer = await this.wire.ask(initProducerId, this.versions.init, {
        transactionalId: this.producer.transactionalId,
        transactionTimeoutMs: 60_000,
        producerId: -1,
        producerEpoch: -1,
      });
      if (answer.errorCode === CONCURRENT_TRANSACTIONS) continue;
      expect(answer.errorCode).toBe(NONE);
      this.producer = { ...this.producer, ...idOf(answer) };
      this.#sequence = 0;
      return;
    }
  }

  /** Adds the partition, where the version does that beforehand; the code. */
  async add(): Promise<number> {
    const { versions, producer, topic, wire } = this;
    if (versions.add === undefined) return NONE;
    const { resultsByTopicV3AndBelow: results } = await wire.ask(addPartitionsToTxn, versions.add, {
      v3AndBelowTransactionalId: producer.transactionalId,
      v3AndBelowProducerId: producer.producerId,
      v3AndBelowProducerEpoch: producer.producerEpoch,
      v3AndBelowTopics: [{ name: topic, partitions: [0] }],
    });
    return results[0].resultsByPartition[0].partitionErrorCode;
  }

  /** Writes these values; the code. */
  async write(...values: string[]): Promise<number> {
    const { transactionalId, ...identity } = this.producer;
    const records = buildBatch(
      values.map((value) => ({ value: new TextEncoder().encode(value), timestamp: Date.now() })),
      { ...identity, baseSequence: this.#sequence, isTransactional: true },
    );
    const partitionData = [{ index: 0, records }];
    const { responses } = await this.wire.ask(produce, this.versions.produce, {
      transactionalId,
      acks: -1,
      timeoutMs: 10_000,
      topicData: [{ name: this.topic, topicId: this.topicId, partitionData }],
    });
    const { errorCode } = responses[0].partitionResponses[0];
    if (errorCode === NONE) this.#sequence += values.length;
    return errorCode;
  }

  /** Commits this offset as a part of the transaction; the code. */
  async commitOffset(committedOffset: number): Promise<number> {
    const { versions, producer, groupId, topic, wire } = this;
    if (versions.add !== undefined) {
      const added = await wire.ask(addOffsetsToTxn, versions.add, { ...producer, groupId });
      if (added.errorCode !== NONE) return added.errorCode;
    }
    const offset = { partitionIndex: 0, committedOffset, committedLeaderEpoch: -1 };
    const { topics } = await wire.ask(txnOffsetCommit, versions.commitOffsets, {
      ...producer,
      groupId,
      generationIdOrMemberEpoch: -1,
      memberId: '',
      groupInstanceId: null,
      topics: [
        { name: topic, topicId: ZERO_UUID, partitions: [{ ...offset, committedMetadata: null }] },
      ],
    });
    return topics[0].partitions[0].errorCode;
  }

  /** The code; the producer goes on with what the answer says. */
  async end(committed: boolean): Promise<number> {
    const answer = await this.wire.ask(endTxn, this.versions.end, { ...this.producer, committed });
    if (answer.errorCode === NONE && this.versions.end >= 5) {
      this.producer = { ...this.producer, ...idOf(answer) };
      this.#sequence = 0;
    }
    return answer.errorCode;
  }

  /** What readers see, the uncommitted or only the committed; markers as `<commit>`, `<abort>`. */
  async read(isolationLevel: 0 | 1): Promise<string[]> {
    const request = { ...fetchOf(this.topic, 0), isolationLevel };
    const { responses } = await this.wire.ask(fetch, 11, request);
    const { records, errorCode, abortedTransactions } = responses[0].partitions[0];
    expect(errorCode).toBe(NONE);
    const aborted = new Map(
      abortedTransactions?.map((each) => [each.producerId, each.firstOffset]),
    );
    return [...recordBatches(concat(records ?? []))].flatMap((batch) => {
      const [first] = [...decodeRecords(batch)];
      if (batch.isControl) {
        if (first.key![3] === 1) return ['<commit>'];
        aborted.delete(batch.producerId);
        return ['<abort>'];
      }
      if (batch.baseOffset >= (aborted.get(batch.producerId) ?? Number.POSITIVE_INFINITY))
        return [];
      return [...decodeRecords(batch)].map(({ value }) => new TextDecoder().decode(value!));
    });
  }

  /** The group's offset, or the code in its place. */
  async committedOffset(requireStable = true): Promise<string> {
    const { topic: name, groupId } = this;
    const topics = [{ name, partitionIndexes: [0] }];
    const request = { ...defaultsOf(offsetFetch.request.fields), groupId, topics, requireStable };
    const [{ partitions }] = (await this.wire.ask(offsetFetch, 7, request)).topics;
    const [{ errorCode, committedOffset }] = partitions;
    return errorCode === NONE ? `offset ${committedOffset}` : `code ${errorCode}`;
  }

  async state(): Promise<string> {
    const { transactionalId } = this.producer;
    const { transactionStates } = await this.wire.ask(describeTransactions, 0, {
      transactionalIds: [transactionalId],
    });
    return transactionStates[0].transactionState;
  }
}

function idOf({ producerId, producerEpoch }: Omit<Producer, 'transactionalId'>) {
  return { producerId, producerEpoch };
}

describe.each([
  ['the oldest requests', oldest],
  ['the last requests of transactions v1', lastOfV1],
  ['the newest requests', newest],
])('a transaction of %s', (_what, versions) => {
  it('is seen once it is committed, and its offsets with it', async () => {
    const session = await Session.open(versions);
    expect(await session.add()).toBe(NONE);
    expect(await session.write('a', 'b')).toBe(NONE);
    expect(await session.commitOffset(7)).toBe(NONE);
    expect(await session.state()).toBe('Ongoing');
    expect(await session.read(0)).toEqual(['a', 'b']);
    expect(await session.read(1)).toEqual([]);
    expect(await session.committedOffset()).toBe(`code ${UNSTABLE_OFFSET_COMMIT}`);
    expect(await session.committedOffset(false)).toBe('offset -1');
    expect(await session.end(true)).toBe(NONE);
    expect(await session.state()).toBe('CompleteCommit');
    expect(await session.read(1)).toEqual(['a', 'b', '<commit>']);
    expect(await session.committedOffset()).toBe('offset 7');
  });

  it('is never seen once it is aborted, nor are its offsets', async () => {
    const session = await Session.open(versions);
    expect(await session.add()).toBe(NONE);
    expect(await session.write('a')).toBe(NONE);
    expect(await session.commitOffset(7)).toBe(NONE);
    expect(await session.end(false)).toBe(NONE);
    expect(await session.state()).toBe('CompleteAbort');
    expect(await session.read(0)).toEqual(['a', '<abort>']);
    expect(await session.read(1)).toEqual(['<abort>']);
    expect(await session.committedOffset()).toBe('offset -1');
  });

  it('is followed by the next at once', async () => {
    const session = await Session.open(versions);
    for (const [value, committed] of [
      ['a', true],
      ['b', false],
      ['c', true],
    ] as const) {
      expect(await session.add()).toBe(NONE);
      expect(await session.write(value)).toBe(NONE);
      expect(await session.end(committed)).toBe(NONE);
    }
    expect(await session.read(1)).toEqual(['a', '<commit>', '<abort>', 'c', '<commit>']);
    const epochs = versions === newest ? 3 : 0;
    expect(session.producer.producerEpoch).toBe(epochs);
  });

  it('survives a restart in the middle', async () => {
    const session = await Session.open(versions);
    expect(await session.add()).toBe(NONE);
    expect(await session.write('a')).toBe(NONE);
    expect(await session.commitOffset(3)).toBe(NONE);
    await kedge.restart();
    Object.assign(session, { wire: await open() });
    expect(await session.write('b')).toBe(NONE);
    expect(await session.read(1)).toEqual([]);
    expect(await session.end(true)).toBe(NONE);
    expect(await session.read(1)).toEqual(['a', 'b', '<commit>']);
    expect(await session.committedOffset()).toBe('offset 3');
  });

  it('ends with the producer that another one takes the place of', async () => {
    const session = await Session.open(versions);
    expect(await session.add()).toBe(NONE);
    expect(await session.write('a')).toBe(NONE);
    const { producer } = session;
    await session.init();
    expect(session.producer.producerId).toBe(producer.producerId);
    expect(session.producer.producerEpoch).toBeGreaterThan(producer.producerEpoch);
    expect(await session.read(1)).toEqual(['<abort>']);
    session.producer = producer;
    expect(await session.write('b')).toBe(INVALID_PRODUCER_EPOCH);
    const fenced = versions.end < 2 ? INVALID_PRODUCER_EPOCH : PRODUCER_FENCED;
    expect(await session.end(true)).toBe(fenced);
  });
});
