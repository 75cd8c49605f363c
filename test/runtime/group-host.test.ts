/**
 * A hosted group: what it says of itself to the controller, before it exists and when it is gone;
 * and what it asks of a transaction's coordinator before it takes part.
 */
import { describe, expect, it } from 'vitest';
import type { GroupCalls } from '../../src/core/group/commands.ts';
import type { TransactionCalls } from '../../src/core/transaction/calls.ts';
import { ErrorCode } from '../../src/protocol/errors.ts';
import { defaultBrokerConfig } from '../../src/runtime/config.ts';
import { GroupHost } from '../../src/runtime/group-host.ts';
import { memoryRows } from '../../src/runtime/rows.ts';
import type { Objects } from '../../src/runtime/stubs.ts';

type Enlist = TransactionCalls['enlist'];

/** A controller that only listens; `down` makes it fail. And coordinators of transactions. */
class Controller {
  readonly told: string[] = [];
  readonly known = new Set<string>();
  down = false;
  /** There are as many groups as there may be. */
  isFull = false;
  /** What coordinators of transactions were asked. */
  readonly asked: [transactionalId: string, kind: string, Enlist['command']][] = [];
  enlisted: () => Promise<Enlist['reply']> = async () => ({ errorCode: 0, transactionNumber: 1 });

  readonly objects = {
    controller: () => ({
      call: async (kind: string, { groupId }: { groupId: string }) => {
        await Promise.resolve();
        if (this.down) throw new Error('unreachable');
        if (this.isFull && kind === 'registerGroup') return { errorCode: 44 };
        this.told.push(`${kind} ${groupId}`);
        if (kind === 'registerGroup') this.known.add(groupId);
        else this.known.delete(groupId);
        return { errorCode: 0 };
      },
    }),
    transaction: (transactionalId: string) => ({
      call: (kind: string, command: Enlist['command']) => {
        this.asked.push([transactionalId, kind, command]);
        return this.enlisted();
      },
    }),
  } as unknown as Objects;
}

function hosted(controller = new Controller(), rows = memoryRows()) {
  const clock = { now: 1_000_000 };
  const alarm = { at: Number.NaN };
  const options = {
    config: defaultBrokerConfig,
    rows,
    objects: controller.objects,
    now: () => clock.now,
    setAlarm: (at: number) => {
      alarm.at = at;
    },
  };
  const host = new GroupHost(options);
  const ring = async () => {
    clock.now = Math.max(clock.now, alarm.at);
    await host.expire();
  };
  return { host, controller, rows, clock, alarm, ring };
}

const commit: GroupCalls['commitOffsets']['command'] = {
  groupId: 'g',
  generationId: -1,
  memberId: '',
  groupInstanceId: null,
  retentionTimeMs: -1,
  namesMissingGroup: false,
  topics: [
    {
      name: 't',
      topicId: 'T',
      partitions: [
        { partitionIndex: 0, committedOffset: 1, committedLeaderEpoch: -1, metadata: null },
      ],
    },
  ],
};

const { retentionTimeMs, namesMissingGroup, ...committing } = commit;
const transactional: GroupCalls['commitTransactionalOffsets']['command'] = {
  ...committing,
  transactionalId: 'x',
  producerId: 7,
  producerEpoch: 3,
  addsGroup: true,
};

const join: GroupCalls['joinGroup']['command'] = {
  groupId: 'g',
  memberId: '',
  groupInstanceId: null,
  clientId: 'c',
  clientHost: '/127.0.0.1',
  sessionTimeoutMs: 10_000,
  rebalanceTimeoutMs: 60_000,
  protocolType: 'consumer',
  protocols: [{ name: 'range', metadata: new Uint8Array(1) }],
  requiresKnownMemberId: true,
  supportsSkippingAssignment: true,
};

