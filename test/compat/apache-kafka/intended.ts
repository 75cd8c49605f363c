/**
 * Where Kedge answers otherwise than Apache Kafka and means to. Each entry must occur: one that no
 * longer does is a failure, so this list stays true.
 */
import type { Difference } from './compare.ts';

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

/** Whether this entry speaks of this difference in this script. */
export function isIntended(one: Intended, script: string, difference: Difference): boolean {
  if (!matches(one.script, script) || !matches(one.at, difference.at)) return false;
  if ('kafka' in one && one.kafka !== difference.kafka) return false;
  return !('kedge' in one) || one.kedge === difference.kedge;
}

function matches(pattern: string, text: string): boolean {
  const parts = pattern.split('*').map((part) => part.replace(/[.[\]()?+^$|{}\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`, 's').test(text);
}

/** APIs of which Kafka 4.4 has later versions than Kedge speaks. */
const newer = [
  { api: 'Fetch', why: 'Version 18 is for followers.' },
  { api: 'ApiVersions', why: 'Version 5 says which broker the client means to reach.' },
  { api: 'AddPartitionsToTxn', why: 'Versions 4 and 5 are what brokers say to coordinators.' },
];

export const intended: readonly Intended[] = [
  {
    script: 'share-members-topics-*',
    at: 'ShareGroupDescribe v1: *Epoch',
    why: 'Members of a share group have what they read at once; Kafka first makes a state of it.',
  },
  {
    script: '*',
    at: '*errorMessage',
    kafka: null,
    kedge: 'words',
    why: 'Kedge says what is wrong where Kafka has only the code.',
  },
  {
    script: 'share-fetch-what-was-deleted',
    at: 'acquired: [0].firstOffset',
    kafka: 6,
    kedge: 8,
    why: 'Kafka gives share groups the whole of a batch of which the first records were deleted.',
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
    script: 'meanwhile-an-operator-commits-it',
    at: 'Produce v9: responses[0].partitionResponses[0].*',
    why: 'What an operator ended is over; Kafka takes more of it, which then has another outcome.',
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
  ...['+5', '05', '-0', 'TRUE', 'False'].map((value) => ({
    script: 'config-values-*',
    at: `*"${value}": [1]`,
    why: 'Kedge repeats a config as it reads it, Kafka at first as it is written.',
  })),
  {
    script: 'config-values-min-cleanable-dirty-ratio',
    at: '*: [1]',
    why: 'Kedge repeats a config as it reads it, Kafka at first as it is written.',
  },
  {
    script: 'config-values-min-cleanable-dirty-ratio',
    at: '*"NaN": *',
    why: 'Kafka takes NaN for a number from 0 to 1.',
  },
  ...['2147483647', '31457281'].map((value) => ({
    script: 'config-values-max-message-bytes',
    at: `*"${value}": *`,
    why: 'A batch has at most 30 MiB (docs/limits.md).',
  })),
  {
    script: 'broker-config-values-message-max-bytes',
    at: '*"2147483647": *',
    why: 'A batch has at most 30 MiB (docs/limits.md).',
  },
  ...['log-local-retention-ms', 'log-remote-copy-lag-ms'].map((name) => ({
    script: `broker-config-values-${name}`,
    at: '*',
    kafka: 42,
    kedge: 0,
    why: 'There is no tiered storage whose configs would have to agree.',
  })),
  ...['log-local-retention-ms', 'log-remote-copy-lag-ms'].map((name) => ({
    script: `broker-config-values-${name}`,
    at: '*: [1]',
    why: 'There is no tiered storage whose configs would have to agree.',
  })),
  {
    script: 'broker-config-values-log-cleanup-policy',
    at: '*"delete,": [1]',
    why: 'Kedge names the value, which is empty, where Kafka says that it is.',
  },
  {
    script: 'broker-config-values-max-connections-per-ip-overrides',
    at: '*: [1]',
    why: 'Kafka tells of the error in its own parser.',
  },
  {
    script: 'update-features-lower',
    at: 'UpdateFeatures v2: error*',
    why: 'A release of Kedge has one level of each feature: none can be lowered.',
  },
  ...newer.map(({ api, why }) => ({
    script: 'api-versions-of-what-both-have',
    at: `the versions by v*: ${api}`,
    why,
  })),
  {
    script: 'api-versions-of-software-without-a-name',
    at: 'the error: ',
    kafka: 42,
    kedge: 0,
    why: 'What a client says of its software is not looked at, so nothing of it is refused.',
  },
  {
    script: 'metadata-of-a-topic-by-both',
    at: 'Metadata v12: *',
    why: 'A topic with neither name nor id fails unexpectedly in Kafka; Kedge says what is wrong.',
  },
];
