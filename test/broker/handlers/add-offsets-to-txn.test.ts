import { afterEach, describe, expect, it } from 'vitest';
import { addOffsetsToTxn } from '../../../src/protocol/apis/add-offsets-to-txn.ts';
import { describeTransactions } from '../../../src/protocol/apis/describe-transactions.ts';
import { ErrorCode } from '../../../src/protocol/errors.ts';
import { TransactionClient } from '../transaction-client.ts';

let client: TransactionClient;
afterEach(() => client.close());

describe('AddOffsetsToTxn', () => {
  it.each([0, 1, 2, 3, 4])('version %i: makes the group a part of it', async (version) => {
    client = new TransactionClient();
    const producer = await client.producer('tx');
    const answer = await client.ask(addOffsetsToTxn, version, { ...producer, groupId: 'g' });
    expect(answer).toEqual({ throttleTimeMs: 0, errorCode: ErrorCode.NONE });
    const { transactionStates } = await client.ask(describeTransactions, 0, {
      transactionalIds: ['tx'],
    });
    expect(transactionStates[0]).toMatchObject({
      transactionState: 'Ongoing',
      topics: [{ topic: '__consumer_offsets' }],
    });
  });

  it('names a fenced producer as the version can', async () => {
    client = new TransactionClient();
    const old = await client.producer('tx');
    await client.producer('tx');
    const { INVALID_PRODUCER_EPOCH, PRODUCER_FENCED } = ErrorCode;
    for (const version of [0, 1, 2, 3, 4]) {
      const { errorCode } = await client.ask(addOffsetsToTxn, version, { ...old, groupId: 'g' });
      expect(errorCode).toBe(version < 2 ? INVALID_PRODUCER_EPOCH : PRODUCER_FENCED);
    }
  });

  it('does not know the producer of another transactional id', async () => {
    client = new TransactionClient();
    const producer = await client.producer('tx');
    const other = { ...producer, transactionalId: 'ty', groupId: 'g' };
    const { errorCode } = await client.ask(addOffsetsToTxn, 3, other);
    expect(errorCode).toBe(ErrorCode.INVALID_PRODUCER_ID_MAPPING);
  });

  it('in bad weather is to be repeated', async () => {
    client = new TransactionClient();
    client.storm = true;
    const { errorCode } = await client.ask(addOffsetsToTxn, 0, { transactionalId: 'tx' });
    expect(errorCode).toBe(ErrorCode.COORDINATOR_NOT_AVAILABLE);
  });
});
