import { afterEach, describe, expect, it } from 'vitest';
import { alterPartitionReassignments } from '../../../src/protocol/apis/alter-partition-reassignments.ts';
import { ErrorCode } from '../../../src/protocol/errors.ts';
import type { MemoryCluster } from '../memory-cluster.ts';
import { clusterWith, throughBytes } from '../through-bytes.ts';

let cluster: MemoryCluster;
afterEach(() => cluster.memory.close());

const { INVALID_REPLICA_ASSIGNMENT, NONE, UNKNOWN_TOPIC_OR_PARTITION } = ErrorCode;

describe('AlterPartitionReassignments', () => {
  it.each<[string, number, number[] | null, number]>([
    ['orders', 0, [1], NONE],
    ['orders', 0, [2], INVALID_REPLICA_ASSIGNMENT],
    ['orders', 0, [1, 2], INVALID_REPLICA_ASSIGNMENT],
    ['orders', 0, [1, 1], INVALID_REPLICA_ASSIGNMENT],
    ['orders', 0, [], INVALID_REPLICA_ASSIGNMENT],
    ['orders', 0, null, ErrorCode.NO_REASSIGNMENT_IN_PROGRESS],
    ['orders', 1, [1], UNKNOWN_TOPIC_OR_PARTITION],
    ['orders', -1, null, UNKNOWN_TOPIC_OR_PARTITION],
    ['nobody', 0, [1], UNKNOWN_TOPIC_OR_PARTITION],
  ])('of %s-%d to %o answers %d', async (name, partitionIndex, replicas, errorCode) => {
    cluster = await clusterWith({ orders: 1 });
    const request = { topics: [{ name, partitions: [{ partitionIndex, replicas }] }] };
    for (const version of [0, 1]) {
      const context = cluster.connect()(version);
      const answer = await throughBytes(alterPartitionReassignments, request, context);
      expect(answer).toMatchObject({ errorCode: NONE, allowReplicationFactorChange: true });
      expect(answer.responses).toMatchObject([
        { name, partitions: [{ partitionIndex, errorCode }] },
      ]);
      expect(answer.responses[0].partitions[0].errorMessage === null).toBe(errorCode === NONE);
    }
  });
});