describe('a hosted group', () => {
  it('tells the controller of itself before it first stores anything, and once', async () => {
    const { host, controller, rows } = hosted();
    const committed = host.call('commitOffsets', commit);
    expect(rows.load()).toEqual([]);
    expect((await committed).errorCode).toBe(0);
    await host.call('commitOffsets', commit);
    expect(controller.told).toEqual(['registerGroup g']);
    await hosted(controller, rows).host.call('commitOffsets', commit);
    expect(controller.told).toEqual(['registerGroup g']);
  });

  it('is not there when the controller cannot be told', async () => {
    const controller = new Controller();
    const { host, rows } = hosted(controller);
    controller.down = true;
    await expect(host.call('commitOffsets', commit)).rejects.toThrow('unreachable');
    expect(rows.load()).toEqual([]);
    controller.down = false;
    expect((await host.call('commitOffsets', commit)).errorCode).toBe(0);
  });

  it('is not there where there are as many groups as there may be', async () => {
    const { host, controller, rows } = hosted();
    controller.isFull = true;
    expect(await host.call('commitOffsets', commit)).toMatchObject({ errorCode: 44 });
    expect(await host.call('joinGroup', join)).toMatchObject({ errorCode: 44, memberId: '' });
    expect([...rows.load()]).toEqual([]);
    controller.isFull = false;
    expect(await host.call('joinGroup', join)).toMatchObject({ errorCode: 79 });
  });

  it('says nothing when it is only asked about, or refuses', async () => {
    const { host, controller } = hosted();
    await host.call('describeGroup', { groupId: 'g' });
    await host.call('fetchOffsets', { groupId: 'g', topics: null, requireStable: false });
    const refused = await host.call('commitOffsets', { ...commit, generationId: 4 });
    expect(refused.errorCode).toBe(ErrorCode.ILLEGAL_GENERATION);
    const unknown = await host.call('joinGroup', { ...join, memberId: 'm' });
    expect(unknown.errorCode).toBe(ErrorCode.UNKNOWN_MEMBER_ID);
    expect(controller.told).toEqual([]);
  });

  it('takes it back when it is deleted, expires, or never came to be', async () => {
    const { host, controller, ring } = hosted();
    await host.call('commitOffsets', commit);
    await host.call('deleteGroup', { groupId: 'g' });
    await host.call('joinGroup', join);
    await ring();
    const short = { ...commit, retentionTimeMs: 5 };
    await host.call('commitOffsets', short);
    await ring();
    expect(controller.told).toEqual(Array(3).fill(['registerGroup g', 'unregisterGroup g']).flat());
    expect(controller.known.size).toBe(0);
  });

  it('tries again to take it back when a list finds it missing', async () => {
    const { host, controller } = hosted();
    await host.call('commitOffsets', commit);
    controller.down = true;
    await host.call('deleteGroup', { groupId: 'g' });
    await Promise.resolve();
    controller.down = false;
    expect([...controller.known]).toEqual(['g']);
    expect((await host.call('listGroup', { groupId: 'g' })).group).toBeNull();
    await host.call('describeGroup', { groupId: 'g' });
    await Promise.resolve();
    expect([...controller.known]).toEqual([]);
  });

  it('ends up known to the controller exactly if it exists, whatever overlaps', async () => {
    const { host, controller } = hosted();
    const calls = [];
    for (let round = 0; round < 20; round++) {
      calls.push(host.call('commitOffsets', commit));
      if (round % 3 === 0) await Promise.resolve();
      calls.push(host.call('deleteGroup', { groupId: 'g' }));
      if (round % 4 === 0) await Promise.resolve();
      calls.push(host.call('listGroup', { groupId: 'g' }));
    }
    await Promise.all(calls);
    const { group } = await host.call('listGroup', { groupId: 'g' });
    await new Promise((resolve) => setImmediate(resolve));
    expect(controller.known.has('g')).toBe(group !== null);
  });
});

describe('a hosted group in a transaction', () => {
  const marker = { producerId: 7, producerEpoch: 4, coordinatorEpoch: 0, committed: true };
  const end = { groupId: 'g', marker: { ...marker, transactionNumber: 1 } };

  it('asks once a transaction whether it is part of it', async () => {
    const { host, controller } = hosted();
    expect((await host.call('commitTransactionalOffsets', transactional)).errorCode).toBe(0);
    expect((await host.call('commitTransactionalOffsets', transactional)).errorCode).toBe(0);
    const { transactionalId, producerId, producerEpoch } = transactional;
    const command = { transactionalId, producerId, producerEpoch, participant: { groupId: 'g' } };
    expect(controller.asked).toEqual([['x', 'enlist', { ...command, adds: true }]]);
    await host.call('endTransaction', end);
    controller.enlisted = async () => ({ errorCode: 0, transactionNumber: 2 });
    const next = { ...transactional, producerEpoch: 4, addsGroup: false };
    expect((await host.call('commitTransactionalOffsets', next)).errorCode).toBe(0);
    expect(controller.asked[1]).toEqual([
      'x',
      'enlist',
      { ...command, producerEpoch: 4, adds: false },
    ]);
    expect(controller.told).toEqual(['registerGroup g']);
  });

  it('is nobody, and says so to nobody, when it is not', async () => {
    const { host, controller, rows } = hosted();
    const errorCode = ErrorCode.TRANSACTION_ABORTABLE;
    controller.enlisted = async () => ({ errorCode, transactionNumber: -1 });
    const refused = await host.call('commitTransactionalOffsets', transactional);
    expect(refused).toEqual({ errorCode, topics: [] });
    const nameless = await host.call('commitTransactionalOffsets', {
      ...transactional,
      groupId: '',
    });
    expect(nameless.errorCode).toBe(ErrorCode.INVALID_GROUP_ID);
    expect((await host.call('endTransaction', end)).errorCode).toBe(0);
    expect(rows.load()).toEqual([]);
    expect(controller.told).toEqual([]);
    expect(controller.asked).toHaveLength(1);
  });

  it('has the producer try again while the coordinator is out of reach', async () => {
    const { host, controller, rows } = hosted();
    controller.enlisted = async () => Promise.reject(new Error('moved'));
    const refused = await host.call('commitTransactionalOffsets', transactional);
    expect(refused.errorCode).toBe(ErrorCode.COORDINATOR_LOAD_IN_PROGRESS);
    expect(rows.load()).toEqual([]);
  });

  it('takes no write that asked before the end of its transaction, and came after', async () => {
    const { host, controller, rows } = hosted();
    const asking = Promise.withResolvers<Enlist['reply']>();
    controller.enlisted = () => asking.promise;
    const committed = host.call('commitTransactionalOffsets', transactional);
    expect((await host.call('endTransaction', end)).errorCode).toBe(0);
    asking.resolve({ errorCode: 0, transactionNumber: 1 });
    expect((await committed).errorCode).toBe(ErrorCode.INVALID_TXN_STATE);
    expect(rows.load()).toEqual([]);
    await new Promise((resolve) => setImmediate(resolve));
    expect([...controller.known]).toEqual([]);
  });
});
