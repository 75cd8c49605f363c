/**
 * InitProducerId: gives a producer its id and epoch, for idempotence or for transactions (KIP-98).
 * The surprise: with a null transactional id nothing is remembered, every call is a new producer.
 *
 * Behaviour
 * - From version 3 a producer may name its id and epoch, to have the epoch raised instead of a
 *   new id.
 *
 * Versions
 * - 1 the client throttles itself (KIP-219)
 * - 2 flexible (KIP-482)
 * - 3 raising the epoch (KIP-360)
 * - 4 PRODUCER_FENCED (KIP-588)
 * - 5 TRANSACTION_ABORTABLE (KIP-890)
 */
import { api, type Infer, int16, int32, int64, string } from '../schema.ts';

export const initProducerId = api(22, 'InitProducerId', {
  versions: [0, 5],
  flexible: 2,
  request: {
    transactionalId: string.nullable(),
    transactionTimeoutMs: int32,
    producerId: int64.since(3).default(-1),
    producerEpoch: int16.since(3).default(-1),
  },
  response: {
    throttleTimeMs: int32,
    errorCode: int16,
    producerId: int64.default(-1),
    producerEpoch: int16,
  },
});

export interface InitProducerIdRequest extends Infer<typeof initProducerId.request.fields> {}
export interface InitProducerIdResponse extends Infer<typeof initProducerId.response.fields> {}
