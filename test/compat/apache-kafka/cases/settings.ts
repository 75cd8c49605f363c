/** What is set on groups, client metrics, users and clients, and how it is described. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Api, Fields, Infer } from '../../../../src/protocol/schema.ts';
import {
  alterClientQuotas,
  alterConfigs,
  alterUserScramCredentials,
  describeClientQuotas,
  describeConfigs,
  describeUserScramCredentials,
  incrementalAlterConfigs,
  listConfigResources,
} from '../apis.ts';
import { alone, type Player, type Sparse, scripts } from '../player.ts';

const Kind = { topic: 2, broker: 4, logger: 8, clientMetrics: 16, group: 32 } as const;
const Operation = { set: 0, remove: 1, append: 2, subtract: 3 } as const;

/** Changes something: Kafka answers a moment before it describes what it has changed. */
async function alter<Q extends Fields, R extends Fields>(
  on: Player,
  api: Api<Q, R>,
  version: number,
  request: Sparse<Infer<Q>>,
): Promise<void> {
  await on.ask(api, version, request);
  await delay(100);
}

type Change = readonly [name: string, operation: keyof typeof Operation, value?: string];

async function change(on: Player, kind: keyof typeof Kind, name: string, ...changes: Change[]) {
  const configs = changes.map(([config, operation, value = null]) => ({
    name: config,
    configOperation: Operation[operation],
    value,
  }));
  const resources = [{ resourceType: Kind[kind], resourceName: name, configs }];
  await on.ask(incrementalAlterConfigs, 1, { resources });
}

async function describe(on: Player, kind: keyof typeof Kind, resourceName: string) {
  await delay(100);
  for (const includeSynonyms of [false, true]) {
    const resources = [{ resourceType: Kind[kind], resourceName, configurationKeys: null }];
    await on.ask(describeConfigs, 4, { resources, includeSynonyms });
  }
}

/** The resources of this script among those that are listed, in the order of their names. */
async function listed(on: Player, version: number, resourceTypes: readonly number[]) {
  await delay(100);
  const request = version === 0 ? {} : { resourceTypes };
  const answer = await on.quietly(listConfigResources, version, request);
  const mine = answer.configResources.filter(({ resourceName }) =>
    resourceName.startsWith(on.name('')),
  );
  on.note(`the error of v${version}`, answer.errorCode);
  on.note(
    `what v${version} lists of ${resourceTypes}`,
    mine.map((one) => ({ ...one })).sort((a, b) => (a.resourceName < b.resourceName ? -1 : 1)),
  );
}

const times = ['session.timeout.ms', 'heartbeat.interval.ms', 'assignment.interval.ms'];
const numbers = [
  ...['consumer', 'share', 'streams'].flatMap((kind) => times.map((time) => `${kind}.${time}`)),
  'share.record.lock.duration.ms',
  'share.delivery.count.limit',
  'share.partition.max.record.locks',
  'streams.initial.rebalance.delay.ms',
  'streams.num.standby.replicas',
];
const words: Readonly<Record<string, readonly string[]>> = {
  'share.auto.offset.reset': ['earliest', 'none', '', 'by_duration:PT1H', 'by_duration:-PT1H'],
  'share.isolation.level': ['read_committed', 'READ_COMMITTED', ''],
  'share.renew.acknowledge.enable': ['true', 'FALSE', 'maybe'],
  'streams.assignor.name': ['sticky', 'uniform', ''],
  'streams.rack.aware.assignment.tags': ['a,b', 'a,a', 'a,,b', ''],
  'errors.deadletterqueue.topic.name': ['dead', '__dead', ''],
  'errors.deadletterqueue.copy.record.enable': ['true', 'x'],
};

