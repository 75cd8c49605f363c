/**
 * The broker's configs that clients can read, those that give topics their defaults among them. The
 * surprise: most come with the deployment, and only those that are dynamic may change after it.
 */
import { between, type ConfigDefinition, kept } from './config-definitions.ts';
import { topicConfigs } from './topic-configs.ts';

export interface BrokerConfigDefinition extends ConfigDefinition {
  /** It may be changed at any time (KIP-226); absent: only a deployment changes it. */
  readonly dynamic?: true;
}

function int(name: string, preset: number, documentation: string): ConfigDefinition {
  return { name, type: 'INT', default: String(preset), documentation };
}

const shareGroups: readonly BrokerConfigDefinition[] = [
  {
    ...int(
      'group.share.assignment.interval.ms',
      1_000,
      'How long a share group waits to assign anew.',
    ),
    problem: between(0),
    dynamic: true,
  },
  {
    name: 'group.share.assignors',
    type: 'LIST',
    default: 'simple',
    documentation: 'The assignor of share groups; there is one.',
  },
  int('group.share.delivery.count.limit', 5, 'How often a record is delivered at most.'),
  int('group.share.heartbeat.interval.ms', 5_000, 'How often share consumers are to heartbeat.'),
  int('group.share.max.assignment.interval.ms', 15_000, 'The most a share group may set.'),
  int('group.share.max.delivery.count.limit', 10, 'The most a share group may set.'),
  int('group.share.max.heartbeat.interval.ms', 15_000, 'The most a share group may set.'),
  int('group.share.max.partition.max.record.locks', 4_000, 'The most a share group may set.'),
  int('group.share.max.record.lock.duration.ms', 60_000, 'The most a share group may set.'),
  int('group.share.max.session.timeout.ms', 60_000, 'The most a share group may set.'),
  int('group.share.max.size', 200, 'How many members a share group may have.'),
  int('group.share.min.assignment.interval.ms', 0, 'The least a share group may set.'),
  int('group.share.min.delivery.count.limit', 2, 'The least a share group may set.'),
  int('group.share.min.heartbeat.interval.ms', 5_000, 'The least a share group may set.'),
  int('group.share.min.partition.max.record.locks', 100, 'The least a share group may set.'),
  int('group.share.min.record.lock.duration.ms', 15_000, 'The least a share group may set.'),
  int('group.share.min.session.timeout.ms', 45_000, 'The least a share group may set.'),
  int('group.share.partition.max.record.locks', 2_000, 'How many records may be held at a time.'),
  int('group.share.record.lock.duration.ms', 30_000, 'For how long a record may be held.'),
  int('group.share.session.timeout.ms', 45_000, 'After how long in silence a member is out.'),
];

