/** Describing and altering configs of topics, brokers and what has none. */
import { alterConfigs, describeConfigs, incrementalAlterConfigs } from '../apis.ts';
import { type Player, scripts } from '../player.ts';
import { versions } from '../requests.ts';

const Kind = { topic: 2, broker: 4, logger: 8, clientMetrics: 16, group: 32 } as const;
const Operation = { set: 0, remove: 1, append: 2, subtract: 3 } as const;

type Keys = readonly string[] | null;

const described = (resourceType: number, resourceName: string, configurationKeys: Keys) => ({
  resources: [{ resourceType, resourceName, configurationKeys }],
});

const describing = scripts('describe-configs', {
  'topic-whole': async (on) => {
    const { name } = await on.topic();
    for (const version of versions(1, 4)) {
      await on.ask(describeConfigs, version, described(Kind.topic, name, null));
    }
  },
  'topic-synonyms': async (on) => {
    const { name } = await on.topic('topic', {
      'retention.ms': '1000',
      'segment.bytes': '2000000',
    });
    for (const version of versions(1, 4)) {
      const request = { ...described(Kind.topic, name, null), includeSynonyms: true };
      await on.ask(describeConfigs, version, request);
    }
  },
  'topic-documentation': async (on) => {
    const { name } = await on.topic();
    const request = { ...described(Kind.topic, name, null), includeDocumentation: true };
    for (const version of [3, 4]) {
      const { results } = await on.quietly(describeConfigs, version, request);
      const texts = results[0].configs.map((one) => [one.name, one.documentation !== null]);
      on.note(`documented v${version}`, Object.fromEntries(texts));
    }
  },
  'topic-some-keys': async (on) => {
    const { name } = await on.topic('topic', { 'retention.ms': '1000' });
    for (const keys of [['retention.ms'], ['segment.ms', 'retention.ms'], ['nope'], []]) {
      for (const version of [1, 4]) {
        await on.ask(describeConfigs, version, described(Kind.topic, name, keys));
      }
    }
  },
  'topic-key-twice': async (on) => {
    const { name } = await on.topic();
    const keys = ['retention.ms', 'retention.ms'];
    await on.ask(describeConfigs, 4, described(Kind.topic, name, keys));
  },
  'topic-unknown': async (on) => {
    for (const name of ['no-such-topic', 'bad name', '']) {
      for (const version of [1, 4]) {
        await on.ask(describeConfigs, version, described(Kind.topic, name, null));
      }
    }
  },
  'topic-named-twice': async (on) => {
    const { name } = await on.topic();
    const one = described(Kind.topic, name, ['retention.ms']).resources[0]!;
    await on.ask(describeConfigs, 4, { resources: [one, one] });
  },
  'resource-unknown': async (on) => {
    for (const kind of [0, 1, 3, 64, -1]) {
      await on.refused(describeConfigs, 4, described(kind, 'x', null));
    }
  },
  'broker-some-keys': async (on) => {
    const keys = ['num.partitions', 'log.retention.ms', 'message.max.bytes', 'node.id', 'nope'];
    for (const version of versions(1, 4)) {
      const request = { ...described(Kind.broker, '1', keys), includeSynonyms: true };
      await on.ask(describeConfigs, version, request);
    }
  },
  'broker-default': async (on) => {
    await on.ask(describeConfigs, 4, described(Kind.broker, '', null));
  },
  'broker-unknown': async (on) => {
    for (const name of ['7', 'seven', '-1']) {
      await on.ask(describeConfigs, 4, described(Kind.broker, name, null));
    }
  },
  'logger-unknown': async (on) => {
    for (const name of ['7', '', 'one']) {
      await on.ask(describeConfigs, 4, described(Kind.logger, name, null));
    }
  },
  'client-metrics-without-any': async (on) => {
    for (const name of ['nothing', '']) {
      await on.ask(describeConfigs, 4, described(Kind.clientMetrics, name, null));
    }
  },
  'group-without-name': async (on) => {
    await on.ask(describeConfigs, 4, described(Kind.group, '', null));
  },
  nothing: async (on) => {
    await on.ask(describeConfigs, 4, { resources: [] });
  },
});

type Change = readonly [operation: number, name: string, value: string | null];

const changed = (resourceType: number, resourceName: string, changes: readonly Change[]) => ({
  resources: [
    {
      resourceType,
      resourceName,
      configs: changes.map(([configOperation, name, value]) => ({ name, configOperation, value })),
    },
  ],
});

