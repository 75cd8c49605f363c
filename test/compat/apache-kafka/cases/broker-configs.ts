/**
 * The broker's configs that may be changed while it runs: which values each may have, what cannot
 * be changed, and what is said of brokers and topics afterwards. What is really set is set alone,
 * since every other script would feel it.
 */
import { dynamicBrokerConfigs } from '../../../../src/core/cluster/broker-configs.ts';
import { alterConfigs, createTopics, describeConfigs, incrementalAlterConfigs } from '../apis.ts';
import { alone, type Player, scripts } from '../player.ts';

const [topicKind, brokerKind] = [2, 4];
const Operation = { set: 0, remove: 1, append: 2, subtract: 3 } as const;
const { set, remove, append, subtract } = Operation;

type Change = readonly [operation: number, name: string, value: string | null];

const changed = (resourceName: string, ...changes: Change[]) => ({
  resources: [
    {
      resourceType: brokerKind,
      resourceName,
      configs: changes.map(([configOperation, name, value]) => ({ name, configOperation, value })),
    },
  ],
});

const numbers = ['-3', '-2', '-1', '0', '1', '9', '10', '1048576', '2147483647', '2147483648'];
const others = ['9223372036854775807', '+5', ' 5 ', '0.5', '1e3', '', 'x', 'true', 'FALSE', 'all'];
const lists = ['compact', 'delete,compact', 'delete,', 'burn', 'gzip', 'LogAppendTime'];
const values = [...numbers, ...others, ...lists];

/** Kafka compares their number with that of its processors, or what they take with its memory. */
const measured = (name: string) => /threads|fetchers|dedupe|io\.(buffer|max)/.test(name);

/** What is wrong with a value, without what Java says around it. */
const wordsOf = (message: string | null) =>
  message?.replace(/^Invalid value \S+Exception: (.*) for configuration Invalid.*$/, '$1');

const tried = (config: string) => async (on: Player) => {
  for (const broker of ['1', '']) {
    for (const value of values) {
      const request = { ...changed(broker, [set, config, value]), validateOnly: true };
      const { responses } = await on.quietly(incrementalAlterConfigs, 1, request);
      const [{ errorCode, errorMessage }] = responses;
      on.note(`${broker} ${JSON.stringify(value)}`, [errorCode, wordsOf(errorMessage)]);
    }
  }
};

const names = [...dynamicBrokerConfigs.keys()].filter((name) => !measured(name));

const trying = scripts(
  'broker-config-values',
  Object.fromEntries(names.map((name) => [name.replaceAll('.', '-'), tried(name)])),
);

/** Asks whether these changes may be, and notes the words of the refusal too. */
async function check(on: Player, broker: string, ...changes: Change[]): Promise<void> {
  const request = { ...changed(broker, ...changes), validateOnly: true };
  const { responses } = await on.quietly(incrementalAlterConfigs, 1, request);
  on.note(`${broker} ${JSON.stringify(changes)}`, responses[0]);
  on.note('in words', [responses[0].errorMessage]);
}

const checking = scripts('broker-configs', {
  'read-only': async (on) => {
    for (const broker of ['1', '']) {
      await check(on, broker, [set, 'num.partitions', '3']);
      await check(on, broker, [set, 'num.partitions', 'x'], [set, 'log.retention.ms', 'x']);
      await check(on, broker, [set, 'log.retention.hours', '3']);
      await check(on, broker, [set, 'controller.quorum.voters', '']);
      await check(on, broker, [set, 'group.consumer.session.timeout.ms', '50000']);
      await check(on, broker, [remove, 'num.partitions', null]);
    }
  },
  operations: async (on) => {
    await check(on, '1', [append, 'log.cleanup.policy', 'compact']);
    await check(on, '1', [append, 'log.cleanup.policy', 'burn']);
    await check(on, '1', [subtract, 'log.cleanup.policy', 'delete']);
    await check(on, '1', [append, 'log.retention.ms', '5']);
    await check(on, '1', [subtract, 'log.retention.ms', '5']);
    await check(on, '1', [append, 'no.such.config', '5']);
    await check(on, '1', [append, 'num.partitions', '5']);
    await check(on, '1', [remove, 'no.such.config', null], [remove, 'log.retention.ms', '5']);
    await check(on, '1', [set, 'node.id', '3'], [append, 'log.retention.ms', '4']);
    await check(on, '1', [set, 'log.retention.ms', null]);
    await check(on, '1', [set, 'log.retention.ms', '1'], [set, 'log.retention.ms', '2']);
    await check(on, '1');
  },
  'of-several-kinds': async (on) => {
    const lags = [
      'log.cleaner.min.compaction.lag.ms',
      'log.cleaner.max.compaction.lag.ms',
    ] as const;
    await check(on, '1', [set, lags[0], '1000'], [set, lags[1], '10']);
    await check(on, '1', [set, 'no.such.config', 'x'], [set, 'retention.ms', 'x']);
    const perIp = ['max.connections.per.ip', 'max.connections.per.ip.overrides'] as const;
    await check(on, '1', [set, perIp[0], '0'], [set, perIp[1], '127.0.0.1:5']);
  },
});

