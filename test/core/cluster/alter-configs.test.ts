import { describe, expect, it } from 'vitest';
import { ZERO_UUID } from '../../../src/bytes/uuid.ts';
import { secondRoundMs } from '../../../src/core/cluster/errands.ts';
import { ErrorCode } from '../../../src/protocol/errors.ts';
import { Cluster, only } from './test-cluster.ts';

describe('altering configs', () => {
  const set = (name: string, value: string, topic = 'orders') => ({
    name: topic,
    replaces: false,
    changes: [{ name, operation: 0, value }],
  });

  function alter(cluster: Cluster, ...topics: ReturnType<typeof set>[]) {
    return cluster.call('alterConfigs', { topics, validateOnly: false }, 700).topics;
  }

  it('keeps them, counts the change and tells every partition, over a restart', () => {
    const cluster = new Cluster();
    const created = only(cluster.create({ numPartitions: 2 })).topic!;
    const changed = { ...created, configs: { 'retention.ms': '5' }, configsVersion: 1 };
    expect(alter(cluster, set('retention.ms', '5'))).toEqual([
      { name: 'orders', errorCode: ErrorCode.NONE, errorMessage: null, topic: changed },
    ]);
    expect(cluster.machine.deadline).toBe(700);
    cluster.restart();
    expect(cluster.get('orders')).toEqual([changed]);
    expect(cluster.machine.topicById(created.topicId)).toEqual(changed);
    const news = { kind: 'configure' as const, topicId: created.topicId, version: 1 };
    expect(cluster.machine.dueErrands(700)).toEqual([{ ...news, partitions: 2, told: 0 }]);
    cluster.call('partitionsTold', { ...news, told: 2 }, 800);
    expect(cluster.machine.dueErrands(800)).toEqual([]);
    expect(cluster.machine.deadline).toBe(800 + secondRoundMs);
  });

  it('keeps the version when partitions are added', () => {
    const cluster = new Cluster();
    cluster.create({});
    alter(cluster, set('retention.ms', '5'));
    const wanted = { name: 'orders', count: 5, assignments: null };
    cluster.call('createPartitions', { topics: [wanted], validateOnly: false });
    expect(cluster.get('orders')).toMatchObject([{ partitions: 5, configsVersion: 1 }]);
    expect(only(alter(cluster, set('retention.ms', '6'))).topic).toMatchObject({
      configsVersion: 2,
    });
  });

  it('writes nothing when nothing changes, or when it is only to be checked', () => {
    const cluster = new Cluster();
    cluster.create({ configs: [{ name: 'retention.ms', value: '5' }] });
    const { written } = cluster;
    expect(only(alter(cluster, set('retention.ms', '5'))).errorCode).toBe(ErrorCode.NONE);
    const topics = [set('retention.ms', '6')];
    const checked = cluster.call('alterConfigs', { topics, validateOnly: true }).topics;
    expect(only(checked).topic!.configs).toEqual({ 'retention.ms': '6' });
    expect(cluster.written).toBe(written);
    expect(cluster.machine.deadline).toBeUndefined();
  });

  it.each([
    ['', 'x', '1', ErrorCode.INVALID_REQUEST, 'Default topic resources are not allowed.'],
    [
      'a b',
      'x',
      '1',
      ErrorCode.INVALID_TOPIC_EXCEPTION,
      "Topic name is invalid: 'a b' contains one or more characters other than ASCII alphanumerics, '.', '_' and '-'",
    ],
    ['missing', 'x', '1', ErrorCode.INVALID_CONFIG, 'Unknown topic config name: x'],
    [
      'missing',
      'retention.ms',
      '1',
      ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
      "The topic 'missing' does not exist.",
    ],
    [
      'orders',
      'max.message.bytes',
      'abc',
      ErrorCode.INVALID_CONFIG,
      'Invalid value abc for configuration max.message.bytes: Not a number of type INT',
    ],
  ])('of %j refuses %s = %s', (topic, name, value, errorCode, errorMessage) => {
    const cluster = new Cluster();
    cluster.create({});
    const { written } = cluster;
    const good = set('retention.ms', '9');
    expect(alter(cluster, set(name, value, topic), good)).toMatchObject([
      { name: topic, errorCode, errorMessage, topic: null },
      { name: 'orders', errorCode: ErrorCode.NONE },
    ]);
    expect(cluster.written).toBe(written + 2);
  });

  it('is forgotten with its topic, whose partitions hear of the end instead', () => {
    const cluster = new Cluster();
    cluster.create({});
    alter(cluster, set('retention.ms', '5'));
    cluster.call('deleteTopics', { topics: [{ name: 'orders', topicId: ZERO_UUID }] }, 800);
    expect(cluster.machine.dueErrands(800)).toMatchObject([{ kind: 'drop' }]);
    expect([...cluster.table.keys()].filter((key) => key.startsWith('configure'))).toEqual([]);
  });
});
