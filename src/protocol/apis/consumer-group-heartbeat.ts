/**
 * ConsumerGroupHeartbeat: the whole of the consumer protocol (KIP-848) in one call: a member joins,
 * says what it reads and has, hears what it may have, and leaves. The surprise: what is null has
 * not changed, in both directions.
 *
 * Behaviour
 * - Epoch 0 joins, -1 leaves, -2 leaves a static member's place to its successor.
 * - An assignment is answered to who joins, to who says everything, and when it has changed.
 *
 * Versions
 * - 0 (KIP-848)
 * - 1 pattern of topic names; the client makes up the member id (KIP-1082)
 */
import { api, array, type Infer, int16, int32, string, struct, uuid } from '../schema.ts';

const topicPartitions = array(struct({ topicId: uuid, partitions: array(int32) }));

export const consumerGroupHeartbeat = api(68, 'ConsumerGroupHeartbeat', {
  versions: [0, 1],
  flexible: 0,
  request: {
    groupId: string,
    memberId: string,
    memberEpoch: int32,
    instanceId: string.nullable().default(null),
    rackId: string.nullable().default(null),
    rebalanceTimeoutMs: int32.default(-1),
    subscribedTopicNames: array(string).nullable().default(null),
    subscribedTopicRegex: string.since(1).nullable().default(null),
    serverAssignor: string.nullable().default(null),
    topicPartitions: topicPartitions.nullable().default(null),
  },
  response: {
    throttleTimeMs: int32,
    errorCode: int16,
    errorMessage: string.nullable().default(null),
    memberId: string.nullable().default(null),
    memberEpoch: int32,
    heartbeatIntervalMs: int32,
    assignment: struct({ topicPartitions }).nullable().default(null),
  },
});

export interface ConsumerGroupHeartbeatRequest
  extends Infer<typeof consumerGroupHeartbeat.request.fields> {}
export interface ConsumerGroupHeartbeatResponse
  extends Infer<typeof consumerGroupHeartbeat.response.fields> {}
