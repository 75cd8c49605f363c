/**
 * Metadata: brokers, topics, partitions and who leads them. The surprise: "all topics" is an empty
 * list in version 0 and null from version 1 on, where the empty list means none.
 *
 * Behaviour
 * - A missing topic is made on the way when the client and the broker both allow it.
 * - librdkafka 2.1 and later writes four zero bytes for the null list of version 9 and up: what
 *   is left over is ignored.
 *
 * Versions
 * - 1 rack, controller, internal topics
 * - 2 cluster id (KIP-78)
 * - 3 throttle time (KIP-124)
 * - 4 auto-creation can be declined
 * - 5 offline replicas (KIP-112)
 * - 6 the client throttles itself (KIP-219)
 * - 7 leader epochs (KIP-320)
 * - 8 authorised operations (KIP-430)
 * - 9 flexible (KIP-482)
 * - 10 topic ids in the answer (KIP-516)
 * - 11 the cluster's authorised operations move to DescribeCluster (KIP-700)
 * - 12 topics by id (KIP-516)
 * - 13 an error for the whole answer (KIP-1102)
 */
import { api, array, boolean, type Infer, int16, int32, string, struct, uuid } from '../schema.ts';

export const metadata = api(3, 'Metadata', {
  versions: [0, 13],
  flexible: 9,
  request: {
    topics: array(
      struct({
        topicId: uuid.since(10).ignorable(),
        name: string.nullable(10),
      }),
    ).nullable(1),
    allowAutoTopicCreation: boolean.since(4).default(true),
    includeClusterAuthorizedOperations: boolean.since(8).until(10),
    includeTopicAuthorizedOperations: boolean.since(8),
  },
  response: {
    throttleTimeMs: int32.since(3).ignorable(),
    brokers: array(
      struct({
        nodeId: int32,
        host: string,
        port: int32,
        rack: string.since(1).nullable().default(null).ignorable(),
      }),
    ),
    clusterId: string.since(2).nullable().default(null).ignorable(),
    controllerId: int32.since(1).default(-1).ignorable(),
    topics: array(
      struct({
        errorCode: int16,
        name: string.nullable(12),
        topicId: uuid.since(10).ignorable(),
        isInternal: boolean.since(1).ignorable(),
        partitions: array(
          struct({
            errorCode: int16,
            partitionIndex: int32,
            leaderId: int32,
            leaderEpoch: int32.since(7).default(-1).ignorable(),
            replicaNodes: array(int32),
            isrNodes: array(int32),
            offlineReplicas: array(int32).since(5).ignorable(),
          }),
        ),
        topicAuthorizedOperations: int32.since(8).default(-0x8000_0000),
      }),
    ),
    clusterAuthorizedOperations: int32.since(8).until(10).default(-0x8000_0000),
    errorCode: int16.since(13).ignorable(),
  },
});

export interface MetadataRequest extends Infer<typeof metadata.request.fields> {}
export interface MetadataResponse extends Infer<typeof metadata.response.fields> {}
