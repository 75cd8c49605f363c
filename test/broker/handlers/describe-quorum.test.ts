import { afterEach, describe, expect, it } from 'vitest';
import { describeQuorum } from '../../../src/protocol/apis/describe-quorum.ts';
import { ErrorCode } from '../../../src/protocol/errors.ts';
import type { MemoryCluster } from '../memory-cluster.ts';
import { clusterWith, throughBytes } from '../through-bytes.ts';

let cluster: MemoryCluster;
afterEach(() => cluster.memory.close());

const log = (topicName: string, partitionIndex = 0) => ({
  topicName,
  partitions: [{ partitionIndex }],
});
const metadataLog = '__cluster_metadata';

describe('DescribeQuorum', () => {
  it.each([0, 1, 2])('has one voter that has caught up, v%d', async (version) => {
    cluster = await clusterWith({});
    const context = cluster.connect()(version);
    const answer = await throughBytes(describeQuorum, { topics: [log(metadataLog)] }, context);
    expect(answer.errorCode).toBe(ErrorCode.NONE);
    const [partition] = answer.topics[0].partitions;
    expect(partition).toMatchObject({ errorCode: 0, leaderId: 1, leaderEpoch: 1, observers: [] });
    expect(partition.currentVoters).toEqual([
      {
        replicaId: 1,
        replicaDirectoryId: expect.any(String),
        logEndOffset: partition.highWatermark,
        lastFetchTimestamp: version === 0 ? -1 : expect.any(Number),
        lastCaughtUpTimestamp: version === 0 ? -1 : expect.any(Number),
      },
    ]);
    const listeners = [{ name: 'CONTROLLER', host: 'localhost', port: 9092 }];
    expect(answer.nodes).toEqual(version < 2 ? [] : [{ nodeId: 1, listeners }]);
  });

  it.each([[[log(metadataLog, 1)]], [[log('orders')]], [[log(metadataLog), log('orders')]]])(
    'knows no other quorum: %o',
    async (topics) => {
      cluster = await clusterWith({ orders: 1 });
      const answer = await throughBytes(describeQuorum, { topics }, cluster.connect()(2));
      expect(answer).toMatchObject({ errorCode: ErrorCode.NONE, nodes: [] });
      const codes = answer.topics.map(({ partitions }) => partitions[0].errorCode);
      expect(new Set(codes)).toEqual(new Set([ErrorCode.UNKNOWN_TOPIC_OR_PARTITION]));
    },
  );
});
