/** What operators ask: pages of topics, leaders, replicas, the quorum, features, ACLs. */
import {
  alterPartitionReassignments,
  createAcls,
  deleteAcls,
  describeAcls,
  describeQuorum,
  describeTopicPartitions,
  electLeaders,
  listPartitionReassignments,
  updateFeatures,
} from '../apis.ts';
import { type Player, scripts } from '../player.ts';

interface Page {
  readonly limit?: number;
  readonly cursor?: readonly [topicName: string, partitionIndex: number];
}

/** Asks for one page of these topics. */
async function page(on: Player, names: readonly string[], { limit, cursor }: Page = {}) {
  return on.ask(describeTopicPartitions, 0, {
    topics: names.map((name) => ({ name })),
    ...(limit !== undefined && { responsePartitionLimit: limit }),
    ...(cursor && { cursor: { topicName: cursor[0], partitionIndex: cursor[1] } }),
  });
}

const paging = scripts('describe-topic-partitions', {
  'of-two-topics': async (on) => {
    const [b, a] = [await on.topic('b', {}, 2), await on.topic('a', {}, 3)];
    await page(on, [b.name, a.name]);
    await page(on, [b.name, b.name]);
  },
  'page-by-page': async (on) => {
    const [b, a] = [await on.topic('b', {}, 2), await on.topic('a', {}, 3)];
    for (const limit of [1, 2, 3, 4, 5, 0, -1, 5000]) await page(on, [b.name, a.name], { limit });
    for (const partition of [0, 1, 2, 3, 99]) {
      await page(on, [a.name, b.name], { limit: 2, cursor: [a.name, partition] });
    }
    await page(on, [a.name, b.name], { limit: 2, cursor: [b.name, 1] });
  },
  'with-a-bad-cursor': async (on) => {
    const [b, a] = [await on.topic('b', {}, 2), await on.topic('a', {}, 3)];
    await page(on, [b.name], { cursor: [a.name, 0] });
    await page(on, [b.name], { cursor: [b.name, -1] });
    await page(on, [b.name], { cursor: ['', 0] });
  },
  'of-unknown-topics': async (on) => {
    const { name } = await on.topic('b');
    const unknown = on.name('unknown');
    await page(on, [unknown]);
    await page(on, ['bad name']);
    await page(on, [unknown, name], { limit: 1 });
    await page(on, [unknown, name], { limit: 1, cursor: [unknown, 0] });
    await page(on, [name, on.name('a')], { limit: 1 });
  },
});

const electing = scripts('elect-leaders', {
  'not-needed': async (on) => {
    const { name: topic } = await on.topic('topic', {}, 2);
    for (const version of [0, 1, 2]) {
      await on.ask(electLeaders, version, { topicPartitions: [{ topic, partitions: [1, 0] }] });
    }
    const unclean = { electionType: 1, topicPartitions: [{ topic, partitions: [0] }] };
    await on.ask(electLeaders, 2, unclean);
  },
  'of-unknown-partitions': async (on) => {
    const { name: topic } = await on.topic();
    const topicPartitions = [
      { topic, partitions: [0, 9, -1] },
      { topic: 'no-such-topic', partitions: [0] },
    ];
    for (const version of [0, 2]) await on.ask(electLeaders, version, { topicPartitions });
  },
  'of-nothing': async (on) => {
    await on.ask(electLeaders, 2, { topicPartitions: [] });
  },
  'of-an-unknown-type': async (on) => {
    const { name: topic } = await on.topic();
    const topicPartitions = [{ topic, partitions: [0] }];
    await on.ask(electLeaders, 2, { electionType: 5, topicPartitions });
  },
});

/** Asks to move partitions of a topic, each to these brokers. */
async function move(
  on: Player,
  name: string,
  ...moves: readonly [partitionIndex: number, replicas: readonly number[] | null][]
) {
  const partitions = moves.map(([partitionIndex, replicas]) => ({ partitionIndex, replicas }));
  for (const version of [0, 1]) {
    await on.ask(alterPartitionReassignments, version, { topics: [{ name, partitions }] });
  }
}

const moving = scripts('reassignments', {
  'to-where-they-are': async (on) => {
    const { name } = await on.topic('topic', {}, 2);
    await move(on, name, [0, [1]], [1, [1]]);
    await on.ask(alterPartitionReassignments, 1, {
      allowReplicationFactorChange: false,
      topics: [{ name, partitions: [{ partitionIndex: 0, replicas: [1] }] }],
    });
  },
  'to-where-they-cannot-be': async (on) => {
    const { name } = await on.topic('topic', {}, 4);
    await move(on, name, [0, [2]], [1, [1, 1]], [2, []], [3, [1, 2]], [3, [-1]]);
  },
  'that-are-cancelled': async (on) => {
    const { name } = await on.topic();
    await move(on, name, [0, null]);
  },
  'of-unknown-partitions': async (on) => {
    const { name } = await on.topic();
    await move(on, name, [9, [1]], [9, null], [-1, [1]]);
    await move(on, 'no-such-topic', [0, [1]], [0, null]);
    await move(on, name);
  },
  listed: async (on) => {
    const { name } = await on.topic();
    const topics = [
      { name, partitionIndexes: [0, 9] },
      { name: 'no-such-topic', partitionIndexes: [0] },
    ];
    for (const asked of [null, [], topics]) {
      await on.ask(listPartitionReassignments, 0, { topics: asked });
    }
  },
});

