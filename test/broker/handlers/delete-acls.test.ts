import { afterEach, describe, expect, it } from 'vitest';
import { deleteAcls } from '../../../src/protocol/apis/delete-acls.ts';
import { ErrorCode } from '../../../src/protocol/errors.ts';
import type { MemoryCluster } from '../memory-cluster.ts';
import { clusterWith, throughBytes } from '../through-bytes.ts';

let cluster: MemoryCluster;
afterEach(() => cluster.memory.close());

const filter = {
  resourceTypeFilter: 2,
  resourceNameFilter: null,
  patternTypeFilter: 3,
  principalFilter: null,
  hostFilter: null,
  operation: 1,
  permissionType: 1,
};

describe('DeleteAcls', () => {
  it.each([1, 2, 3])('refuses each filter, v%d', async (version) => {
    cluster = await clusterWith({});
    const context = cluster.connect()(version);
    for (const filters of [[], [filter, filter]]) {
      const { filterResults } = await throughBytes(deleteAcls, { filters }, context);
      const errorMessage = 'No Authorizer is configured.';
      const errorCode = ErrorCode.SECURITY_DISABLED;
      const refused = { errorCode, errorMessage, matchingAcls: [] };
      expect(filterResults).toEqual(filters.map(() => refused));
    }
  });
});
