import { afterEach, describe, expect, it } from 'vitest';
import { createAcls } from '../../../src/protocol/apis/create-acls.ts';
import { ErrorCode } from '../../../src/protocol/errors.ts';
import type { MemoryCluster } from '../memory-cluster.ts';
import { clusterWith, throughBytes } from '../through-bytes.ts';

let cluster: MemoryCluster;
afterEach(() => cluster.memory.close());

const creation = {
  resourceType: 2,
  resourceName: 'orders',
  resourcePatternType: 3,
  principal: 'User:alice',
  host: '*',
  operation: 3,
  permissionType: 3,
};

describe('CreateAcls', () => {
  it.each([1, 2, 3])('refuses each entry, v%d', async (version) => {
    cluster = await clusterWith({});
    const context = cluster.connect()(version);
    for (const creations of [[], [creation, creation]]) {
      const { results } = await throughBytes(createAcls, { creations }, context);
      expect(results.map(({ errorCode }) => errorCode)).toEqual(
        creations.map(() => ErrorCode.SECURITY_DISABLED),
      );
    }
  });
});
