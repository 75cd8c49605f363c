import { describe, expect, it } from 'vitest';
import { apiByKey, apis } from '../../../src/protocol/apis/index.ts';

/** What ApiVersions lists: the ranges with which every client met so far works unmodified. */
const listed: Record<string, readonly [key: number, min: number, max: number]> = {
  Produce: [0, 0, 13],
  Fetch: [1, 4, 17],
  ListOffsets: [2, 1, 11],
  Metadata: [3, 0, 13],
  OffsetCommit: [8, 2, 10],
  OffsetFetch: [9, 1, 10],
  FindCoordinator: [10, 0, 6],
  JoinGroup: [11, 0, 9],
  Heartbeat: [12, 0, 4],
  LeaveGroup: [13, 0, 5],
  SyncGroup: [14, 0, 5],
  DescribeGroups: [15, 0, 6],
  ListGroups: [16, 0, 5],
  SaslHandshake: [17, 0, 1],
  ApiVersions: [18, 0, 4],
  CreateTopics: [19, 2, 7],
  DeleteTopics: [20, 1, 6],
  DeleteRecords: [21, 0, 2],
  InitProducerId: [22, 0, 5],
  AddPartitionsToTxn: [24, 0, 3],
  AddOffsetsToTxn: [25, 0, 4],
  EndTxn: [26, 0, 5],
  WriteTxnMarkers: [27, 1, 2],
  TxnOffsetCommit: [28, 0, 6],
  DescribeAcls: [29, 1, 3],
  CreateAcls: [30, 1, 3],
  DeleteAcls: [31, 1, 3],
  DescribeConfigs: [32, 1, 4],
  AlterConfigs: [33, 0, 2],
  DescribeLogDirs: [35, 1, 5],
  SaslAuthenticate: [36, 0, 2],
  CreatePartitions: [37, 0, 3],
  DeleteGroups: [42, 0, 3],
  ElectLeaders: [43, 0, 2],
  IncrementalAlterConfigs: [44, 0, 1],
  AlterPartitionReassignments: [45, 0, 1],
  ListPartitionReassignments: [46, 0, 0],
  OffsetDelete: [47, 0, 0],
  DescribeClientQuotas: [48, 0, 1],
  AlterClientQuotas: [49, 0, 1],
  DescribeUserScramCredentials: [50, 0, 0],
  AlterUserScramCredentials: [51, 0, 0],
  DescribeQuorum: [55, 0, 2],
  UpdateFeatures: [57, 0, 2],
  DescribeCluster: [60, 0, 2],
  DescribeProducers: [61, 0, 0],
  DescribeTransactions: [65, 0, 0],
  ListTransactions: [66, 0, 2],
  ConsumerGroupHeartbeat: [68, 0, 1],
  ConsumerGroupDescribe: [69, 0, 1],
  ShareFetch: [78, 1, 2],
  ShareAcknowledge: [79, 1, 2],
  ListConfigResources: [74, 0, 1],
  ShareGroupHeartbeat: [76, 1, 1],
  ShareGroupDescribe: [77, 1, 1],
  DescribeShareGroupOffsets: [90, 0, 1],
  AlterShareGroupOffsets: [91, 0, 0],
  DeleteShareGroupOffsets: [92, 0, 0],
  DescribeTopicPartitions: [75, 0, 0],
};

describe('the registry', () => {
  it('lists the ranges that clients need', () => {
    const ranges = apis.map((api) => [api.name, [api.key, ...api.listed]]);
    expect(Object.fromEntries(ranges)).toEqual(listed);
  });

  it('serves what it lists, except the first versions of Produce', () => {
    for (const api of apis) {
      expect(api.versions).toEqual(api.name === 'Produce' ? [3, 13] : api.listed);
    }
  });

  it('finds APIs by key', () => {
    for (const api of apis) expect(apiByKey(api.key)).toBe(api);
    expect(apiByKey(4)).toBeUndefined();
    expect(apiByKey(-1)).toBeUndefined();
  });
});
