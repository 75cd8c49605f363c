/**
 * AddPartitionsToTxn: makes partitions part of a transaction before they are written to. The
 * surprise: from version 4 on it is another API under the same key, in which brokers ask about many
 * transactions; clients have to stay below it.
 *
 * Behaviour
 * - All partitions are added or none: when one cannot be, the others are OPERATION_NOT_ATTEMPTED.
 * - Versions 4 and 5 are read and not listed: some client takes the highest version it is offered.
 *
 * Versions
 * - 0 the beginning (KIP-98)
 * - 1 the client throttles itself (KIP-219)
 * - 2 PRODUCER_FENCED (KIP-588)
 * - 3 flexible (KIP-482)
 * - 4 many transactions, verification (KIP-890)
 * - 5 TRANSACTION_ABORTABLE (KIP-890)
 */
import { api, array, boolean, type Infer, int16, int32, int64, string, struct } from '../schema.ts';

const topics = array(struct({ name: string, partitions: array(int32) }));
const topicResults = array(
  struct({
    name: string,
    resultsByPartition: array(struct({ partitionIndex: int32, partitionErrorCode: int16 })),
  }),
);

export const addPartitionsToTxn = api(24, 'AddPartitionsToTxn', {
  versions: [0, 5],
  listed: [0, 3],
  flexible: 3,
  request: {
    transactions: array(
      struct({
        transactionalId: string,
        producerId: int64,
        producerEpoch: int16,
        verifyOnly: boolean,
        topics,
      }),
    ).since(4),
    v3AndBelowTransactionalId: string.until(3),
    v3AndBelowProducerId: int64.until(3),
    v3AndBelowProducerEpoch: int16.until(3),
    v3AndBelowTopics: topics.until(3),
  },
  response: {
    throttleTimeMs: int32,
    errorCode: int16.since(4).ignorable(),
    resultsByTransaction: array(struct({ transactionalId: string, topicResults })).since(4),
    resultsByTopicV3AndBelow: topicResults.until(3),
  },
});

export interface AddPartitionsToTxnRequest
  extends Infer<typeof addPartitionsToTxn.request.fields> {}
export interface AddPartitionsToTxnResponse
  extends Infer<typeof addPartitionsToTxn.response.fields> {}
