/** Produce in a transaction: what a request of which version is told. */
import { afterEach, describe, expect, it } from 'vitest';
import { produce } from '../../src/protocol/apis/produce.ts';
import { ErrorCode } from '../../src/protocol/errors.ts';
import { buildBatch } from '../../src/protocol/records/index.ts';
import { TransactionClient } from './transaction-client.ts';

const {
  INVALID_PRODUCER_EPOCH,
  INVALID_PRODUCER_ID_MAPPING,
  INVALID_REQUEST,
  INVALID_TXN_STATE,
  NONE,
  OUT_OF_ORDER_SEQUENCE_NUMBER,
  TRANSACTIONAL_ID_AUTHORIZATION_FAILED,
  TRANSACTION_ABORTABLE,
} = ErrorCode;

let client: TransactionClient;
afterEach(() => client.close());

async function producer() {
  client = new TransactionClient();
  await client.createTopic('t', 2);
  return client.producer('tx');
}

async function writeOnce(version: number) {
  const own = await producer();
  return client.write(version, own);
}

const codesOf = (answers: readonly { errorCode: number }[]) =>
  answers.map(({ errorCode }) => errorCode);

describe('Produce in a transaction', () => {
  it.each([
    [3, INVALID_TXN_STATE],
    [10, INVALID_TXN_STATE],
    [11, TRANSACTION_ABORTABLE],
    [12, NONE],
    [13, NONE],
  ])('version %i to a partition that was not added: %i', async (version, errorCode) => {
    const written = await writeOnce(version);
    expect(codesOf(written)).toEqual([errorCode]);
  });

  it('says what is wrong', async () => {
    const [{ errorMessage }] = await writeOnce(9);
    expect(errorMessage).toBe('the partition is no part of the transaction');
  });

  it('is refused as a whole without a transactional id', async () => {
    const own = await producer();
    const written = await client.write(9, own, { partitions: [0, 1], transactionalId: null });
    const refused = TRANSACTIONAL_ID_AUTHORIZATION_FAILED;
    expect(codesOf(written)).toEqual([refused, refused]);
  });

  it.each([
    ['', INVALID_REQUEST],
    ['nobody', INVALID_PRODUCER_ID_MAPPING],
  ])('is refused under the transactional id "%s"', async (transactionalId, errorCode) => {
    const own = await producer();
    for (const version of [9, 11, 12]) {
      expect(codesOf(await client.write(version, own, { transactionalId }))).toEqual([errorCode]);
    }
  });

  it('is refused as a whole when it has several producers', async () => {
    const one = await producer();
    const other = await client.producer('ty');
    const batch = (index: number, { producerId, producerEpoch } = one, isTransactional = true) => ({
      index,
      records: buildBatch([{ value: null, timestamp: 1 }], {
        producerId,
        producerEpoch,
        baseSequence: 0,
        isTransactional,
      }),
    });
    const { topicId } = (await client.context(13).metadata.topic('t'))!;
    const ask = async (...partitionData: ReturnType<typeof batch>[]) => {
      const topicData = [{ name: 't', topicId, partitionData }];
      const request = { transactionalId: 'tx', acks: -1, timeoutMs: 1_000, topicData };
      const { responses } = await client.ask(produce, 12, request);
      return codesOf(responses[0].partitionResponses);
    };
    const refused = INVALID_PRODUCER_ID_MAPPING;
    expect(await ask(batch(0), batch(1, other))).toEqual([refused, refused]);
    expect(await ask(batch(0), batch(1, other, false))).toEqual([NONE, NONE]);
  });

  it('of a fenced producer is refused, here and where it never wrote', async () => {
    const old = await producer();
    await client.write(12, old);
    await client.producer('tx');
    for (const version of [9, 11, 12]) {
      const written = await client.write(version, old, { partitions: [0, 1], baseSequence: 1 });
      expect(codesOf(written)).toEqual([INVALID_PRODUCER_EPOCH, INVALID_PRODUCER_EPOCH]);
    }
  });

  it('begins with sequence 0 once the epoch has risen', async () => {
    const first = await producer();
    await client.write(12, first);
    const { producerEpoch } = await client.end(5, first);
    const next = { ...first, producerEpoch };
    const late = await client.write(12, next, { baseSequence: 3 });
    expect(codesOf(late)).toEqual([OUT_OF_ORDER_SEQUENCE_NUMBER]);
    for (let time = 0; time < 2; time++) {
      const [{ errorCode, baseOffset }] = await client.write(12, next);
      expect([errorCode, baseOffset]).toEqual([NONE, 2]);
    }
  });
});
