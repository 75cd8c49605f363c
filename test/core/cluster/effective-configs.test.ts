import { describe, expect, it } from 'vitest';
import { brokerConfigs } from '../../../src/core/cluster/broker-configs.ts';
import { ConfigSource, ConfigType } from '../../../src/core/cluster/config-definitions.ts';
import {
  effectiveBrokerConfigs,
  effectiveTopicConfigs,
} from '../../../src/core/cluster/effective-configs.ts';

const nothing = { fixed: new Map<string, string>(), dynamic: {}, dynamicDefaults: {} };
const find = <T extends { name: string }>(configs: T[], name: string): T =>
  configs.find((config) => config.name === name)!;

describe('what a topic is set to', () => {
  it('is the default when nothing is set', () => {
    expect(find(effectiveTopicConfigs({}, nothing), 'max.message.bytes')).toMatchObject({
      value: '1048588',
      readOnly: false,
      source: ConfigSource.DEFAULT_CONFIG,
      type: ConfigType.INT,
      synonyms: [
        { name: 'message.max.bytes', value: '1048588', source: ConfigSource.DEFAULT_CONFIG },
      ],
    });
  });

  it('follows the broker, and itself before the broker', () => {
    const broker = { ...nothing, fixed: new Map([['message.max.bytes', '500']]) };
    expect(find(effectiveTopicConfigs({}, broker), 'max.message.bytes')).toMatchObject({
      value: '500',
      source: ConfigSource.STATIC_BROKER_CONFIG,
    });
    const own = { 'max.message.bytes': ' 2000' };
    expect(find(effectiveTopicConfigs(own, broker), 'max.message.bytes')).toMatchObject({
      value: '2000',
      source: ConfigSource.DYNAMIC_TOPIC_CONFIG,
      synonyms: [
        { name: 'max.message.bytes', value: '2000', source: ConfigSource.DYNAMIC_TOPIC_CONFIG },
        { name: 'message.max.bytes', value: '500', source: ConfigSource.STATIC_BROKER_CONFIG },
        { name: 'message.max.bytes', value: '1048588', source: ConfigSource.DEFAULT_CONFIG },
      ],
    });
  });

  it('names no synonym that Kafka leaves unset', () => {
    expect(find(effectiveTopicConfigs({}, nothing), 'retention.ms')).toMatchObject({
      value: '604800000',
      source: ConfigSource.DEFAULT_CONFIG,
      synonyms: [],
    });
  });
});

describe('what the broker is set to', () => {
  it('is read-only, with its own name as the only synonym', () => {
    const broker = { ...nothing, fixed: new Map([['node.id', '7']]) };
    const configs = effectiveBrokerConfigs(broker);
    expect(find(configs, 'node.id')).toMatchObject({
      value: '7',
      readOnly: true,
      source: ConfigSource.STATIC_BROKER_CONFIG,
      synonyms: [{ name: 'node.id', value: '7', source: ConfigSource.STATIC_BROKER_CONFIG }],
    });
    expect(find(configs, 'log.retention.ms')).toMatchObject({ value: null, synonyms: [] });
    expect(find(configs, 'log.retention.hours')).toMatchObject({ value: '168' });
  });

  it('is listed by name, once each', () => {
    const names = effectiveBrokerConfigs(nothing).map(({ name }) => name);
    expect(names).toEqual([...new Set(names)].sort());
    expect(names).toContain('log.segment.bytes');
    expect(brokerConfigs.get('log.segment.bytes')?.default).toBe('1073741824');
  });
});
