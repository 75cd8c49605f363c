/** Making, growing and deleting topics: what names, numbers and configs are taken. */
import {
  createPartitions,
  createTopics,
  deleteTopics,
  describeConfigs,
  fetch,
  listOffsets,
  metadata,
  produce,
} from '../apis.ts';
import { type Player, type Sparse, scripts } from '../player.ts';
import { batch, fetchOf, Latest, listOf, produceOf, versions } from '../requests.ts';

type NewTopic = Sparse<(typeof createTopics.request.fields.topics)['type'][number]>;

const timeoutMs = 10_000;
const one = { numPartitions: 1, replicationFactor: 1 };
const configsOf = (configs: Readonly<Record<string, string | null>>) =>
  Object.entries(configs).map(([name, value]) => ({ name, value }));

/** Tries to make this topic in some versions; what is made has a name of its own each time. */
const made =
  (topic: NewTopic, only = [2, 4, 5, 7], validateOnly = false) =>
  async (on: Player) => {
    for (const version of only) {
      const name = topic.name ?? on.name(`v${version}`);
      await on.ask(createTopics, version, { topics: [{ ...one, ...topic, name }], validateOnly });
    }
  };

const withConfigs = (configs: Readonly<Record<string, string | null>>) =>
  made({ configs: configsOf(configs) }, [5, 7]);

const creating = scripts('create-topics', {
  plain: made({}, versions(2, 7)),
  'defaults-by-minus-one': made({ numPartitions: -1, replicationFactor: -1 }, versions(2, 7)),
  'validate-only': made({}, versions(2, 7), true),
  'validate-only-leaves-nothing': async (on) => {
    const topics = [{ ...one, name: on.name('topic') }];
    await on.ask(createTopics, 7, { topics, validateOnly: true });
    await on.ask(createTopics, 7, { topics });
  },
  'partitions-zero': made({ numPartitions: 0 }),
  'partitions-negative': made({ numPartitions: -2 }),
  'replication-factor-zero': made({ replicationFactor: 0 }),
  'replication-factor-negative': made({ replicationFactor: -2 }),
  'replication-factor-too-large': made({ replicationFactor: 3 }),
  'name-empty': made({ name: '' }),
  'name-dot': made({ name: '.' }),
  'name-dots': made({ name: '..' }),
  'name-blank': made({ name: 'a b' }),
  'name-slash': made({ name: 'a/b' }),
  'name-umlaut': made({ name: 'käse' }),
  'name-too-long': made({ name: 'x'.repeat(250) }),
  'name-internal': made({ name: '__consumer_offsets' }),
  'name-taken': async (on) => {
    const { name } = await on.topic();
    for (const version of versions(2, 7)) {
      await on.ask(createTopics, version, { topics: [{ ...one, name }] });
      await on.ask(createTopics, version, { topics: [{ ...one, name }], validateOnly: true });
    }
  },
  'name-collides': async (on) => {
    await on.topic('a.b');
    for (const version of [2, 7]) {
      await on.ask(createTopics, version, { topics: [{ ...one, name: on.name('a_b') }] });
    }
  },
  'name-collides-in-one-request': async (on) => {
    const topics = ['a.b', 'a_b'].map((label) => ({ ...one, name: on.name(label) }));
    await on.ask(createTopics, 7, { topics });
  },
  'named-twice': async (on) => {
    const name = on.name('topic');
    for (const version of [2, 7]) {
      await on.ask(createTopics, version, {
        topics: [
          { ...one, name },
          { ...one, name },
        ],
      });
    }
  },
  'several-good-and-bad': async (on) => {
    const topics = [
      { ...one, name: on.name('good') },
      { ...one, name: 'bad name' },
      { ...one, name: on.name('none'), numPartitions: 0 },
      { ...one, name: on.name('three'), numPartitions: 3 },
    ];
    for (const version of [2, 5, 7]) await on.ask(createTopics, version, { topics });
  },
  nothing: async (on) => {
    for (const version of [2, 7]) await on.ask(createTopics, version, { topics: [] });
  },
});

const assigned = (assignments: readonly (readonly [number, readonly number[]])[], more = {}) =>
  made({
    ...{ numPartitions: -1, replicationFactor: -1, ...more },
    assignments: assignments.map(([partitionIndex, brokerIds]) => ({ partitionIndex, brokerIds })),
  });

