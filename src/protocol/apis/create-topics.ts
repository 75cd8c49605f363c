/**
 * CreateTopics: makes topics. The surprise: with a manual assignment, partitions and replication
 * factor must both be -1; without one, -1 asks for the broker's default (from version 4).
 *
 * Behaviour
 * - A topic named twice in one request is refused, both times.
 * - validateOnly answers as if the topics were made.
 *
 * Versions
 * - 2 throttle time (KIP-124)
 * - 3 the client throttles itself (KIP-219)
 * - 4 defaults by -1 (KIP-464)
 * - 5 flexible (KIP-482); the configs of the new topic (KIP-525)
 * - 6 THROTTLING_QUOTA_EXCEEDED (KIP-599)
 * - 7 topic id (KIP-516)
 */
import {
  api,
  array,
  boolean,
  type Infer,
  int8,
  int16,
  int32,
  string,
  struct,
  uuid,
} from '../schema.ts';

export const createTopics = api(19, 'CreateTopics', {
  versions: [2, 7],
  flexible: 5,
  request: {
    topics: array(
      struct({
        name: string,
        numPartitions: int32,
        replicationFactor: int16,
        assignments: array(
          struct({
            partitionIndex: int32,
            brokerIds: array(int32),
          }),
        ),
        configs: array(
          struct({
            name: string,
            value: string.nullable(),
          }),
        ),
      }),
    ),
    timeoutMs: int32.default(60000),
    validateOnly: boolean,
  },
  response: {
    throttleTimeMs: int32,
    topics: array(
      struct({
        name: string,
        topicId: uuid.since(7).ignorable(),
        errorCode: int16,
        errorMessage: string.nullable(),
        topicConfigErrorCode: int16.since(5).tag(0).ignorable(),
        numPartitions: int32.since(5).default(-1).ignorable(),
        replicationFactor: int16.since(5).default(-1).ignorable(),
        configs: array(
          struct({
            name: string,
            value: string.nullable(),
            readOnly: boolean,
            configSource: int8.default(-1),
            isSensitive: boolean,
          }),
        )
          .since(5)
          .nullable()
          .ignorable(),
      }),
    ),
  },
});

export interface CreateTopicsRequest extends Infer<typeof createTopics.request.fields> {}
export interface CreateTopicsResponse extends Infer<typeof createTopics.response.fields> {}
