/**
 * The broker's configs that clients can read, beside those that only give topics their defaults.
 * The surprise: they are all read-only: a Worker's configuration comes with its deployment.
 */
import type { ConfigDefinition } from './config-definitions.ts';
import { topicConfigs } from './topic-configs.ts';

function int(name: string, preset: number, documentation: string): ConfigDefinition {
  return { name, type: 'INT', default: String(preset), documentation };
}

const shareGroups: readonly ConfigDefinition[] = [
  int('group.share.assignment.interval.ms', 1_000, 'How long a share group waits to assign anew.'),
  {
    name: 'group.share.assignors',
    type: 'LIST',
    default: 'simple',
    documentation: 'The assignor of share groups; there is one.',
  },
  int('group.share.heartbeat.interval.ms', 5_000, 'How often share consumers are to heartbeat.'),
  int('group.share.max.assignment.interval.ms', 15_000, 'The most a share group may set.'),
  int('group.share.max.heartbeat.interval.ms', 15_000, 'The most a share group may set.'),
  int('group.share.max.session.timeout.ms', 60_000, 'The most a share group may set.'),
  int('group.share.max.size', 200, 'How many members a share group may have.'),
  int('group.share.min.assignment.interval.ms', 0, 'The least a share group may set.'),
  int('group.share.min.heartbeat.interval.ms', 5_000, 'The least a share group may set.'),
  int('group.share.min.session.timeout.ms', 45_000, 'The least a share group may set.'),
  int('group.share.session.timeout.ms', 45_000, 'After how long in silence a member is out.'),
];

const own: readonly ConfigDefinition[] = [
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
    name: 'fetch.max.bytes',
    type: 'INT',
    default: '57671680',
    documentation: 'The most bytes of records that one Fetch answers, whatever the client allows.',
  },
  {
    name: 'group.consumer.assignment.interval.ms',
    type: 'INT',
    default: '1000',
    documentation: 'How many milliseconds pass at least between two assignments of a group.',
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
    name: 'node.id',
    type: 'INT',
    default: null,
    documentation: 'The id of the one broker that clients see.',
  },
  {
    name: 'num.partitions',
    type: 'INT',
    default: '1',
    documentation: 'How many partitions a topic gets that is created without a number.',
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
    documentation: 'After how long without a batch a partition forgets an idempotent producer.',
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

function topicDefaults(): ConfigDefinition[] {
  const found: ConfigDefinition[] = [];
  for (const { synonym, type, default: value, documentation } of topicConfigs.values()) {
    if (synonym === undefined) continue;
    const unset = withoutDefault.has(synonym);
    found.push({ name: synonym, type, default: unset ? null : value, documentation });
  }
  return found;
}

/** By name, in the order of the names. */
export const brokerConfigs: ReadonlyMap<string, ConfigDefinition> = new Map(
  [...own, ...topicDefaults()]
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map((config) => [config.name, config]),
);
