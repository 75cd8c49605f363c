/**
 * AddOffsetsToTxn: makes a group part of a transaction before offsets are committed to it. The
 * surprise: producers that know transactions v2 never send it, since TxnOffsetCommit does the same.
 *
 * Versions
 * - 0 the beginning (KIP-98)
 * - 1 the client throttles itself (KIP-219)
 * - 2 PRODUCER_FENCED (KIP-588)
 * - 3 flexible (KIP-482)
 * - 4 TRANSACTION_ABORTABLE (KIP-890)
 */
import { api, type Infer, int16, int32, int64, string } from '../schema.ts';

export const addOffsetsToTxn = api(25, 'AddOffsetsToTxn', {
  versions: [0, 4],
  flexible: 3,
  request: {
    transactionalId: string,
    producerId: int64,
    producerEpoch: int16,
    groupId: string,
  },
  response: {
    throttleTimeMs: int32,
    errorCode: int16,
  },
});

export interface AddOffsetsToTxnRequest extends Infer<typeof addOffsetsToTxn.request.fields> {}
export interface AddOffsetsToTxnResponse extends Infer<typeof addOffsetsToTxn.response.fields> {}
