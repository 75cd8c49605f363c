/**
 * Bugs put around Kedge's objects on purpose, to see that the simulation finds them: a checker that
 * never complains proves nothing. The surprise: none of them is a switch in Kedge itself; each
 * wraps a store or an object, as only tests can.
 */

import { concat } from '../../src/bytes/writer.ts';
import type { TopicResult, TopicView } from '../../src/core/cluster/commands.ts';
import type { GroupCalls } from '../../src/core/group/commands.ts';
import type { PartitionCalls, ReadReply } from '../../src/core/log/calls.ts';
import type { Rewrite } from '../../src/core/log/store.ts';
import { ErrorCode } from '../../src/protocol/errors.ts';
import { RecordBatch, recordBatches } from '../../src/protocol/records/index.ts';
import { sameForAll } from './planted-in-groups.ts';
import { everyNth, type PlantedBug, type Wrapped } from './planting.ts';
import type { Sabotage } from './world/kinds.ts';

export const plantedBugs: readonly PlantedBug[] = [
  {
    name: 'an answer leaves before its write is durable',
    shows: ['lost-write', 'inconsistent-offsets'],
    withinSeeds: 5,
    plant: () => ({ openGate: true }),
  },
  {
    name: 'a disk that forgets writes it confirmed, so that a crash gives offsets out again',
    shows: ['inconsistent-offsets'],
    withinSeeds: 10,
    plant: () => ({ forgets: 'partition' }),
  },
  {
    name: 'an append is acknowledged and thrown away',
    shows: ['unseen'],
    withinSeeds: 1,
    plant: () => ({ partition: everyNth(10, 'append', async () => acknowledged(1_000_000)) }),
  },
  {
    name: 'an append is acknowledged with the place of another',
    shows: ['lost-write'],
    withinSeeds: 1,
    plant: () => ({ partition: everyNth(10, 'append', async () => acknowledged(0)) }),
  },
  {
    name: 'an append of a transaction is acknowledged with the place of another',
    shows: ['int-nonmonotonic-send'],
    withinSeeds: 10,
    plant: () => ({ partition: everyNth(10, 'append', async () => acknowledged(0)) }),
  },
  {
    name: 'producers are forgotten with the memory of their partition',
    shows: ['duplicate'],
    withinSeeds: 20,
    plant: () => ({
      store: (store) =>
        Object.create(store, {
          snapshot: { value: () => undefined },
          producerRows: { value: () => [] },
        }),
    }),
  },
  {
    name: 'a retry inside the platform carries an append out twice',
    shows: ['duplicate'],
    withinSeeds: 1,
    plant: () => ({
      partition: everyNth(10, 'append', async (stub, command) => {
        await stub.call('append', command);
        return stub.call('append', command);
      }),
    }),
  },
  {
    name: 'an append is refused and carried out all the same',
    shows: ['G1a'],
    withinSeeds: 1,
    plant: () => ({
      partition: everyNth(10, 'append', async (stub, command) => {
        const reply = await stub.call('append', command);
        return { ...reply, errorCode: ErrorCode.MESSAGE_TOO_LARGE, baseOffset: -1 };
      }),
    }),
  },
  {
    name: 'calls to a partition overtake each other',
    shows: ['nonmonotonic-send'],
    withinSeeds: 5,
    plant: () => ({ overtaking: true }),
  },
  {
    name: 'a read brings its batches in reverse',
    shows: ['int-nonmonotonic-poll', 'nonmonotonic-poll'],
    withinSeeds: 5,
    plant: () => ({ partition: rearrangedReads((batches) => batches.reverse()) }),
  },
  {
    name: 'a read goes back to what it brought before, under new offsets',
    shows: ['inconsistent-offsets', 'duplicate'],
    withinSeeds: 5,
    plant: () => ({ partition: rearrangedReads((batches) => batches.map(shifted)) }),
  },
  {
    name: 'a read leaves out its first batch',
    shows: ['poll-skip'],
    withinSeeds: 5,
    plant: () => ({ partition: rearrangedReads((batches) => batches.slice(1)) }),
  },
  {
    name: 'a read leaves out a batch in the middle',
    shows: ['int-poll-skip'],
    withinSeeds: 5,
    plant: () => ({
      partition: rearrangedReads((batches) => batches.filter((_, i) => i !== 1)),
    }),
  },
  {
    name: 'a coordinator that forgets what it stored',
    shows: ['lost-commit'],
    withinSeeds: 30,
    plant: () => ({ forgets: 'group' }),
  },
  {
    name: 'a group commits more than its members read',
    shows: ['commit-ahead'],
    withinSeeds: 10,
    plant: () => ({
      group: (stub) => ({
        call: (kind, command) =>
          stub.call(kind, kind === 'commitOffsets' ? ahead(command) : command),
      }),
    }),
  },
  {
    name: 'every member is given what the first one got',
    shows: ['two-owners'],
    withinSeeds: 10,
    plant: () => ({ group: sameForAll }),
  },
  {
    name: 'partitions of a deleted topic go on',
    shows: ['lost-write', 'unseen', 'resurrected'],
    withinSeeds: 5,
    plant: () => ({ partition: everyNth(1, 'drop', async () => ({ errorCode: 0 })) }),
  },
  {
    name: 'a topic that is made again finds the partitions of the old one',
    shows: ['resurrected'],
    withinSeeds: 5,
    plant: oldPartitions,
  },
  {
    name: 'committed offsets outlive their topic',
    shows: ['lost-commit'],
    withinSeeds: 5,
    plant: oldOffsets,
  },
  {
    name: 'records are deleted beyond what was asked',
    shows: ['lost-write', 'poll-skip', 'unseen'],
    withinSeeds: 20,
    plant: () => ({
      partition: everyNth(1, 'deleteRecords', async (stub, { spec, offset }) => {
        const reply = await stub.call('deleteRecords', { spec, offset });
        if (offset > 0) await stub.call('deleteRecords', { spec, offset: offset + 3 });
        return reply;
      }),
    }),
  },
  {
    name: 'deleting records is acknowledged and not done',
    shows: ['untrimmed'],
    withinSeeds: 5,
    plant: () => ({
      partition: everyNth(1, 'deleteRecords', async (_, { offset }) => {
        return { errorCode: ErrorCode.NONE, lowWatermark: offset };
      }),
    }),
  },
  {
    name: 'compaction drops the last row of a pass',
    shows: ['lost-write'],
    withinSeeds: 20,
    plant: () => ({
      store: (store) =>
        Object.create(store, {
          rewrite: {
            value: (change: Rewrite) =>
              store.rewrite({ ...change, rows: change.rows.slice(0, -1) }),
          },
        }),
    }),
  },
];