const own: readonly BrokerConfigDefinition[] = [
  {
    name: 'advertised.listeners',
    type: 'LIST',
    default: null,
    documentation: 'The address that clients dial.',
  },
  {
    name: 'auto.create.topics.enable',
    type: 'BOOLEAN',
    default: 'true',
    documentation: 'Whether a topic that does not exist is created when a client asks for it.',
  },
  {
    name: 'background.threads',
    type: 'INT',
    default: '10',
    problem: between(1),
    documentation: `${kept} there are no threads to count.`,
    dynamic: true,
  },
  {
    name: 'broker.id',
    type: 'INT',
    default: '-1',
    documentation: 'The older name of node.id.',
  },
  {
    name: 'broker.rack',
    type: 'STRING',
    default: null,
    documentation: 'The rack of the broker; there is none.',
  },
  {
    name: 'connections.max.idle.ms',
    type: 'LONG',
    default: '600000',
    documentation: 'After how many milliseconds without a request a connection is closed.',
  },
  {
    name: 'default.replication.factor',
    type: 'INT',
    default: '1',
    documentation: 'The replication factor of topics that are created without one.',
  },
  {
    name: 'delete.topic.enable',
    type: 'BOOLEAN',
    default: 'true',
    documentation: 'Whether topics may be deleted.',
  },
  {
    name: 'errors.deadletterqueue.auto.create.topics.enable',
    type: 'BOOLEAN',
    default: 'false',
    documentation: `${kept} there are no dead-letter queues.`,
    dynamic: true,
  },
  {
    name: 'errors.deadletterqueue.topic.name.prefix',
    type: 'STRING',
    default: 'dlq.',
    documentation: `${kept} there are no dead-letter queues.`,
    dynamic: true,
  },
  {
    name: 'fetch.max.bytes',
    type: 'INT',
    default: '57671680',
    documentation: 'The most bytes of records that one Fetch answers, whatever the client allows.',
  },
  {
    name: 'group.consumer.assignment.interval.ms',
    type: 'INT',
    default: '1000',
    problem: between(0),
    documentation: 'How many milliseconds pass at least between two assignments of a group.',
    dynamic: true,
  },
  {
    name: 'group.consumer.assignors',
    type: 'LIST',
    default: 'uniform,range',
    documentation: 'The assignors that members may ask for; the first is the default.',
  },
  {
    name: 'group.consumer.heartbeat.interval.ms',
    type: 'INT',
    default: '5000',
    documentation: 'How often members of the consumer protocol are to send heartbeats.',
  },
  {
    name: 'group.consumer.max.size',
    type: 'INT',
    default: '2147483647',
    documentation: 'How many members a group of the consumer protocol may have.',
  },
  {
    name: 'group.consumer.migration.policy',
    type: 'STRING',
    default: 'bidirectional',
    documentation: 'Which way groups may change between the classic and the consumer protocol.',
  },
  {
    name: 'group.consumer.session.timeout.ms',
    type: 'INT',
    default: '45000',
    documentation: 'After how long without a heartbeat a member of the consumer protocol is out.',
  },
  {
    name: 'group.coordinator.cached.buffer.max.bytes',
    type: 'INT',
    default: '1048588',
    problem: between(524_288),
    documentation: `${kept} coordinators write rows, not batches.`,
    dynamic: true,
  },
  {
    name: 'group.coordinator.rebalance.protocols',
    type: 'LIST',
    default: 'classic,consumer',
    documentation: 'The group protocols that clients may use.',
  },
  {
    name: 'group.initial.rebalance.delay.ms',
    type: 'INT',
    default: '3000',
    documentation: 'How many milliseconds an empty group waits for more members to join.',
  },
  {
    name: 'group.max.session.timeout.ms',
    type: 'INT',
    default: '1800000',
    documentation: 'The longest session timeout a group member may ask for.',
  },
  {
    name: 'group.max.size',
    type: 'INT',
    default: '2147483647',
    documentation: 'How many members a group may have.',
  },
  {
    name: 'group.min.session.timeout.ms',
    type: 'INT',
    default: '6000',
    documentation: 'The shortest session timeout a group member may ask for.',
  },
  ...shareGroups,
  {
    name: 'group.streams.assignment.interval.ms',
    type: 'INT',
    default: '1000',
    problem: between(0),
    documentation: `${kept} there are no streams groups.`,
    dynamic: true,
  },
  {
    name: 'log.cleaner.backoff.ms',
    type: 'LONG',
    default: '15000',
    problem: between(0),
    documentation: `${kept} a log is compacted when it is due.`,
    dynamic: true,
  },
  {
    name: 'log.cleaner.dedupe.buffer.size',
    type: 'LONG',
    default: '134217728',
    documentation: `${kept} a log is compacted slice by slice.`,
    dynamic: true,
  },
  {
    name: 'log.cleaner.io.buffer.load.factor',
    type: 'DOUBLE',
    default: '0.9',
    documentation: `${kept} a log is compacted slice by slice.`,
    dynamic: true,
  },
  {
    name: 'log.cleaner.io.buffer.size',
    type: 'INT',
    default: '524288',
    problem: between(0),
    documentation: `${kept} a log is compacted slice by slice.`,
    dynamic: true,
  },
  {
    name: 'log.cleaner.io.max.bytes.per.second',
    type: 'DOUBLE',
    default: '1.7976931348623157E308',
    documentation: `${kept} a log is compacted slice by slice.`,
    dynamic: true,
  },
  {
    name: 'log.cleaner.threads',
    type: 'INT',
    default: '1',
    problem: between(1),
    documentation: `${kept} each partition compacts its own log.`,
    dynamic: true,
  },
  {
    name: 'log.flush.scheduler.interval.ms',
    type: 'LONG',
    default: '9223372036854775807',
    documentation: `${kept} every acknowledged record is durable.`,
  },
  {
    name: 'log.retention.hours',
    type: 'INT',
    default: '168',
    documentation: 'The default of retention.ms in hours, when log.retention.ms is not set.',
  },
  {
    name: 'log.retention.minutes',
    type: 'INT',
    default: null,
    documentation: 'The default of retention.ms in minutes, when log.retention.ms is not set.',
  },
  {
    name: 'log.roll.hours',
    type: 'INT',
    default: '168',
    documentation: 'The default of segment.ms in hours, when log.roll.ms is not set.',
  },
  {
    name: 'log.roll.jitter.hours',
    type: 'INT',
    default: '0',
    documentation: 'The default of segment.jitter.ms in hours, when log.roll.jitter.ms is not set.',
  },
  {
    name: 'max.connection.creation.rate',
    type: 'INT',
    default: '2147483647',
    problem: between(0),
    documentation: `${kept} connections are not counted.`,
    dynamic: true,
  },
  {
    name: 'max.connections',
    type: 'INT',
    default: '2147483647',
    problem: between(0),
    documentation: 'Of an isolate, as it was deployed; what is set later is only kept.',
    dynamic: true,
  },
  {
    name: 'max.connections.per.ip',
    type: 'INT',
    default: '2147483647',
    problem: between(0),
    documentation: 'Of an isolate, as it was deployed; what is set later is only kept.',
    dynamic: true,
  },
  {
    name: 'max.connections.per.ip.overrides',
    type: 'STRING',
    default: '',
    documentation: 'As it was deployed; what is set later is only kept.',
    dynamic: true,
  },
  {
    name: 'node.id',
    type: 'INT',
    default: null,
    documentation: 'The id of the one broker that clients see.',
  },
  {
    name: 'num.io.threads',
    type: 'INT',
    default: '8',
    problem: between(1),
    documentation: `${kept} there are no threads to count.`,
    dynamic: true,
  },
  {
    name: 'num.network.threads',
    type: 'INT',
    default: '3',
    problem: between(1),
    documentation: `${kept} there are no threads to count.`,
    dynamic: true,
  },
  {
    name: 'num.partitions',
    type: 'INT',
    default: '1',
    documentation: 'How many partitions a topic gets that is created without a number.',
  },
  {
    name: 'num.recovery.threads.per.data.dir',
    type: 'INT',
    default: '2',
    problem: between(1),
    documentation: `${kept} there are no threads to count.`,
    dynamic: true,
  },
  {
    name: 'num.replica.fetchers',
    type: 'INT',
    default: '1',
    problem: between(1),
    documentation: `${kept} there are no threads to count.`,
    dynamic: true,
  },
  {
    name: 'offset.metadata.max.bytes',
    type: 'INT',
    default: '4096',
    documentation: 'The largest metadata a client may commit with an offset, in bytes.',
  },
  {
    name: 'offsets.retention.minutes',
    type: 'INT',
    default: '10080',
    documentation: 'For how many minutes an empty group keeps the offsets it committed.',
  },
  {
    name: 'producer.id.expiration.ms',
    type: 'INT',
    default: '86400000',
    problem: between(1),
    documentation: 'After how long without a batch a partition forgets an idempotent producer.',
    dynamic: true,
  },
  {
    name: 'share.coordinator.cached.buffer.max.bytes',
    type: 'INT',
    default: '1048588',
    problem: between(524_288),
    documentation: `${kept} coordinators write rows, not batches.`,
    dynamic: true,
  },
  {
    name: 'socket.request.max.bytes',
    type: 'INT',
    default: '104857600',
    documentation: 'The largest request a connection may send, in bytes.',
  },
  {
    name: 'transaction.max.timeout.ms',
    type: 'INT',
    default: '900000',
    documentation: 'The longest timeout a transactional producer may ask for.',
  },
  {
    name: 'transaction.partition.verification.enable',
    type: 'BOOLEAN',
    default: 'true',
    documentation: `${kept} a partition always asks the coordinator.`,
    dynamic: true,
  },
  {
    name: 'transactional.id.expiration.ms',
    type: 'INT',
    default: '604800000',
    documentation: 'After how long without a transaction a transactional id is forgotten.',
  },
];

