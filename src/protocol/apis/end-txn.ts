/**
 * EndTxn: commits a transaction or aborts it. The surprise: from version 5 on the answer says which
 * id and epoch the producer has from now on, since every transaction has an epoch of its own.
 *
 * Versions
 * - 0 the beginning (KIP-98)
 * - 1 the client throttles itself (KIP-219)
 * - 2 PRODUCER_FENCED (KIP-588)
 * - 3 flexible (KIP-482)
 * - 4 TRANSACTION_ABORTABLE (KIP-890)
 * - 5 transactions v2: the epoch rises with every transaction (KIP-890)
 */
import { api, boolean, type Infer, int16, int32, int64, string } from '../schema.ts';

export const endTxn = api(26, 'EndTxn', {
  versions: [0, 5],
  flexible: 3,
  request: {
    transactionalId: string,
    producerId: int64,
    producerEpoch: int16,
    committed: boolean,
  },
  response: {
    throttleTimeMs: int32,
    errorCode: int16,
    producerId: int64.since(5).default(-1).ignorable(),
    producerEpoch: int16.since(5).default(-1).ignorable(),
  },
});

export interface EndTxnRequest extends Infer<typeof endTxn.request.fields> {}
export interface EndTxnResponse extends Infer<typeof endTxn.response.fields> {}
