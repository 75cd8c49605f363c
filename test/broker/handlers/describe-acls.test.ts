import { afterEach, describe, expect, it } from 'vitest';
import { describeAcls } from '../../../src/protocol/apis/describe-acls.ts';
import { ErrorCode } from '../../../src/protocol/errors.ts';
import type { MemoryCluster } from '../memory-cluster.ts';
import { clusterWith, throughBytes } from '../through-bytes.ts';

let cluster: MemoryCluster;
afterEach(() => cluster.memory.close());

describe('DescribeAcls', () => {
  it.each([1, 2, 3])('says that security is off, v%d', async (version) => {
    cluster = await clusterWith({});
    const any = { resourceTypeFilter: 1, patternTypeFilter: 1, operation: 1, permissionType: 1 };
    expect(await throughBytes(describeAcls, any, cluster.connect()(version))).toEqual({
      throttleTimeMs: 0,
      errorCode: ErrorCode.SECURITY_DISABLED,
      errorMessage: 'No Authorizer is configured.',
      resources: [],
    });
  });
});
