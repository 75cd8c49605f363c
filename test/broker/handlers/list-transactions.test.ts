import { afterEach, describe, expect, it } from 'vitest';
import {
  type ListTransactionsRequest,
  listTransactions,
} from '../../../src/protocol/apis/list-transactions.ts';
import { ErrorCode } from '../../../src/protocol/errors.ts';
import { TransactionClient } from '../transaction-client.ts';

let client: TransactionClient;
afterEach(() => client.close());

/** `open` has a transaction, `idle` has none, `done` has ended one. */
async function withTransactions() {
  client = new TransactionClient();
  await client.createTopic('t');
  const [open, idle, done] = [
    await client.producer('open'),
    await client.producer('idle'),
    await client.producer('done'),
  ];
  await client.write(12, open);
  await client.write(12, done);
  await client.end(5, done, false);
  return { open, idle, done };
}

async function list(request: Partial<ListTransactionsRequest>, version = 2): Promise<string[]> {
  const answer = await client.ask(listTransactions, version, request);
  expect(answer.errorCode).toBe(ErrorCode.NONE);
  return answer.transactionStates.map(({ transactionalId }) => transactionalId).sort();
}

const everything = ['done', 'idle', 'open'];

describe('ListTransactions', () => {
  it.each([0, 1, 2])('version %i: every transactional id', async (version) => {
    const { open, idle, done } = await withTransactions();
    const { transactionStates } = await client.ask(listTransactions, version, {});
    const state = ({ transactionalId, producerId }: typeof open, transactionState: string) => ({
      transactionalId,
      producerId,
      transactionState,
    });
    expect(transactionStates.toSorted((a, b) => a.producerId - b.producerId)).toEqual([
      state(open, 'Ongoing'),
      state(idle, 'Empty'),
      state(done, 'CompleteAbort'),
    ]);
  });

  it.each([
    ['a state', { stateFilters: ['Ongoing'] }, ['open']],
    ['some states', { stateFilters: ['Empty', 'CompleteAbort'] }, ['done', 'idle']],
    ['a state by another case', { stateFilters: ['ongoing'] }, []],
    ['a negative duration', { durationFilter: -2 }, everything],
    ['a long duration: what never began is older', { durationFilter: 1e9 }, ['idle']],
    ['a duration longer than time', { durationFilter: 1e14 }, []],
    ['no pattern', { transactionalIdPattern: '' }, everything],
    ['a pattern for the whole id', { transactionalIdPattern: 'o.*|idl' }, ['open']],
  ])('filters by %s', async (_what, filter, expected) => {
    await withTransactions();
    expect(await list(filter)).toEqual(expected);
  });

  it('filters by producer id', async () => {
    const { idle, done } = await withTransactions();
    const producerIdFilters = [idle.producerId, done.producerId, 4_711];
    expect(await list({ producerIdFilters }, 0)).toEqual(['done', 'idle']);
  });

  it('names the states that there are not', async () => {
    await withTransactions();
    const stateFilters = ['Nope', 'Empty', 'Dead', 'empty'];
    expect(await client.ask(listTransactions, 0, { stateFilters })).toMatchObject({
      unknownStateFilters: ['Nope', 'empty'],
      transactionStates: [{ transactionalId: 'idle' }],
    });
  });

  it('refuses a pattern that is none', async () => {
    await withTransactions();
    const answer = await client.ask(listTransactions, 2, { transactionalIdPattern: '(' });
    expect(answer).toMatchObject({
      errorCode: ErrorCode.INVALID_REGULAR_EXPRESSION,
      transactionStates: [],
    });
  });

  it('in bad weather is to be repeated', async () => {
    await withTransactions();
    client.storm = true;
    expect(await client.ask(listTransactions, 2, {})).toMatchObject({
      errorCode: ErrorCode.COORDINATOR_LOAD_IN_PROGRESS,
      transactionStates: [],
    });
  });
});
