/**
 * Bugs of transactions, put around partitions, groups and coordinators. The surprise: most of them
 * never lose a record; they only show one too early, too late, or in part.
 */
import type { GroupCalls } from '../../src/core/group/commands.ts';
import type { TransactionCalls } from '../../src/core/transaction/calls.ts';
import { ErrorCode } from '../../src/protocol/errors.ts';
import type { Stub } from '../../src/runtime/stubs.ts';
import type { AnomalyKey } from './checker/check.ts';
import { everyNth, type PlantedBug } from './planting.ts';
import type { Sabotage } from './world/kinds.ts';

const bugs: readonly PlantedBug[] = [
  {
    name: 'a read forgets which transactions were aborted',
    shows: ['G1a'],
    withinSeeds: 10,
    plant: () => ({
      partition: everyNth(1, 'read', async (stub, command) => {
        const reply = await stub.call('read', command);
        return { ...reply, abortedTransactions: [] };
      }),
    }),
  },
  ...(['dirty-read', 'precommitted-read', 'G1c'] as const).map((key: AnomalyKey) => ({
    name: `a read goes beyond the last stable offset, told by ${key}`,
    shows: [key],
    withinSeeds: 40,
    plant: () => ({
      partition: everyNth(1, 'read', (stub, command) =>
        stub.call('read', { ...command, isolationLevel: 0 }),
      ),
    }),
  })),
  {
    name: 'a marker is acknowledged and lost',
    shows: ['unseen', 'lost-write', 'torn'],
    withinSeeds: 10,
    plant: () => ({
      partition: everyNth(5, 'writeMarker', async () => ({ errorCode: ErrorCode.NONE })),
    }),
  },
  {
    name: 'a partition takes the end of a transaction for the opposite',
    shows: ['G1a', 'torn', 'lost-write', 'unseen'],
    withinSeeds: 10,
    plant: () => ({
      partition: everyNth(5, 'writeMarker', (stub, { marker, ...rest }) =>
        stub.call('writeMarker', { ...rest, marker: { ...marker, committed: !marker.committed } }),
      ),
    }),
  },
  {
    name: 'a marker comes again, late, and ends whatever is open then',
    shows: ['G1a', 'dirty-read', 'torn', 'lost-write', 'unseen', 'not-once'],
    withinSeeds: 20,
    plant: () => ({
      partition: everyNth(2, 'writeMarker', async (stub, command) => {
        const reply = await stub.call('writeMarker', command);
        const marker = { ...command.marker, transactionNumber: undefined };
        setTimeout(() => void stub.call('writeMarker', { ...command, marker }), 200);
        return reply;
      }),
    }),
  },
  {
    name: 'a coordinator tells of its decision before it stands, and forgets it in a crash',
    shows: ['G1a', 'torn', 'lost-write', 'unseen', 'not-once', 'lost-commit'],
    withinSeeds: 40,
    plant: () => ({ transactionRows: forgettingDecisions }),
  },
  {
    name: 'a coordinator takes every producer for the newest',
    shows: ['G1a', 'dirty-read', 'torn', 'not-once', 'lost-write', 'unseen'],
    withinSeeds: 30,
    plant: () => ({ transaction: takingAllForTheNewest }),
  },
  {
    name: 'a coordinator lets write whoever asks, be the transaction over or not',
    shows: ['G1a', 'dirty-read', 'unseen', 'lost-write', 'torn'],
    withinSeeds: 30,
    plant: () => ({ transaction: enlistingAnybody }),
  },
  {
    name: 'a group keeps the offsets of transactions that were aborted',
    shows: ['not-once', 'lost-commit'],
    withinSeeds: 10,
    plant: () => ({ group: endingTransactions(true) }),
  },
  {
    name: 'a group forgets the offsets of transactions that were committed',
    shows: ['not-once', 'lost-commit'],
    withinSeeds: 10,
    plant: () => ({ group: endingTransactions(false) }),
  },
  {
    name: 'a group gives out offsets that a transaction may still change',
    shows: ['not-once', 'lost-commit'],
    withinSeeds: 60,
    plant: () => ({
      group: (stub) => ({
        call: (kind, command) =>
          stub.call(kind, kind === 'fetchOffsets' ? { ...command, requireStable: false } : command),
      }),
    }),
  },
];

export const plantedInTransactions: readonly PlantedBug[] = bugs.map((bug) => {
  return { ...bug, workload: 'transactions' };
});

/** What Kafka allows, so that no seed can fail for it. */
export const notPlanted: readonly AnomalyKey[] = ['int-send-skip', 'G0'];

/** The decision is in memory alone, which soon is gone. */
const forgettingDecisions: NonNullable<Sabotage['transactionRows']> = (rows, instance) => ({
  load: () => rows.load(),
  put: (changed) => {
    const { world } = instance.object;
    const decides = changed.some(({ value }) => {
      return (value as { state?: string } | null)?.state?.startsWith('Prepare');
    });
    if (!decides || world.isHealed || !world.random.chance(0.3)) return rows.put(changed);
    instance.storage.put(changed);
    world.time.after(world.random.between(1, 50), () => instance.object.crash());
  },
});

type Wrapping = (stub: Stub<TransactionCalls>) => Stub<TransactionCalls>;

interface Producer {
  readonly producerId: number;
  readonly producerEpoch: number;
}

const takingAllForTheNewest: Wrapping = (stub) => {
  let newest: Producer | undefined;
  return {
    call: async (kind, command) => {
      const isAsked = kind !== 'initProducerId' && 'producerId' in command;
      const reply = await stub.call(kind, isAsked ? { ...command, ...newest } : command);
      if (!('producerId' in reply) || reply.errorCode !== ErrorCode.NONE) return reply;
      const { producerId, producerEpoch } = reply as Producer;
      if (producerId >= 0) newest = { producerId, producerEpoch };
      return reply;
    },
  };
};

const enlistingAnybody: Wrapping = (stub) => {
  let last = 0;
  return {
    call: async (kind, command) => {
      const reply = await stub.call(kind, command);
      if (!('transactionNumber' in reply)) return reply;
      if (reply.errorCode !== ErrorCode.NONE) {
        return { errorCode: ErrorCode.NONE, transactionNumber: last + 1 };
      }
      last = reply.transactionNumber;
      return reply;
    },
  };
};

function endingTransactions(committed: boolean): NonNullable<Sabotage['group']> {
  return (stub) => ({
    call: (kind, command) => {
      if (kind !== 'endTransaction') return stub.call(kind, command);
      const { marker, ...rest } = command as GroupCalls['endTransaction']['command'];
      return stub.call(kind, { ...rest, marker: { ...marker, committed } } as typeof command);
    },
  });
}
