/**
 * The broker's configuration: Kafka's names, types and defaults. A Worker sets them as variables in
 * the way of Kafka's own container images: `auto.create.topics.enable` is
 * `KAFKA_AUTO_CREATE_TOPICS_ENABLE`; what only Kedge has begins with `KEDGE_`. The surprise:
 * nothing of it changes while the Worker runs; what is set then, the controller keeps beside it.
 */
import { maxPartitionsPerTopic } from '../core/cluster/new-topics.ts';
import { largestBatchBytes } from '../core/log/log-config.ts';
import { maxConnectionsOf } from './connection-overrides.ts';
import { type Address, advertisedFrom, type PortListener, portListenersFrom } from './listeners.ts';
import { topicDefaultsFrom, topicDefaultVariables } from './topic-defaults.ts';

export { parseListener } from './listeners.ts';

export interface BrokerConfig {
  /** `auto.create.topics.enable` */
  readonly autoCreateTopicsEnable: boolean;
  /** `num.partitions` */
  readonly numPartitions: number;
  /** `default.replication.factor` */
  readonly defaultReplicationFactor: number;
  /** `group.initial.rebalance.delay.ms` */
  readonly groupInitialRebalanceDelayMs: number;
  /** `group.min.session.timeout.ms` */
  readonly groupMinSessionTimeoutMs: number;
  /** `group.max.session.timeout.ms` */
  readonly groupMaxSessionTimeoutMs: number;
  /** `group.max.size` */
  readonly groupMaxSize: number;
  /** `group.consumer.session.timeout.ms` */
  readonly groupConsumerSessionTimeoutMs: number;
  /** `group.consumer.heartbeat.interval.ms` */
  readonly groupConsumerHeartbeatIntervalMs: number;
  /** `group.consumer.assignment.interval.ms`: how often at most a group assigns anew */
  readonly groupConsumerAssignmentIntervalMs: number;
  /** `group.consumer.max.size` */
  readonly groupConsumerMaxSize: number;
  /** `group.consumer.migration.policy`: bidirectional, upgrade, downgrade or disabled */
  readonly groupConsumerMigrationPolicy: string;
  /** `group.share.session.timeout.ms` */
  readonly groupShareSessionTimeoutMs: number;
  /** `group.share.heartbeat.interval.ms` */
  readonly groupShareHeartbeatIntervalMs: number;
  /** `group.share.assignment.interval.ms`: how often at most a group assigns anew */
  readonly groupShareAssignmentIntervalMs: number;
  /** `group.share.max.size` */
  readonly groupShareMaxSize: number;
  /** `group.share.delivery.count.limit`: how often a record is given to a share group at most */
  readonly groupShareDeliveryCountLimit: number;
  /** `group.share.record.lock.duration.ms`: for how long a member may hold a record */
  readonly groupShareRecordLockDurationMs: number;
  /** `group.share.partition.max.record.locks`: how many records of a partition a group may hold */
  readonly groupSharePartitionMaxRecordLocks: number;
  /** `offset.metadata.max.bytes` */
  readonly offsetMetadataMaxBytes: number;
  /** `offsets.retention.minutes` */
  readonly offsetsRetentionMinutes: number;
  /** `message.max.bytes`, the default of a topic's `max.message.bytes` */
  readonly messageMaxBytes: number;
  /** `producer.id.expiration.ms`: after how long without a batch a partition forgets a producer */
  readonly producerIdExpirationMs: number;
  /** `transaction.max.timeout.ms`: the longest timeout a transactional producer may ask for */
  readonly transactionMaxTimeoutMs: number;
  /** `transactional.id.expiration.ms`: after how long without a transaction an id is forgotten */
  readonly transactionalIdExpirationMs: number;
  /** `socket.request.max.bytes` */
  readonly socketRequestMaxBytes: number;
  /** `connections.max.idle.ms` */
  readonly connectionsMaxIdleMs: number;
  /** `max.connections`: how many each isolate has at most */
  readonly maxConnections: number;
  /** `max.connections.per.ip`: of one address */
  readonly maxConnectionsPerIp: number;
  /** `max.connections.per.ip.overrides`: other numbers for some, such as `10.0.0.1:200` */
  readonly maxConnectionsPerIpOverrides: string;
  /** `KEDGE_MAX_CONNECTIONS_PER_PRINCIPAL`: of one principal; Kafka has no such limit */
  readonly maxConnectionsPerPrincipal: number;
  /** `KEDGE_MAX_TOPICS`: how many the cluster has at most */
  readonly maxTopics: number;
  /** `KEDGE_MAX_PARTITIONS`: of all its topics */
  readonly maxPartitions: number;
  /** `KEDGE_MAX_GROUPS` */
  readonly maxGroups: number;
  /** `fetch.max.bytes`: the broker's own bound on one Fetch answer */
  readonly fetchMaxBytes: number;
  /** `cluster.id`: what a cluster is called that has no id yet; empty: by chance */
  readonly clusterId: string;
  /** `node.id` of the one broker clients see */
  readonly nodeId: number;
  /** `authorizer.class.name`: Kafka's StandardAuthorizer; empty: none, unless Kedge is closed */
  readonly authorizerClassName: string;
  /** `super.users`: may do everything, such as `User:alice;User:bob` */
  readonly superUsers: string;
  /** `allow.everyone.if.no.acl.found`: to do what no ACL speaks of */
  readonly allowEveryoneIfNoAclFound: boolean;
  /** `advertised.listeners`: host and port; null: the address the client dialled */
  readonly advertisedListener: Address | null;
  /** `listeners`: the ports where clients are told something of their own; none: nowhere */
  readonly listeners: readonly PortListener[];
  /** `log.retention.ms` and all else that topics have from their broker, by Kafka name */
  readonly topicDefaults: Readonly<Record<string, string>>;
}

