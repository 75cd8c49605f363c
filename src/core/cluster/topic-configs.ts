/**
 * Every config a topic can have in Kafka 4.4, in one table: validation, DescribeConfigs and
 * CreateTopics all answer from it. The surprise: the same setting has another name on the broker
 * (`retention.ms` is `log.retention.ms`), and that synonym gives the topic its default.
 */
import { ErrorCode, KafkaError } from '../../protocol/errors.ts';
import { largestBatchBytes } from '../log/log-config.ts';
import { type ListRules, notAList } from './altered-configs.ts';
import type { ConfigDefinition, ParsedValue, Problem } from './config-definitions.ts';
import { between, checkConfig, kept, oneOf, shown } from './config-definitions.ts';

export interface TopicConfig extends ConfigDefinition {
  readonly default: string;
  /** The broker config that gives the default of this one; undefined when there is none. */
  readonly synonym?: string;
}

type Configs = Readonly<Record<string, string>>;

/** Kafka's "for ever": the largest LONG. */
const forever = '9223372036854775807';
const day = 86_400_000;

function throttledReplicas(parsed: ParsedValue, name: string): Problem | undefined {
  const items = parsed as readonly string[];
  const isAll = items.length === 1 && items[0].trim() === '*';
  if (isAll || items.every((item) => /^(\d+:\d+)?$/.test(item.trim()))) return;
  const what =
    `${name} must be the literal '*' or a list of replicas in the following format: ` +
    '[partitionId]:[brokerId],[partitionId]:[brokerId],...';
  return { value: shown(parsed), what };
}

function gzipLevel(parsed: ParsedValue): Problem | undefined {
  const level = parsed as bigint;
  if (level === -1n || (level >= 1n && level <= 9n)) return undefined;
  return { value: shown(parsed), what: 'Value must be between 1 and 9 or equal to -1' };
}

