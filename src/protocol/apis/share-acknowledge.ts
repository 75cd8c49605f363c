/**
 * ShareAcknowledge: a member of a share group says what became of records, without asking for more.
 * The surprise: it goes on with the session that ShareFetch opened, and counts its epoch up too.
 *
 * Behaviour
 * - `shareSessionEpoch` -1 closes the session: what is held still goes back to the group.
 * - `acknowledgeTypes` holds one type for the whole batch or one for each offset.
 *
 * Versions
 * - 1: the first (KIP-932)
 * - 2: locks that are renewed, and how long they last (KIP-1222)
 */
import {
  api,
  array,
  boolean,
  type Infer,
  int8,
  int16,
  int32,
  int64,
  string,
  struct,
  uuid,
} from '../schema.ts';

export const shareAcknowledge = api(79, 'ShareAcknowledge', {
  versions: [1, 2],
  flexible: 0,
  request: {
    groupId: string.nullable().default(null),
    memberId: string.nullable(),
    shareSessionEpoch: int32,
    isRenewAck: boolean.since(2),
    topics: array(
      struct({
        topicId: uuid,
        partitions: array(
          struct({
            partitionIndex: int32,
            acknowledgementBatches: array(
              struct({
                firstOffset: int64,
                lastOffset: int64,
                acknowledgeTypes: array(int8),
              }),
            ),
          }),
        ),
      }),
    ),
  },
  response: {
    throttleTimeMs: int32,
    errorCode: int16,
    errorMessage: string.nullable().default(null),
    acquisitionLockTimeoutMs: int32.since(2).ignorable(),
    responses: array(
      struct({
        topicId: uuid,
        partitions: array(
          struct({
            partitionIndex: int32,
            errorCode: int16,
            errorMessage: string.nullable().default(null),
            currentLeader: struct({ leaderId: int32, leaderEpoch: int32 }),
          }),
        ),
      }),
    ),
    nodeEndpoints: array(
      struct({
        nodeId: int32,
        host: string,
        port: int32,
        rack: string.nullable().default(null),
      }),
    ),
  },
});

export interface ShareAcknowledgeRequest extends Infer<typeof shareAcknowledge.request.fields> {}
export interface ShareAcknowledgeResponse extends Infer<typeof shareAcknowledge.response.fields> {}