const metadataLog = (partitionIndex: number) => ({
  topicName: '__cluster_metadata',
  partitions: [{ partitionIndex }],
});

const governing = scripts('describe-quorum', {
  'of-the-cluster': async (on) => {
    for (const version of [0, 1, 2]) {
      const answer = await on.quietly(describeQuorum, version, { topics: [metadataLog(0)] });
      const [partition] = answer.topics[0].partitions;
      const { currentVoters, highWatermark, ...rest } = partition;
      on.note(`the quorum of v${version}`, rest);
      const voters = currentVoters.map(({ logEndOffset, ...voter }) => ({
        ...voter,
        hasCaughtUp: logEndOffset === highWatermark,
      }));
      on.note(`the voters of v${version}`, voters);
      const nodes = answer.nodes.map(({ nodeId, listeners }) => [nodeId, listeners.length]);
      on.note(`the nodes of v${version}`, nodes);
    }
  },
  'of-something-else': async (on) => {
    const { name: topicName } = await on.topic();
    const partitions = [{ partitionIndex: 0 }];
    for (const topics of [
      [metadataLog(1)],
      [{ topicName, partitions }],
      [metadataLog(0), { topicName, partitions }],
      [{ topicName: 'no-such-topic', partitions: [] }],
      [],
    ]) {
      for (const version of [0, 2]) await on.ask(describeQuorum, version, { topics });
    }
  },
});

const feature = 'transaction.version';

const features = scripts('update-features', {
  'to-what-they-are': async (on) => {
    const featureUpdates = [{ feature, maxVersionLevel: 2 }];
    for (const version of [0, 1, 2]) await on.ask(updateFeatures, version, { featureUpdates });
    for (const upgradeType of [1, 2, 3]) {
      const validateOnly = true;
      const updates = [{ feature, maxVersionLevel: 2, upgradeType }];
      await on.ask(updateFeatures, 1, { featureUpdates: updates, validateOnly });
    }
    for (const version of [1, 2]) await on.ask(updateFeatures, version, { featureUpdates: [] });
  },
  'to-what-cannot-be': async (on) => {
    for (const [name, maxVersionLevel, upgradeType] of [
      [feature, 3, 1],
      [feature, -1, 1],
      [feature, 1, 1],
      [feature, 2, 0],
      [feature, 2, 9],
      ['nonsense', 1, 1],
      ['nonsense', 0, 2],
      ['', 1, 1],
    ] as const) {
      const featureUpdates = [{ feature: name, maxVersionLevel, upgradeType }];
      for (const version of [1, 2]) {
        await on.ask(updateFeatures, version, { featureUpdates, validateOnly: true });
      }
    }
    const featureUpdates = [
      { feature, maxVersionLevel: 2 },
      { feature: 'nonsense', maxVersionLevel: 1 },
    ];
    await on.ask(updateFeatures, 1, { featureUpdates, validateOnly: true });
  },
  lower: async (on) => {
    const featureUpdates = [{ feature, maxVersionLevel: 1, upgradeType: 2 }];
    await on.ask(updateFeatures, 2, { featureUpdates, validateOnly: true });
  },
});

const any = { resourceTypeFilter: 1, patternTypeFilter: 1, operation: 1, permissionType: 1 };
const everything = { ...any, resourceNameFilter: null, principalFilter: null, hostFilter: null };
const creation = {
  resourceType: 2,
  resourceName: 'orders',
  resourcePatternType: 3,
  principal: 'User:alice',
  host: '*',
  operation: 3,
  permissionType: 3,
};

const acls = scripts('acls', {
  'without-an-authorizer': async (on) => {
    for (const version of [1, 2, 3]) {
      await on.ask(describeAcls, version, everything);
      await on.ask(createAcls, version, { creations: [creation, creation] });
      await on.ask(deleteAcls, version, { filters: [everything, everything] });
    }
  },
  'of-nothing': async (on) => {
    for (const version of [1, 3]) {
      await on.ask(createAcls, version, { creations: [] });
      await on.ask(deleteAcls, version, { filters: [] });
    }
  },
});

export const administrationScripts = [
  ...paging,
  ...electing,
  ...moving,
  ...governing,
  ...features,
  ...acls,
];
