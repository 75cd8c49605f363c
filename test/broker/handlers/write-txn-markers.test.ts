import { afterEach, describe, expect, it } from 'vitest';
import { describeProducers } from '../../../src/protocol/apis/describe-producers.ts';
import {
  type WriteTxnMarkersRequest,
  writeTxnMarkers,
} from '../../../src/protocol/apis/write-txn-markers.ts';
import { ErrorCode } from '../../../src/protocol/errors.ts';
import { type Producer, TransactionClient } from '../transaction-client.ts';

let client: TransactionClient;
let producer: Producer;
afterEach(() => client.close());

/** A transaction that is open in partition 0. */
async function withOpenTransaction(): Promise<void> {
  client = new TransactionClient();
  await client.createTopic('t', 2);
  producer = await client.producer('tx');
  await client.write(12, producer);
}

type Marker = WriteTxnMarkersRequest['markers'][number];

const marker = (changes: Partial<Marker> = {}): Marker => ({
  producerId: producer.producerId,
  producerEpoch: producer.producerEpoch,
  transactionResult: false,
  topics: [{ name: 't', partitionIndexes: [0] }],
  coordinatorEpoch: 0,
  transactionVersion: 0,
  ...changes,
});

/** The codes, as `t:0 0`, of the only producer. */
async function write(version: number, ...markers: Marker[]): Promise<string[]> {
  const answer = await client.ask(writeTxnMarkers, version, { markers });
  expect(answer.markers.map(({ producerId }) => producerId)).toEqual([producer.producerId]);
  return answer.markers[0].topics.flatMap(({ name, partitions }) =>
    partitions.map(({ partitionIndex, errorCode }) => `${name}:${partitionIndex} ${errorCode}`),
  );
}

async function openFrom(): Promise<number> {
  const topics = [{ name: 't', partitionIndexes: [0] }];
  const answer = await client.ask(describeProducers, 0, { topics });
  return answer.topics[0].partitions[0].activeProducers[0].currentTxnStartOffset;
}

describe('WriteTxnMarkers', () => {
  it.each([1, 2])('version %i: ends what is open, and does it again', async (version) => {
    await withOpenTransaction();
    expect(await openFrom()).toBe(0);
    expect(await write(version, marker())).toEqual(['t:0 0']);
    expect(await openFrom()).toBe(-1);
    expect(await write(version, marker())).toEqual(['t:0 0']);
  });

  it('refuses each partition for itself, and names a producer once', async () => {
    await withOpenTransaction();
    const { UNKNOWN_TOPIC_OR_PARTITION } = ErrorCode;
    const elsewhere = marker({
      topics: [
        { name: 'nope', partitionIndexes: [0] },
        { name: 't', partitionIndexes: [1, 2] },
      ],
    });
    expect((await write(2, marker(), elsewhere)).sort()).toEqual([
      `nope:0 ${UNKNOWN_TOPIC_OR_PARTITION}`,
      't:0 0',
      't:1 0',
      `t:2 ${UNKNOWN_TOPIC_OR_PARTITION}`,
    ]);
  });

  it('refuses old epochs, of producers and of coordinators', async () => {
    await withOpenTransaction();
    const { INVALID_PRODUCER_EPOCH, TRANSACTION_COORDINATOR_FENCED } = ErrorCode;
    expect(await write(2, marker({ producerEpoch: 3, coordinatorEpoch: 3 }))).toEqual(['t:0 0']);
    expect(await write(2, marker({ producerEpoch: 2, coordinatorEpoch: 3 }))).toEqual([
      `t:0 ${INVALID_PRODUCER_EPOCH}`,
    ]);
    expect(await write(2, marker({ producerEpoch: 3, coordinatorEpoch: 2 }))).toEqual([
      `t:0 ${TRANSACTION_COORDINATOR_FENCED}`,
    ]);
  });

  it('with transactions v2 ends what is open only with a higher epoch', async () => {
    await withOpenTransaction();
    const same = marker({ transactionVersion: 2 });
    expect(await write(2, same)).toEqual([`t:0 ${ErrorCode.INVALID_PRODUCER_EPOCH}`]);
    const higher = marker({ transactionVersion: 2, producerEpoch: 1 });
    expect(await write(2, higher)).toEqual(['t:0 0']);
    expect(await write(2, higher)).toEqual(['t:0 0']);
  });

  it('answers nothing to nothing', async () => {
    await withOpenTransaction();
    for (const markers of [[], [marker({ topics: [] })]]) {
      expect(await client.ask(writeTxnMarkers, 2, { markers })).toEqual({ markers: [] });
    }
  });
});
