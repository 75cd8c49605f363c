/**
 * Transactions in real Durable Objects: a coordinator, partitions and a group that ask it and are
 * told, its rows, its alarm, and what evictions and crashes leave.
 */
import {
  abortAllDurableObjects,
  evictDurableObject,
  reset,
  runDurableObjectAlarm,
  runInDurableObject,
} from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { TransactionCalls } from '../../src/core/transaction/calls.ts';
import { ErrorCode } from '../../src/protocol/errors.ts';
import { recordBatches } from '../../src/protocol/records/index.ts';
import type { Stub } from '../../src/runtime/stubs.ts';
import type { Env } from '../../src/runtime/worker-objects.ts';
import { workerObjects } from '../../src/runtime/worker-objects.ts';
import { batch, read, valuesOf } from '../core/log/samples.ts';

const bindings = env as unknown as Env;
const objects = workerObjects(bindings);
/** A stub of before an eviction is broken, so each call has a fresh one. */
const transaction: Stub<TransactionCalls> = {
  call: (kind, command) => objects.transaction('x').call(kind, command),
};

function coordinatorStub(): DurableObjectStub {
  const namespace = bindings.TRANSACTION_COORDINATOR;
  return namespace.get(namespace.idFromName('x'));
}

const storage = <T>(look: (storage: DurableObjectStorage) => T): Promise<T> =>
  runInDurableObject(coordinatorStub(), (_, { storage }) => look(storage)) as Promise<T>;

const rows = () =>
  storage(({ sql }) => {
    const tables = sql.exec("SELECT name FROM sqlite_master WHERE name = 'rows'").toArray();
    if (tables.length === 0) return [];
    return sql.exec<{ key: string; value: string }>('SELECT key, value FROM rows').toArray();
  });

const alarm = () => storage((each) => each.getAlarm());

/** The alarm rings when it is due. */
async function ring(): Promise<void> {
  const at = await alarm();
  if (at !== null) vi.setSystemTime(Math.max(Date.now(), at));
  await runDurableObjectAlarm(coordinatorStub());
}

interface Who {
  readonly producerId: number;
  readonly producerEpoch: number;
}

const x = { transactionalId: 'x' };

function init(transactionTimeoutMs = 60_000) {
  const command = { ...x, producerId: -1, producerEpoch: -1, newProducerId: 5 };
  return transaction.call('initProducerId', { ...command, transactionTimeoutMs });
}

const end = ({ producerId, producerEpoch }: Who, committed: boolean) =>
  transaction.call('endTxn', {
    ...{ ...x, producerId, producerEpoch, committed, transactionVersion: 2, newProducerId: -1 },
  });

/** As if everything had crashed when the end was decided, and before anybody was told. */
async function decideAndCrash(decided: 'PrepareCommit' | 'PrepareAbort'): Promise<void> {
  const [{ key, value }] = await rows();
  const row = JSON.stringify({ ...JSON.parse(value), state: decided, producerEpoch: 1 });
  await storage(({ sql }) => sql.exec('UPDATE rows SET value = ? WHERE key = ?', row, key));
  await abortAllDurableObjects();
}

const state = async () => (await transaction.call('describeTransaction', x)).transaction?.state;

/** Writes a value into a partition, as part of the transaction. */
async function write(who: Who, partition: number, value: string, baseSequence = 0) {
  const { producerId, producerEpoch } = who;
  const producer = { producerId, producerEpoch, baseSequence, isTransactional: true };
  const { errorCode } = await objects.partition('T', partition).call('append', {
    spec: { topicId: 'T', topic: 't', partition, configs: {} },
    records: batch([value], producer),
    ...{ transactionalId: 'x', addsPartition: true },
  });
  return errorCode;
}

/** What readers of committed records see, if one producer wrote it all. */
async function committed(partition: number): Promise<string[]> {
  const command = read(0, { isolationLevel: 1 });
  const reply = await objects.partition('T', partition).call('read', command);
  const batches = reply.records.flatMap((piece) => [...recordBatches(piece)]);
  const markers = batches.filter(({ isControl }) => isControl);
  // A marker ends what was written since the one before it.
  const aborted = new Set(reply.abortedTransactions?.map(({ firstOffset }) => firstOffset));
  const values: string[] = [];
  for (const [index, { baseOffset }] of markers.entries()) {
    const from = markers[index - 1]?.baseOffset ?? -1;
    const data = batches.filter((each) => each.baseOffset > from && each.baseOffset < baseOffset);
    if (data.length > 0 && aborted.has(data[0].baseOffset)) continue;
    values.push(...valuesOf(data.map(({ bytes }) => bytes)).map(([, value]) => value));
  }
  return values;
}

const transactionalIds = async () =>
  (await objects.controller().call('listTransactionalIds', {})).transactionalIds;

beforeEach(() => vi.useFakeTimers({ toFake: ['Date'] }));
afterEach(async () => {
  vi.useRealTimers();
  await reset();
});

