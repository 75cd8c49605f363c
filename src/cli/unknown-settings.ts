/**
 * `KAFKA_…` and `KEDGE_…` variables that Kedge does nothing with. Many are right to be there, since
 * people bring the environment of another Kafka along; what is left is worth a word, most of all
 * when it is one letter away from a setting.
 */
import { accessVariables } from '../runtime/access-config.ts';
import { brokerVariables } from '../runtime/config.ts';
import { ownVariables } from './options.ts';

/** The last one is for the other commands. */
const settings = [...brokerVariables, ...accessVariables, ...ownVariables, 'KEDGE_URL'];

/** What Kafka's container images, its scripts and Kubernetes set, and Kedge has no use for. */
const usual = [
  /^KAFKA_(PROCESS_ROLES|BROKER_ID|LISTENERS|VERSION|HOME|DEBUG|LOG_DIRS?)$/,
  /^KAFKA_(CONTROLLER|LISTENER|KRAFT|ZOOKEEPER|INTER_BROKER|SECURITY_INTER_BROKER)_/,
  /^KAFKA_(OFFSETS_TOPIC|TRANSACTION_STATE_LOG|SHARE_COORDINATOR_STATE_TOPIC)_/,
  /^KAFKA_(HEAP_|GC_LOG_|JVM_PERFORMANCE_)?OPTS$/,
  /^KAFKA_(JMX_|LOG4J_|CONFLUENT_|METRIC_REPORTERS$)/,
  /^KAFKA_(CLUSTER_ID|TOOLS_LOG4J_LOGLEVEL)$/,
  /^KAFKA_(SERVICE_|PORT$|PORT_\d)/,
  /^KAFKA_(BOOTSTRAP_SERVERS?|BROKERS?|URL|TOPICS?|GROUP_ID|CLIENT_ID|USERNAME|PASSWORD)$/,
];

/** A line for each variable of an environment that looks like a setting and is none. */
export function unknownSettings(
  environment: Readonly<Record<string, string | undefined>>,
): string[] {
  return Object.keys(environment)
    .filter((name) => /^(KAFKA|KEDGE)_/.test(name) && environment[name])
    .filter((name) => !settings.includes(name) && !usual.some((one) => one.test(name)))
    .map((name) => {
      const meant = nearest(name);
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
