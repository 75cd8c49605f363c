/**
 * ShareGroupHeartbeat: the whole of a share group's membership (KIP-932) in one call: a member
 * joins, says what it reads, hears which partitions it may read, and leaves. The surprise: members
 * name themselves, and several may be told of the same partition.
 *
 * Behaviour
 * - Epoch 0 joins, -1 leaves. What is null has not changed, in both directions.
 *
 * Versions
 * - 0 was for early access only
 * - 1 (KIP-932)
 */
import { api, array, type Infer, int16, int32, string, struct, uuid } from '../schema.ts';

export const shareGroupHeartbeat = api(76, 'ShareGroupHeartbeat', {
  versions: [1, 1],
  flexible: 0,
  request: {
    groupId: string,
    memberId: string,
    memberEpoch: int32,
    rackId: string.nullable().default(null),
    subscribedTopicNames: array(string).nullable().default(null),
  },
  response: {
    throttleTimeMs: int32,
    errorCode: int16,
    errorMessage: string.nullable().default(null),
    memberId: string.nullable().default(null),
    memberEpoch: int32,
    heartbeatIntervalMs: int32,
    assignment: struct({
      topicPartitions: array(struct({ topicId: uuid, partitions: array(int32) })),
    })
      .nullable()
      .default(null),
  },
});

export interface ShareGroupHeartbeatRequest
  extends Infer<typeof shareGroupHeartbeat.request.fields> {}
export interface ShareGroupHeartbeatResponse
  extends Infer<typeof shareGroupHeartbeat.response.fields> {}