/** What the topic has of its own, once the broker knows that it changed. */
async function own(on: Player, name: string, key: string, value: string | null): Promise<void> {
  const request = { ...described(Kind.topic, name, null), includeSynonyms: true };
  const wanted = await on.quietlyUntil(
    describeConfigs,
    4,
    request,
    ({ results: [{ configs }] }) => {
      const found = configs.find((one) => one.name === key);
      return value === null ? found?.configSource !== 1 : found?.value === value;
    },
  );
  on.note(
    'the configs of its own',
    wanted.results[0].configs.filter((one) => one.configSource === 1),
  );
}

/** Changes in both versions, each on a topic of its own; says what that topic has then. */
const incrementally =
  (changes: readonly Change[], before: Readonly<Record<string, string>> = {}) =>
  async (on: Player) => {
    for (const version of [0, 1]) {
      const { name } = await on.topic(`v${version}`, before);
      const request = changed(Kind.topic, name, changes);
      await on.ask(incrementalAlterConfigs, version, { ...request, validateOnly: true });
      const { responses } = await on.ask(incrementalAlterConfigs, version, request);
      if (responses[0].errorCode !== 0) continue;
      const last = changes.at(-1);
      const plain = last?.[0] === Operation.set ? last[2] : undefined;
      if (last !== undefined && plain !== undefined) await own(on, name, last[1], plain);
    }
  };

const { set, remove, append, subtract } = Operation;

const incremental = scripts('incremental-alter-configs', {
  set: incrementally([[set, 'retention.ms', '1000']]),
  'set-two': incrementally([
    [set, 'retention.ms', '1000'],
    [set, 'segment.ms', '2000'],
  ]),
  'set-unknown': incrementally([[set, 'no.such.config', '1']]),
  'set-not-a-number': incrementally([[set, 'retention.ms', 'soon']]),
  'set-out-of-range': incrementally([[set, 'retention.ms', '-7']]),
  'set-null': incrementally([[set, 'retention.ms', null]]),
  'set-empty': incrementally([[set, 'retention.ms', '']]),
  'set-bad-among-good': incrementally([
    [set, 'segment.ms', '5'],
    [set, 'retention.ms', 'x'],
  ]),
  'set-min-insync-above-replicas': incrementally([[set, 'min.insync.replicas', '3']]),
  'set-lag-min-above-max': incrementally([[set, 'max.compaction.lag.ms', '10']], {
    'min.compaction.lag.ms': '1000',
  }),
  'set-name-empty': incrementally([[set, '', '1']]),
  remove: incrementally([[remove, 'retention.ms', null]], { 'retention.ms': '1000' }),
  'remove-with-value': incrementally([[remove, 'retention.ms', '5']], { 'retention.ms': '1000' }),
  'remove-what-is-not-set': incrementally([[remove, 'retention.ms', null]]),
  'remove-unknown': incrementally([[remove, 'no.such.config', null]]),
  append: incrementally([[append, 'cleanup.policy', 'compact']]),
  'append-what-is-there': incrementally([[append, 'cleanup.policy', 'delete']]),
  'append-two': incrementally([[append, 'cleanup.policy', 'compact,delete']]),
  'append-bad': incrementally([[append, 'cleanup.policy', 'burn']]),
  'append-to-no-list': incrementally([[append, 'retention.ms', '5']]),
  'append-null': incrementally([[append, 'cleanup.policy', null]]),
  'append-to-unknown': incrementally([[append, 'no.such.config', '5']]),
  subtract: incrementally([[subtract, 'cleanup.policy', 'delete']], {
    'cleanup.policy': 'compact,delete',
  }),
  'subtract-what-is-not-there': incrementally([[subtract, 'cleanup.policy', 'compact']]),
  'subtract-the-last': incrementally([[subtract, 'cleanup.policy', 'delete']]),
  'subtract-from-no-list': incrementally([[subtract, 'retention.ms', '5']]),
  'config-named-twice': incrementally([
    [set, 'retention.ms', '5'],
    [remove, 'retention.ms', null],
  ]),
  'no-changes': incrementally([]),
  'appended-then-seen': async (on) => {
    const { name } = await on.topic();
    const request = changed(Kind.topic, name, [[append, 'cleanup.policy', 'compact']]);
    await on.ask(incrementalAlterConfigs, 1, request);
    await own(on, name, 'cleanup.policy', 'delete,compact');
  },
  'subtracted-then-seen': async (on) => {
    const { name } = await on.topic('topic', { 'cleanup.policy': 'compact,delete' });
    const request = changed(Kind.topic, name, [[subtract, 'cleanup.policy', 'delete']]);
    await on.ask(incrementalAlterConfigs, 1, request);
    await own(on, name, 'cleanup.policy', 'compact');
  },
  'removed-then-seen': async (on) => {
    const { name } = await on.topic('topic', { 'retention.ms': '5', 'segment.ms': '9' });
    await on.ask(
      incrementalAlterConfigs,
      1,
      changed(Kind.topic, name, [[remove, 'retention.ms', null]]),
    );
    await own(on, name, 'retention.ms', null);
  },
});

