import { afterEach, describe, expect, it } from 'vitest';
import { electLeaders } from '../../../src/protocol/apis/elect-leaders.ts';
import { ErrorCode } from '../../../src/protocol/errors.ts';
import type { MemoryCluster } from '../memory-cluster.ts';
import { clusterWith, throughBytes } from '../through-bytes.ts';

let cluster: MemoryCluster;
afterEach(() => cluster.memory.close());

const { ELECTION_NOT_NEEDED, INVALID_REQUEST, UNKNOWN_TOPIC_OR_PARTITION } = ErrorCode;

describe('ElectLeaders', () => {
  it.each([0, 1, 2])('needs no election, v%d', async (version) => {
    cluster = await clusterWith({ orders: 2 });
    const request = {
      topicPartitions: [
        { topic: 'orders', partitions: [1, 9, -1] },
        { topic: 'nobody', partitions: [0] },
      ],
    };
    const answer = await throughBytes(electLeaders, request, cluster.connect()(version));
    expect(answer.errorCode).toBe(ErrorCode.NONE);
    const codes = answer.replicaElectionResults.map(({ topic, partitionResult }) => [
      topic,
      ...partitionResult.map(({ errorCode }) => errorCode),
    ]);
    expect(codes).toEqual([
      ['orders', ELECTION_NOT_NEEDED, UNKNOWN_TOPIC_OR_PARTITION, UNKNOWN_TOPIC_OR_PARTITION],
      ['nobody', UNKNOWN_TOPIC_OR_PARTITION],
    ]);
  });

  it('of all partitions names every topic and no result', async () => {
    cluster = await clusterWith({ orders: 2, events: 1 });
    const all = await throughBytes(electLeaders, { topicPartitions: null }, cluster.connect()(2));
    expect(all.replicaElectionResults).toEqual(
      ['orders', 'events'].map((topic) => ({ topic, partitionResult: [] })),
    );
  });

  it.each([0, 2])('refuses an unknown type as a whole and one by one', async (version) => {
    cluster = await clusterWith({ orders: 1 });
    const topicPartitions = [{ topic: 'orders', partitions: [0] }];
    const electionType = version === 0 ? 0 : 5;
    const context = cluster.connect()(version);
    const answer = await throughBytes(electLeaders, { electionType, topicPartitions }, context);
    const expected = version === 0 ? ELECTION_NOT_NEEDED : INVALID_REQUEST;
    expect(answer.errorCode).toBe(version === 0 ? ErrorCode.NONE : INVALID_REQUEST);
    expect(answer.replicaElectionResults[0].partitionResult[0].errorCode).toBe(expected);
  });
});
