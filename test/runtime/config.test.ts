import { describe, expect, it } from 'vitest';
import { brokerConfigs } from '../../src/core/cluster/broker-configs.ts';
import {
  advertisedTo,
  brokerConfigFrom,
  brokerConfigOf,
  brokerSettings,
  brokerVariables,
  defaultBrokerConfig,
  parseListener,
} from '../../src/runtime/config.ts';
import { listenerVariables } from '../../src/runtime/listeners.ts';

function otherThan(value: unknown): unknown {
  if (typeof value === 'string') return `not ${value}`;
  return typeof value === 'number' ? value + 1 : typeof value === 'boolean' ? !value : value;
}

describe('the broker config', () => {
  it('is that of Kafka when nothing is set', () => {
    expect(brokerConfigFrom({})).toEqual(defaultBrokerConfig);
    expect(brokerConfigFrom({ KAFKA_NUM_PARTITIONS: '', PARTITION: {} })).toEqual(
      defaultBrokerConfig,
    );
  });

  it('is read once of the same bindings', () => {
    const env = { KAFKA_NUM_PARTITIONS: '3' };
    expect(brokerConfigOf(env)).toEqual(brokerConfigFrom(env));
    expect(brokerConfigOf(env)).toBe(brokerConfigOf(env));
    expect(brokerConfigOf({ ...env, KAFKA_NUM_PARTITIONS: '4' }).numPartitions).toBe(4);
  });

  it('is refused as often as it is asked for', () => {
    const env = { KAFKA_NUM_PARTITIONS: 'many' };
    for (let i = 0; i < 2; i++) expect(() => brokerConfigOf(env)).toThrow('KAFKA_NUM_PARTITIONS');
  });

  it('has limits of its own beside those of Kafka', () => {
    const config = brokerConfigFrom({
      KAFKA_MAX_CONNECTIONS: '100',
      KAFKA_MAX_CONNECTIONS_PER_IP: '10',
      KAFKA_MAX_CONNECTIONS_PER_IP_OVERRIDES: '10.0.0.1:20, ::1:5',
      KEDGE_MAX_CONNECTIONS_PER_PRINCIPAL: '5',
      KEDGE_MAX_TOPICS: '3',
      KEDGE_MAX_PARTITIONS: '7',
      KEDGE_MAX_GROUPS: '2',
      KAFKA_MAX_TOPICS: '99',
    });
    expect(config).toEqual({
      ...defaultBrokerConfig,
      maxConnections: 100,
      maxConnectionsPerIp: 10,
      maxConnectionsPerIpOverrides: '10.0.0.1:20, ::1:5',
      maxConnectionsPerPrincipal: 5,
      maxTopics: 3,
      maxPartitions: 7,
      maxGroups: 2,
    });
    expect(() => brokerConfigFrom({ KAFKA_MAX_CONNECTIONS_PER_IP_OVERRIDES: 'many' })).toThrow(
      'KAFKA_MAX_CONNECTIONS_PER_IP_OVERRIDES must be a list such as 10.0.0.1:200,10.0.0.2:50',
    );
    expect(() => brokerConfigFrom({ KEDGE_MAX_TOPICS: '-1' })).toThrow('KEDGE_MAX_TOPICS');
  });

  it('is read from the variables that Kafka images use', () => {
    const config = brokerConfigFrom({
      KAFKA_AUTO_CREATE_TOPICS_ENABLE: 'False',
      KAFKA_NUM_PARTITIONS: ' 6 ',
      KAFKA_MESSAGE_MAX_BYTES: 2_000,
      KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS: '0',
      KAFKA_NODE_ID: '42',
      KAFKA_ADVERTISED_LISTENERS: 'PLAINTEXT://kedge.example:9093,SSL://other:1',
      KAFKA_AUTHORIZER_CLASS_NAME: 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
      KAFKA_SUPER_USERS: 'User:alice; User:bob;',
      KAFKA_ALLOW_EVERYONE_IF_NO_ACL_FOUND: 'true',
      KAFKA_CLUSTER_ID: 'MkU3OEVBNTcwNTJENDM2Qk',
      KAFKA_LOG_RETENTION_HOURS: '24',
      KAFKA_LOG_RETENTION_MINUTES: '90',
      KAFKA_LOG_ROLL_MS: '1000',
      KAFKA_LOG_ROLL_HOURS: '2',
      KAFKA_LOG_CLEANUP_POLICY: ' compact ',
    });
    expect(config).toEqual({
      ...defaultBrokerConfig,
      autoCreateTopicsEnable: false,
      numPartitions: 6,
      messageMaxBytes: 2_000,
      groupInitialRebalanceDelayMs: 0,
      nodeId: 42,
      advertisedListener: { host: 'kedge.example', port: 9093 },
      authorizerClassName: 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
      superUsers: 'User:alice; User:bob;',
      allowEveryoneIfNoAclFound: true,
      clusterId: 'MkU3OEVBNTcwNTJENDM2Qk',
      topicDefaults: {
        'log.cleanup.policy': 'compact',
        'log.retention.minutes': '90',
        'log.retention.hours': '24',
        'log.retention.ms': '5400000',
        'log.roll.ms': '1000',
        'log.roll.hours': '2',
      },
    });
    expect(brokerSettings(config).get('log.retention.ms')).toBe('5400000');
  });

  it('tells clients what belongs to the port they dialled', () => {
    const config = brokerConfigFrom({
      KAFKA_LISTENERS:
        'CONTROLLER://:9093,PLAINTEXT://kafka:29092,HOST://0.0.0.0:9092,X://:7,R://:8',
      KAFKA_ADVERTISED_LISTENERS:
        'CONTROLLER://c:1,PLAINTEXT://kafka:29092,host://localhost:9092,R://[::1]:8',
      KAFKA_CONTROLLER_LISTENER_NAMES: 'R',
    });
    const told = (port: number) => advertisedTo(config, { host: '0.0.0.0', port });
    expect(told(29_092)).toEqual({ host: 'kafka', port: 29_092 });
    expect(told(9092)).toEqual({ host: 'localhost', port: 9092 });
    expect(told(7)).toEqual({ host: '0.0.0.0', port: 7 });
    // A port that nobody named: the first of the addresses.
    expect(told(1234)).toEqual({ host: 'kafka', port: 29_092 });
    expect(advertisedTo(defaultBrokerConfig, { host: 'h', port: 1 })).toEqual({
      host: 'h',
      port: 1,
    });
  });

  it('says the same of ports whatever they are called', () => {
    const listeners = [
      { port: 9092, advertised: { host: '::1', port: 19_092 } },
      { port: 9094, advertised: null },
    ];
    const config = brokerConfigFrom(listenerVariables(listeners));
    expect(config.listeners).toEqual(listeners);
  });

  it.each([
    ['KAFKA_AUTO_CREATE_TOPICS_ENABLE', 'yes', 'must be true or false, not yes'],
    ['KAFKA_NUM_PARTITIONS', '0', 'must be a whole number from 1 to 10000, not 0'],
    ['KAFKA_NUM_PARTITIONS', '10001', 'must be a whole number from 1 to 10000, not 10001'],
    ['KAFKA_NUM_PARTITIONS', '1.5', 'must be a whole number from 1 to 10000, not 1.5'],
    ['KAFKA_NUM_PARTITIONS', '0x10', 'must be a whole number'],
    ['KAFKA_NODE_ID', '-1', 'must be a whole number from 0'],
    ['KAFKA_FETCH_MAX_BYTES', '1000', 'must be a whole number from 1024'],
    ['KAFKA_MESSAGE_MAX_BYTES', '2147483648', 'to 2147483647'],
    ['KAFKA_MESSAGE_MAX_BYTES', '31457281', 'must not be above 31457280'],
    ['KAFKA_ADVERTISED_LISTENERS', 'nowhere', 'must be host:port, for example localhost:9092'],
    ['KAFKA_ADVERTISED_LISTENERS', 'A://:9092', 'must be host:port'],
    ['KAFKA_LISTENERS', 'A://x:1,a://y:2', 'must give each listener another name'],
    ['KAFKA_CLUSTER_ID', 'two words', 'must be 64 letters, digits'],
    ['KAFKA_LOG_RETENTION_MS', 'long', 'cannot be long: Not a number of type LONG'],
    ['KAFKA_LOG_SEGMENT_BYTES', '5', 'cannot be 5: Value must be at least 1048576'],
    ['KAFKA_GROUP_MIN_SESSION_TIMEOUT_MS', '1800001', 'must not be above'],
    ['KAFKA_AUTHORIZER_CLASS_NAME', 'mine', 'must be org.apache.kafka.metadata.authorizer.Stand'],
    ['KAFKA_SUPER_USERS', 'User:a;b', 'must be a list such as User:alice;User:bob, not User:a;b'],
  ])('says what is wrong with %s=%s', (name, value, message) => {
    expect(() => brokerConfigFrom({ [name]: value })).toThrow(message);
    expect(() => brokerConfigFrom({ [name]: value })).toThrow(name);
  });

  it('takes as many partitions as a topic may have', () => {
    expect(brokerConfigFrom({ KAFKA_NUM_PARTITIONS: '10000' }).numPartitions).toBe(10_000);
  });

  it('names every variable it reads', () => {
    expect(new Set(brokerVariables).size).toBe(brokerVariables.length);
    expect(brokerVariables.length).toBeGreaterThan(Object.keys(defaultBrokerConfig).length);
    for (const name of [
      'KAFKA_AUTO_CREATE_TOPICS_ENABLE',
      'KAFKA_ADVERTISED_LISTENERS',
      'KAFKA_LISTENERS',
      'KAFKA_LOG_RETENTION_HOURS',
      'KAFKA_LOG_CLEANUP_POLICY',
    ]) {
      expect(brokerVariables).toContain(name);
    }
  });

  it('lists what is set by the names and defaults that DescribeConfigs knows', () => {
    const nothingSet = brokerSettings(defaultBrokerConfig);
    expect([...nothingSet]).toEqual([
      ['node.id', '1'],
      ['broker.id', '1'],
    ]);
    const changed = Object.fromEntries(
      Object.entries(defaultBrokerConfig).map(([name, value]) => [name, otherThan(value)]),
    ) as unknown as typeof defaultBrokerConfig;
    const set = brokerSettings(changed);
    expect(set.get('auto.create.topics.enable')).toBe('false');
    const plain = Object.values(defaultBrokerConfig).filter((value) => typeof value !== 'object');
    // All but the authorizer's three, the cluster's id and the four that Kafka does not have; and
    // the broker's id by its older name.
    expect(set.size).toBe(plain.length - 3 - 1 - 4 + 1);
    for (const [name, value] of set) {
      const { default: preset } = brokerConfigs.get(name)!;
      if (name !== 'node.id' && name !== 'broker.id' && preset !== '' && Number(preset) >= 0) {
        expect(`${name}=${preset}`).toBe(`${name}=${Number(value) - 1}`);
      }
    }
  });
});

describe('a listener', () => {
  it.each([
    ['localhost:9092', 'localhost', 9092],
    ['PLAINTEXT://10.0.0.1:1', '10.0.0.1', 1],
    [' SASL_SSL://kedge.example:65535 , PLAINTEXT://x:1', 'kedge.example', 65_535],
    ['PLAINTEXT://[::1]:9092', '::1', 9092],
  ])('is read from %s', (text, host, port) => {
    expect(parseListener('IT', text)).toEqual({ host, port });
  });

  it.each(['', ':9092', 'host', 'host:', 'host:0', 'host:65536', 'a b:1', '::1:9092', 'x://'])(
    'is not %j',
    (text) => {
      expect(() => parseListener('IT', text)).toThrow('IT must be host:port');
    },
  );
});
