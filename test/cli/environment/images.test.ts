import { describe, expect, it } from 'vitest';
import { type Said, settingsFrom } from '../../../src/cli/environment/settings.ts';
import { unknownSettings } from '../../../src/cli/unknown-settings.ts';

/** The block under `environment:` of a compose file. */
const block = (text: string): Record<string, string> =>
  Object.fromEntries(
    [...text.matchAll(/^\s*(?:- )?(\w+)[:=] *(.*?)\s*$/gm)].map(([, name, value]) => [
      name,
      value.replace(/^(['"])(.*)\1$/, '$2'),
    ]),
  );

const read = (text: string, said: Said = {}) => settingsFrom(block(text), said, 'container');
/** Everything a person sees or dials, in short. */
const outcome = (text: string, said: Said = {}) => {
  const { host, kafkaPort, listeners, variables, remarks } = read(text, said);
  const told = variables.KAFKA_ADVERTISED_LISTENERS;
  return {
    at: [
      `${host}:${kafkaPort}${told ? ` → ${told}` : ''}`,
      ...listeners.map(({ host, port, advertise }) => {
        const to = advertise ? ` → ${advertise.host}:${advertise.port}` : '';
        return `${host}:${port}${to}`;
      }),
    ],
    remarks,
    unknown: unknownSettings(block(text)),
  };
};

const open = 'KEDGE_OPEN: "true"\n';

/** What people have in their compose files, and where clients come in then. */
const usual: readonly [string, string, Said, readonly string[]][] = [
  [
    "apache/kafka's own example",
    `KAFKA_NODE_ID: 1
     KAFKA_PROCESS_ROLES: broker,controller
     KAFKA_LISTENERS: PLAINTEXT://localhost:9092,CONTROLLER://localhost:9093
     KAFKA_ADVERTISED_LISTENERS: PLAINTEXT://localhost:9092
     KAFKA_CONTROLLER_LISTENER_NAMES: CONTROLLER
     KAFKA_LISTENER_SECURITY_PROTOCOL_MAP: CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT
     KAFKA_CONTROLLER_QUORUM_VOTERS: 1@localhost:9093
     KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR: 1
     KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR: 1
     KAFKA_TRANSACTION_STATE_LOG_MIN_ISR: 1
     KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS: 0
     KAFKA_SHARE_COORDINATOR_STATE_TOPIC_REPLICATION_FACTOR: 1
     KAFKA_SHARE_COORDINATOR_STATE_TOPIC_MIN_ISR: 1
     KAFKA_NUM_PARTITIONS: 3`,
    {},
    ['localhost:9092 → localhost:9092'],
  ],
  [
    "apache/kafka, the host's and the network's listener",
    `${open}KAFKA_NODE_ID: 1
     KAFKA_LISTENER_SECURITY_PROTOCOL_MAP: 'CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,PLAINTEXT_HOST:PLAINTEXT'
     KAFKA_ADVERTISED_LISTENERS: 'PLAINTEXT_HOST://localhost:9092,PLAINTEXT://broker:19092'
     KAFKA_PROCESS_ROLES: 'broker,controller'
     KAFKA_CONTROLLER_QUORUM_VOTERS: '1@broker:29093'
     KAFKA_LISTENERS: 'CONTROLLER://:29093,PLAINTEXT_HOST://:9092,PLAINTEXT://:19092'
     KAFKA_INTER_BROKER_LISTENER_NAME: 'PLAINTEXT'
     KAFKA_CONTROLLER_LISTENER_NAMES: 'CONTROLLER'
     CLUSTER_ID: '4L6g3nShT-eMCtK--X86sw'
     KAFKA_LOG_DIRS: '/tmp/kraft-combined-logs'`,
    {},
    ['0.0.0.0:9092 → localhost:9092', '0.0.0.0:19092 → broker:19092'],
  ],
  [
    'cp-kafka with ZooKeeper, which knows its listeners by what it tells clients',
    `KAFKA_BROKER_ID: 1
     KAFKA_ZOOKEEPER_CONNECT: zookeeper:2181
     KAFKA_LISTENER_SECURITY_PROTOCOL_MAP: PLAINTEXT:PLAINTEXT,PLAINTEXT_HOST:PLAINTEXT
     KAFKA_ADVERTISED_LISTENERS: PLAINTEXT://kafka:29092,PLAINTEXT_HOST://localhost:9092
     KAFKA_INTER_BROKER_LISTENER_NAME: PLAINTEXT
     KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR: 1
     KAFKA_CONFLUENT_LICENSE_TOPIC_REPLICATION_FACTOR: 1
     KAFKA_CONFLUENT_BALANCER_TOPIC_REPLICATION_FACTOR: 1
     KAFKA_METRIC_REPORTERS: io.confluent.metrics.reporter.ConfluentMetricsReporter
     KAFKA_JMX_PORT: 9101
     KAFKA_JMX_HOSTNAME: localhost
     KAFKA_CONFLUENT_SCHEMA_REGISTRY_URL: http://schema-registry:8081
     CONFLUENT_METRICS_REPORTER_BOOTSTRAP_SERVERS: broker:29092
     CONFLUENT_METRICS_ENABLE: 'true'`,
    {},
    ['127.0.0.1:29092 → kafka:29092', '127.0.0.1:9092 → localhost:9092'],
  ],
  [
    'cp-kafka, the same for everybody on the network',
    `${open}KAFKA_ADVERTISED_LISTENERS: PLAINTEXT://kafka:29092,PLAINTEXT_HOST://localhost:9092`,
    { host: '0.0.0.0' },
    ['0.0.0.0:29092 → kafka:29092', '0.0.0.0:9092 → localhost:9092'],
  ],
  [
    'cp-kafka with KRaft',
    `${open}KAFKA_NODE_ID: 1
     KAFKA_LISTENER_SECURITY_PROTOCOL_MAP: 'CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,PLAINTEXT_HOST:PLAINTEXT'
     KAFKA_ADVERTISED_LISTENERS: 'PLAINTEXT://broker:29092,PLAINTEXT_HOST://localhost:9092'
     KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS: 0
     KAFKA_PROCESS_ROLES: 'broker,controller'
     KAFKA_CONTROLLER_QUORUM_VOTERS: '1@broker:29093'
     KAFKA_LISTENERS: 'PLAINTEXT://broker:29092,CONTROLLER://broker:29093,PLAINTEXT_HOST://0.0.0.0:9092'
     KAFKA_INTER_BROKER_LISTENER_NAME: 'PLAINTEXT'
     KAFKA_CONTROLLER_LISTENER_NAMES: 'CONTROLLER'
     KAFKA_LOG_DIRS: '/tmp/kraft-combined-logs'
     KAFKA_REST_HOST_NAME: rest-proxy
     KAFKA_REST_LISTENERS: 'http://0.0.0.0:8082'
     KAFKA_LOG4J_ROOT_LOGLEVEL: WARN
     KAFKA_TOOLS_LOG4J_LOGLEVEL: ERROR
     CLUSTER_ID: 'MkU3OEVBNTcwNTJENDM2Qk'`,
    {},
    ['broker:29092 → broker:29092', '0.0.0.0:9092 → localhost:9092'],
  ],
  [
    'bitnami/kafka',
    `${open}- KAFKA_ENABLE_KRAFT=yes
     - KAFKA_CFG_NODE_ID=0
     - KAFKA_CFG_PROCESS_ROLES=controller,broker
     - KAFKA_CFG_CONTROLLER_QUORUM_VOTERS=0@kafka:9093
     - KAFKA_CFG_LISTENERS=PLAINTEXT://:9092,CONTROLLER://:9093,EXTERNAL://:9094
     - KAFKA_CFG_ADVERTISED_LISTENERS=PLAINTEXT://kafka:9092,EXTERNAL://localhost:9094
     - KAFKA_CFG_LISTENER_SECURITY_PROTOCOL_MAP=EXTERNAL:PLAINTEXT,PLAINTEXT:PLAINTEXT
     - KAFKA_CFG_CONTROLLER_LISTENER_NAMES=CONTROLLER
     - KAFKA_CFG_INTER_BROKER_LISTENER_NAME=PLAINTEXT
     - KAFKA_CFG_AUTO_CREATE_TOPICS_ENABLE=true
     - KAFKA_CFG_LOG_RETENTION_HOURS=1
     - KAFKA_CFG_DELETE_TOPIC_ENABLE=true
     - KAFKA_KRAFT_CLUSTER_ID=abcdefghijklmnopqrstuv
     - ALLOW_PLAINTEXT_LISTENER=yes
     - BITNAMI_DEBUG=yes`,
    {},
    ['0.0.0.0:9092 → kafka:9092', '0.0.0.0:9094 → localhost:9094'],
  ],
  [
    'bitnami/kafka that tells clients the name of the machine',
    `${open}- KAFKA_CFG_LISTENERS=PLAINTEXT://:9092,CONTROLLER://:9093
     - KAFKA_CFG_ADVERTISED_LISTENERS=PLAINTEXT://:9092`,
    {},
    ['0.0.0.0:9092 → container:9092'],
  ],
  [
    'wurstmeister/kafka',
    `KAFKA_ADVERTISED_HOST_NAME: 192.168.99.100
     KAFKA_ADVERTISED_PORT: 9094
     KAFKA_CREATE_TOPICS: "orders:3:1,bills:1:1:compact"
     KAFKA_ZOOKEEPER_CONNECT: zookeeper:2181
     KAFKA_BROKER_ID: -1
     KAFKA_PORT: 9092
     KAFKA_LOG_DIRS: /kafka/kafka-logs`,
    {},
    ['127.0.0.1:9092 → 192.168.99.100:9094'],
  ],
  [
    'wurstmeister/kafka with two listeners',
    `${open}KAFKA_LISTENERS: INSIDE://0.0.0.0:9093,OUTSIDE://0.0.0.0:9092
     KAFKA_ADVERTISED_LISTENERS: INSIDE://kafka:9093,OUTSIDE://localhost:9092
     KAFKA_LISTENER_SECURITY_PROTOCOL_MAP: INSIDE:PLAINTEXT,OUTSIDE:PLAINTEXT
     KAFKA_INTER_BROKER_LISTENER_NAME: INSIDE
     KAFKA_ZOOKEEPER_CONNECT: zookeeper:2181`,
    {},
    ['0.0.0.0:9093 → kafka:9093', '0.0.0.0:9092 → localhost:9092'],
  ],
  [
    'Redpanda',
    `${open}REDPANDA_KAFKA_ADDRESS: internal://0.0.0.0:9092,external://0.0.0.0:19092
     REDPANDA_ADVERTISE_KAFKA_ADDRESS: internal://redpanda:9092,external://localhost:19092
     REDPANDA_SEEDS: redpanda:33145`,
    {},
    ['0.0.0.0:9092 → redpanda:9092', '0.0.0.0:19092 → localhost:19092'],
  ],
  [
    'Redpanda in short',
    `${open}REDPANDA_KAFKA_ADDRESS: 0.0.0.0
     REDPANDA_ADVERTISE_KAFKA_ADDRESS: redpanda`,
    {},
    ['0.0.0.0:9092 → redpanda:9092'],
  ],
  [
    'a Deployment in Kubernetes, with what it is told of its Service',
    `KAFKA_SERVICE_HOST: 10.0.0.7
     KAFKA_SERVICE_PORT: 9092
     KAFKA_PORT: tcp://10.0.0.7:9092
     KAFKA_PORT_9092_TCP: tcp://10.0.0.7:9092
     KAFKA_PORT_9092_TCP_ADDR: 10.0.0.7
     KAFKA_HEAP_OPTS: -Xmx512m`,
    {},
    ['127.0.0.1:9092'],
  ],
  [
    'much that a broker of many has to say',
    `KAFKA_NUM_NETWORK_THREADS: 8
     KAFKA_NUM_IO_THREADS: 8
     KAFKA_NUM_RECOVERY_THREADS_PER_DATA_DIR: 1
     KAFKA_NUM_REPLICA_FETCHERS: 4
     KAFKA_SOCKET_SEND_BUFFER_BYTES: 102400
     KAFKA_SOCKET_RECEIVE_BUFFER_BYTES: 102400
     KAFKA_SOCKET_REQUEST_MAX_BYTES: 104857600
     KAFKA_REPLICA_FETCH_MAX_BYTES: 10485760
     KAFKA_REPLICA_LAG_TIME_MAX_MS: 30000
     KAFKA_MIN_INSYNC_REPLICAS: 1
     KAFKA_DEFAULT_REPLICATION_FACTOR: 1
     KAFKA_UNCLEAN_LEADER_ELECTION_ENABLE: 'false'
     KAFKA_AUTO_LEADER_REBALANCE_ENABLE: 'true'
     KAFKA_CONTROLLED_SHUTDOWN_ENABLE: 'true'
     KAFKA_LOG_CLEANER_ENABLE: 'true'
     KAFKA_LOG_CLEANUP_POLICY: delete
     KAFKA_LOG_RETENTION_MS: 600000
     KAFKA_LOG_RETENTION_BYTES: -1
     KAFKA_LOG_RETENTION_CHECK_INTERVAL_MS: 300000
     KAFKA_LOG_SEGMENT_BYTES: 1073741824
     KAFKA_LOG_ROLL_MS: 600000
     KAFKA_LOG_FLUSH_INTERVAL_MESSAGES: 10000
     KAFKA_LOG_FLUSH_INTERVAL_MS: 1000
     KAFKA_LOG_MESSAGE_FORMAT_VERSION: 2.8
     KAFKA_LOG_MESSAGE_TIMESTAMP_TYPE: LogAppendTime
     KAFKA_INTER_BROKER_PROTOCOL_VERSION: 2.8
     KAFKA_COMPRESSION_TYPE: producer
     KAFKA_MESSAGE_MAX_BYTES: 10485760
     KAFKA_OFFSETS_RETENTION_MINUTES: 10080
     KAFKA_OFFSETS_TOPIC_NUM_PARTITIONS: 1
     KAFKA_TRANSACTION_MAX_TIMEOUT_MS: 900000
     KAFKA_QUEUED_MAX_REQUESTS: 500
     KAFKA_BACKGROUND_THREADS: 10
     KAFKA_BROKER_RACK: r1`,
    {},
    ['127.0.0.1:9092'],
  ],
];

describe('the environment of another Kafka', () => {
  it.each(usual)('is understood: %s', (_, text, said, at) => {
    expect(outcome(text, said)).toEqual({ at, remarks: [], unknown: [] });
  });

  it('is put in the words of Kedge', () => {
    const apache = read(usual[1][1]);
    expect(apache.variables).toMatchObject({
      KAFKA_NODE_ID: '1',
      KAFKA_CLUSTER_ID: '4L6g3nShT-eMCtK--X86sw',
      KEDGE_OPEN: 'true',
    });
    expect(apache.dataDir).toBe('/tmp/kraft-combined-logs');
    expect(read(usual[2][1]).variables).toMatchObject({ KAFKA_NODE_ID: '1', KEDGE_OPEN: 'true' });
    expect(read(usual[5][1]).variables).toMatchObject({
      KAFKA_NODE_ID: '0',
      KAFKA_CLUSTER_ID: 'abcdefghijklmnopqrstuv',
      KAFKA_AUTO_CREATE_TOPICS_ENABLE: 'true',
      KAFKA_LOG_RETENTION_HOURS: '1',
    });
    const wurstmeister = read(usual[7][1]);
    expect(wurstmeister.variables.KAFKA_NODE_ID).toBeUndefined();
    expect(wurstmeister.dataDir).toBe('/kafka/kafka-logs');
    expect(wurstmeister.topics).toEqual([
      { name: 'orders', partitions: 3, configs: {} },
      { name: 'bills', partitions: 1, configs: { 'cleanup.policy': 'compact' } },
    ]);
  });

  it('is handed to the Worker as far as that reads it, and no further', () => {
    const { variables } = read(`${usual[5][1]}\nKAFKA_CLIENT_PASSWORDS: hunter2\nPATH: /bin`);
    expect(
      Object.keys(variables).filter((name) => /CLIENT|PATH|CFG|LISTENERS$/.test(name)),
    ).toEqual(['KAFKA_ADVERTISED_LISTENERS']);
  });

  it("counts a setting by bitnami's name before the same by Kafka's", () => {
    const { variables } = read('KAFKA_NUM_PARTITIONS: 1\nKAFKA_CFG_NUM_PARTITIONS: 6');
    expect(variables.KAFKA_NUM_PARTITIONS).toBe('6');
  });

  it('counts less than the command line', () => {
    const [, text] = usual[8];
    const said = { host: '127.0.0.1', kafkaPort: 19_093, advertise: 'here:1' };
    expect(outcome(text, said).at).toEqual([
      '127.0.0.1:19093 → here:1',
      '127.0.0.1:9092 → localhost:9092',
    ]);
  });

  it("does not take another program's CLUSTER_ID for its own", () => {
    expect(read('CLUSTER_ID: production').variables.KAFKA_CLUSTER_ID).toBeUndefined();
    expect(read('KAFKA_KRAFT_CLUSTER_ID: "mine"').variables.KAFKA_CLUSTER_ID).toBe('mine');
  });

  it('may have topics in lines', () => {
    const { topics } = settingsFrom(
      { KAFKA_CREATE_TOPICS: 'a:1:1\n b:2:1 \n', KAFKA_CREATE_TOPICS_SEPARATOR: "$'\\n'" },
      {},
      'h',
    );
    expect(topics.map(({ name, partitions }) => [name, partitions])).toEqual([
      ['a', 1],
      ['b', 2],
    ]);
  });
});

describe('what cannot be had', () => {
  it.each([
    [
      'KAFKA_LISTENERS: PLAINTEXT://:9092\nKAFKA_ADVERTISED_LISTENERS: PLAINTEXT://localhost:9092',
      'KAFKA_LISTENERS: 0.0.0.0 lets other machines in, and nothing says who may come.',
    ],
    [
      `${open}KAFKA_LISTENERS: PLAINTEXT://0.0.0.0:9092`,
      'KAFKA_LISTENERS: 0.0.0.0 is every address of this machine',
    ],
    [
      `${open}KAFKA_LISTENERS: A://localhost:9092,B://0.0.0.0:9094`,
      'have to be told one they can reach: name it in KAFKA_ADVERTISED_LISTENERS',
    ],
    [
      `${open}KAFKA_ADVERTISED_LISTENERS: PLAINTEXT://0.0.0.0:9092`,
      'tells clients an address they cannot connect to: PLAINTEXT://0.0.0.0:9092',
    ],
    [
      'KAFKA_LISTENERS: SSL://localhost:9093',
      'The listener SSL is SSL, and Kedge speaks no TLS to Kafka clients on this machine: make it',
    ],
    [
      `KAFKA_LISTENERS: EXTERNAL://localhost:9093
       KAFKA_LISTENER_SECURITY_PROTOCOL_MAP: EXTERNAL:SASL_SSL`,
      'The listener EXTERNAL is SASL_SSL, and Kedge speaks no TLS to Kafka clients on this mach',
    ],
    [
      'KAFKA_LISTENERS: SASL_PLAINTEXT://localhost:9092',
      'The listener at port 9092 is SASL_PLAINTEXT, and nothing says who may come: set the variab',
    ],
    [
      'KAFKA_ADVERTISED_LISTENERS: PLAINTEXT://_{HOSTNAME_COMMAND}:9092',
      'KAFKA_ADVERTISED_LISTENERS wants the output of HOSTNAME_COMMAND, which is not run',
    ],
    ['KAFKA_CREATE_TOPICS: orders:many:1', 'KAFKA_CREATE_TOPICS must be a list of name:partitions'],
    ['KAFKA_CREATE_TOPICS: a b:1:1', 'KAFKA_CREATE_TOPICS must be a list of name:partitions'],
    ['KAFKA_LISTENERS: A://x:1,A://y:2', 'must give each listener another name'],
    ['KAFKA_LISTENERS: nowhere', 'KAFKA_LISTENERS must be host:port'],
    ['KAFKA_LOG_RETENTION_HOURS: week', 'KAFKA_LOG_RETENTION_HOURS cannot be week'],
  ])('is refused: %s', (text, message) => {
    expect(() => read(text)).toThrow(message);
  });

  it('is remarked upon where Kedge can do without', () => {
    const { remarks } = outcome(
      `KEDGE_TOKEN: sesame
       KAFKA_LISTENERS: SASL_PLAINTEXT://localhost:9092,PLAINTEXT://localhost:9094
       KAFKA_CLIENT_USERS: user
       KAFKA_DELETE_TOPIC_ENABLE: "false"`,
    );
    expect(remarks).toEqual([
      expect.stringMatching(/^KAFKA_CLIENT_USERS makes no users here: admin has the password/),
      'KAFKA_DELETE_TOPIC_ENABLE=false has no effect: topics may be deleted.',
      'Every listener asks clients who they are, the PLAINTEXT ones too.',
    ]);
  });
});
