import { afterEach, describe, expect, it } from 'vitest';
import { addOffsetsToTxn } from '../../../src/protocol/apis/add-offsets-to-txn.ts';
import { describeTransactions } from '../../../src/protocol/apis/describe-transactions.ts';
import { ErrorCode } from '../../../src/protocol/errors.ts';
import { TransactionClient } from '../transaction-client.ts';

let client: TransactionClient;
afterEach(() => client.close());

async function ask(...transactionalIds: string[]) {
  const { transactionStates } = await client.ask(describeTransactions, 0, { transactionalIds });
  return transactionStates;
}

const nothing = {
  transactionState: '',
  transactionTimeoutMs: 0,
  transactionStartTimeMs: 0,
  producerId: 0,
  producerEpoch: 0,
  topics: [],
};

describe('DescribeTransactions', () => {
  it('says who takes part, groups as partitions of __consumer_offsets', async () => {
    client = new TransactionClient();
    await client.createTopic('t', 3);
    const { transactionalId, ...producer } = await client.producer('tx');
    const known = { errorCode: ErrorCode.NONE, transactionalId, transactionTimeoutMs: 60_000 };
    expect(await ask('tx')).toEqual([
      {
        ...known,
        ...producer,
        transactionState: 'Empty',
        transactionStartTimeMs: -1,
        topics: [],
      },
    ]);
    await client.add(3, { transactionalId, ...producer }, { t: [2, 0] });
    for (const groupId of ['hello', 'billing']) {
      await client.ask(addOffsetsToTxn, 3, { transactionalId, ...producer, groupId });
    }
    const [open] = await ask('tx');
    expect(open).toMatchObject({ ...known, ...producer, transactionState: 'Ongoing' });
    expect(open.transactionStartTimeMs).toBeGreaterThan(0);
    const topics = open.topics.map(({ topic, partitions }) => [topic, partitions.toSorted()]);
    // 99162322 is the hash of "hello", and -109829509 that of "billing".
    expect(topics).toEqual([
      ['t', [0, 2]],
      ['__consumer_offsets', [99_162_322 % 50, 109_829_509 % 50]],
    ]);
    await client.end(3, { transactionalId, ...producer });
    expect(await ask('tx')).toMatchObject([{ transactionState: 'CompleteCommit', topics: [] }]);
  });

  it('does not know everybody', async () => {
    client = new TransactionClient();
    await client.producer('tx');
    const { INVALID_REQUEST, TRANSACTIONAL_ID_NOT_FOUND } = ErrorCode;
    expect(await ask()).toEqual([]);
    expect(await ask('', 'nobody')).toEqual([
      { ...nothing, transactionalId: '', errorCode: INVALID_REQUEST },
      { ...nothing, transactionalId: 'nobody', errorCode: TRANSACTIONAL_ID_NOT_FOUND },
    ]);
  });

  it('asks the controller first which of many there are', async () => {
    client = new TransactionClient();
    await client.producer('tx');
    client.cluster.takeAsked();
    const strangers = Array.from({ length: 600 }, (_, index) => `stranger-${index}`);
    const states = await ask('', 'tx', ...strangers);
    expect(client.cluster.takeAsked()).toEqual(['findTransactionalIds', 'findTransactionalIds']);
    const codes = states.map(({ errorCode }) => errorCode);
    expect(codes.slice(0, 2)).toEqual([ErrorCode.INVALID_REQUEST, ErrorCode.NONE]);
    expect(new Set(codes.slice(2))).toEqual(new Set([ErrorCode.TRANSACTIONAL_ID_NOT_FOUND]));
  });

  it('in bad weather is to be repeated', async () => {
    client = new TransactionClient();
    client.storm = true;
    const errorCode = ErrorCode.COORDINATOR_LOAD_IN_PROGRESS;
    expect(await ask('tx')).toEqual([{ ...nothing, transactionalId: 'tx', errorCode }]);
  });
});
