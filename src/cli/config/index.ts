/** `kedge config`: settings of topics, brokers and groups, and the quotas of who comes in. */
import { listConfigResources } from '../../protocol/apis/list-config-resources.ts';
import { ErrorCode, KafkaError } from '../../protocol/errors.ts';
import { command as action, group } from '../command.ts';
import type { Cluster } from '../connection/cluster.ts';
import { UsageError } from '../usage.ts';
import { assignment } from '../values.ts';
import {
  type Change,
  change,
  type Entity,
  entityOf,
  entityOptions,
  nameOf,
  type QuotaPart,
  quotaEntries,
  quotasOf,
  type Setting,
  settingsOf,
} from './entities.ts';

const list = action({
  name: 'list',
  summary: 'list all that somebody has set, wherever',
  connects: true,
  examples: [{ command: 'kedge config list' }],
  async run({ output, connect }) {
    const found = await everything(await connect());
    const rows = found.flatMap(({ entity, settings }) =>
      settings.map(({ name, value }) => ({ of: nameOf(entity), name, value })),
    );
    output.table(rows, [
      { title: 'OF', of: (row) => row.of },
      { title: 'NAME', of: (row) => row.name },
      { title: 'VALUE', of: (row) => row.value ?? '(secret)' },
    ]);
  },
});

async function everything(
  cluster: Cluster,
): Promise<{ readonly entity: Entity; readonly settings: readonly Setting[] }[]> {
  const { admin, link } = cluster;
  const { brokers } = await brokersOf(cluster);
  const groups = await link.call(listConfigResources, { resourceTypes: [groupType] }).then(
    ({ configResources }) => configResources.map(({ resourceName }) => resourceName),
    // Clusters before 4.1 do not list them.
    (error) => {
      if (error.code === ErrorCode.UNSUPPORTED_VERSION) return [];
      throw error;
    },
  );
  const configs = (type: 'topic' | 'broker' | 'group', names: readonly string[]) =>
    names.toSorted().map((name) => ({ kind: 'configs', type, name }) as const);
  const entities = [
    ...configs('topic', await admin.listTopics()),
    ...configs('broker', ['', ...brokers]),
    ...configs('group', groups),
  ];
  const found: { entity: Entity; settings: readonly Setting[] }[] = [];
  for (const entity of entities) {
    found.push({ entity, settings: await settingsOf(cluster, entity, false) });
  }
  for (const entry of await quotaEntries(cluster, undefined).catch(none)) {
    const entity: Entity = { kind: 'quotas', parts: entry.entity as readonly QuotaPart[] };
    found.push({ entity, settings: quotasOf([entry]) });
  }
  return found;
}

const groupType = 32;

/** Who may not look at quotas sees none. */
function none(error: unknown): [] {
  const isRefused =
    error instanceof KafkaError && error.code === ErrorCode.CLUSTER_AUTHORIZATION_FAILED;
  if (isRefused) return [];
  throw error;
}

async function brokersOf({ link }: Cluster): Promise<{ readonly brokers: readonly string[] }> {
  const { metadata } = await import('../../protocol/apis/metadata.ts');
  const { brokers } = await link.call(metadata, { topics: [] });
  return { brokers: brokers.map(({ nodeId }) => String(nodeId)) };
}

const describe = action({
  name: 'describe',
  summary: 'show what is set for a topic, a broker, a group, or as a quota',
  options: {
    ...entityOptions,
    all: { summary: 'also what nobody has set' },
  },
  connects: true,
  examples: [
    { command: 'kedge config describe --topic orders --all' },
    { command: 'kedge config describe --user alice' },
  ],
  async run({ options, output, connect }) {
    const entity = entityOf(options);
    const settings = await settingsOf(await connect(), entity, options.all);
    if (settings.length === 0) output.say('Nothing is set; what counts is the default.');
    output.table(settings, [
      { title: 'NAME', of: ({ name }) => name },
      { title: 'VALUE', of: ({ value }) => value ?? '(secret)' },
      { title: 'SET BY', of: ({ source }) => source },
    ]);
  },
});

const alter = action({
  name: 'alter',
  summary: 'set something for a topic, a broker, a group, or a quota',
  description:
    'Quotas are producer_byte_rate, consumer_byte_rate, request_percentage, ' +
    'controller_mutation_rate, and for addresses connection_creation_rate.',
  options: {
    ...entityOptions,
    set: { value: 'name=value', summary: 'set it', multiple: true, parse: assignment },
    unset: { value: 'name', summary: 'back to the default', multiple: true },
    append: { value: 'name=value', summary: 'add to a list', multiple: true, parse: assignment },
    subtract: {
      value: 'name=value',
      summary: 'take away from a list',
      multiple: true,
      parse: assignment,
    },
  },
  connects: true,
  examples: [
    { command: 'kedge config alter --topic orders --set retention.ms=3600000' },
    { command: 'kedge config alter --topic users --append cleanup.policy=compact' },
    { command: 'kedge config alter --user alice --set producer_byte_rate=1048576' },
  ],
  async run({ options, output, connect }) {
    const entity = entityOf(options);
    const changes = new Map<string, Change | null>([
      ...options.set.map(([name, value]) => [name, { set: value }] as const),
      ...options.unset.map((name) => [name, null] as const),
      ...options.append.map(([name, value]) => [name, { add: value }] as const),
      ...options.subtract.map(([name, value]) => [name, { take: value }] as const),
    ]);
    if (changes.size === 0) {
      throw new UsageError('say what is to change: --set, --unset, --append or --subtract.');
    }
    const cluster = await connect();
    await change(cluster, entity, changes);
    const settings = await settingsOf(cluster, entity, false);
    output.result(settings, () => output.line(`${nameOf(entity)} is changed.`));
  },
});

const remove = action({
  name: 'delete',
  summary: 'go back to the defaults: of all that is set, or of these settings',
  arguments: [{ name: 'setting', summary: 'what to unset', optional: true, multiple: true }],
  options: entityOptions,
  connects: true,
  examples: [
    { command: 'kedge config delete --topic orders' },
    { command: 'kedge config delete --user alice producer_byte_rate' },
  ],
  async run({ args, options, output, connect }) {
    const entity = entityOf(options);
    const cluster = await connect();
    const own = (await settingsOf(cluster, entity, false)).map(({ name }) => name);
    const names = args.length > 0 ? args : own;
    if (names.length > 0) {
      await change(cluster, entity, new Map(names.map((name) => [name, null])));
    }
    output.result({ deleted: names }, () => {
      const what = names.length > 0 ? `has the defaults of ${names.join(', ')}` : 'had nothing set';
      output.line(`${nameOf(entity)} ${what}.`);
    });
  },
});

export const command = group({
  name: 'config',
  summary: 'show and change settings of topics, brokers and groups, and quotas',
  commands: [list, describe, alter, remove],
});
