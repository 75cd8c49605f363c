/** Fetch: what is read from where, in what order and how much of it, and what is refused. */
import { deleteRecords, fetch, produce } from '../apis.ts';
import { type Player, scripts, type Topic } from '../player.ts';
import { batch, fetchOf, produceOf, versions } from '../requests.ts';

const all = versions(4, 17);
const some = [4, 7, 11, 12, 13, 17];
const nowhere = { name: 'no-such-topic', topicId: 'c29tZS1vdGhlci10b3BpYw' };

/** A topic with three batches: offsets 0 and 1, 2, 3 to 5. */
async function filled(on: Player, label = 'topic', partitions = 1): Promise<Topic> {
  const topic = await on.topic(label, {}, partitions);
  for (let index = 0; index < partitions; index += 1) {
    for (const values of [['a', 'b'], ['c'], ['d', 'e', 'f']]) {
      await on.quietly(produce, 9, produceOf(topic, batch(values), { index }));
    }
  }
  return topic;
}

type Options = Parameters<typeof fetchOf>[2];

/** The same question of a filled topic in some versions. */
const asked =
  (offset: number, options: Options = {}, only: readonly number[] = some) =>
  async (on: Player) => {
    const topic = await filled(on);
    for (const version of only) await on.ask(fetch, version, fetchOf(topic, offset, options));
  };

const offsets = scripts('fetch', {
  'from-the-start': asked(0, {}, all),
  'from-a-batch': asked(2),
  'inside-a-batch': asked(4),
  'at-the-end': asked(6, {}, all),
  'beyond-the-end': asked(7, {}, all),
  'far-beyond-the-end': asked(Number.MAX_SAFE_INTEGER),
  'below-the-start': asked(-1),
  'offset-minus-two': asked(-2),
  'empty-log': async (on) => {
    const topic = await on.topic();
    for (const offset of [0, 1, -1]) {
      for (const version of some) await on.ask(fetch, version, fetchOf(topic, offset));
    }
  },
  'after-delete-records': async (on) => {
    const topic = await filled(on);
    const partitions = [{ partitionIndex: 0, offset: 4 }];
    const request = { topics: [{ name: topic.name, partitions }], timeoutMs: 10_000 };
    await on.ask(deleteRecords, 2, request);
    for (const offset of [0, 3, 4, 5, 6]) {
      for (const version of [4, 11, 13]) await on.ask(fetch, version, fetchOf(topic, offset));
    }
  },
  'read-committed': asked(0, { isolationLevel: 1 }, all),
  'read-committed-at-the-end': asked(6, { isolationLevel: 1 }),
  'isolation-level-unknown': async (on) => {
    const topic = await filled(on);
    await on.refused(fetch, 11, fetchOf(topic, 0, { isolationLevel: 2 }));
  },
});

const sizes = scripts('fetch', {
  'max-bytes-zero': asked(0, { maxBytes: 0 }),
  'max-bytes-one': asked(0, { maxBytes: 1 }),
  'max-bytes-negative': asked(0, { maxBytes: -1 }),
  'partition-max-bytes-zero': asked(0, { partitionMaxBytes: 0 }),
  'partition-max-bytes-one': asked(0, { partitionMaxBytes: 1 }),
  'partition-max-bytes-inside-a-batch': asked(3, { partitionMaxBytes: 1 }),
  'partition-max-bytes-negative': asked(0, { partitionMaxBytes: -1 }),
  'partition-max-bytes-two-batches': asked(0, { partitionMaxBytes: 150 }),
  'max-bytes-two-batches': asked(0, { maxBytes: 150 }),
  'min-bytes-zero': asked(6, { minBytes: 0, maxWaitMs: 5000 }),
  'min-bytes-negative': asked(6, { minBytes: -1, maxWaitMs: 5000 }),
  'min-bytes-there': asked(0, { minBytes: 100, maxWaitMs: 5000 }),
  'min-bytes-more-than-there': asked(0, { minBytes: 100_000, maxWaitMs: 50 }, [11]),
  'max-wait-negative': asked(6, { maxWaitMs: -1 }, [11]),
  'waits-for-records': async (on) => {
    const topic = await filled(on);
    const waiting = on.another();
    const reply = waiting.ask(fetch, 11, fetchOf(topic, 6, { maxWaitMs: 15_000 }));
    await new Promise((resolve) => setTimeout(resolve, 100));
    await on.ask(produce, 9, produceOf(topic, batch(['late'])));
    await reply;
  },
  'error-ends-the-wait': async (on) => {
    const topic = await filled(on);
    for (const version of [11, 13]) {
      await on.ask(fetch, version, fetchOf(topic, 99, { maxWaitMs: 15_000 }));
      await on.ask(fetch, version, fetchOf(nowhere, 0, { maxWaitMs: 15_000 }));
    }
  },
});

/** One question of several partitions, as [topic, partition, offset]. */
function severalOf(wanted: readonly (readonly [Topic, number, number])[], more = {}) {
  const topics = wanted.map(([{ name, topicId }, partition, fetchOffset]) => ({
    topic: name,
    topicId,
    partitions: [{ partition, fetchOffset, partitionMaxBytes: 1 << 20 }],
  }));
  return { maxWaitMs: 0, minBytes: 1, ...more, topics };
}