const groups = scripts('group-configs', {
  described: async (on) => {
    const name = on.name('group');
    await describe(on, 'group', name);
    await change(on, 'group', name, ['consumer.session.timeout.ms', 'set', '50000']);
    await change(on, 'group', name, ['share.isolation.level', 'set', 'read_committed']);
    await describe(on, 'group', name);
    await change(on, 'group', name, ['consumer.session.timeout.ms', 'remove']);
    await describe(on, 'group', name);
    await describe(on, 'group', '');
  },
  'numbers-and-their-bounds': async (on) => {
    for (const name of numbers) {
      for (const value of ['-1', '0', '2', '1000', '10000', '50000', '2147483648', 'x', ' 2 ']) {
        await change(on, 'group', on.name('group'), [name, 'set', value]);
      }
    }
    await describe(on, 'group', on.name('group'));
  },
  'words-and-what-they-may-be': async (on) => {
    for (const [name, values] of Object.entries(words)) {
      for (const value of values) {
        await change(on, 'group', on.name('group'), [name, 'set', value]);
      }
    }
    await describe(on, 'group', on.name('group'));
  },
  refused: async (on) => {
    const name = on.name('group');
    await change(on, 'group', '', ['consumer.session.timeout.ms', 'set', '50000']);
    await change(on, 'group', name, ['nonsense', 'set', '1']);
    await change(on, 'group', name, ['nonsense', 'remove']);
    await change(on, 'group', name, ['share.auto.offset.reset', 'append', 'latest']);
    await change(on, 'group', name, ['streams.rack.aware.assignment.tags', 'append', 'zone']);
    const [session, heartbeat] = ['consumer.session.timeout.ms', 'consumer.heartbeat.interval.ms'];
    await change(on, 'group', name, [session, 'set', '50000'], [heartbeat, 'set', '60000']);
    await describe(on, 'group', name);
  },
  'all-at-once': async (on) => {
    const resource = { resourceType: Kind.group, resourceName: on.name('group') };
    for (const name of ['consumer.session.timeout.ms', 'share.session.timeout.ms', 'nonsense']) {
      const configs = [{ name, value: '50000' }];
      await alter(on, alterConfigs, 2, { resources: [{ ...resource, configs }] });
    }
    await describe(on, 'group', resource.resourceName);
    await alter(on, alterConfigs, 2, { resources: [{ ...resource, configs: [] }] });
    await describe(on, 'group', resource.resourceName);
  },
});

const metrics = scripts('client-metrics-configs', {
  described: async (on) => {
    const name = on.name('subscription');
    await describe(on, 'clientMetrics', name);
    await change(on, 'clientMetrics', name, ['interval.ms', 'set', '1000']);
    await change(on, 'clientMetrics', name, [
      'match',
      'set',
      'client_id=a.*, client_source_port=1',
    ]);
    await change(on, 'clientMetrics', name, ['metrics', 'set', 'a,b']);
    await describe(on, 'clientMetrics', name);
    await change(on, 'clientMetrics', name, ['metrics', 'remove'], ['match', 'remove']);
    await describe(on, 'clientMetrics', name);
    await describe(on, 'clientMetrics', '');
  },
  refused: async (on) => {
    const name = on.name('subscription');
    await change(on, 'clientMetrics', '', ['interval.ms', 'set', '1000']);
    await change(on, 'clientMetrics', name, ['nonsense', 'set', '1000']);
    await change(on, 'clientMetrics', name, ['nonsense', 'remove']);
    for (const value of ['99', '100', '3600000', '3600001', '-1']) {
      await change(on, 'clientMetrics', name, ['interval.ms', 'set', value]);
    }
    for (const value of ['bad', 'nope=x', 'client_id=[', 'client_id=.*', 'client_id=a=b', '']) {
      await change(on, 'clientMetrics', name, ['match', 'set', value]);
    }
    await change(on, 'clientMetrics', name, ['metrics', 'append', 'c']);
    await change(on, 'clientMetrics', name, ['interval.ms', 'append', '1']);
    await describe(on, 'clientMetrics', name);
  },
});

const listing = scripts('list-config-resources', {
  'of-this-script': async (on) => {
    const { name } = await on.topic();
    const [group, subscription] = [on.name('group'), on.name('subscription')];
    await change(on, 'group', group, ['consumer.session.timeout.ms', 'set', '50000']);
    await change(on, 'clientMetrics', subscription, ['interval.ms', 'set', '1000']);
    await listed(on, 0, []);
    for (const types of [[], [2], [16], [32], [2, 16], [4], [8], [32, 32]]) {
      await listed(on, 1, types);
    }
    await change(on, 'group', group, ['consumer.session.timeout.ms', 'remove']);
    await change(on, 'clientMetrics', subscription, ['interval.ms', 'remove']);
    await listed(on, 1, []);
    on.note('the topic', name);
  },
  'of-the-broker': async (on) => {
    await on.ask(listConfigResources, 1, { resourceTypes: [Kind.broker] });
    await on.ask(listConfigResources, 1, { resourceTypes: [Kind.logger] });
  },
  'of-unknown-types': async (on) => {
    for (const resourceTypes of [[0], [1], [99], [2, 99]]) {
      await on.ask(listConfigResources, 1, { resourceTypes });
    }
  },
});

type Entity = Readonly<Record<string, string | null>>;

/** A quota with no value is removed. */
const quotas = (entity: Entity, values: Readonly<Record<string, number | null>>) => ({
  entity: Object.entries(entity).map(([entityType, entityName]) => ({ entityType, entityName })),
  ops: Object.entries(values).map(([key, value]) => ({
    key,
    value: value ?? 0,
    remove: value === null,
  })),
});

