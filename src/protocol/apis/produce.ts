/**
 * Produce: appends record batches to partitions. The surprise: versions 0 to 2 are listed and not
 * served, since librdkafka before 2.11.1 only compresses for brokers that list version 0.
 *
 * Behaviour
 * - `records` is a view into the frame, one record batch a partition; null and empty are refused
 *   by the handler.
 * - acks 0 gets no answer at all, not even an empty one.
 *
 * Versions
 * - 3 record batches of magic 2, transactional id (KIP-98)
 * - 4 storage errors (KIP-112)
 * - 5 log start offset (KIP-107)
 * - 6 the client throttles itself (KIP-219)
 * - 7 zstd (KIP-110)
 * - 8 which records were refused, and why (KIP-467)
 * - 9 flexible (KIP-482)
 * - 10 the new leader after a move (KIP-951)
 * - 11 TRANSACTION_ABORTABLE (KIP-890)
 * - 12 partitions join the transaction by being written (KIP-890)
 * - 13 topics by id (KIP-516)
 */
import {
  api,
  array,
  type Infer,
  int16,
  int32,
  int64,
  records,
  string,
  struct,
  uuid,
} from '../schema.ts';

export const produce = api(0, 'Produce', {
  versions: [3, 13],
  listed: [0, 13],
  flexible: 9,
  request: {
    transactionalId: string.nullable().default(null),
    acks: int16,
    timeoutMs: int32,
    topicData: array(
      struct({
        name: string.until(12).ignorable(),
        topicId: uuid.since(13).ignorable(),
        partitionData: array(
          struct({
            index: int32,
            records: records.nullable(),
          }),
        ),
      }),
    ),
  },
  response: {
    responses: array(
      struct({
        name: string.until(12).ignorable(),
        topicId: uuid.since(13).ignorable(),
        partitionResponses: array(
          struct({
            index: int32,
            errorCode: int16,
            baseOffset: int64,
            logAppendTimeMs: int64.default(-1),
            logStartOffset: int64.since(5).default(-1).ignorable(),
            recordErrors: array(
              struct({
                batchIndex: int32,
                batchIndexErrorMessage: string.nullable().default(null),
              }),
            )
              .since(8)
              .ignorable(),
            errorMessage: string.since(8).nullable().default(null).ignorable(),
            currentLeader: struct({
              leaderId: int32.default(-1),
              leaderEpoch: int32.default(-1),
            })
              .since(10)
              .tag(0),
          }),
        ),
      }),
    ),
    throttleTimeMs: int32,
    nodeEndpoints: array(
      struct({
        nodeId: int32,
        host: string,
        port: int32,
        rack: string.nullable().default(null),
      }),
    )
      .since(10)
      .tag(0),
  },
});

export interface ProduceRequest extends Infer<typeof produce.request.fields> {}
export interface ProduceResponse extends Infer<typeof produce.response.fields> {}
