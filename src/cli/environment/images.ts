/**
 * The environment that people bring along from a container image of Kafka, as Kedge's own settings.
 * The surprise: one setting has many names. Bitnami's have `CFG` in the middle, older images have
 * `BROKER_ID` and a host name and a port of their own, and Redpanda's begin otherwise.
 */
import { type TopicToCreate, topicsToCreate } from './create-topics.ts';
import { type ImageListener, listenersFrom } from './listeners.ts';

export interface ImageSettings {
  /** By the names that Kedge reads; others are among them. */
  readonly variables: Readonly<Record<string, string>>;
  /** Where Kafka clients connect; empty: nothing is said. */
  readonly listeners: readonly ImageListener[];
  /** `KAFKA_LOG_DIRS`, the first of them: where data is kept. */
  readonly dataDir: string | undefined;
  /** `KAFKA_CREATE_TOPICS`: what is to be there once Kedge runs. */
  readonly topics: readonly TopicToCreate[];
  /** What is said there and cannot be had. */
  readonly remarks: readonly string[];
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Throws a plain Error that names the variable that cannot be understood. */
export function imageSettings(environment: Environment, hostname: string): ImageSettings {
  const variables = underKafkasNames(environment);
  refuseCommands(variables);
  const [dataDir] = (variables.KAFKA_LOG_DIRS ?? variables.KAFKA_LOG_DIR ?? '').split(',');
  return {
    variables,
    listeners: listenersFrom(variables, hostname),
    dataDir: dataDir.trim() || undefined,
    topics: topicsToCreate(variables),
    remarks: remarksOn(variables),
  };
}

/** Names that mean the same: the first that is set counts, before those that follow it. */
const otherNames: Readonly<Record<string, readonly string[]>> = {
  KAFKA_NODE_ID: ['KAFKA_BROKER_ID'],
  KAFKA_CLUSTER_ID: ['KAFKA_KRAFT_CLUSTER_ID', 'CLUSTER_ID'],
  KAFKA_LISTENERS: ['REDPANDA_KAFKA_ADDRESS'],
  KAFKA_ADVERTISED_LISTENERS: ['REDPANDA_ADVERTISE_KAFKA_ADDRESS'],
};

/** What everything is called in Kafka's own image; what is empty is not there. */
function underKafkasNames(environment: Environment): Record<string, string> {
  const set: Record<string, string> = {};
  const bitnami: Record<string, string> = {};
  for (const [name, value] of Object.entries(environment)) {
    if (!value || value.trim() === '') continue;
    const plain = name.replace(/^KAFKA_CFG_/, 'KAFKA_');
    if (plain === name) set[name] = value;
    else bitnami[plain] = value;
  }
  Object.assign(set, bitnami);
  for (const [name, others] of Object.entries(otherNames)) {
    const value = others.map((other) => usable(other, set[other])).find(Boolean);
    if (value !== undefined) set[name] ??= value;
  }
  const { KAFKA_ADVERTISED_HOST_NAME: host, KAFKA_ADVERTISED_PORT: port = '9092' } = set;
  if (host) set.KAFKA_ADVERTISED_LISTENERS ??= `${host}:${port}`;
  return set;
}

/** What a name of another image says; not where it says "any", or another program has it too. */
function usable(name: string, value: string | undefined): string | undefined {
  if (name === 'KAFKA_BROKER_ID') return value === '-1' ? undefined : value;
  if (name === 'CLUSTER_ID') return /^[\w-]{22}$/.test(value ?? '') ? value : undefined;
  // Redpanda listens on Kafka's port where none is said.
  if (name.startsWith('REDPANDA_')) return value?.replace(/(?<!:\d+)(?=,|$)/g, ':9092');
  if (name === 'KAFKA_KRAFT_CLUSTER_ID') return value?.replace(/^"(.*)"$/, '$1');
  return value;
}

/** One image has commands run, whose output goes where `_{HOSTNAME_COMMAND}` stands. */
function refuseCommands(variables: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(variables)) {
    const [, command] = /_\{(\w+_COMMAND)\}/.exec(value) ?? [];
    if (!name.startsWith('KAFKA_') || command === undefined) continue;
    throw new Error(`${name} wants the output of ${command}, which is not run: write the value`);
  }
}

function remarksOn(variables: Readonly<Record<string, string>>): string[] {
  const remarks: string[] = [];
  const isOff = (name: string) => variables[name]?.trim().toLowerCase() === 'false';
  const named = (pattern: RegExp) => Object.keys(variables).find((name) => pattern.test(name));
  const users = named(/^KAFKA_(.*_)?SASL_JAAS_CONFIG$|^KAFKA_CLIENT_(USERS|PASSWORDS)$/);
  if (users !== undefined) {
    remarks.push(
      `${users} makes no users here: admin has the password KEDGE_TOKEN, and kedge user set ` +
        'makes others.',
    );
  }
  if (isOff('KAFKA_DELETE_TOPIC_ENABLE')) {
    remarks.push('KAFKA_DELETE_TOPIC_ENABLE=false has no effect: topics may be deleted.');
  }
  return remarks;
}
