/**
 * DescribeTopicPartitions: topics with all that is known of their partitions, page by page. The
 * surprise: the topics of a page are sorted by name, whatever the order of the request, since a
 * cursor names the place to go on.
 *
 * Versions
 * - 0 pages and eligible leaders (KIP-966)
 */
import { api, array, boolean, type Infer, int16, int32, string, struct, uuid } from '../schema.ts';

export const describeTopicPartitions = api(75, 'DescribeTopicPartitions', {
  versions: [0, 0],
  flexible: 0,
  request: {
    topics: array(struct({ name: string })),
    responsePartitionLimit: int32.default(2000),
    cursor: struct({ topicName: string, partitionIndex: int32 }).nullable().default(null),
  },
  response: {
    throttleTimeMs: int32.ignorable(),
    topics: array(
      struct({
        errorCode: int16,
        name: string.nullable(),
        topicId: uuid.ignorable(),
        isInternal: boolean.ignorable(),
        partitions: array(
          struct({
            errorCode: int16,
            partitionIndex: int32,
            leaderId: int32,
            leaderEpoch: int32.default(-1).ignorable(),
            replicaNodes: array(int32),
            isrNodes: array(int32),
            eligibleLeaderReplicas: array(int32).nullable().default(null),
            lastKnownElr: array(int32).nullable().default(null),
            offlineReplicas: array(int32).ignorable(),
          }),
        ),
        topicAuthorizedOperations: int32.default(-0x8000_0000),
      }),
    ),
    nextCursor: struct({ topicName: string, partitionIndex: int32 }).nullable().default(null),
  },
});

export interface DescribeTopicPartitionsRequest
  extends Infer<typeof describeTopicPartitions.request.fields> {}
export interface DescribeTopicPartitionsResponse
  extends Infer<typeof describeTopicPartitions.response.fields> {}
