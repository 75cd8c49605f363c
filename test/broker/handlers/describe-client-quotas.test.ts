import { afterEach, describe, expect, it } from 'vitest';
import { alterClientQuotas } from '../../../src/protocol/apis/alter-client-quotas.ts';
import { describeClientQuotas } from '../../../src/protocol/apis/describe-client-quotas.ts';
import { ErrorCode } from '../../../src/protocol/errors.ts';
import type { MemoryCluster } from '../memory-cluster.ts';
import { clusterWith, throughBytes } from '../through-bytes.ts';

let cluster: MemoryCluster;
afterEach(() => cluster.memory.close());

const entity = [
  { entityType: 'client-id', entityName: null },
  { entityType: 'user', entityName: 'alice' },
];

describe('DescribeClientQuotas', () => {
  it.each([0, 1])('tells what was set, v%d', async (version) => {
    cluster = await clusterWith({});
    const ops = [{ key: 'request_percentage', value: 12.5, remove: false }];
    const entries = [{ entity, ops }];
    await throughBytes(alterClientQuotas, { entries }, cluster.connect()(version));
    const components = [{ entityType: 'user', matchType: 0, match: 'alice' }];
    const context = cluster.connect()(version);
    expect(await throughBytes(describeClientQuotas, { components }, context)).toEqual({
      throttleTimeMs: 0,
      errorCode: ErrorCode.NONE,
      errorMessage: null,
      entries: [{ entity, values: [{ key: 'request_percentage', value: 12.5 }] }],
    });
    const strict = await throughBytes(describeClientQuotas, { components, strict: true }, context);
    expect(strict.entries).toEqual([]);
  });

  it('refuses a filter that makes no sense, without a list', async () => {
    cluster = await clusterWith({});
    const components = [{ entityType: 'group', matchType: 2, match: null }];
    const context = cluster.connect()(1);
    expect(await throughBytes(describeClientQuotas, { components }, context)).toMatchObject({
      errorCode: ErrorCode.UNSUPPORTED_VERSION,
      errorMessage: 'Unsupported entity type group',
      entries: null,
    });
  });
});