const component = (entityType: string, matchType: number, match: string | null = null) => ({
  entityType,
  matchType,
  match,
});

async function asked(on: Player, ...components: ReturnType<typeof component>[]) {
  for (const strict of [false, true]) {
    await on.ask(describeClientQuotas, 1, { components, strict });
  }
}

const throttling = scripts('client-quotas', {
  'of-a-user': async (on) => {
    const user = on.name('user');
    const entry = quotas({ user }, { producer_byte_rate: 1000, request_percentage: 12.5 });
    for (const version of [0, 1]) {
      await alter(on, alterClientQuotas, version, { entries: [entry] });
      const components = [component('user', 0, user)];
      await on.ask(describeClientQuotas, version, { components });
    }
    const changed = { producer_byte_rate: null, consumer_byte_rate: 5 };
    await alter(on, alterClientQuotas, 1, { entries: [quotas({ user }, changed)] });
    await asked(on, component('user', 0, user));
    const gone = { consumer_byte_rate: null, request_percentage: null, nonsense: null };
    await alter(on, alterClientQuotas, 1, { entries: [quotas({ user }, gone)] });
    await asked(on, component('user', 0, user));
  },
  'of-a-user-and-a-client': async (on) => {
    const [user, client] = [on.name('user'), on.name('client')];
    const values = { controller_mutation_rate: 0.5 };
    const entities: Entity[] = [{ user, 'client-id': client }, { 'client-id': client }, { user }];
    const entries = entities.map((entity) => quotas(entity, values));
    await alter(on, alterClientQuotas, 1, { entries });
    await asked(on, component('user', 0, user));
    await asked(on, component('client-id', 0, client));
    await asked(on, component('client-id', 0, client), component('user', 0, user));
    await asked(on, component('client-id', 0, client), component('user', 2));
    await asked(on, component('client-id', 0, client), component('user', 1));
  },
  'validated-only': async (on) => {
    const user = on.name('user');
    const entries = [quotas({ user }, { producer_byte_rate: 1000 })];
    await alter(on, alterClientQuotas, 1, { entries, validateOnly: true });
    await asked(on, component('user', 0, user));
  },
  refused: async (on) => {
    const user = on.name('user');
    for (const [entity, values] of [
      [{ user }, { nonsense: 1 }],
      [{ user }, { producer_byte_rate: 1.5 }],
      [{ user }, { producer_byte_rate: -1 }],
      [{ user }, { producer_byte_rate: 0 }],
      [{ user }, { consumer_byte_rate: 1e300 }],
      [{ user }, { consumer_byte_rate: Number.NaN }],
      [{ user }, { request_percentage: Number.POSITIVE_INFINITY }],
      [{ user }, { connection_creation_rate: 1 }],
      [{ user }, { producer_byte_rate: 1, nonsense: 1 }],
      [{ user }, {}],
      [{ ip: '10.0.0.1' }, { producer_byte_rate: 1 }],
      [{ ip: '10.0.0.1' }, { connection_creation_rate: 1.5 }],
      [{ ip: '10.0.0.1' }, { connection_creation_rate: 3e9 }],
      [{ ip: 'not an address' }, { connection_creation_rate: 1 }],
      [{ ip: '10.0.0.1', user }, { connection_creation_rate: 1 }],
      [{}, { producer_byte_rate: 1 }],
      [{ user: '' }, { producer_byte_rate: 1 }],
      [{ 'client-id': '' }, { producer_byte_rate: 1 }],
      [{ group: 'x' }, { producer_byte_rate: 1 }],
    ] as readonly [Entity, Readonly<Record<string, number>>][]) {
      await alter(on, alterClientQuotas, 1, { entries: [quotas(entity, values)] });
    }
    await asked(on, component('user', 0, user));
    await alter(on, alterClientQuotas, 1, { entries: [] });
  },
  'of-one-entity-twice': async (on) => {
    const user = on.name('user');
    const [seven, eight] = [{ request_percentage: 7 }, { request_percentage: 8 }];
    const entries = [quotas({ user }, seven), quotas({ user }, eight)];
    await alter(on, alterClientQuotas, 1, { entries });
    await asked(on, component('user', 0, user));
    const twice = { ...quotas({ user }, eight), ops: [...entries[0]!.ops, ...entries[1]!.ops] };
    await alter(on, alterClientQuotas, 1, { entries: [twice] });
    await asked(on, component('user', 0, user));
  },
  'by-bad-filters': async (on) => {
    for (const components of [
      [component('', 2)],
      [component('group', 2)],
      [component('user', 0)],
      [component('user', 1, 'x')],
      [component('user', 2, 'x')],
      [component('user', 7)],
      [component('user', 2), component('user', 1)],
      [component('user', 2), component('ip', 2)],
    ]) {
      await on.ask(describeClientQuotas, 1, { components });
    }
  },
});

