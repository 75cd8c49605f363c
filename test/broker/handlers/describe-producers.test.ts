import { afterEach, describe, expect, it } from 'vitest';
import { describeProducers } from '../../../src/protocol/apis/describe-producers.ts';
import { ErrorCode } from '../../../src/protocol/errors.ts';
import { TransactionClient } from '../transaction-client.ts';

let client: TransactionClient;
afterEach(() => client.close());

async function describeTopics(topics: Readonly<Record<string, readonly number[]>>) {
  const { topics: answers } = await client.ask(describeProducers, 0, {
    topics: Object.entries(topics).map(([name, partitionIndexes]) => ({ name, partitionIndexes })),
  });
  return answers;
}

describe('DescribeProducers', () => {
  it('says what is open, and what was', async () => {
    client = new TransactionClient();
    await client.createTopic('t', 2);
    const { transactionalId, ...producer } = await client.producer('tx');
    const of = async (partition: number) =>
      (await describeTopics({ t: [partition] }))[0].partitions[0];
    expect(await of(0)).toMatchObject({ errorCode: ErrorCode.NONE, activeProducers: [] });
    await client.write(12, { transactionalId, ...producer });
    expect((await of(0)).activeProducers).toEqual([
      {
        ...producer,
        lastSequence: 0,
        lastTimestamp: expect.any(Number),
        coordinatorEpoch: -1,
        currentTxnStartOffset: 0,
      },
    ]);
    await client.end(5, { transactionalId, ...producer });
    expect((await of(0)).activeProducers).toEqual([
      {
        producerId: producer.producerId,
        producerEpoch: 1,
        lastSequence: -1,
        lastTimestamp: expect.any(Number),
        coordinatorEpoch: 0,
        currentTxnStartOffset: -1,
      },
    ]);
    expect((await of(1)).activeProducers).toEqual([]);
  });

  it('refuses each partition for itself', async () => {
    client = new TransactionClient();
    await client.createTopic('t', 1);
    const nobody = { errorMessage: null, activeProducers: [] };
    const errorCode = ErrorCode.UNKNOWN_TOPIC_OR_PARTITION;
    const errorMessage = 'There is no such topic or partition.';
    const unknown = { ...nobody, errorCode, errorMessage };
    expect(await describeTopics({ t: [0, 7, -1], nope: [0], none: [] })).toEqual([
      {
        name: 't',
        partitions: [
          { partitionIndex: 0, errorCode: ErrorCode.NONE, ...nobody },
          { partitionIndex: 7, ...unknown },
          { partitionIndex: -1, ...unknown },
        ],
      },
      { name: 'nope', partitions: [{ partitionIndex: 0, ...unknown }] },
      { name: 'none', partitions: [] },
    ]);
  });
});