const several = scripts('fetch', {
  'unknown-topic': async (on) => {
    for (const version of all) await on.ask(fetch, version, fetchOf(nowhere, 0));
  },
  'topic-id-zero': async (on) => {
    const topic = { name: 'ignored', topicId: 'AAAAAAAAAAAAAAAAAAAAAA' };
    for (const version of [13, 17]) await on.ask(fetch, version, fetchOf(topic, 0));
  },
  'unknown-partition': async (on) => {
    const topic = await filled(on);
    for (const partition of [1, -1]) {
      for (const version of some) await on.ask(fetch, version, fetchOf(topic, 0, { partition }));
    }
  },
  nothing: async (on) => {
    const topic = await on.topic();
    for (const version of some) {
      await on.ask(fetch, version, { maxWaitMs: 0, minBytes: 1, topics: [] });
      const empty = [{ topic: topic.name, topicId: topic.topicId, partitions: [] }];
      await on.ask(fetch, version, { maxWaitMs: 0, minBytes: 1, topics: empty });
    }
  },
  'partitions-in-order': async (on) => {
    const topic = await filled(on, 'topic', 3);
    const wanted = [2, 0, 1].map((partition) => [topic, partition, 2] as const);
    for (const version of some) await on.ask(fetch, version, severalOf(wanted));
  },
  'topics-in-order': async (on) => {
    const [one, two] = [await filled(on, 'one'), await filled(on, 'two')];
    const wanted = [
      [two, 0, 0],
      [nowhere, 0, 0],
      [one, 0, 4],
      [two, 7, 0],
    ] as const;
    for (const version of some) await on.ask(fetch, version, severalOf(wanted));
  },
  'topics-mixed': async (on) => {
    const [one, two] = [await filled(on, 'one', 2), await filled(on, 'two', 2)];
    const wanted = [
      [one, 0, 5],
      [two, 0, 5],
      [one, 1, 5],
      [two, 1, 6],
    ] as const;
    for (const version of some) await on.ask(fetch, version, severalOf(wanted));
  },
  'same-partition-twice': async (on) => {
    const topic = await filled(on);
    const wanted = [
      [topic, 0, 0],
      [topic, 0, 3],
    ] as const;
    for (const version of [4, 11, 13]) await on.ask(fetch, version, severalOf(wanted));
  },
  'max-bytes-over-partitions': async (on) => {
    const topic = await filled(on, 'topic', 3);
    const wanted = [1, 2, 0].map((partition) => [topic, partition, 0] as const);
    for (const maxBytes of [1, 80, 300, 500]) {
      await on.ask(fetch, 11, severalOf(wanted, { maxBytes }));
    }
  },
  'max-bytes-first-is-empty': async (on) => {
    const topic = await filled(on, 'topic', 2);
    const wanted = [
      [topic, 0, 6],
      [topic, 1, 0],
    ] as const;
    await on.ask(fetch, 11, severalOf(wanted, { maxBytes: 1 }));
  },
  'one-bad-among-good': async (on) => {
    const topic = await filled(on, 'topic', 2);
    const wanted = [
      [topic, 0, 100],
      [topic, 1, 0],
      [topic, 5, 0],
    ] as const;
    for (const version of some) await on.ask(fetch, version, severalOf(wanted));
  },
});

const epochs = scripts('fetch', {
  ...Object.fromEntries(
    [-1, 0, 1, 5, -2].map((currentLeaderEpoch) => [
      `current-leader-epoch-${String(currentLeaderEpoch)}`,
      asked(0, { currentLeaderEpoch }, [9, 11, 12, 13]),
    ]),
  ),
  ...Object.fromEntries(
    [0, 1, 5].map((lastFetchedEpoch) => [
      `last-fetched-epoch-${String(lastFetchedEpoch)}`,
      asked(2, { lastFetchedEpoch }, [12, 13, 17]),
    ]),
  ),
  'last-fetched-epoch-beyond-the-end': asked(99, { lastFetchedEpoch: 0 }, [12, 13]),
  'leader-epoch-of-unknown-partition': async (on) => {
    const topic = await filled(on);
    const options = { partition: 3, currentLeaderEpoch: 5 };
    for (const version of [11, 13]) await on.ask(fetch, version, fetchOf(topic, 0, options));
  },
  'rack-is-nothing-to-one-broker': async (on) => {
    const topic = await filled(on);
    for (const version of [11, 13]) {
      await on.ask(fetch, version, { ...fetchOf(topic, 5), rackId: 'somewhere' });
    }
  },
});

const sessions = scripts('fetch', {
  'session-none': asked(0, { sessionId: 0, sessionEpoch: -1 }),
  'session-new': async (on) => {
    const topic = await filled(on);
    for (const version of [7, 11, 13]) {
      await on.ask(fetch, version, fetchOf(topic, 0, { sessionId: 0, sessionEpoch: 0 }));
    }
  },
  'session-unknown': async (on) => {
    const topic = await filled(on);
    for (const sessionEpoch of [1, 5]) {
      for (const version of [7, 11, 13]) {
        await on.ask(fetch, version, fetchOf(topic, 0, { sessionId: 815, sessionEpoch }));
      }
    }
  },
  'session-ended': asked(0, { sessionId: 815, sessionEpoch: -1 }, [7, 11, 13]),
  'session-replaced': asked(0, { sessionId: 815, sessionEpoch: 0 }, [7, 11, 13]),
  'session-none-with-epoch': asked(0, { sessionId: 0, sessionEpoch: 3 }, [7, 13]),
  'forgotten-topics-without-session': async (on) => {
    const topic = await filled(on);
    for (const version of [7, 11, 13]) {
      const forgottenTopicsData = [{ topic: topic.name, topicId: topic.topicId, partitions: [0] }];
      await on.ask(fetch, version, { ...fetchOf(topic, 5), forgottenTopicsData });
    }
  },
});

export const fetchScripts = [...offsets, ...sizes, ...several, ...epochs, ...sessions];