/** What is said of a resource, once both know of the change: the configs that are not defaults. */
async function told(
  on: Player,
  [resourceType, resourceName]: readonly [number, string],
  isTold: (configs: ReadonlyMap<string, { readonly value: string | null }>) => boolean,
  what: readonly string[] | null = null,
): Promise<void> {
  const resources = [{ resourceType, resourceName, configurationKeys: what }];
  const request = { resources, includeSynonyms: true };
  const { results } = await on.quietlyUntil(describeConfigs, 4, request, (answer) =>
    isTold(new Map(answer.results[0].configs.map((one) => [one.name, one]))),
  );
  // Where it is, and what one node cannot do otherwise, Kafka was told.
  const deployed = (one: { configSource: number }) => what === null && one.configSource > 3;
  const mine = results[0].configs.filter((one) => !deployed(one));
  mine.sort((one, other) => (one.name < other.name ? -1 : 1));
  on.note(`told of ${resourceType} ${resourceName}`, mine);
}

const setting = alone(
  scripts('broker-configs-set', {
    'and-taken-back': async (on) => {
      const { name } = await on.topic('topic', { 'segment.ms': '77' });
      const topic = [topicKind, name] as const;
      const keys = [
        'retention.ms',
        'segment.ms',
        'cleanup.policy',
        'segment.jitter.ms',
        'flush.ms',
      ];
      const own: Change[] = [
        [set, 'log.retention.ms', '5000000'],
        [set, 'log.roll.ms', '9000000'],
        [append, 'log.cleanup.policy', 'compact'],
        [set, 'made.up', 'secret'],
      ];
      const all: Change[] = [
        [set, 'log.retention.ms', '-2'],
        [set, 'log.roll.jitter.ms', '3'],
        [set, 'log.flush.interval.ms', '77'],
        [set, 'leader.replication.throttled.rate', '1000'],
        [set, 'made.up.too', 'secret'],
      ];
      await on.ask(incrementalAlterConfigs, 1, changed('', ...all));
      const [one, every] = [[brokerKind, '1'] as const, [brokerKind, ''] as const];
      await told(on, topic, (has) => has.get('flush.ms')?.value === '77', keys);
      await told(on, every, (has) => has.has('made.up.too'));
      await on.ask(incrementalAlterConfigs, 1, changed('1', ...own));
      await told(on, one, (has) => has.has('made.up'));
      await told(on, one, () => true, ['log.retention.ms', 'log.retention.hours', 'log.roll.ms']);
      await told(on, topic, (has) => has.get('retention.ms')?.value === '5000000', keys);
      const created = { name: on.name('new'), numPartitions: 1, replicationFactor: 1 };
      const made = await on.quietly(createTopics, 7, { topics: [created], validateOnly: true });
      on.note(
        'a new topic',
        made.topics[0].configs?.filter((config) => keys.includes(config.name)),
      );
      const replaced = { ...changed('1').resources[0]!, configs: [{ name: 'made.up', value: '' }] };
      await on.ask(alterConfigs, 2, { resources: [replaced] });
      await told(on, one, (has) => has.get('log.roll.ms')?.value === null);
      const taken = (changes: readonly Change[]) =>
        changes.map(([, config]): Change => [remove, config, null]);
      await on.ask(incrementalAlterConfigs, 1, changed('', ...taken(all)));
      await on.ask(incrementalAlterConfigs, 1, changed('1', ...taken(own)));
      await told(on, one, (has) => !has.has('made.up'));
      await told(on, every, (has) => has.size === 0);
      await told(on, topic, (has) => has.get('retention.ms')?.value === '604800000', keys);
    },
  }),
);

export const brokerConfigScripts = [...trying, ...checking, ...setting];
