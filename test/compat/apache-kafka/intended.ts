/**
 * Where Kedge answers otherwise than Apache Kafka and means to. Each entry must occur: one that no
 * longer does is a failure, so this list stays true.
 */

export interface Intended {
  /** The scripts; `*` stands for any text. */
  readonly script: string;
  /** The step and field as a difference names them; `*` stands for any text. */
  readonly at: string;
  /** What Kafka and Kedge must have answered for this to be it; absent: whatever they did. */
  readonly kafka?: unknown;
  readonly kedge?: unknown;
  readonly why: string;
}

export const intended: readonly Intended[] = [
  {
    script: '*',
    at: '*errorMessage',
    kafka: null,
    kedge: 'words',
    why: 'Kedge says what is wrong where Kafka has only the code.',
  },
  {
    script: 'fetch-session-*',
    at: 'Fetch v*: sessionId',
    kedge: 0,
    why: 'Kedge keeps no fetch sessions (KIP-227): every Fetch is a full one.',
  },
  {
    script: 'fetch-last-fetched-epoch-*',
    at: 'Fetch v*: responses[0].partitions[0]*',
    why: 'Only followers name the epoch they fetched last (KIP-595), and Kedge has none.',
  },
  {
    script: 'fetch-*max-bytes-negative',
    at: 'Fetch v*: responses[0].partitions[0]*',
    why: 'A size below 0 counts as 0; Kafka fails with an unexpected error.',
  },
  {
    script: 'fetch-max-bytes-over-partitions',
    at: 'Fetch v11: responses[0].partitions[*].records*',
    why: 'Kedge reads all partitions at a time, each for its share of the room there is.',
  },
  {
    script: 'isolation-of-several-producers*',
    at: 'Fetch v11: responses[0].partitions[0].abortedTransactions[*',
    why: 'Kedge names those that reach into what it answers, by their first offset; Kafka all of a segment, by their ends.',
  },
  {
    script: 'list-offsets-after-delete-records',
    at: 'ListOffsets v*: topics[0].partitions[0].offset',
    kafka: 4,
    kedge: 6,
    why: 'Of the records with the largest timestamp Kafka names one that was deleted.',
  },
  {
    script: 'create-topics-replication-factor-too-large',
    at: 'CreateTopics v*: topics[0].*',
    why: 'Copies are the business of the platform: any replication factor is accepted.',
  },
  {
    script: 'create-topics-name-internal',
    at: 'CreateTopics v2: topics[0].*',
    why: 'Committed offsets are in no topic of Kedge, so the name is free.',
  },
  {
    script: 'create-topics-config-*blanks*',
    at: 'CreateTopics v*: topics[0].configs[*].value',
    why: 'Kedge keeps a config as it reads it, without the blanks around it.',
  },
  {
    script: 'describe-configs-broker-some-keys',
    at: 'DescribeConfigs v*: results[0].configs[*].readOnly',
    kafka: false,
    kedge: true,
    why: 'The configs of the broker come from the environment: nobody changes them by a request.',
  },
  {
    script: 'incremental-alter-configs-broker-changeable',
    at: 'IncrementalAlterConfigs v1: responses[0].*',
    why: 'The configs of the broker come from the environment: nobody changes them by a request.',
  },
  {
    script: 'describe-configs-client-metrics-without-any',
    at: 'DescribeConfigs v4: results[0].configs[*]',
    why: 'Kedge has no subscriptions to client metrics, so it has no configs of them.',
  },
];