describe('a transaction in Durable Objects', () => {
  it('ends everywhere at once, and survives evictions on the way', async () => {
    const producer = await init();
    expect(await write(producer, 0, 'a')).toBe(0);
    await evictDurableObject(coordinatorStub());
    expect(await write(producer, 1, 'b')).toBe(0);
    expect([await committed(0), await committed(1)]).toEqual([[], []]);
    const next = await end(producer, true);
    expect(next).toEqual({ errorCode: 0, producerId: 5, producerEpoch: 1 });
    expect([await committed(0), await committed(1)]).toEqual([['a'], ['b']]);
    expect((await rows()).map(({ key }) => key)).toEqual(['transaction']);

    await evictDurableObject(coordinatorStub());
    expect(await end(producer, true)).toEqual(next);
    expect(await write(next, 0, 'c')).toBe(0);
    expect((await end(next, false)).errorCode).toBe(0);
    expect(await committed(0)).toEqual(['a']);
    expect(await write(producer, 0, 'too late')).not.toBe(0);
  });

  it('asks nothing after the first write of a partition', async () => {
    const producer = await init();
    await write(producer, 0, 'a');
    const before = await rows();
    await abortAllDurableObjects();
    expect(await write(producer, 0, 'b', 1)).toBe(0);
    expect(await rows()).toEqual(before);
    await end(producer, true);
    expect(await committed(0)).toEqual(['a', 'b']);
  });

  it('that was decided when everything crashed is told by the alarm', async () => {
    const producer = await init();
    await write(producer, 0, 'a');
    await write(producer, 1, 'b');
    await decideAndCrash('PrepareCommit');
    await ring();
    expect(await state()).toBe('CompleteCommit');
    expect([await committed(0), await committed(1)]).toEqual([['a'], ['b']]);
  });

  it('or by the first call, if that comes before', async () => {
    const producer = await init();
    await write(producer, 0, 'a');
    await decideAndCrash('PrepareAbort');
    await expect.poll(state).toBe('CompleteAbort');
    expect(await committed(0)).toEqual([]);
    const { lastStableOffset } = await objects.partition('T', 0).call('read', read(0));
    expect(lastStableOffset).toBe(2);
  });

  it('commits offsets with it, or not', async () => {
    const commit = (who: Who, committedOffset: number) =>
      objects.group('g').call('commitTransactionalOffsets', {
        ...{ groupId: 'g', generationId: -1, memberId: '', groupInstanceId: null },
        ...{ ...x, producerId: who.producerId, producerEpoch: who.producerEpoch, addsGroup: true },
        topics: [
          {
            ...{ name: 't', topicId: 'T' },
            partitions: [
              { partitionIndex: 0, committedOffset, committedLeaderEpoch: -1, metadata: null },
            ],
          },
        ],
      });
    const offset = async () => {
      const command = { groupId: 'g', topics: null, requireStable: false };
      const { topics } = await objects.group('g').call('fetchOffsets', command);
      return topics[0]?.partitions[0]?.committedOffset;
    };
    const first = await init();
    await commit(first, 7);
    expect(await offset()).toBeUndefined();
    const second = await end(first, true);
    expect(await offset()).toBe(7);
    await commit(second, 9);
    await abortAllDurableObjects();
    await end(second, false);
    expect(await offset()).toBe(7);
  });

  it('that is open for too long is aborted by the alarm, after an eviction too', async () => {
    const producer = await init(10_000);
    await write(producer, 0, 'a');
    await evictDurableObject(coordinatorStub());
    while ((await state()) === 'Ongoing') await ring();
    expect(await state()).toBe('CompleteAbort');
    expect(await committed(0)).toEqual([]);
    expect((await end(producer, true)).errorCode).toBe(ErrorCode.INVALID_TXN_STATE);
    expect(await write({ producerId: 5, producerEpoch: 1 }, 0, 'b')).toBe(0);
  });

  it('does not wait for a topic that was deleted', async () => {
    const producer = await init();
    await write(producer, 0, 'a');
    await write(producer, 1, 'b');
    await objects.partition('T', 0).call('drop', {});
    expect((await end(producer, true)).errorCode).toBe(0);
    expect(await state()).toBe('CompleteCommit');
    expect(await committed(1)).toEqual(['b']);
  });

  it('of a producer that was fenced can be neither continued nor ended by it', async () => {
    const first = await init();
    await write(first, 0, 'a');
    expect((await init()).errorCode).toBe(ErrorCode.CONCURRENT_TRANSACTIONS);
    const second = await init();
    expect(second).toEqual({ errorCode: 0, producerId: 5, producerEpoch: 2 });
    expect(await write(first, 0, 'b', 1)).not.toBe(0);
    expect((await end(first, true)).errorCode).toBe(ErrorCode.PRODUCER_FENCED);
    expect(await write(second, 0, 'c')).toBe(0);
    await end(second, true);
    expect(await committed(0)).toEqual(['c']);
  });
});

describe('a transactional id as a Durable Object', () => {
  it('writes nothing and sets no alarm when it is asked about and does not exist', async () => {
    expect(await state()).toBeUndefined();
    expect((await end({ producerId: 5, producerEpoch: 0 }, true)).errorCode).toBe(
      ErrorCode.INVALID_PRODUCER_ID_MAPPING,
    );
    expect(await rows()).toEqual([]);
    expect(await alarm()).toBeNull();
  });

  it('is found by the controller until it is forgotten', async () => {
    await init();
    expect(await transactionalIds()).toEqual(['x']);
    await evictDurableObject(coordinatorStub());
    await ring();
    expect(await rows()).toEqual([]);
    await expect.poll(transactionalIds).toEqual([]);
  });
});
