/**
 * AddPartitionsToTxn: makes partitions part of a transaction before they are written to. The
 * surprise: from version 4 on it is another API under the same key, in which Kafka's brokers ask
 * each other about many transactions; it is not spoken here, where partitions ask the coordinator.
 *
 * Behaviour
 * - All partitions are added or none: when one cannot be, the others are OPERATION_NOT_ATTEMPTED.
 *
 * Versions
 * - 0 the beginning (KIP-98)
 * - 1 the client throttles itself (KIP-219)
 * - 2 PRODUCER_FENCED (KIP-588)
 * - 3 flexible (KIP-482)
 */
import { api, array, type Infer, int16, int32, int64, string, struct } from '../schema.ts';

export const addPartitionsToTxn = api(24, 'AddPartitionsToTxn', {
  versions: [0, 3],
  flexible: 3,
  request: {
    v3AndBelowTransactionalId: string,
    v3AndBelowProducerId: int64,
    v3AndBelowProducerEpoch: int16,
    v3AndBelowTopics: array(struct({ name: string, partitions: array(int32) })),
  },
  response: {
    throttleTimeMs: int32,
    resultsByTopicV3AndBelow: array(
      struct({
        name: string,
        resultsByPartition: array(struct({ partitionIndex: int32, partitionErrorCode: int16 })),
      }),
    ),
  },
});

export interface AddPartitionsToTxnRequest
  extends Infer<typeof addPartitionsToTxn.request.fields> {}
export interface AddPartitionsToTxnResponse
  extends Infer<typeof addPartitionsToTxn.response.fields> {}
