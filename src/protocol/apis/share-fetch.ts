/**
 * ShareFetch: a member of a share group acquires records, and says what became of those it has. The
 * surprise: the request names partitions only when they join the session; the answer names those it
 * has something to say of, and beside the record batches tells which of their records are the
 * member's.
 *
 * Behaviour
 * - `shareSessionEpoch` 0 opens a session, -1 closes it, in between it counts up.
 * - `acknowledgeTypes` holds one type for the whole batch or one for each offset.
 * - `records` are pieces sent one after another without joining them.
 *
 * Versions
 * - 1: the first (KIP-932)
 * - 2: acquire mode (KIP-1206), locks that are renewed (KIP-1222)
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
  recordPieces,
  string,
  struct,
  uuid,
} from '../schema.ts';

export const shareFetch = api(78, 'ShareFetch', {
  versions: [1, 2],
  flexible: 0,
  request: {
    groupId: string.nullable().default(null),
    memberId: string.nullable(),
    shareSessionEpoch: int32,
    maxWaitMs: int32,
    minBytes: int32,
    maxBytes: int32.default(0x7fff_ffff),
    maxRecords: int32,
    batchSize: int32,
    shareAcquireMode: int8.since(2).ignorable(),
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
    forgottenTopicsData: array(
      struct({
        topicId: uuid,
        partitions: array(int32),
      }),
    ),
  },
  response: {
    throttleTimeMs: int32,
    errorCode: int16,
    errorMessage: string.nullable().default(null),
    acquisitionLockTimeoutMs: int32,
    responses: array(
      struct({
        topicId: uuid,
        partitions: array(
          struct({
            partitionIndex: int32,
            errorCode: int16,
            errorMessage: string.nullable().default(null),
            acknowledgeErrorCode: int16,
            acknowledgeErrorMessage: string.nullable().default(null),
            currentLeader: struct({ leaderId: int32, leaderEpoch: int32 }),
            records: recordPieces,
            acquiredRecords: array(
              struct({ firstOffset: int64, lastOffset: int64, deliveryCount: int16 }),
            ),
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

export interface ShareFetchRequest extends Infer<typeof shareFetch.request.fields> {}
export interface ShareFetchResponse extends Infer<typeof shareFetch.response.fields> {}