/** Kafka leaves these unset on the broker: the same setting in hours has the default. */
const withoutDefault = new Set([
  'log.flush.interval.ms',
  'log.retention.ms',
  'log.roll.jitter.ms',
  'log.roll.ms',
]);

function topicDefaults(): BrokerConfigDefinition[] {
  const found: BrokerConfigDefinition[] = [];
  for (const config of topicConfigs.values()) {
    const { synonym, type, default: value, problem, documentation } = config;
    if (synonym === undefined) continue;
    const shared = { name: synonym, type, documentation, dynamic: true } as const;
    if (withoutDefault.has(synonym)) found.push({ ...shared, default: null });
    else found.push({ ...shared, default: value, ...(problem && { problem }) });
  }
  return found;
}

/** Kafka describes these where they are set, and nowhere else. */
const throttles: readonly BrokerConfigDefinition[] = [
  'follower.replication.throttled.rate',
  'leader.replication.throttled.rate',
  'replica.alter.log.dirs.io.max.bytes.per.second',
].map((name) => ({
  name,
  type: 'LONG',
  default: null,
  problem: between(0),
  documentation: `${kept} copies are made by the platform.`,
  dynamic: true,
}));

/** By name, in the order of the names. */
export const brokerConfigs: ReadonlyMap<string, BrokerConfigDefinition> = new Map(
  [...own, ...topicDefaults()]
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map((config) => [config.name, config]),
);

/** Every config of the broker that may be changed at any time. */
export const dynamicBrokerConfigs: ReadonlyMap<string, BrokerConfigDefinition> = new Map(
  [...brokerConfigs.values(), ...throttles]
    .filter(({ dynamic }) => dynamic)
    .map((config) => [config.name, config]),
);
