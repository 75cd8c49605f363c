/**
 * Fetch: reads record batches, waiting for them when asked to. The surprise: the answer holds whole
 * batches, so the first one may begin before the offset asked for, and clients drop what precedes
 * it.
 *
 * Behaviour
 * - `records` are pieces sent one after another without joining them.
 * - A client that asks for a fetch session may be given id 0 (no session) and goes on with full
 *   requests.
 * - Versions 13 and up know topics by id only, up to 12 by name only.
 *
 * Versions
 * - 4 isolation level, last stable offset, aborted transactions (KIP-98)
 * - 5 log start offset (KIP-107)
 * - 6 storage errors (KIP-112)
 * - 7 fetch sessions (KIP-227)
 * - 8 the client throttles itself (KIP-219)
 * - 9 leader epoch of the reader (KIP-320)
 * - 10 zstd (KIP-110)
 * - 11 rack, preferred replica (KIP-392)
 * - 12 flexible; last fetched epoch, divergence (KIP-595)
 * - 13 topic ids (KIP-516)
 * - 14 tiered storage (KIP-405)
 * - 15 replica state (KIP-903)
 * - 16 endpoints of new leaders (KIP-951)
 * - 17 directory of the replica (KIP-853)
 */
import {
  api,
  array,
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

export const fetch = api(1, 'Fetch', {
  versions: [4, 17],
  flexible: 12,
  request: {
    clusterId: string.since(12).nullable().tag(0).default(null).ignorable(),
    replicaId: int32.until(14).default(-1),
    replicaState: struct({
      replicaId: int32.default(-1),
      replicaEpoch: int64.default(-1),
    })
      .since(15)
      .tag(1),
    maxWaitMs: int32,
    minBytes: int32,
    maxBytes: int32.default(0x7fff_ffff),
    isolationLevel: int8,
    sessionId: int32.since(7).ignorable(),
    sessionEpoch: int32.since(7).default(-1).ignorable(),
    topics: array(
      struct({
        topic: string.until(12).ignorable(),
        topicId: uuid.since(13).ignorable(),
        partitions: array(
          struct({
            partition: int32,
            currentLeaderEpoch: int32.since(9).default(-1).ignorable(),
            fetchOffset: int64,
            lastFetchedEpoch: int32.since(12).default(-1),
            logStartOffset: int64.since(5).default(-1).ignorable(),
            partitionMaxBytes: int32,
            replicaDirectoryId: uuid.since(17).tag(0).ignorable(),
          }),
        ),
      }),
    ),
    forgottenTopicsData: array(
      struct({
        topic: string.until(12).ignorable(),
        topicId: uuid.since(13).ignorable(),
        partitions: array(int32),
      }),
    ).since(7),
    rackId: string.since(11).ignorable(),
  },
  response: {
    throttleTimeMs: int32,
    errorCode: int16.since(7).ignorable(),
    sessionId: int32.since(7),
    responses: array(
      struct({
        topic: string.until(12).ignorable(),
        topicId: uuid.since(13).ignorable(),
        partitions: array(
          struct({
            partitionIndex: int32,
            errorCode: int16,
            highWatermark: int64,
            lastStableOffset: int64.default(-1),
            logStartOffset: int64.since(5).default(-1).ignorable(),
            divergingEpoch: struct({
              epoch: int32.default(-1),
              endOffset: int64.default(-1),
            })
              .since(12)
              .tag(0),
            currentLeader: struct({
              leaderId: int32.default(-1),
              leaderEpoch: int32.default(-1),
            })
              .since(12)
              .tag(1),
            snapshotId: struct({
              endOffset: int64.default(-1),
              epoch: int32.default(-1),
            })
              .since(12)
              .tag(2),
            abortedTransactions: array(
              struct({
                producerId: int64,
                firstOffset: int64,
              }),
            ).nullable(),
            preferredReadReplica: int32.since(11).default(-1),
            records: recordPieces.nullable(),
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
    )
      .since(16)
      .tag(0),
  },
});

export interface FetchRequest extends Infer<typeof fetch.request.fields> {}
export interface FetchResponse extends Infer<typeof fetch.response.fields> {}
