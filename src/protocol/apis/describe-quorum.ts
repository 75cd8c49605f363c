/**
 * DescribeQuorum: who votes on the cluster's metadata, and how far each has read it. The surprise:
 * the request names the metadata log as a topic with one partition, and nothing else will do.
 *
 * Versions
 * - 0 KIP-595
 * - 1 when a replica fetched and caught up last (KIP-836)
 * - 2 messages, directories and the nodes with their listeners (KIP-853)
 */
import {
  api,
  array,
  type Infer,
  int16,
  int32,
  int64,
  string,
  struct,
  uint16,
  uuid,
} from '../schema.ts';

export const describeQuorum = api(55, 'DescribeQuorum', {
  versions: [0, 2],
  flexible: 0,
  request: {
    topics: array(
      struct({ topicName: string, partitions: array(struct({ partitionIndex: int32 })) }),
    ),
  },
  response: {
    errorCode: int16,
    errorMessage: string.since(2).nullable().ignorable(),
    topics: array(
      struct({
        topicName: string,
        partitions: array(
          struct({
            partitionIndex: int32,
            errorCode: int16,
            errorMessage: string.since(2).nullable().ignorable(),
            leaderId: int32,
            leaderEpoch: int32,
            highWatermark: int64,
            currentVoters: array(
              struct({
                replicaId: int32,
                replicaDirectoryId: uuid.since(2),
                logEndOffset: int64,
                lastFetchTimestamp: int64.since(1).default(-1).ignorable(),
                lastCaughtUpTimestamp: int64.since(1).default(-1).ignorable(),
              }),
            ),
            observers: array(
              struct({
                replicaId: int32,
                replicaDirectoryId: uuid.since(2),
                logEndOffset: int64,
                lastFetchTimestamp: int64.since(1).default(-1).ignorable(),
                lastCaughtUpTimestamp: int64.since(1).default(-1).ignorable(),
              }),
            ),
          }),
        ),
      }),
    ),
    nodes: array(
      struct({
        nodeId: int32.since(2),
        listeners: array(
          struct({ name: string.since(2), host: string.since(2), port: uint16.since(2) }),
        ).since(2),
      }),
    ).since(2),
  },
});

export interface DescribeQuorumRequest extends Infer<typeof describeQuorum.request.fields> {}
export interface DescribeQuorumResponse extends Infer<typeof describeQuorum.response.fields> {}
