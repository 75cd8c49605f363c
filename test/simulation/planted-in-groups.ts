/**
 * Bugs of groups whose members come and go, put around their coordinator. The surprise: most of
 * them are harmless to a group that nobody leaves.
 */
import type { GroupCalls } from '../../src/core/group/commands.ts';
import { ErrorCode } from '../../src/protocol/errors.ts';
import type { PlantedBug } from './planting.ts';
import type { Sabotage } from './world/kinds.ts';

type Wrapping = NonNullable<Sabotage['group']>;
type Commit = GroupCalls['commitOffsets'];

export const plantedInGroups: readonly PlantedBug[] = [
  ...(['churn-classic', 'churn-consumer'] as const).flatMap((workload): PlantedBug[] => [
    {
      name: `a group takes commits of members it has put out (${workload})`,
      shows: ['stale-commit', 'moved-back'],
      withinSeeds: 20,
      workload,
      plant: () => ({ group: takingAllCommits }),
    },
    {
      name: `a group lets commits go back (${workload})`,
      shows: ['moved-back', 'lost-commit'],
      withinSeeds: 2,
      workload,
      plant: () => ({ group: committing((offset, count) => offset - (count % 9 === 0 ? 1 : 0)) }),
    },
    {
      name: `a group begins behind what it was told (${workload})`,
      shows: ['commit-ahead', 'unconsumed'],
      withinSeeds: 2,
      workload,
      plant: () => ({ group: tellingLater }),
    },
    {
      name: `a group forgets what it stored (${workload})`,
      shows: ['lost-commit', 'moved-back', 'stale-commit', 'two-owners'],
      withinSeeds: 10,
      workload,
      plant: () => ({ forgets: 'group' }),
    },
  ]),
  {
    name: 'nobody is told of a rebalance',
    shows: ['not-converged', 'unconsumed'],
    withinSeeds: 10,
    workload: 'churn-classic',
    plant: () => ({
      group: replying('heartbeat', (reply) => {
        return reply.errorCode === ErrorCode.REBALANCE_IN_PROGRESS ? { errorCode: 0 } : reply;
      }),
    }),
  },
  {
    name: 'the members of a group are all given what the first one got',
    shows: ['two-owners', 'stale-commit', 'not-converged'],
    withinSeeds: 2,
    workload: 'churn-classic',
    plant: () => ({ group: sameForAll }),
  },
  {
    name: 'a member is taken to have given up what it was only asked for',
    shows: ['stale-commit', 'moved-back'],
    withinSeeds: 20,
    workload: 'churn-consumer',
    plant: () => ({
      group: asking('consumerGroupHeartbeat', (command) => {
        return command.memberEpoch > 0 ? { ...command, owned: [] } : command;
      }),
    }),
  },
  {
    name: 'a member is not told what it may have',
    shows: ['not-converged', 'unconsumed'],
    withinSeeds: 2,
    workload: 'churn-consumer',
    plant: () => ({
      group: replying('consumerGroupHeartbeat', (reply) => {
        return { ...reply, assignedPartitions: reply.assignedPartitions?.slice(1) ?? null };
      }),
    }),
  },
];

function replying<K extends keyof GroupCalls>(
  kind: K,
  change: (reply: GroupCalls[K]['reply']) => GroupCalls[K]['reply'],
): Wrapping {
  return (stub) => ({
    call: async (what, command) => {
      const reply = await stub.call(what, command);
      return (what as string) === kind ? (change(reply as never) as typeof reply) : reply;
    },
  });
}

function asking<K extends keyof GroupCalls>(
  kind: K,
  change: (command: GroupCalls[K]['command']) => GroupCalls[K]['command'],
): Wrapping {
  return (stub) => ({
    call: (what, command) =>
      stub.call(what, (what as string) === kind ? (change(command as never) as never) : command),
  });
}

/** In the name of the last one who might. */
const takingAllCommits: Wrapping = (stub) => {
  let last: Partial<Commit['command']> = {};
  return {
    call: async (kind, command) => {
      if (kind !== 'commitOffsets') return stub.call(kind, command);
      const commit = command as Commit['command'];
      const reply = await stub.call('commitOffsets', commit);
      if (reply.errorCode !== ErrorCode.NONE) {
        return (await stub.call('commitOffsets', { ...commit, ...last })) as never;
      }
      const { generationId, memberId, groupInstanceId } = commit;
      last = { generationId, memberId, groupInstanceId };
      return reply as never;
    },
  };
};

function committing(offsetOf: (offset: number, count: number) => number): Wrapping {
  let count = 0;
  return asking('commitOffsets', (command) => ({
    ...command,
    topics: command.topics.map((topic) => ({
      ...topic,
      partitions: topic.partitions.map((one) => {
        return { ...one, committedOffset: Math.max(0, offsetOf(one.committedOffset, ++count)) };
      }),
    })),
  }));
}

const tellingLater: Wrapping = replying('fetchOffsets', (reply) => ({
  ...reply,
  topics: reply.topics.map((topic) => ({
    ...topic,
    partitions: topic.partitions.map((one) => {
      return { ...one, committedOffset: one.committedOffset + 1 };
    }),
  })),
}));

export const sameForAll: Wrapping = (stub) => {
  const firsts = new Map<number, Uint8Array>();
  return {
    call: async (kind, command) => {
      const reply = await stub.call(kind, command);
      if (kind !== 'syncGroup' || !('assignment' in reply)) return reply;
      const { generationId } = command as { generationId: number };
      if (reply.assignment.length === 0) return reply;
      const first = firsts.get(generationId) ?? reply.assignment;
      firsts.set(generationId, first);
      return { ...reply, assignment: first };
    },
  };
};