export const defaultBrokerConfig: BrokerConfig = {
  autoCreateTopicsEnable: true,
  numPartitions: 1,
  defaultReplicationFactor: 1,
  groupInitialRebalanceDelayMs: 3_000,
  groupMinSessionTimeoutMs: 6_000,
  groupMaxSessionTimeoutMs: 1_800_000,
  groupMaxSize: 2_147_483_647,
  groupConsumerSessionTimeoutMs: 45_000,
  groupConsumerHeartbeatIntervalMs: 5_000,
  groupConsumerAssignmentIntervalMs: 1_000,
  groupConsumerMaxSize: 2_147_483_647,
  groupConsumerMigrationPolicy: 'bidirectional',
  groupShareSessionTimeoutMs: 45_000,
  groupShareHeartbeatIntervalMs: 5_000,
  groupShareAssignmentIntervalMs: 1_000,
  groupShareMaxSize: 200,
  groupShareDeliveryCountLimit: 5,
  groupShareRecordLockDurationMs: 30_000,
  groupSharePartitionMaxRecordLocks: 2_000,
  offsetMetadataMaxBytes: 4_096,
  offsetsRetentionMinutes: 10_080,
  messageMaxBytes: 1_048_588,
  producerIdExpirationMs: 86_400_000,
  transactionMaxTimeoutMs: 900_000,
  transactionalIdExpirationMs: 604_800_000,
  socketRequestMaxBytes: 104_857_600,
  connectionsMaxIdleMs: 600_000,
  maxConnections: 2_147_483_647,
  maxConnectionsPerIp: 2_147_483_647,
  maxConnectionsPerIpOverrides: '',
  maxConnectionsPerPrincipal: 2_147_483_647,
  maxTopics: 10_000,
  maxPartitions: 100_000,
  maxGroups: 100_000,
  fetchMaxBytes: 57_671_680,
  clusterId: '',
  nodeId: 1,
  authorizerClassName: '',
  superUsers: '',
  allowEveryoneIfNoAclFound: false,
  advertisedListener: null,
  listeners: [],
  topicDefaults: {},
};

type NumberIn<T> = { [K in keyof T]: T[K] extends number ? K : never }[keyof T];

