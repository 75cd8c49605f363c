import { beforeEach, describe, expect, it } from 'vitest';
import type { AppendReply } from '../../src/core/log/calls.ts';
import type { AppendCommand } from '../../src/core/log/flush.ts';
import type { Enlisted } from '../../src/core/transaction-marker.ts';
import { ErrorCode } from '../../src/protocol/errors.ts';
import { Enlisting } from '../../src/runtime/enlisting.ts';
import { append, batch } from '../core/log/samples.ts';

/** What was asked, and how to answer it. */
let asked: { producerId: number; epoch: number; answer(enlisted: Enlisted): void; fail(): void }[];
/** Names of what was written, in order, each with its transaction's number. */
let written: [name: string, transactionNumber: number | undefined][];
let enlisting: Enlisting;
/** Epochs that have a transaction open. */
let open: Set<number>;

const good: AppendReply = {
  errorCode: ErrorCode.NONE,
  errorMessage: null,
  baseOffset: 0,
  logAppendTimeMs: -1,
  logStartOffset: 0,
  recordErrors: [],
};

interface Named extends AppendCommand {
  readonly name: string;
  readonly producerId: number;
  readonly epoch: number;
}

beforeEach(() => {
  asked = [];
  written = [];
  open = new Set();
  enlisting = new Enlisting({
    question: (command) => {
      const { producerId, epoch, transactionalId } = command as Named;
      if (open.has(epoch)) return undefined;
      return { transactionalId: transactionalId!, producerId, producerEpoch: epoch, adds: true };
    },
    ask: ({ producerId, producerEpoch }) =>
      new Promise((answer, fail) => {
        const lose = () => fail(new Error('lost'));
        asked.push({ producerId, epoch: producerEpoch, answer, fail: lose });
      }),
    write: async (command) => {
      written.push([(command as Named).name, command.transactionNumber]);
      await turn();
      return good;
    },
  });
});

const turn = () => new Promise((resolve) => setTimeout(resolve, 0));
const yes = (transactionNumber: number): Enlisted => ({ errorCode: 0, transactionNumber });
const no = (errorCode: number): Enlisted => ({ errorCode, transactionNumber: -1 });

function send(name: string, { id = 'a', producerId = 1, epoch = 0 } = {}): Promise<AppendReply> {
  const command: Named = { ...append(batch(['v'])), name, producerId, epoch, transactionalId: id };
  return enlisting.append(command);
}

describe('Enlisting', () => {
  it('asks once for all that come before the answer, and keeps their order', async () => {
    const replies = ['1', '2', '3'].map((name) => send(name));
    await turn();
    expect(asked).toHaveLength(1);
    expect(written).toEqual([]);
    asked[0].answer(yes(7));
    await Promise.all(replies);
    expect(written).toEqual([
      ['1', 7],
      ['2', 7],
      ['3', 7],
    ]);
  });

  it('does not ask again until what it asked for is written', async () => {
    const first = send('1');
    await turn();
    asked[0].answer(yes(7));
    await Promise.resolve();
    const second = send('2');
    await Promise.all([first, second]);
    expect(asked).toHaveLength(1);
    expect(written).toEqual([
      ['1', 7],
      ['2', 7],
    ]);
    void send('3');
    expect(asked).toHaveLength(2);
  });

  it('asks nothing where the transaction is open already', async () => {
    open.add(0);
    await send('1');
    expect(asked).toHaveLength(0);
    expect(written).toEqual([['1', undefined]]);
  });

  it('lets nobody wait for another', async () => {
    void send('1');
    const other = send('2', { id: 'b' });
    await turn();
    asked[1].answer(yes(3));
    await other;
    expect(written).toEqual([['2', 3]]);
  });

  it('gives those behind one that is refused the same answer', async () => {
    const replies = [send('1'), send('2')];
    await turn();
    asked[0].answer(no(ErrorCode.TRANSACTION_ABORTABLE));
    for (const reply of await Promise.all(replies)) {
      expect(reply).toMatchObject({
        errorCode: ErrorCode.TRANSACTION_ABORTABLE,
        baseOffset: -1,
        logStartOffset: -1,
      });
    }
    expect(written).toEqual([]);
    void send('3');
    expect(asked).toHaveLength(2);
  });

  it('has the producer repeat what could not be asked about', async () => {
    const lost = send('1');
    await turn();
    asked[0].fail();
    expect((await lost).errorCode).toBe(ErrorCode.NOT_ENOUGH_REPLICAS);
    const busy = send('2');
    await turn();
    asked[1].answer(no(ErrorCode.CONCURRENT_TRANSACTIONS));
    expect((await busy).errorCode).toBe(ErrorCode.NOT_ENOUGH_REPLICAS);
    const fenced = send('3');
    await turn();
    asked[2].answer(no(ErrorCode.PRODUCER_FENCED));
    expect((await fenced).errorCode).toBe(ErrorCode.INVALID_PRODUCER_EPOCH);
  });

  it('does not refuse a producer for what its zombie sent before', async () => {
    const zombie = send('1');
    const replies = [send('2', { epoch: 1 }), send('3', { epoch: 1 })];
    await turn();
    asked[0].answer(no(ErrorCode.PRODUCER_FENCED));
    expect((await zombie).errorCode).toBe(ErrorCode.INVALID_PRODUCER_EPOCH);
    await turn();
    expect(asked.map(({ epoch }) => epoch)).toEqual([0, 1]);
    asked[1].answer(yes(8));
    await Promise.all(replies);
    expect(written).toEqual([
      ['2', 8],
      ['3', 8],
    ]);
  });

  it('takes the word on one producer for no other, though their epochs are the same', async () => {
    const good = send('1');
    const stranger = send('2', { producerId: 2 });
    await turn();
    asked[0].answer(yes(7));
    await good;
    expect(asked.map(({ producerId }) => producerId)).toEqual([1, 2]);
    asked[1].answer(no(ErrorCode.INVALID_PRODUCER_ID_MAPPING));
    expect((await stranger).errorCode).toBe(ErrorCode.INVALID_PRODUCER_ID_MAPPING);
    expect(written).toEqual([['1', 7]]);
  });

  it('asks once for each epoch', async () => {
    const replies = [send('1'), send('2', { epoch: 1 }), send('3', { epoch: 1 })];
    await turn();
    asked[0].answer(yes(7));
    await turn();
    expect(asked.map(({ epoch }) => epoch)).toEqual([0, 1]);
    asked[1].answer(yes(8));
    await Promise.all(replies);
    expect(written).toEqual([
      ['1', 7],
      ['2', 8],
      ['3', 8],
    ]);
  });
});