const table: readonly TopicConfig[] = [
  {
    name: 'cleanup.policy',
    type: 'LIST',
    default: 'delete',
    problem: oneOf('compact', 'delete'),
    synonym: 'log.cleanup.policy',
    documentation:
      'What happens to old records: "delete" drops them by age and size, "compact" keeps the ' +
      'last record of every key; both may be given.',
  },
  {
    name: 'compression.gzip.level',
    type: 'INT',
    default: '-1',
    problem: gzipLevel,
    synonym: 'compression.gzip.level',
    documentation: 'The gzip level used when compression.type is gzip; -1 is the default of gzip.',
  },
  {
    name: 'compression.lz4.level',
    type: 'INT',
    default: '9',
    problem: between(1, 17),
    synonym: 'compression.lz4.level',
    documentation: `${kept} LZ4 is compressed in one way only.`,
  },
  {
    name: 'compression.type',
    type: 'STRING',
    default: 'producer',
    problem: oneOf('uncompressed', 'zstd', 'lz4', 'snappy', 'gzip', 'producer'),
    synonym: 'compression.type',
    documentation:
      'How record batches are compressed in the log; "producer" keeps them as they were sent.',
  },
  {
    name: 'compression.zstd.level',
    type: 'INT',
    default: '3',
    problem: between(-131_072, 22),
    synonym: 'compression.zstd.level',
    documentation: 'The zstd level used when compression.type is zstd.',
  },
  {
    name: 'delete.retention.ms',
    type: 'LONG',
    default: String(day),
    problem: between(0),
    synonym: 'log.cleaner.delete.retention.ms',
    documentation:
      'For how many milliseconds a compacted topic keeps a tombstone, so that slow readers see it.',
  },
  {
    name: 'errors.deadletterqueue.group.enable',
    type: 'BOOLEAN',
    default: 'false',
    documentation: 'Whether share groups may use this topic as their dead-letter queue.',
  },
  {
    name: 'file.delete.delay.ms',
    type: 'LONG',
    default: '60000',
    problem: between(0),
    synonym: 'log.segment.delete.delay.ms',
    documentation: `${kept} a log has no files to delete.`,
  },
  {
    name: 'flush.messages',
    type: 'LONG',
    default: forever,
    problem: between(1),
    synonym: 'log.flush.interval.messages',
    documentation: `${kept} every acknowledged record is durable.`,
  },
  {
    name: 'flush.ms',
    type: 'LONG',
    default: forever,
    problem: between(0),
    synonym: 'log.flush.interval.ms',
    documentation: `${kept} every acknowledged record is durable.`,
  },
  {
    name: 'follower.replication.throttled.replicas',
    type: 'LIST',
    default: '',
    problem: throttledReplicas,
    documentation: `${kept} copies are made by the platform.`,
  },
  {
    name: 'index.interval.bytes',
    type: 'INT',
    default: '4096',
    problem: between(0),
    synonym: 'log.index.interval.bytes',
    documentation: `${kept} offsets are found without a sparse index.`,
  },
  {
    name: 'leader.replication.throttled.replicas',
    type: 'LIST',
    default: '',
    problem: throttledReplicas,
    documentation: `${kept} copies are made by the platform.`,
  },
  {
    name: 'local.retention.bytes',
    type: 'LONG',
    default: '-2',
    problem: between(-2),
    synonym: 'log.local.retention.bytes',
    documentation:
      'With tiered storage, how many bytes of a partition stay local; -2 follows retention.bytes.',
  },
  {
    name: 'local.retention.ms',
    type: 'LONG',
    default: '-2',
    problem: between(-2),
    synonym: 'log.local.retention.ms',
    documentation:
      'With tiered storage, for how many milliseconds records stay local; -2 follows retention.ms.',
  },
  {
    name: 'max.compaction.lag.ms',
    type: 'LONG',
    default: forever,
    problem: between(1),
    synonym: 'log.cleaner.max.compaction.lag.ms',
    documentation: 'The longest a record of a compacted topic stays out of reach of compaction.',
  },
  {
    name: 'max.decompressed.message.bytes',
    type: 'INT',
    default: '2147483639',
    problem: between(1, 2_147_483_639),
    synonym: 'max.decompressed.message.bytes',
    documentation:
      'The largest a record of a compressed batch may be, in bytes; all of a batch come to 32 MiB.',
  },
  {
    name: 'max.message.bytes',
    type: 'INT',
    default: '1048588',
    problem: between(0, largestBatchBytes),
    synonym: 'message.max.bytes',
    documentation: 'The largest record batch the topic accepts, in bytes, compressed or not.',
  },
  {
    name: 'message.timestamp.after.max.ms',
    type: 'LONG',
    default: '3600000',
    problem: between(0),
    synonym: 'log.message.timestamp.after.max.ms',
    documentation:
      "How far in the future a record's timestamp may lie, in milliseconds, with CreateTime.",
  },
  {
    name: 'message.timestamp.before.max.ms',
    type: 'LONG',
    default: forever,
    problem: between(0),
    synonym: 'log.message.timestamp.before.max.ms',
    documentation:
      "How far in the past a record's timestamp may lie, in milliseconds, with CreateTime.",
  },
  {
    name: 'message.timestamp.type',
    type: 'STRING',
    default: 'CreateTime',
    problem: oneOf('CreateTime', 'LogAppendTime'),
    synonym: 'log.message.timestamp.type',
    documentation: "Whether a record's timestamp is the producer's or that of its append.",
  },
  {
    name: 'min.cleanable.dirty.ratio',
    type: 'DOUBLE',
    default: '0.5',
    problem: between(0, 1),
    synonym: 'log.cleaner.min.cleanable.ratio',
    documentation: 'How much of a compacted log must be uncompacted before it is worth compacting.',
  },
  {
    name: 'min.compaction.lag.ms',
    type: 'LONG',
    default: '0',
    problem: between(0),
    synonym: 'log.cleaner.min.compaction.lag.ms',
    documentation: 'The least a record of a compacted topic stays out of reach of compaction.',
  },
  {
    name: 'min.insync.replicas',
    type: 'INT',
    default: '1',
    problem: between(1),
    synonym: 'min.insync.replicas',
    documentation: `${kept} an acknowledged record is already stored in several places.`,
  },
  {
    name: 'preallocate',
    type: 'BOOLEAN',
    default: 'false',
    synonym: 'log.preallocate',
    documentation: `${kept} a log has no files to preallocate.`,
  },
  {
    name: 'remote.copy.lag.bytes',
    type: 'LONG',
    default: '-1',
    problem: between(-1),
    synonym: 'log.remote.copy.lag.bytes',
    documentation:
      'With tiered storage, how many newer bytes a segment waits for before it is copied; -1 ' +
      'follows the local retention.',
  },
  {
    name: 'remote.copy.lag.ms',
    type: 'LONG',
    default: '0',
    problem: between(-1),
    synonym: 'log.remote.copy.lag.ms',
    documentation:
      'With tiered storage, how many milliseconds a segment waits before it is copied; -1 ' +
      'follows the local retention.',
  },
  {
    name: 'remote.log.copy.disable',
    type: 'BOOLEAN',
    default: 'false',
    documentation: 'With tiered storage, whether the topic stops copying to it.',
  },
  {
    name: 'remote.log.delete.on.disable',
    type: 'BOOLEAN',
    default: 'false',
    documentation:
      'Whether tiered data is deleted when tiered storage is turned off for the topic.',
  },
  {
    name: 'remote.storage.enable',
    type: 'BOOLEAN',
    default: 'false',
    documentation: 'Whether the topic uses tiered storage, which this broker does not offer.',
  },
  {
    name: 'retention.bytes',
    type: 'LONG',
    default: '-1',
    synonym: 'log.retention.bytes',
    documentation:
      'How many bytes each partition keeps before it deletes its oldest records; -1 is no bound.',
  },
  {
    name: 'retention.ms',
    type: 'LONG',
    default: String(7 * day),
    problem: between(-1),
    synonym: 'log.retention.ms',
    documentation:
      'For how many milliseconds records are kept before they are deleted; -1 for ever.',
  },
  {
    name: 'segment.bytes',
    type: 'INT',
    default: '1073741824',
    problem: between(1_048_576),
    synonym: 'log.segment.bytes',
    documentation: 'How large a segment grows. Deletion and compaction work on whole segments.',
  },
  {
    name: 'segment.index.bytes',
    type: 'INT',
    default: '10485760',
    problem: between(4),
    synonym: 'log.index.size.max.bytes',
    documentation: `${kept} offsets are found without an index file.`,
  },
  {
    name: 'segment.jitter.ms',
    type: 'LONG',
    default: '0',
    problem: between(0),
    synonym: 'log.roll.jitter.ms',
    documentation: 'By how many milliseconds, at random, a segment is closed earlier.',
  },
  {
    name: 'segment.ms',
    type: 'LONG',
    default: String(7 * day),
    problem: between(1),
    synonym: 'log.roll.ms',
    documentation: 'After how many milliseconds a segment is closed even when it is not full.',
  },
  {
    name: 'unclean.leader.election.enable',
    type: 'BOOLEAN',
    default: 'false',
    synonym: 'unclean.leader.election.enable',
    documentation: `${kept} a partition is never without its whole log.`,
  },
];

