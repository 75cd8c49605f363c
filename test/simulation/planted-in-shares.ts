/**
 * Bugs of what share groups read, put around the partitions that keep it. The surprise: each of
 * them leaves the log itself as it should be.
 */
import type { ShareCalls } from '../../src/core/group/share-partition/calls.ts';
import type { PartitionCalls } from '../../src/core/log/calls.ts';
import { ErrorCode } from '../../src/protocol/errors.ts';
import { everyNth, type PlantedBug } from './planting.ts';

type Settings = ShareCalls['shareFetch']['command']['settings'];

const bugs: readonly Omit<PlantedBug, 'workload'>[] = [
  {
    name: 'what members say of records is acknowledged and thrown away',
    shows: ['given-again'],
    withinSeeds: 3,
    plant: () => ({
      partition: everyNth(2, 'shareAcknowledge', async () => {
        return { errorCode: ErrorCode.NONE, errorMessage: null };
      }),
    }),
  },
  {
    name: 'a record is taken back before its lock ends',
    shows: ['held-twice'],
    withinSeeds: 10,
    plant: () => ({ partition: withSettings({ recordLockDurationMs: 1_000 }) }),
  },
  {
    name: 'a record is delivered more often than it may be',
    shows: ['miscounted'],
    withinSeeds: 10,
    plant: () => ({ partition: withSettings({ deliveryCountLimit: 100 }) }),
  },
  {
    name: 'a group gives up records that nobody has done with',
    shows: ['given-up'],
    withinSeeds: 3,
    plant: () => ({
      partition: everyNth(5, 'shareFetch', async (stub, command) => {
        const reply = await stub.call('shareFetch', command);
        const acknowledgements = reply.acquired.map(({ firstOffset, lastOffset }) => {
          return { firstOffset, lastOffset, acknowledgeTypes: [1] };
        });
        await stub.call('shareAcknowledge', { ...command, acknowledgements });
        return { ...reply, records: [], acquired: [] };
      }),
    }),
  },
  {
    name: 'a group forgets what it has read',
    shows: ['given-again', 'miscounted'],
    withinSeeds: 3,
    plant: () => ({
      partition: everyNth(40, 'shareFetch', async (stub, command) => {
        await stub.call('shareDelete', { groupId: command.groupId });
        return stub.call('shareFetch', command);
      }),
    }),
  },
];

export const plantedInShares: readonly PlantedBug[] = bugs.map((bug) => {
  return { ...bug, workload: 'churn-share' };
});

/** Partitions go by other configs than those of the group. */
function withSettings(others: Partial<Settings>) {
  return everyNth<keyof PartitionCalls>(1, 'shareFetch', (stub, command) => {
    const { settings } = command as ShareCalls['shareFetch']['command'];
    const changed = { ...command, settings: { ...settings, ...others } };
    return stub.call('shareFetch', changed as never);
  });
}