const defaults = alone(
  scripts('client-quotas', {
    'of-defaults-and-addresses': async (on) => {
      const entries = [
        quotas({ user: null }, { producer_byte_rate: 10 }),
        quotas({ user: null, 'client-id': null }, { producer_byte_rate: 20 }),
        quotas({ ip: null }, { connection_creation_rate: 30 }),
        quotas({ ip: '10.1.2.3' }, { connection_creation_rate: 40 }),
        quotas({ ip: '::1' }, { connection_creation_rate: 50 }),
      ];
      await alter(on, alterClientQuotas, 1, { entries });
      await asked(on, component('user', 1));
      await asked(on, component('ip', 2));
      await asked(on, component('ip', 1));
      await asked(on, component('ip', 0, '10.1.2.3'));
      const gone = entries.map(({ entity, ops }) => ({
        entity,
        ops: ops.map((op) => ({ ...op, remove: true })),
      }));
      await alter(on, alterClientQuotas, 1, { entries: gone });
      await asked(on, component('ip', 2));
    },
  }),
);

const bytesOf = (length: number, value = 7) => new Uint8Array(length).fill(value);

interface Credential {
  readonly mechanism?: number;
  readonly iterations?: number;
}

const upsertion = (name: string, { mechanism = 1, iterations = 4096 }: Credential = {}) => ({
  name,
  mechanism,
  iterations,
  salt: bytesOf(8),
  saltedPassword: bytesOf(mechanism === 2 ? 64 : 32),
});

async function credentials(on: Player, ...names: string[]) {
  const users = names.map((name) => ({ name }));
  await on.ask(describeUserScramCredentials, 0, { users });
}

const users = scripts('scram-credentials', {
  'set-and-deleted': async (on) => {
    const [one, other] = [on.name('one'), on.name('other')];
    const upsertions = [upsertion(one), upsertion(other, { mechanism: 2, iterations: 8192 })];
    await alter(on, alterUserScramCredentials, 0, { upsertions });
    await credentials(on, one, other, on.name('nobody'));
    const more = [upsertion(one, { mechanism: 2 })];
    await alter(on, alterUserScramCredentials, 0, { upsertions: more });
    await credentials(on, one);
    const deletions = [{ name: one, mechanism: 1 }];
    await alter(on, alterUserScramCredentials, 0, { deletions });
    await credentials(on, one);
    await alter(on, alterUserScramCredentials, 0, { deletions: [{ name: one, mechanism: 2 }] });
    await credentials(on, one);
  },
  refused: async (on) => {
    const name = on.name('user');
    for (const credential of [
      { iterations: 4095 },
      { iterations: 16385 },
      { iterations: -1 },
      { mechanism: 0 },
      { mechanism: 3 },
    ]) {
      await alter(on, alterUserScramCredentials, 0, { upsertions: [upsertion(name, credential)] });
    }
    await alter(on, alterUserScramCredentials, 0, { upsertions: [upsertion('')] });
    for (const deletion of [
      { name, mechanism: 1 },
      { name, mechanism: 9 },
      { name: '', mechanism: 1 },
    ]) {
      await alter(on, alterUserScramCredentials, 0, { deletions: [deletion] });
    }
    await alter(on, alterUserScramCredentials, 0, {});
    await credentials(on, name);
  },
  'changed-twice': async (on) => {
    const name = on.name('user');
    const twice = [upsertion(name), upsertion(name, { mechanism: 2 })];
    await alter(on, alterUserScramCredentials, 0, { upsertions: twice });
    await credentials(on, name);
    await alter(on, alterUserScramCredentials, 0, { upsertions: [upsertion(name)] });
    const deletions = [{ name, mechanism: 1 }];
    const both = { deletions, upsertions: [upsertion(name, { mechanism: 2 })] };
    await alter(on, alterUserScramCredentials, 0, both);
    await alter(on, alterUserScramCredentials, 0, { deletions: [...deletions, ...deletions] });
    await credentials(on, name);
  },
  'described-twice': async (on) => {
    const name = on.name('user');
    await alter(on, alterUserScramCredentials, 0, { upsertions: [upsertion(name)] });
    await credentials(on, name, name);
    await credentials(on, on.name('nobody'), on.name('nobody'));
    await credentials(on, '');
  },
});

export const settingsScripts = [
  ...groups,
  ...metrics,
  ...listing,
  ...throttling,
  ...defaults,
  ...users,
];