const assignments = scripts('create-topics', {
  'assigned-by-hand': assigned([
    [0, [1]],
    [1, [1]],
  ]),
  'assigned-in-another-order': assigned([
    [1, [1]],
    [0, [1]],
  ]),
  'assigned-with-a-hole': assigned([
    [0, [1]],
    [2, [1]],
  ]),
  'assigned-twice': assigned([
    [0, [1]],
    [0, [1]],
  ]),
  'assigned-to-nobody': assigned([[0, []]]),
  'assigned-to-a-stranger': assigned([[0, [7]]]),
  'assigned-to-one-twice': assigned([[0, [1, 1]]]),
  'assigned-not-from-zero': assigned([[1, [1]]]),
  'assigned-and-counted': assigned([[0, [1]]], { numPartitions: 1 }),
  'assigned-and-replicated': assigned([[0, [1]]], { replicationFactor: 1 }),
});

const configured = scripts('create-topics', {
  'config-good': withConfigs({ 'retention.ms': '1000', 'cleanup.policy': 'compact' }),
  'config-unknown': withConfigs({ 'no.such.config': '1' }),
  'config-not-a-number': withConfigs({ 'retention.ms': 'soon' }),
  'config-out-of-range': withConfigs({ 'retention.ms': '-2' }),
  'config-not-in-list': withConfigs({ 'cleanup.policy': 'burn' }),
  'config-list': withConfigs({ 'cleanup.policy': 'compact,delete' }),
  'config-list-with-blanks': withConfigs({ 'cleanup.policy': ' delete , compact ' }),
  'config-list-empty': withConfigs({ 'cleanup.policy': '' }),
  'config-list-repeated': withConfigs({ 'cleanup.policy': 'delete,delete' }),
  'config-null': withConfigs({ 'retention.ms': null }),
  'config-empty': withConfigs({ 'retention.ms': '' }),
  'config-boolean': withConfigs({ preallocate: 'TRUE', 'unclean.leader.election.enable': 'no' }),
  'config-blanks-around-a-number': withConfigs({ 'retention.ms': ' 1000 ' }),
  'config-number-too-large': withConfigs({ 'max.message.bytes': '3000000000' }),
  'config-number-with-fraction': withConfigs({ 'retention.bytes': '1.5' }),
  'config-double': withConfigs({ 'min.cleanable.dirty.ratio': '0.3' }),
  'config-double-out-of-range': withConfigs({ 'min.cleanable.dirty.ratio': '1.3' }),
  'config-codec': withConfigs({ 'compression.type': 'zstd', 'compression.zstd.level': '5' }),
  'config-codec-unknown': withConfigs({ 'compression.type': 'rar' }),
  'config-codec-level-out-of-range': withConfigs({ 'compression.gzip.level': '10' }),
  'config-replicas-throttled': withConfigs({ 'leader.replication.throttled.replicas': '0:1' }),
  'config-replicas-throttled-badly': withConfigs({ 'leader.replication.throttled.replicas': 'x' }),
  'config-lag-min-above-max': withConfigs({
    'min.compaction.lag.ms': '1000',
    'max.compaction.lag.ms': '10',
  }),
  'config-local-retention-above': withConfigs({ 'retention.ms': '10', 'local.retention.ms': '20' }),
  'config-remote-storage': withConfigs({ 'remote.storage.enable': 'true' }),
  'config-min-insync-zero': withConfigs({ 'min.insync.replicas': '0' }),
  'config-segment-too-small': withConfigs({ 'segment.bytes': '13' }),
  'config-timestamp-type-unknown': withConfigs({ 'message.timestamp.type': 'Now' }),
  'config-named-twice': made(
    { configs: ['1000', '2000'].map((value) => ({ name: 'retention.ms', value })) },
    [5, 7],
  ),
  'config-seen-afterwards': async (on) => {
    const topic = await on.topic('topic', { 'retention.ms': '1000', 'cleanup.policy': 'compact' });
    const resources = [{ resourceType: 2, resourceName: topic.name, configurationKeys: null }];
    await on.ask(describeConfigs, 4, { resources, includeSynonyms: true });
  },
});

