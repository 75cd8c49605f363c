/**
 * `KAFKA_…` and `KEDGE_…` variables that Kedge does nothing with. Many are right to be there, since
 * people bring the environment of another Kafka along; what is left is worth a word, most of all
 * when it is one letter away from a setting.
 */
import { brokerConfigs } from '../core/cluster/broker-configs.ts';
import { workerVariables } from './environment/settings.ts';

/** What is read by the command line itself, some of it by other commands. */
const ownSettings = [
  ...['KAFKA_CREATE_TOPICS', 'KAFKA_CREATE_TOPICS_SEPARATOR', 'KAFKA_LOG_DIRS', 'KAFKA_LOG_DIR'],
  ...['KAFKA_BROKER_ID', 'KAFKA_KRAFT_CLUSTER_ID'],
  ...['KAFKA_ADVERTISED_HOST_NAME', 'KAFKA_ADVERTISED_PORT'],
  ...['KAFKA_CONTROLLER_LISTENER_NAMES', 'KAFKA_LISTENER_SECURITY_PROTOCOL_MAP', 'KEDGE_URL'],
  ...['KEDGE_BOOTSTRAP', 'KEDGE_PROFILE', 'KEDGE_USERNAME', 'KEDGE_PASSWORD', 'KEDGE_TEST_SECRET'],
  ...['KEDGE_DEBUG', 'KEDGE_INSPECTOR'],
];
const settings = [...workerVariables, ...ownSettings];

/** What Kafka's container images, its scripts and Kubernetes set, and Kedge has no use for. */
const usual = [
  /^KAFKA_(PROCESS_ROLES|VERSION|HOME|DEBUG|BROKER_RACK|PORT|PORT_\d.*|HOST_NAME|ENABLE_KRAFT)$/,
  /^KAFKA_(CONTROLLER|LISTENER|KRAFT|ZOOKEEPER|INTER_BROKER|SECURITY_INTER_BROKER)_/,
  /^KAFKA_(OFFSETS_TOPIC|TRANSACTION_STATE_LOG|SHARE_COORDINATOR|TRANSACTION_COORDINATOR)_/,
  /^KAFKA_(HEAP_|GC_LOG_|JVM_PERFORMANCE_|EXTRA_)?(OPTS|ARGS)$/,
  /^KAFKA_(JMX_|LOG4J|CONFLUENT_|METRIC_REPORTERS$|METRICS_|AUTO_INCLUDE_JMX_REPORTER$)/,
  /^KAFKA_(TOOLS_LOG4J_LOGLEVEL|SERVICE_.*|MOUNTED_CONF_DIR|CONF_FILE|VOLUME_DIR|DAEMON_.*)$/,
  /^KAFKA_(BOOTSTRAP_SERVERS?|BROKERS?|URL|TOPICS?|GROUP_ID|CLIENT_ID|USERNAME|PASSWORD)$/,
  // What Kafka's brokers do among each other, with threads, sockets and files, is not done here.
  /^KAFKA_(REPLICA|FOLLOWER|LEADER|QUEUED_MAX|METADATA|REMOTE_LOG|CONTROLLED_SHUTDOWN)_/,
  /^KAFKA_SOCKET_((SEND|RECEIVE)_BUFFER_BYTES|LISTEN_BACKLOG_SIZE)$/,
  /^KAFKA_LOG_(CLEANER_ENABLE|RETENTION_CHECK_INTERVAL_MS|DIR_FAILURE_TIMEOUT_MS)$/,
  /^KAFKA_LOG_(FLUSH_(START_)?OFFSET_CHECKPOINT_INTERVAL_MS|INITIAL_TASK_DELAY_MS)$/,
  /^KAFKA_LOG_MESSAGE_(FORMAT_VERSION|DOWNCONVERSION_ENABLE|TIMESTAMP_DIFFERENCE_MAX_MS)$/,
  /^KAFKA_(AUTO_LEADER_REBALANCE_ENABLE|RESERVED_BROKER_MAX_ID|REQUEST_TIMEOUT_MS)$/,
  /^KAFKA_(UNSTABLE_|QUOTA_WINDOW|BROKER_(HEARTBEAT|SESSION|ID_GENERATION)_)/,
  // Of who may come in: what cannot be had of it is said where somebody would look for it.
  /^KAFKA_(SSL|TLS|CERTIFICATE|ZOOKEEPER_TLS)_/,
  /^KAFKA_SASL_(MECHANISM|KERBEROS|LOGIN|JAAS_CONFIG|CLIENT_CALLBACK|SERVER_CALLBACK)/,
  /^KAFKA_CLIENT_(USERS|PASSWORDS|LISTENER_NAME)$/,
  // Other programs of the same makers.
  /^KAFKA_(REST|CONNECT|SCHEMA_REGISTRY)_/,
];

/** Kafka's own, of which Kedge knows what they are, and does nothing with them. */
const kept: ReadonlySet<string> = new Set(
  [...brokerConfigs.keys()].map((name) => `KAFKA_${name.replaceAll('.', '_').toUpperCase()}`),
);

const isUsual = (name: string): boolean => kept.has(name) || usual.some((one) => one.test(name));

/** A line for each variable of an environment that looks like a setting and is none. */
export function unknownSettings(
  environment: Readonly<Record<string, string | undefined>>,
): string[] {
  return Object.keys(environment)
    .filter((name) => /^(KAFKA|KEDGE)_/.test(name) && environment[name])
    .map((name) => ({ name, plain: name.replace(/^KAFKA_CFG_/, 'KAFKA_') }))
    .filter(({ plain }) => !settings.includes(plain) && !isUsual(plain))
    .map(({ name, plain }) => {
      const meant = nearest(plain);
      return `${name} is no setting Kedge knows${meant ? `; did you mean ${meant}?` : '.'}`;
    });
}

/** The setting a name was probably meant to be: at most every sixth letter is another. */
function nearest(name: string): string | undefined {
  const [best] = settings
    .map((known) => ({ known, distance: distance(name, known) }))
    .sort((left, right) => left.distance - right.distance);
  return best.distance <= name.length / 6 ? best.known : undefined;
}

/** How many letters have to be put in, left out or changed to make one word of the other. */
function distance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (const [y, letter] of [...from].entries()) {
    const next = [y + 1];
    for (const [x, other] of [...to].entries()) {
      next.push(Math.min(row[x] + (letter === other ? 0 : 1), row[x + 1] + 1, next[x] + 1));
    }
    row = next;
  }
  return row[to.length];
}
