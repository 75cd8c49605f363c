import { describe, expect, it } from 'vitest';
import { ConfigOperation } from '../../../src/core/cluster/altered-configs.ts';
import type { ResourceKind } from '../../../src/core/cluster/resource-configs.ts';
import { ErrorCode } from '../../../src/protocol/errors.ts';
import { Cluster } from './test-cluster.ts';

const { SET, DELETE, APPEND } = ConfigOperation;
const { INVALID_CONFIG, INVALID_REQUEST, NONE } = ErrorCode;

interface Options {
  readonly operation?: number;
  readonly replaces?: boolean;
  readonly validateOnly?: boolean;
}

function alter(
  cluster: Cluster,
  [kind, name]: readonly [ResourceKind, string],
  set: Readonly<Record<string, string>>,
  { operation = SET, replaces = false, validateOnly = false }: Options = {},
) {
  const changes = Object.entries(set).map(([config, value]) => ({
    name: config,
    operation,
    value,
  }));
  const resources = [{ kind, name, replaces, changes }];
  const { results } = cluster.call('alterResourceConfigs', { resources, validateOnly });
  return results[0].errorCode;
}

const set = (cluster: Cluster, kind: ResourceKind, name: string) =>
  cluster.call('describeResourceConfigs', { resources: [{ kind, name }] }).configs[0];

const session = 'consumer.session.timeout.ms';

describe('configs of what is no topic', () => {
  it('are kept by kind and name, and survive', () => {
    const cluster = new Cluster();
    expect(alter(cluster, ['group', 'a:b'], { [session]: '50000' })).toBe(NONE);
    expect(alter(cluster, ['clientMetrics', 'a:b'], { 'interval.ms': '1000' })).toBe(NONE);
    cluster.restart();
    expect(set(cluster, 'group', 'a:b')).toEqual({ [session]: '50000' });
    expect(set(cluster, 'clientMetrics', 'a:b')).toEqual({ 'interval.ms': '1000' });
    expect(set(cluster, 'group', 'other')).toEqual({});
    const { resources } = cluster.call('listResourceConfigs', {});
    expect(resources).toEqual([
      { kind: 'group', name: 'a:b' },
      { kind: 'clientMetrics', name: 'a:b' },
    ]);
  });

  it('are forgotten with the last of them', () => {
    const cluster = new Cluster();
    alter(cluster, ['group', 'g'], { [session]: '50000', 'share.delivery.count.limit': '3' });
    alter(cluster, ['group', 'g'], { [session]: '46000' }, { replaces: true });
    expect(set(cluster, 'group', 'g')).toEqual({ [session]: '46000' });
    alter(cluster, ['group', 'g'], { [session]: '' }, { operation: DELETE });
    cluster.restart();
    expect(cluster.call('listResourceConfigs', {}).resources).toEqual([]);
  });

  it('stay as they are when they are only validated', () => {
    const cluster = new Cluster();
    const only = { validateOnly: true };
    expect(alter(cluster, ['group', 'g'], { [session]: '50000' }, only)).toBe(NONE);
    expect(alter(cluster, ['group', 'g'], { [session]: '5' }, only)).toBe(INVALID_CONFIG);
    expect(cluster.call('listResourceConfigs', {}).resources).toEqual([]);
  });

  it('need a name, and have no list to append to', () => {
    const cluster = new Cluster();
    expect(alter(cluster, ['group', ''], { [session]: '50000' })).toBe(INVALID_REQUEST);
    expect(alter(cluster, ['clientMetrics', ''], {})).toBe(INVALID_REQUEST);
    const tags = { 'streams.rack.aware.assignment.tags': 'zone' };
    expect(alter(cluster, ['group', 'g'], tags, { operation: APPEND })).toBe(INVALID_CONFIG);
  });

  it.each<[ResourceKind, string, string, number]>([
    ['group', 'nonsense', '1', INVALID_CONFIG],
    ['group', session, '44999', INVALID_CONFIG],
    ['group', session, '60001', INVALID_CONFIG],
    ['group', session, '60000', NONE],
    ['group', 'consumer.assignment.interval.ms', '0', NONE],
    ['group', 'consumer.assignment.interval.ms', '-1', INVALID_CONFIG],
    ['group', 'share.partition.max.record.locks', '4000', NONE],
    ['group', 'share.partition.max.record.locks', '4001', INVALID_CONFIG],
    ['group', 'share.auto.offset.reset', 'by_duration:P1DT2H3M4.5S', NONE],
    ['group', 'share.auto.offset.reset', 'by_duration:P', INVALID_CONFIG],
    ['group', 'share.auto.offset.reset', 'by_duration:PT', INVALID_CONFIG],
    ['group', 'share.auto.offset.reset', 'none', INVALID_CONFIG],
    ['group', 'share.isolation.level', 'read_committed', NONE],
    ['group', 'share.isolation.level', 'serial', INVALID_CONFIG],
    ['group', 'streams.num.standby.replicas', '2', NONE],
    ['group', 'streams.num.standby.replicas', '3', INVALID_CONFIG],
    ['group', 'streams.assignor.name', 'uniform', INVALID_CONFIG],
    ['group', 'streams.rack.aware.assignment.tags', 'a,b', NONE],
    ['group', 'streams.rack.aware.assignment.tags', 'a,a', INVALID_CONFIG],
    ['group', 'streams.rack.aware.assignment.tags', 'a,,b', INVALID_CONFIG],
    ['group', 'errors.deadletterqueue.topic.name', '__dead', INVALID_CONFIG],
    ['clientMetrics', 'nonsense', '1', INVALID_REQUEST],
    ['clientMetrics', 'interval.ms', '99', INVALID_REQUEST],
    ['clientMetrics', 'interval.ms', 'often', INVALID_CONFIG],
    ['clientMetrics', 'match', 'client_id=a.*, client_source_port=1', NONE],
    ['clientMetrics', 'match', '', NONE],
    ['clientMetrics', 'match', 'client_id', INVALID_CONFIG],
    ['clientMetrics', 'match', 'client_id=a=b', INVALID_CONFIG],
    ['clientMetrics', 'match', 'client_id=[', INVALID_CONFIG],
    ['clientMetrics', 'match', 'colour=red', INVALID_CONFIG],
  ])('of a %s: %s as "%s" answers %d', (kind, name, value, errorCode) => {
    const cluster = new Cluster();
    expect(alter(cluster, [kind, 'x'], { [name]: value })).toBe(errorCode);
    expect(set(cluster, kind, 'x')).toEqual(errorCode === NONE ? { [name]: value } : {});
  });
});
