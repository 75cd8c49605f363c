import { afterEach, describe, expect, it } from 'vitest';
import { listPartitionReassignments } from '../../../src/protocol/apis/list-partition-reassignments.ts';
import { ErrorCode } from '../../../src/protocol/errors.ts';
import type { MemoryCluster } from '../memory-cluster.ts';
import { clusterWith, throughBytes } from '../through-bytes.ts';

let cluster: MemoryCluster;
afterEach(() => cluster.memory.close());

describe('ListPartitionReassignments', () => {
  it.each([
    { topics: null },
    { topics: [] },
    { topics: [{ name: 'orders', partitionIndexes: [0] }] },
  ])('has none to list for %o', async (request) => {
    cluster = await clusterWith({ orders: 1 });
    const context = cluster.connect()(0);
    expect(await throughBytes(listPartitionReassignments, request, context)).toEqual({
      throttleTimeMs: 0,
      errorCode: ErrorCode.NONE,
      errorMessage: null,
      topics: [],
    });
  });
});