/** By name, in the order of the names. */
export const topicConfigs: ReadonlyMap<string, TopicConfig> = new Map(
  table.map((config) => [config.name, config]),
);

export const topicLists: ListRules = { definitions: topicConfigs, refusal: notAList };

/**
 * Throws INVALID_CONFIG, in Kafka's words, for the first config that cannot be, by itself or beside
 * what the topic inherits.
 */
export function checkTopicConfigs(configs: Configs, inherited: Configs = {}): void {
  const invalid = (message: string) => new KafkaError(ErrorCode.INVALID_CONFIG, message);
  for (const name of Object.keys(configs)) {
    if (!topicConfigs.has(name)) throw invalid(`Unknown topic config name: ${name}`);
  }
  const parsed = new Map<string, ParsedValue>();
  for (const definition of topicConfigs.values()) {
    const { name } = definition;
    const value = Object.hasOwn(configs, name) ? configs[name] : inherited[name];
    parsed.set(name, checkConfig(definition, value ?? definition.default));
  }
  const minLag = parsed.get('min.compaction.lag.ms')!;
  const maxLag = parsed.get('max.compaction.lag.ms')!;
  if (minLag > maxLag) {
    throw invalid(
      'conflict topic config setting ' +
        `min.compaction.lag.ms (${minLag}) > max.compaction.lag.ms (${maxLag})`,
    );
  }
  if (parsed.get('remote.storage.enable')) {
    throw invalid(
      'Tiered Storage functionality is disabled in the broker. ' +
        'Topic cannot be configured with remote log storage.',
    );
  }
}
