/** DeleteRecords: where it moves the start of a log, and what that leaves to be read. */
import { deleteRecords, fetch, listOffsets, produce } from '../apis.ts';
import { type Player, scripts, type Topic } from '../player.ts';
import { batch, Earliest, fetchOf, Latest, listOf, produceOf, sequenced } from '../requests.ts';

async function filled(on: Player, partitions = 1, label = 'topic'): Promise<Topic> {
  const topic = await on.topic(label, {}, partitions);
  for (let index = 0; index < partitions; index += 1) {
    for (const values of [
      ['a', 'b'],
      ['c', 'd', 'e'],
    ]) {
      await on.quietly(produce, 9, produceOf(topic, batch(values), { index }));
    }
  }
  return topic;
}

function deleteOf(name: string, ...wanted: readonly (readonly [number, number])[]) {
  const partitions = wanted.map(([partitionIndex, offset]) => ({ partitionIndex, offset }));
  return { topics: [{ name, partitions }], timeoutMs: 10_000 };
}

async function ends(on: Player, topic: Topic): Promise<void> {
  for (const place of [Earliest, Latest]) await on.ask(listOffsets, 5, listOf(topic, place));
  await on.ask(fetch, 11, fetchOf(topic, 0));
}

/** Asks in every version for these offsets, one after the other, and looks at what is left. */
const asked =
  (...offsets: readonly number[]) =>
  async (on: Player) => {
    for (const version of [0, 1, 2]) {
      const topic = await filled(on, 1, `topic-${version}`);
      for (const offset of offsets) {
        await on.ask(deleteRecords, version, deleteOf(topic.name, [0, offset]));
      }
      await ends(on, topic);
    }
  };

export const deleteRecordsScripts = scripts('delete-records', {
  'up-to-a-batch': asked(2),
  'inside-a-batch': asked(3),
  everything: asked(-1),
  'up-to-the-end': asked(5),
  'beyond-the-end': asked(6, 1),
  'far-beyond-the-end': asked(Number.MAX_SAFE_INTEGER),
  'from-zero': asked(0),
  'below-the-start': asked(3, 1, 3),
  'below-minus-one': asked(-2, -1000),
  'twice-everything': asked(-1, -1),
  'reads-from-the-new-start': async (on) => {
    const topic = await filled(on);
    await on.ask(deleteRecords, 2, deleteOf(topic.name, [0, 3]));
    for (const offset of [2, 3, 4, 5]) await on.ask(fetch, 11, fetchOf(topic, offset));
    await on.ask(produce, 9, produceOf(topic, batch(['after'])));
  },
  'then-goes-on': async (on) => {
    const topic = await filled(on);
    await on.ask(deleteRecords, 2, deleteOf(topic.name, [0, -1]));
    for (const version of [4, 5, 9]) {
      await on.ask(produce, version, produceOf(topic, batch(['after'])));
    }
    await ends(on, topic);
    await on.ask(fetch, 11, fetchOf(topic, 5));
  },
  'unknown-topic': async (on) => {
    for (const version of [0, 1, 2]) {
      await on.ask(deleteRecords, version, deleteOf('no-such-topic', [0, 0], [1, -1]));
    }
  },
  'unknown-partition': async (on) => {
    const topic = await filled(on);
    await on.ask(deleteRecords, 2, deleteOf(topic.name, [1, 0]));
    await on.ask(deleteRecords, 2, deleteOf(topic.name, [-1, 0]));
  },
  'each-partition-by-itself': async (on) => {
    const topic = await filled(on, 3);
    await on.ask(deleteRecords, 2, deleteOf(topic.name, [0, 2], [1, 99], [2, -1], [9, 0]));
    for (const partitionIndex of [0, 1, 2]) {
      await on.ask(listOffsets, 5, listOf(topic, Earliest, { partitionIndex }));
    }
  },
  'same-partition-twice': async (on) => {
    const topic = await filled(on);
    await on.ask(deleteRecords, 2, deleteOf(topic.name, [0, 1], [0, 2]));
    await on.ask(listOffsets, 5, listOf(topic, Earliest));
  },
  'compacted-topic': async (on) => {
    const topic = await on.topic('topic', { 'cleanup.policy': 'compact' });
    for (const offset of [-1, 0]) {
      await on.ask(deleteRecords, 2, deleteOf(topic.name, [0, offset]));
    }
  },
  'compacted-and-deleted-topic': async (on) => {
    const topic = await on.topic('topic', { 'cleanup.policy': 'compact,delete' });
    await on.ask(deleteRecords, 2, deleteOf(topic.name, [0, -1]));
  },
  'empty-log': async (on) => {
    const topic = await on.topic();
    for (const offset of [-1, 0, 1]) {
      await on.ask(deleteRecords, 2, deleteOf(topic.name, [0, offset]));
    }
  },
  'producers-are-remembered': async (on) => {
    const topic = await on.topic();
    await on.ask(produce, 9, produceOf(topic, sequenced(4711, 0, 0, 2)));
    await on.ask(deleteRecords, 2, deleteOf(topic.name, [0, -1]));
    await on.ask(produce, 9, produceOf(topic, sequenced(4711, 0, 0, 2)));
    await on.ask(produce, 9, produceOf(topic, sequenced(4711, 0, 5)));
    await on.ask(produce, 9, produceOf(topic, sequenced(4711, 0, 2)));
  },
  nothing: async (on) => {
    await on.ask(deleteRecords, 2, { topics: [], timeoutMs: 10_000 });
    const topic = await on.topic();
    await on.ask(deleteRecords, 2, deleteOf(topic.name));
  },
});
