import { afterEach, describe, expect, it } from 'vitest';
import { incrementalAlterConfigs } from '../../../src/protocol/apis/incremental-alter-configs.ts';
import { listConfigResources } from '../../../src/protocol/apis/list-config-resources.ts';
import { ErrorCode } from '../../../src/protocol/errors.ts';
import type { MemoryCluster } from '../memory-cluster.ts';
import { clusterWith, throughBytes } from '../through-bytes.ts';

let cluster: MemoryCluster;
afterEach(() => cluster.memory.close());

async function set(resourceType: number, resourceName: string, name: string, value: string) {
  const configs = [{ name, configOperation: 0, value }];
  const resources = [{ resourceType, resourceName, configs }];
  const context = cluster.connect()(1);
  const answer = await throughBytes(incrementalAlterConfigs, { resources }, context);
  expect(answer.responses[0].errorMessage).toBeNull();
}

async function list(version: number, ...resourceTypes: number[]) {
  const context = cluster.connect()(version);
  const request = version === 0 ? {} : { resourceTypes };
  const answer = await throughBytes(listConfigResources, request, context);
  if (answer.errorCode !== 0) return answer.errorCode;
  return answer.configResources.map(({ resourceType, resourceName }) => [
    resourceType,
    resourceName,
  ]);
}

describe('ListConfigResources', () => {
  it('lists topics, the broker and what was configured', async () => {
    cluster = await clusterWith({ orders: 1 });
    const always = [
      [8, '1'],
      [4, '1'],
      [2, 'orders'],
    ];
    expect(await list(1)).toEqual(always);
    await set(32, 'workers', 'consumer.session.timeout.ms', '50000');
    await set(16, 'all', 'interval.ms', '1000');
    expect(await list(1)).toEqual([[32, 'workers'], [16, 'all'], ...always]);
    expect(await list(1, 2, 16, 2)).toEqual([
      [16, 'all'],
      [2, 'orders'],
    ]);
    expect(await list(0)).toEqual([[16, 'all']]);
  });

  it('refuses a type nobody knows', async () => {
    cluster = await clusterWith({});
    expect(await list(1, 2, 99)).toBe(ErrorCode.UNSUPPORTED_VERSION);
  });
});
