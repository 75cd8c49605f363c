import { describe, expect, it } from 'vitest';
import { ConfigOperation } from '../../../src/core/cluster/altered-configs.ts';
import { checkDynamicBrokerConfigs } from '../../../src/core/cluster/dynamic-broker-configs.ts';
import { inheritedGroupConfigs } from '../../../src/core/cluster/inherited-configs.ts';
import { ErrorCode, KafkaError } from '../../../src/protocol/errors.ts';
import { Cluster, only } from './test-cluster.ts';

function refusal(configs: Record<string, string>): string | undefined {
  try {
    checkDynamicBrokerConfigs(configs);
  } catch (error) {
    expect(error).toBeInstanceOf(KafkaError);
    expect((error as KafkaError).code).toBe(ErrorCode.INVALID_REQUEST);
    return (error as KafkaError).message;
  }
  return undefined;
}

describe('configs of a broker that runs', () => {
  it.each<Record<string, string>>([
    { 'log.retention.ms': '-1' },
    { 'log.retention.ms': '-2' },
    { 'log.cleanup.policy': 'compact,delete' },
    { 'log.cleanup.policy': '' },
    { 'log.cleaner.min.compaction.lag.ms': '1000', 'log.cleaner.max.compaction.lag.ms': '10' },
    { 'max.connections.per.ip': '0', 'max.connections.per.ip.overrides': '127.0.0.1:5' },
    { 'leader.replication.throttled.rate': '5' },
    { 'group.consumer.assignment.interval.ms': '15000' },
    { 'no.such.config': 'anything', 'retention.ms': 'x' },
  ])('may be %j', (configs) => {
    expect(refusal(configs)).toBeUndefined();
  });

  it.each<[Record<string, string>, string]>([
    [
      { 'num.partitions': '3', 'node.id': '4', 'message.max.bytes': 'x' },
      'Cannot update these configs dynamically: [node.id, num.partitions]',
    ],
    [
      { 'listener.name.plaintext.ssl.keystore.location': '/x' },
      'Cannot update these configs dynamically: [listener.name.plaintext.ssl.keystore.location]',
    ],
    [
      { 'controller.quorum.voters': '' },
      'Cannot update these configs dynamically: [controller.quorum.voters]',
    ],
    [
      { 'log.retention.ms': 'x' },
      'Invalid value x for configuration log.retention.ms: Not a number of type LONG',
    ],
    [
      { 'log.segment.bytes': '100' },
      'Invalid value 100 for configuration log.segment.bytes: Value must be at least 1048576',
    ],
    [
      { 'log.retention.ms': '0' },
      'requirement failed: log.retention.ms must be unlimited (-1) or, greater than or equal to 1',
    ],
    [{ 'log.roll.ms': '0' }, 'requirement failed: log.roll.ms must be greater than or equal to 1'],
    [
      { 'log.roll.jitter.ms': '-1' },
      'requirement failed: log.roll.jitter.ms must be greater than or equal to 0',
    ],
    [
      { 'group.consumer.assignment.interval.ms': '15001' },
      'group.consumer.assignment.interval.ms must be less than or equal to ' +
        'group.consumer.max.assignment.interval.ms',
    ],
    [
      { 'max.connections.per.ip': '0' },
      'requirement failed: max.connections.per.ip can be set to zero only if ' +
        'max.connections.per.ip.overrides property is set.',
    ],
  ])('may not be %j', (configs, message) => {
    expect(refusal(configs)).toBe(message);
  });
});

const { SET, DELETE, APPEND } = ConfigOperation;

/** Changes one config of a broker, and says what came of it. */
function alter(cluster: Cluster, name: string, value: string | null, broker = '', now = 700) {
  const operation = value === null ? DELETE : SET;
  const changes = [{ name, operation, value }];
  const resources = [{ kind: 'broker' as const, name: broker, replaces: false, changes }];
  const command = { resources, validateOnly: false };
  return only(cluster.call('alterResourceConfigs', command, now).results);
}