const largestInt = 2_147_483_647;
/** The least each may be, as in Kafka; 0 where nothing is said. */
const least: Partial<Record<NumberIn<BrokerConfig>, number>> = {
  numPartitions: 1,
  defaultReplicationFactor: 1,
  groupMaxSize: 1,
  groupConsumerSessionTimeoutMs: 1,
  groupConsumerHeartbeatIntervalMs: 1,
  groupConsumerMaxSize: 1,
  groupShareSessionTimeoutMs: 1,
  groupShareHeartbeatIntervalMs: 1,
  groupShareMaxSize: 1,
  groupShareDeliveryCountLimit: 2,
  groupShareRecordLockDurationMs: 1_000,
  groupSharePartitionMaxRecordLocks: 100,
  offsetsRetentionMinutes: 1,
  producerIdExpirationMs: 1,
  transactionMaxTimeoutMs: 1,
  transactionalIdExpirationMs: 1,
  socketRequestMaxBytes: 1,
  fetchMaxBytes: 1_024,
};
/** The most each may be, where that is less than the largest int. */
const most: Partial<Record<NumberIn<BrokerConfig>, number>> = {
  numPartitions: maxPartitionsPerTopic,
  groupShareMaxSize: 1_000,
  groupShareDeliveryCountLimit: 10,
  groupShareRecordLockDurationMs: 3_600_000,
  groupSharePartitionMaxRecordLocks: 10_000,
};

/** Kafka's name of a config: `autoCreateTopicsEnable` is `auto.create.topics.enable`. */
function kafkaName(property: string): string {
  return property.replace(/[A-Z]/g, (letter) => `.${letter.toLowerCase()}`);
}

/** Kafka has none of these. */
const ours: ReadonlySet<string> = new Set([
  'maxConnectionsPerPrincipal',
  'maxTopics',
  'maxPartitions',
  'maxGroups',
]);

/** The Worker's variable for a config: `KAFKA_AUTO_CREATE_TOPICS_ENABLE`. */
function variableName(property: string): string {
  const prefix = ours.has(property) ? 'KEDGE' : 'KAFKA';
  return `${prefix}_${kafkaName(property).replaceAll('.', '_').toUpperCase()}`;
}

/** Those that have a variable each. */
const plain = Object.entries(defaultBrokerConfig).filter(
  ([, initial]) => typeof initial !== 'object',
);

/** The variables that mean something to a Worker; it does not look at any others. */
export const brokerVariables: readonly string[] = [
  ...plain.map(([property]) => variableName(property)),
  'KAFKA_LISTENERS',
  'KAFKA_ADVERTISED_LISTENERS',
  ...topicDefaultVariables,
];

/**
 * Reads the variables of a Worker; an empty one counts as absent. Throws a plain Error
 * that names the variable and says what it may be.
 */
export function brokerConfigFrom(variables: Readonly<Record<string, unknown>>): BrokerConfig {
  const config: Record<string, unknown> = { ...defaultBrokerConfig };
  for (const [property, initial] of plain) {
    const name = variableName(property);
    const value = variables[name];
    if (value === undefined || value === '') continue;
    if (typeof initial === 'string') config[property] = (texts[property] ?? String)(value, name);
    else if (typeof initial === 'boolean') config[property] = parseBoolean(name, value);
    else {
      const key = property as NumberIn<BrokerConfig>;
      config[property] = parseCount(name, value, least[key] ?? 0, most[key] ?? largestInt);
    }
  }
  const [advertised] = advertisedFrom(variables);
  if (advertised) config.advertisedListener = { host: advertised.host, port: advertised.port };
  config.listeners = portListenersFrom(variables);
  config.topicDefaults = topicDefaultsFrom(variables);
  return checked(config as unknown as BrokerConfig);
}

const known = new WeakMap<object, BrokerConfig>();

/** The same of bindings, which never change: read once, for every object that is woken asks. */
export function brokerConfigOf(env: Readonly<Record<string, unknown>>): BrokerConfig {
  const before = known.get(env);
  if (before !== undefined) return before;
  const config = brokerConfigFrom(env);
  known.set(env, config);
  return config;
}

function checked(config: BrokerConfig): BrokerConfig {
  if (config.groupMinSessionTimeoutMs > config.groupMaxSessionTimeoutMs) {
    throw new Error(
      'KAFKA_GROUP_MIN_SESSION_TIMEOUT_MS must not be above KAFKA_GROUP_MAX_SESSION_TIMEOUT_MS',
    );
  }
  if (config.messageMaxBytes > largestBatchBytes) {
    throw new Error(`KAFKA_MESSAGE_MAX_BYTES must not be above ${largestBatchBytes}`);
  }
  return config;
}

