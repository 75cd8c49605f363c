/** ListOffsets: special places of a log and points in time, version by version. */
import { deleteRecords, listOffsets, produce } from '../apis.ts';
import { type Player, scripts, type Topic } from '../player.ts';
import {
  batch,
  batchAt,
  Earliest,
  hourAgo,
  Latest,
  listOf,
  MaxTimestamp,
  produceOf,
  versions,
} from '../requests.ts';

const all = versions(1, 11);
const nowhere = { name: 'no-such-topic', topicId: '' };

/** Offsets 0 to 2, 3 and 4 to 6, whose times go up and down. */
async function filled(on: Player): Promise<Topic> {
  const topic = await on.topic();
  for (const times of [[10, 30, 20], [25], [50, 40, 50]]) {
    const records = batchAt(times.map((time) => hourAgo + time));
    await on.quietly(produce, 9, produceOf(topic, records));
  }
  return topic;
}

type Options = Parameters<typeof listOf>[2];

const asked =
  (timestamp: number, options: Options = {}, only = all) =>
  async (on: Player) => {
    const topic = await filled(on);
    for (const version of only)
      await on.ask(listOffsets, version, listOf(topic, timestamp, options));
  };

const places = scripts('list-offsets', {
  latest: asked(Latest),
  earliest: asked(Earliest),
  'max-timestamp': asked(MaxTimestamp),
  'earliest-local': asked(-4),
  'latest-tiered': asked(-5),
  'earliest-pending-upload': asked(-6),
  'no-such-place': asked(-7),
  'far-below': asked(-1000),
  'latest-read-committed': asked(Latest, { isolationLevel: 1 }, versions(2, 11)),
  'earliest-read-committed': asked(Earliest, { isolationLevel: 1 }, versions(2, 11)),
  'empty-log': async (on) => {
    const topic = await on.topic();
    for (const timestamp of [-1, -2, -3, -4, -5, -6, 0, hourAgo]) {
      for (const version of [1, 4, 7, 8, 9, 11]) {
        await on.ask(listOffsets, version, listOf(topic, timestamp));
      }
    }
  },
  'replica-ids': async (on) => {
    const topic = await filled(on);
    for (const replicaId of [-1, -2, -3]) {
      await on.ask(listOffsets, 5, { ...listOf(topic, Latest), replicaId });
    }
  },
});

const times = scripts('list-offsets', {
  'by-time-at-a-record': asked(hourAgo + 25),
  'by-time-between': asked(hourAgo + 26),
  'by-time-inside-a-batch': asked(hourAgo + 20),
  'by-time-before-all': asked(0),
  'by-time-the-first': asked(hourAgo + 10),
  'by-time-the-last': asked(hourAgo + 50),
  'by-time-after-all': asked(hourAgo + 51),
  'by-time-far-after': asked(Number.MAX_SAFE_INTEGER),
  'by-time-read-committed': asked(hourAgo + 26, { isolationLevel: 1 }, [2, 5, 11]),
  'after-delete-records': async (on) => {
    const topic = await filled(on);
    const partitions = [{ partitionIndex: 0, offset: 5 }];
    await on.ask(deleteRecords, 2, { topics: [{ name: topic.name, partitions }], timeoutMs: 9000 });
    for (const timestamp of [-1, -2, -3, -4, 0, hourAgo + 10, hourAgo + 45, hourAgo + 50]) {
      for (const version of [1, 7, 11])
        await on.ask(listOffsets, version, listOf(topic, timestamp));
    }
  },
  'max-timestamp-is-not-the-last': async (on) => {
    const topic = await on.topic();
    for (const time of [hourAgo + 5, hourAgo + 9, hourAgo + 1]) {
      await on.quietly(produce, 9, produceOf(topic, batchAt([time])));
    }
    for (const version of [7, 11]) await on.ask(listOffsets, version, listOf(topic, MaxTimestamp));
  },
  'max-timestamp-of-equals': async (on) => {
    const topic = await on.topic();
    for (const times of [[hourAgo, hourAgo], [hourAgo]]) {
      await on.quietly(produce, 9, produceOf(topic, batchAt(times)));
    }
    await on.ask(listOffsets, 7, listOf(topic, MaxTimestamp));
  },
  'log-append-time': async (on) => {
    const topic = await on.topic('topic', { 'message.timestamp.type': 'LogAppendTime' });
    await on.quietly(produce, 9, produceOf(topic, batch(['a', 'b'])));
    for (const timestamp of [0, MaxTimestamp, Date.now() + 60_000]) {
      for (const version of [1, 7, 11])
        await on.ask(listOffsets, version, listOf(topic, timestamp));
    }
  },
});

const refused = scripts('list-offsets', {
  'unknown-topic': async (on) => {
    for (const version of all) await on.ask(listOffsets, version, listOf(nowhere, Latest));
  },
  'unknown-partition': async (on) => {
    const topic = await filled(on);
    for (const partitionIndex of [1, -1]) {
      for (const version of all) {
        await on.ask(listOffsets, version, listOf(topic, Latest, { partitionIndex }));
      }
    }
  },
  'unknown-place-of-unknown-topic': async (on) => {
    for (const version of [1, 7, 11]) await on.ask(listOffsets, version, listOf(nowhere, -9));
  },
  'same-partition-twice': async (on) => {
    const topic = await filled(on);
    const partitions = [Latest, Earliest].map((timestamp) => ({ partitionIndex: 0, timestamp }));
    for (const version of [1, 5, 11]) {
      await on.ask(listOffsets, version, {
        replicaId: -1,
        topics: [{ name: topic.name, partitions }],
      });
    }
  },
  'several-partitions': async (on) => {
    const topic = await on.topic('topic', {}, 3);
    const partitions = [2, 0, 7, 1].map((partitionIndex) => ({
      partitionIndex,
      timestamp: Latest,
    }));
    const topics = [
      { name: topic.name, partitions },
      { name: 'no-such-topic', partitions },
    ];
    for (const version of [1, 5, 11]) await on.ask(listOffsets, version, { replicaId: -1, topics });
  },
  nothing: async (on) => {
    for (const version of [1, 11])
      await on.ask(listOffsets, version, { replicaId: -1, topics: [] });
  },
  ...Object.fromEntries(
    [0, 1, 5, -2].map((currentLeaderEpoch) => [
      `leader-epoch-${String(currentLeaderEpoch)}`,
      asked(Latest, { currentLeaderEpoch }, [4, 7, 11]),
    ]),
  ),
  'leader-epoch-by-time': asked(hourAgo, { currentLeaderEpoch: 5 }, [4, 11]),
  'isolation-level-unknown': async (on) => {
    const topic = await filled(on);
    await on.refused(listOffsets, 5, listOf(topic, Latest, { isolationLevel: 7 }));
  },
});

export const listOffsetsScripts = [...places, ...times, ...refused];