const refused = scripts('incremental-alter-configs', {
  'topic-unknown': async (on) => {
    for (const name of ['no-such-topic', 'bad name', '']) {
      const request = changed(Kind.topic, name, [[set, 'retention.ms', '5']]);
      for (const version of [0, 1]) await on.ask(incrementalAlterConfigs, version, request);
    }
  },
  'topic-named-twice': async (on) => {
    const { name } = await on.topic();
    const one = changed(Kind.topic, name, [[set, 'retention.ms', '5']]).resources[0]!;
    await on.ask(incrementalAlterConfigs, 1, { resources: [one, one] });
  },
  'topics-each-by-itself': async (on) => {
    const { name } = await on.topic();
    const good = changed(Kind.topic, name, [[set, 'retention.ms', '5']]);
    const bad = changed(Kind.topic, 'no-such-topic', [[set, 'retention.ms', '5']]);
    const resources = [...bad.resources, ...good.resources];
    await on.ask(incrementalAlterConfigs, 1, { resources });
    await own(on, name, 'retention.ms', '5');
  },
  'resource-unknown': async (on) => {
    for (const kind of [0, 1, 64]) {
      await on.refused(incrementalAlterConfigs, 1, changed(kind, 'x', [[set, 'a', '5']]));
    }
  },
  'broker-unknown': async (on) => {
    for (const name of ['7', 'seven']) {
      const request = changed(Kind.broker, name, [[set, 'log.cleaner.threads', '2']]);
      await on.ask(incrementalAlterConfigs, 1, { ...request, validateOnly: true });
    }
  },
  'broker-read-only': async (on) => {
    const request = changed(Kind.broker, '1', [[set, 'node.id', '2']]);
    await on.ask(incrementalAlterConfigs, 1, { ...request, validateOnly: true });
  },
  'broker-changeable': async (on) => {
    const request = changed(Kind.broker, '1', [[set, 'log.cleaner.threads', '2']]);
    await on.ask(incrementalAlterConfigs, 1, { ...request, validateOnly: true });
  },
  nothing: async (on) => {
    await on.ask(incrementalAlterConfigs, 1, { resources: [] });
  },
});

const replaced = (name: string, configs: readonly (readonly [string, string | null])[]) => ({
  resources: [
    {
      resourceType: Kind.topic,
      resourceName: name,
      configs: configs.map(([key, value]) => ({ name: key, value })),
    },
  ],
});

const replacing = scripts('alter-configs', {
  'replaces-all': async (on) => {
    for (const version of [0, 1, 2]) {
      const { name } = await on.topic(`v${version}`, { 'segment.ms': '9', 'retention.ms': '7' });
      await on.ask(alterConfigs, version, replaced(name, [['retention.ms', '5']]));
      await own(on, name, 'retention.ms', '5');
    }
  },
  'with-nothing': async (on) => {
    const { name } = await on.topic('topic', { 'segment.ms': '9' });
    await on.ask(alterConfigs, 2, replaced(name, []));
    await own(on, name, 'segment.ms', null);
  },
  'validate-only': async (on) => {
    const { name } = await on.topic();
    const request = replaced(name, [['retention.ms', '5']]);
    for (const version of [0, 2]) {
      await on.ask(alterConfigs, version, { ...request, validateOnly: true });
    }
    await own(on, name, 'retention.ms', null);
  },
  bad: async (on) => {
    const { name } = await on.topic();
    for (const [key, value] of [
      ['nope', '1'],
      ['retention.ms', 'x'],
      ['retention.ms', null],
    ] as const) {
      for (const version of [0, 2]) {
        await on.ask(alterConfigs, version, replaced(name, [[key, value]]));
      }
    }
  },
  'config-named-twice': async (on) => {
    const { name } = await on.topic();
    const configs = [
      ['retention.ms', '5'],
      ['retention.ms', '6'],
    ] as const;
    await on.ask(alterConfigs, 2, replaced(name, configs));
  },
  'topic-unknown': async (on) => {
    for (const version of [0, 2]) {
      await on.ask(alterConfigs, version, replaced('no-such-topic', [['retention.ms', '5']]));
    }
  },
});

export const configScripts = [...describing, ...incremental, ...refused, ...replacing];