/** Whose names Kafka's broker does not describe as its own. */
const undescribed: ReadonlySet<string> = new Set([
  ...ours,
  'authorizerClassName',
  'superUsers',
  'allowEveryoneIfNoAclFound',
  'clusterId',
]);

/** What is set, by Kafka name: what differs from its default, and the ids, which have none. */
export function brokerSettings(config: BrokerConfig): ReadonlyMap<string, string> {
  const set = new Map<string, string>();
  for (const [property, initial] of plain) {
    const value = config[property as keyof BrokerConfig];
    if (value === initial || undescribed.has(property)) continue;
    set.set(kafkaName(property), String(value));
  }
  for (const [name, value] of Object.entries(config.topicDefaults)) set.set(name, value);
  set.set('node.id', String(config.nodeId));
  set.set('broker.id', String(config.nodeId));
  return set;
}

function parseBoolean(name: string, value: unknown): boolean {
  const text = String(value).toLowerCase();
  if (text !== 'true' && text !== 'false') {
    throw new Error(`${name} must be true or false, not ${value}`);
  }
  return text === 'true';
}

/** How the variables are read that are neither numbers nor yes or no. */
const texts: Readonly<Record<string, (value: unknown, name: string) => string>> = {
  groupConsumerMigrationPolicy: parsePolicy,
  authorizerClassName: parseAuthorizer,
  superUsers: parseUsers,
  maxConnectionsPerIpOverrides: parseOverrides,
  clusterId: parseClusterId,
};

/** Kafka's is a UUID in 22 letters, and whatever else people write in its place. */
function parseClusterId(value: unknown, name: string): string {
  const id = String(value).trim();
  if (!/^[\w.-]{1,64}$/.test(id)) {
    throw new Error(`${name} must be 64 letters, digits, '-', '_' and '.' at most, not ${value}`);
  }
  return id;
}

const policies: readonly string[] = ['bidirectional', 'upgrade', 'downgrade', 'disabled'];

function parsePolicy(value: unknown, name: string): string {
  const policy = String(value).toLowerCase();
  if (!policies.includes(policy)) {
    throw new Error(`${name} must be one of ${policies.join(', ')}, not ${value}`);
  }
  return policy;
}

const standardAuthorizer = 'org.apache.kafka.metadata.authorizer.StandardAuthorizer';

function parseAuthorizer(value: unknown, name: string): string {
  if (value !== standardAuthorizer) {
    throw new Error(`${name} must be ${standardAuthorizer}, not ${value}`);
  }
  return value;
}

/** `User:alice;User:bob`, as Kafka splits it. */
export function usersOf(text: string): string[] {
  const users = text.split(';').map((user) => user.trim());
  return users.filter((user) => user !== '');
}

function parseUsers(value: unknown, name: string): string {
  const text = String(value);
  const wrong = usersOf(text).find((user) => user.indexOf(':') < 1);
  if (wrong !== undefined) {
    throw new Error(`${name} must be a list such as User:alice;User:bob, not ${value}`);
  }
  return text;
}

function parseOverrides(value: unknown, name: string): string {
  try {
    maxConnectionsOf(String(value));
  } catch (error) {
    throw new Error(`${name} must be ${(error as Error).message}`);
  }
  return String(value);
}

function parseCount(name: string, value: unknown, from: number, to: number): number {
  const count = /^\s*\d+\s*$/.test(String(value)) ? Number(value) : Number.NaN;
  if (!(count >= from && count <= to)) {
    throw new Error(`${name} must be a whole number from ${from} to ${to}, not ${value}`);
  }
  return count;
}

/** What a client is told to connect to that has dialled this address. */
export function advertisedTo(
  { listeners, advertisedListener }: BrokerConfig,
  dialled: Address,
): Address {
  const listener = listeners.find(({ port }) => port === dialled.port);
  return (listener ? listener.advertised : advertisedListener) ?? dialled;
}