const growing = scripts('create-partitions', {
  more: async (on) => {
    for (const version of versions(0, 3)) {
      const { name } = await on.topic(`v${version}`);
      await on.ask(createPartitions, version, {
        topics: [{ name, count: 3, assignments: null }],
        timeoutMs,
      });
      await on.known(name, 3);
      await on.ask(metadata, 12, { topics: [{ name }] });
    }
  },
  'not-more': async (on) => {
    const { name } = await on.topic('topic', {}, 2);
    for (const count of [2, 1, 0, -1]) {
      for (const version of [0, 3]) {
        await on.ask(createPartitions, version, {
          topics: [{ name, count, assignments: null }],
          timeoutMs,
        });
      }
    }
  },
  'unknown-topic': async (on) => {
    for (const name of ['no-such-topic', '', 'bad name']) {
      const topics = [{ name, count: 3, assignments: null }];
      for (const version of versions(0, 3))
        await on.ask(createPartitions, version, { topics, timeoutMs });
    }
  },
  'validate-only': async (on) => {
    const { name } = await on.topic();
    const topics = [{ name, count: 3, assignments: null }];
    for (const version of [0, 3]) {
      await on.ask(createPartitions, version, { topics, timeoutMs, validateOnly: true });
    }
    await on.ask(metadata, 12, { topics: [{ name }] });
  },
  'named-twice': async (on) => {
    const { name } = await on.topic();
    const topics = [2, 3].map((count) => ({ name, count, assignments: null }));
    await on.ask(createPartitions, 3, { topics, timeoutMs });
  },
  ...Object.fromEntries(
    Object.entries({ good: [[1], [1]], short: [[1]], strange: [[1], [9]], empty: [[1], []] }).map(
      ([label, lists]) => [
        `assigned-${label}`,
        async (on: Player) => {
          const { name } = await on.topic();
          const given = lists.map((brokerIds) => ({ brokerIds }));
          await on.ask(createPartitions, 3, {
            topics: [{ name, count: 3, assignments: given }],
            timeoutMs,
          });
        },
      ],
    ),
  ),
});

const deleting = scripts('delete-topics', {
  'by-name': async (on) => {
    for (const version of versions(1, 5)) {
      const { name } = await on.topic(`v${version}`);
      await on.ask(deleteTopics, version, { topicNames: [name], timeoutMs });
    }
    const { name } = await on.topic('v6');
    await on.ask(deleteTopics, 6, { topics: [{ name }], timeoutMs });
  },
  'by-id': async (on) => {
    const { topicId } = await on.topic();
    await on.ask(deleteTopics, 6, { topics: [{ name: null, topicId }], timeoutMs });
  },
  'unknown-topic': async (on) => {
    for (const version of versions(1, 5)) {
      await on.ask(deleteTopics, version, { topicNames: ['no-such-topic'], timeoutMs });
    }
    const topicId = 'c29tZS1vdGhlci10b3BpYw';
    const topics = [{ name: 'no-such-topic' }, { name: null, topicId }];
    await on.ask(deleteTopics, 6, { topics, timeoutMs });
  },
  'name-and-id': async (on) => {
    const topic = await on.topic();
    await on.ask(deleteTopics, 6, { topics: [topic], timeoutMs });
    await on.ask(deleteTopics, 6, { topics: [{ name: null }], timeoutMs });
  },
  'named-twice': async (on) => {
    const { name } = await on.topic();
    await on.ask(deleteTopics, 6, { topics: [{ name }, { name }], timeoutMs });
    await on.ask(deleteTopics, 5, { topicNames: [name, name], timeoutMs });
  },
  nothing: async (on) => {
    await on.ask(deleteTopics, 1, { topicNames: [], timeoutMs });
    await on.ask(deleteTopics, 6, { topics: [], timeoutMs });
  },
  'what-is-gone': async (on) => {
    const topic = await on.topic();
    await on.ask(produce, 9, produceOf(topic, batch(['a'])));
    await on.ask(deleteTopics, 6, { topics: [{ name: topic.name }], timeoutMs });
    await on.quietlyUntil(listOffsets, 5, listOf(topic, Latest), ({ topics: [{ partitions }] }) => {
      return partitions[0].errorCode === 3;
    });
    for (const version of [9, 13]) await on.ask(produce, version, produceOf(topic, batch(['b'])));
    for (const version of [11, 13]) await on.ask(fetch, version, fetchOf(topic, 0));
    const request = { topics: [{ name: topic.name }], allowAutoTopicCreation: false };
    await on.ask(metadata, 12, request);
  },
  'made-again': async (on) => {
    const topic = await on.topic();
    await on.ask(produce, 9, produceOf(topic, batch(['a'])));
    await on.ask(deleteTopics, 6, { topics: [{ name: topic.name }], timeoutMs });
    await on.until(listOffsets, 5, listOf(topic, Latest), ({ topics: [{ partitions }] }) => {
      return partitions[0].errorCode === 3;
    });
    const again = await on.topic();
    await on.ask(listOffsets, 5, listOf(again, Latest));
    await on.ask(fetch, 13, fetchOf(topic, 0));
    await on.ask(produce, 13, produceOf(topic, batch(['lost'])));
    await on.ask(produce, 13, produceOf(again, batch(['b'])));
    await on.ask(fetch, 13, fetchOf(again, 0));
  },
});

export const topicScripts = [...creating, ...assignments, ...configured, ...growing, ...deleting];
