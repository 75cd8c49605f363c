import { describe, expect, it } from 'vitest';
import { checkConfig, printConfig } from '../../../src/core/cluster/config-definitions.ts';
import { checkTopicConfigs, topicConfigs } from '../../../src/core/cluster/topic-configs.ts';
import { ErrorCode } from '../../../src/protocol/errors.ts';

const invalid = (message: string) =>
  expect.objectContaining({ code: ErrorCode.INVALID_CONFIG, message });

/** What Apache Kafka 4.4 answers to the same configs, word for word. */
const refused: [Record<string, string>, string][] = [
  [{ nonsense: '1' }, 'Unknown topic config name: nonsense'],
  [
    { 'segment.bytes': '5' },
    'Invalid value 5 for configuration segment.bytes: Value must be at least 1048576',
  ],
  [
    { 'retention.ms': 'abc' },
    'Invalid value abc for configuration retention.ms: Not a number of type LONG',
  ],
  [
    { 'retention.ms': '-5' },
    'Invalid value -5 for configuration retention.ms: Value must be at least -1',
  ],
  [
    { 'cleanup.policy': 'foo' },
    'Invalid value foo for configuration cleanup.policy: String must be one of: compact, delete',
  ],
  [
    { 'cleanup.policy': 'delete, compact, foo' },
    'Invalid value foo for configuration cleanup.policy: String must be one of: compact, delete',
  ],
  [
    { 'compression.type': 'none' },
    'Invalid value none for configuration compression.type: String must be one of: uncompressed, zstd, lz4, snappy, gzip, producer',
  ],
  [
    { 'min.cleanable.dirty.ratio': '2' },
    'Invalid value 2.0 for configuration min.cleanable.dirty.ratio: Value must be no more than 1',
  ],
  [
    { 'min.cleanable.dirty.ratio': 'x' },
    'Invalid value x for configuration min.cleanable.dirty.ratio: Not a number of type DOUBLE',
  ],
  [
    { 'compression.gzip.level': '0' },
    'Invalid value 0 for configuration compression.gzip.level: Value must be between 1 and 9 or equal to -1',
  ],
  [
    { 'compression.zstd.level': '50' },
    'Invalid value 50 for configuration compression.zstd.level: Value must be no more than 22',
  ],
  [
    { preallocate: 'yes' },
    'Invalid value yes for configuration preallocate: Expected value to be either true or false',
  ],
  [
    { 'max.message.bytes': '99999999999' },
    'Invalid value 99999999999 for configuration max.message.bytes: Not a number of type INT',
  ],
  [
    { 'max.message.bytes': '31457281' },
    'Invalid value 31457281 for configuration max.message.bytes: Value must be no more than 31457280',
  ],
  [
    { 'min.compaction.lag.ms': '100', 'max.compaction.lag.ms': '5' },
    'conflict topic config setting min.compaction.lag.ms (100) > max.compaction.lag.ms (5)',
  ],
  [
    { 'remote.storage.enable': 'true' },
    'Tiered Storage functionality is disabled in the broker. Topic cannot be configured with remote log storage.',
  ],
  [
    { 'message.timestamp.type': 'x' },
    'Invalid value x for configuration message.timestamp.type: String must be one of: CreateTime, LogAppendTime',
  ],
  [
    { 'leader.replication.throttled.replicas': '*,0:1' },
    "Invalid value [*, 0:1] for configuration leader.replication.throttled.replicas: leader.replication.throttled.replicas must be the literal '*' or a list of replicas in the following format: [partitionId]:[brokerId],[partitionId]:[brokerId],...",
  ],
  [
    { 'leader.replication.throttled.replicas': 'abc' },
    "Invalid value [abc] for configuration leader.replication.throttled.replicas: leader.replication.throttled.replicas must be the literal '*' or a list of replicas in the following format: [partitionId]:[brokerId],[partitionId]:[brokerId],...",
  ],
];

describe('topic configs', () => {
  it.each(refused)('refuses %j', (configs, message) => {
    expect(() => checkTopicConfigs(configs)).toThrow(invalid(message));
  });

  it.each<Record<string, string>>([
    {},
    { 'cleanup.policy': 'compact, delete' },
    { 'cleanup.policy': '' },
    { 'retention.ms': ' 1000 ' },
    { 'retention.ms': '+5' },
    { 'retention.ms': '9223372036854775807' },
    { 'compression.gzip.level': '-1' },
    { 'min.cleanable.dirty.ratio': '.25' },
    { preallocate: 'TRUE' },
    { 'leader.replication.throttled.replicas': '*' },
    { 'follower.replication.throttled.replicas': '0:1, 1:1' },
  ])('accepts %j', (configs) => {
    expect(() => checkTopicConfigs(configs)).not.toThrow();
  });

  it('refuses what is one more than a LONG holds', () => {
    expect(() => checkTopicConfigs({ 'retention.ms': '9223372036854775808' })).toThrow(
      'Not a number of type LONG',
    );
  });

  it('compares lags beyond what a number holds exactly', () => {
    const configs = {
      'min.compaction.lag.ms': '9223372036854775807',
      'max.compaction.lag.ms': '9223372036854775806',
    };
    expect(() => checkTopicConfigs(configs)).toThrow('conflict topic config setting');
  });

  it('does not take a property of every object for a config', () => {
    expect(() => checkTopicConfigs(JSON.parse('{"__proto__x":"1"}'))).toThrow('Unknown topic');
    expect(() => checkTopicConfigs({ constructor: '1' })).toThrow('Unknown topic config name');
  });

  it('has every topic config of Kafka 4.4 by name, each with a good default', () => {
    const names = [...topicConfigs.keys()];
    expect(names).toEqual([...names].sort());
    expect(names).toHaveLength(37);
    for (const definition of topicConfigs.values()) {
      expect(() => checkConfig(definition, definition.default)).not.toThrow();
      expect(definition.documentation).toMatch(/\.$/);
    }
  });

  it('prints values as Kafka does', () => {
    const print = (name: string, value: string) => printConfig(topicConfigs.get(name)!, value);
    expect(print('retention.ms', ' 007 ')).toBe('7');
    expect(print('cleanup.policy', 'compact , delete')).toBe('compact,delete');
    expect(print('min.cleanable.dirty.ratio', '1')).toBe('1.0');
    expect(print('preallocate', 'True')).toBe('true');
  });
});