function acknowledged(baseOffset: number): PartitionCalls['append']['reply'] {
  const nothing = { errorMessage: null, logAppendTimeMs: -1, logStartOffset: 0, recordErrors: [] };
  return { errorCode: ErrorCode.NONE, baseOffset, ...nothing };
}

/** Now and then a read of several batches is not what it was. */
function rearrangedReads(rearrange: (batches: Uint8Array[]) => Uint8Array[]): Wrapped {
  return everyNth(3, 'read', async (stub, command): Promise<ReadReply> => {
    const reply = await stub.call('read', command);
    if (reply.records.length === 0) return reply;
    const batches = [...recordBatches(concat(reply.records))].map(({ bytes }) => bytes);
    return batches.length < 3 ? reply : { ...reply, records: rearrange(batches) };
  });
}

/** The same batch one offset later. */
function shifted(bytes: Uint8Array): Uint8Array {
  const copy = new RecordBatch(bytes.slice());
  copy.baseOffset++;
  return copy.bytes;
}

function ahead<Command>(command: Command): Command {
  const copy = structuredClone(command) as {
    topics: { partitions: { committedOffset: number }[] }[];
  };
  for (const { partitions } of copy.topics) for (const one of partitions) one.committedOffset += 3;
  return copy as Command;
}

/** Calls back for each topic that is made. */
function listening(made: (topic: TopicView) => void): NonNullable<Sabotage['controller']> {
  return (stub) => ({
    call: async (kind, command) => {
      const reply = await stub.call(kind, command);
      if (kind !== 'createTopics') return reply;
      for (const { topic } of (reply as { topics: readonly TopicResult[] }).topics) {
        if (topic !== null) made(topic);
      }
      return reply;
    },
  });
}

function oldPartitions(): Sabotage {
  const firstOf = new Map<string, string>();
  const firstIds = new Map<string, string>();
  return {
    controller: listening(({ name, topicId }) => {
      const first = firstOf.get(name) ?? topicId;
      firstOf.set(name, first);
      firstIds.set(topicId, first);
    }),
    objectName: (name) => {
      const [topicId, index] = name.split(':');
      return firstIds.has(topicId) ? `${firstIds.get(topicId)}:${index}` : name;
    },
    partition: everyNth(1, 'drop', async () => ({ errorCode: ErrorCode.NONE })),
  };
}

function oldOffsets(): Sabotage {
  const ids = new Map<string, string>();
  return {
    controller: listening(({ name, topicId }) => ids.set(name, topicId)),
    group: (stub) => ({
      call: async (kind, command) => {
        const reply = await stub.call(kind, command);
        if (kind !== 'fetchOffsets') return reply;
        const { topics } = reply as GroupCalls['fetchOffsets']['reply'];
        const current = topics.map((topic) => ({ ...topic, topicId: ids.get(topic.name) ?? '' }));
        return { ...reply, topics: current };
      },
    }),
  };
}
