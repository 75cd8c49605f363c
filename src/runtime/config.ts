/**
 * The broker's configuration: Kafka's names, types and defaults. A Worker sets them as variables in
 * the way of Kafka's own container images: `auto.create.topics.enable` is
 * `KAFKA_AUTO_CREATE_TOPICS_ENABLE`.
 */
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
  /** `offset.metadata.max.bytes` */
  readonly offsetMetadataMaxBytes: number;
  /** `offsets.retention.minutes` */
  readonly offsetsRetentionMinutes: number;
  /** `message.max.bytes`, the default of a topic's `max.message.bytes` */
  readonly messageMaxBytes: number;
  /** `socket.request.max.bytes` */
  readonly socketRequestMaxBytes: number;
  /** `connections.max.idle.ms` */
  readonly connectionsMaxIdleMs: number;
  /** `fetch.max.bytes`: the broker's own bound on one Fetch answer */
  readonly fetchMaxBytes: number;
  /** `node.id` of the one broker clients see */
  readonly nodeId: number;
  /** `advertised.listeners`: host and port; null: the address the client dialled */
  readonly advertisedListener: { readonly host: string; readonly port: number } | null;
}

export const defaultBrokerConfig: BrokerConfig = {
  autoCreateTopicsEnable: true,
  numPartitions: 1,
  defaultReplicationFactor: 1,
  groupInitialRebalanceDelayMs: 3_000,
  groupMinSessionTimeoutMs: 6_000,
  groupMaxSessionTimeoutMs: 1_800_000,
  groupMaxSize: 2_147_483_647,
  offsetMetadataMaxBytes: 4_096,
  offsetsRetentionMinutes: 10_080,
  messageMaxBytes: 1_048_588,
  socketRequestMaxBytes: 104_857_600,
  connectionsMaxIdleMs: 600_000,
  fetchMaxBytes: 57_671_680,
  nodeId: 1,
  advertisedListener: null,
};

/**
 * Reads the `KAFKA_…` variables of a Worker. Throws a plain Error that names the variable and what
 * it may be.
 */
export function brokerConfigFrom(variables: Readonly<Record<string, unknown>>): BrokerConfig {
  const config: Record<string, unknown> = { ...defaultBrokerConfig };
  for (const [property, initial] of Object.entries(defaultBrokerConfig)) {
    const name = `KAFKA_${property.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`;
    const value = variables[name];
    if (value === undefined || value === '' || property === 'advertisedListener') continue;
    config[property] =
      typeof initial === 'boolean' ? parseBoolean(name, value) : parseCount(name, value);
  }
  const listeners = variables.KAFKA_ADVERTISED_LISTENERS;
  if (typeof listeners === 'string' && listeners !== '') {
    config.advertisedListener = parseListener('KAFKA_ADVERTISED_LISTENERS', listeners);
  }
  return config as unknown as BrokerConfig;
}

function parseBoolean(name: string, value: unknown): boolean {
  const text = String(value).toLowerCase();
  if (text !== 'true' && text !== 'false')
    throw new Error(`${name} must be true or false, not ${value}`);
  return text === 'true';
}

function parseCount(name: string, value: unknown): number {
  const count = Number(value);
  if (!Number.isSafeInteger(count) || count < 0) {
    throw new Error(`${name} must be a whole number from 0, not ${value}`);
  }
  return count;
}

/** `PLAINTEXT://host:9092` (the first of a list) or `host:9092`; IPv6 hosts in brackets. */
export function parseListener(name: string, value: string): { host: string; port: number } {
  const match = /^(?:[A-Za-z_]+:\/\/)?(\[[^\]]+\]|[^:[\]/]+):(\d+)$/.exec(
    value.split(',')[0].trim(),
  );
  const port = Number(match?.[2]);
  if (!match || port < 1 || port > 65_535) {
    throw new Error(`${name} must be host:port, for example localhost:9092, not ${value}`);
  }
  return { host: match[1].replace(/^\[|\]$/g, ''), port };
}