describe('what topics inherit of the broker', () => {
  it('is its own configs before those of all brokers, and is told to every partition', () => {
    const cluster = new Cluster();
    const { topicId } = only(cluster.create({ numPartitions: 2 })).topic!;
    expect(alter(cluster, 'log.retention.ms', '7000').errorCode).toBe(ErrorCode.NONE);
    expect(only(cluster.get('orders'))).toMatchObject({
      configs: {},
      inherited: { 'retention.ms': '7000' },
      configsVersion: 1,
    });
    expect(cluster.machine.deadline).toBe(700);
    expect(cluster.machine.dueErrands(700)).toEqual([
      { kind: 'configure', topicId, version: 1, partitions: 2, told: 0 },
    ]);
    alter(cluster, 'log.retention.ms', ' +5', '1');
    cluster.restart();
    expect(cluster.machine.topicById(topicId)).toMatchObject({
      inherited: { 'retention.ms': '5' },
      configsVersion: 2,
    });
    alter(cluster, 'log.retention.ms', null, '1');
    alter(cluster, 'log.retention.ms', null);
    expect(only(cluster.get('orders'))).toMatchObject({ inherited: {}, configsVersion: 4 });
  });

  it('leaves alone who has nothing to do with topics', () => {
    const cluster = new Cluster();
    cluster.create({});
    alter(cluster, 'max.connections', '5');
    alter(cluster, 'anything', '5', '1');
    expect(only(cluster.get('orders'))).not.toHaveProperty('configsVersion');
    expect(cluster.machine.dueErrands(700)).toEqual([]);
  });

  it('makes a higher version than any before it, whatever the topic changed itself', () => {
    const cluster = new Cluster();
    cluster.create({});
    const versions = [alter, own, own, alter, own].map((change, i) => {
      change(cluster, 'log.retention.ms', `${i + 1}`);
      return only(cluster.get('orders')).configsVersion;
    });
    expect(versions).toEqual([1, 2, 3, 4, 5]);
    cluster.call('createPartitions', {
      topics: [{ name: 'orders', count: 4, assignments: null }],
      validateOnly: false,
    });
    expect(only(cluster.get('orders'))).toMatchObject({ partitions: 4, configsVersion: 5 });
  });

  function own(cluster: Cluster, _name: string, value: string): void {
    const changes = [{ name: 'segment.ms', operation: SET, value }];
    const topics = [{ name: 'orders', replaces: false, changes }];
    cluster.call('alterConfigs', { topics, validateOnly: false });
  }

  it('is what the deployment says, at the first call after it', () => {
    const cluster = new Cluster();
    cluster.create({});
    cluster.fixed = new Map([['message.max.bytes', '500']]);
    cluster.restart();
    cluster.get('orders');
    expect(only(cluster.get('orders'))).toMatchObject({
      inherited: { 'max.message.bytes': '500' },
      configsVersion: 1,
    });
    expect(cluster.machine.dueErrands(0)).toHaveLength(1);
    cluster.fixed = new Map();
    cluster.restart();
    cluster.get('orders');
    expect(only(cluster.get('orders'))).toMatchObject({ inherited: {}, configsVersion: 2 });
  });

  it('takes all that is negative for an endless retention', () => {
    const cluster = new Cluster();
    cluster.create({});
    alter(cluster, 'log.retention.ms', '-2');
    expect(only(cluster.get('orders')).inherited).toEqual({ 'retention.ms': '-1' });
  });

  it('is what a new topic must agree with', () => {
    const cluster = new Cluster();
    alter(cluster, 'log.cleaner.max.compaction.lag.ms', '10');
    const configs = [{ name: 'min.compaction.lag.ms', value: '11' }];
    expect(only(cluster.create({ configs })).errorCode).toBe(ErrorCode.INVALID_CONFIG);
  });
});

describe('what groups inherit of the broker', () => {
  const interval = 'group.consumer.assignment.interval.ms';
  const settings = { fixed: new Map([[interval, '7']]), dynamic: {}, dynamicDefaults: {} };

  it('is what was set while it runs, the rest being known', () => {
    expect(inheritedGroupConfigs(settings)).toEqual({});
    const dynamicDefaults = { [interval]: '+9' };
    expect(inheritedGroupConfigs({ ...settings, dynamicDefaults })).toEqual({
      'consumer.assignment.interval.ms': '9',
    });
  });
});

describe('lists of a broker', () => {
  function append(name: string) {
    const cluster = new Cluster();
    const changes = [{ name, operation: APPEND, value: 'compact' }];
    const resources = [{ kind: 'broker' as const, name: '', replaces: false, changes }];
    const results = cluster.call('alterResourceConfigs', { resources, validateOnly: false });
    const { configs } = cluster.call('describeResourceConfigs', { resources });
    return { ...only(results.results), set: only(configs) };
  }

  it('begin with their default', () => {
    expect(append('log.cleanup.policy').set).toEqual({ 'log.cleanup.policy': 'delete,compact' });
  });

  it.each([
    ['log.retention.ms', 'Config value append is not allowed for config key: log.retention.ms'],
    ['num.partitions', 'Config value append is not allowed for config key: num.partitions'],
    ['no.such.config', 'Unknown config name: no.such.config'],
  ])('are others than %s', (name, errorMessage) => {
    expect(append(name)).toEqual({ errorCode: ErrorCode.INVALID_CONFIG, errorMessage, set: {} });
  });
});
